//! How SQLite plans.
//!
//! By the statement and the indexes alone, not by what it has counted. It counts when it is asked to, a sample, and plans by that for as
//! long as nobody asks again: it took the audit trail for one row that it had when it was counted, and went through all of it for each
//! of two hundred entries; it took each value of an index for so many rows as were looked at, and read all tickets of a
//! category to find the few of the last hour. Statements are written so that the right index is the obvious one, and what is
//! quick today is quick next year.

/// What was counted before is forgotten. The table that is counted here has few rows; it makes the lists of what was counted, where there
/// were none.
pub(super) const UNCOUNTED_SQLITE: &str = "
ANALYZE setting;
DELETE FROM sqlite_stat1;
DELETE FROM sqlite_stat4;
ANALYZE sqlite_schema;
";

#[cfg(test)]
mod tests {
    use crate::column::Field;
    use crate::connection::one;
    use crate::sql::Sql;
    use crate::{Store, StoreOptions};

    /// How many rows of what was counted there are.
    async fn counted(store: &Store) -> u64 {
        let sql =
            "SELECT (SELECT COUNT(*) FROM sqlite_stat1) + (SELECT COUNT(*) FROM sqlite_stat4)";
        let row = one(&store.read(), Sql::new(sql)).await.unwrap().unwrap();
        Field::read(&row, 0).unwrap()
    }

    #[tokio::test]
    async fn what_was_counted_before_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mainstay.db");
        let options = StoreOptions::new(format!("sqlite://{}", path.display()));
        let store = Store::open(&options).await.unwrap();
        assert_eq!(counted(&store).await, 0);
        let tx = store.begin().await.unwrap();
        let before = "ANALYZE; DELETE FROM seaql_migrations WHERE version = '0045_uncounted'";
        tx.run(before).await.unwrap();
        tx.commit().await.unwrap();
        assert!(counted(&store).await > 0);
        store.close().await.unwrap();
        let store = Store::open(&options).await.unwrap();
        assert_eq!(counted(&store).await, 0);
    }
}
