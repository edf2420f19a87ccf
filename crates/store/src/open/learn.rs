//! Letting PostgreSQL look what is in its tables, by which it plans. SQLite never looks (`schema::plan`).

use sea_orm::ConnectionTrait as _;

use super::{Engine, Store};

/// Looks what is in the tables with more than 64 pages of which this is true besides. One that somebody else looks into, or changes the
/// shape of, is left to them.
macro_rules! look {
    ($which:literal) => {
        concat!(
            "DO $$ DECLARE name regclass; BEGIN FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' ",
            "AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND ",
            $which,
            " AND pg_relation_size(oid) > 64 * 8192 LOOP EXECUTE format('ANALYZE (SKIP_LOCKED) %s', name); END LOOP; END $$"
        )
    };
}

impl Store {
    /// Lets PostgreSQL look what is in the tables, so that it plans well at once. To be called when much was written at a time: by
    /// itself it looks a minute later. Where it cannot, all works as well, but slower. Tables with little in them are left out: those
    /// that were found empty would be read from end to end, however many rows come in the next minute.
    pub async fn learn(&self) {
        self.look(look!("true")).await;
    }

    /// The same of those tables alone in which there was nothing when PostgreSQL looked last: what asks them was planned for that, and
    /// reads them from end to end. It costs little where there is none.
    pub async fn learn_of_filled(&self) {
        self.look(look!("relpages = 0")).await;
    }

    async fn look(&self, looking: &str) {
        let Engine::Postgres(pool) = &self.engine else {
            return;
        };
        if let Err(error) = pool.execute_unprepared(looking).await {
            tracing::warn!(%error, "the database could not look what is in its tables: it may answer slowly until it does");
        }
    }
}

#[cfg(test)]
mod tests {
    use mainstay_testing::{PostgresServer, require};
    use sea_orm::{DbBackend, Statement};

    use super::*;
    use crate::StoreOptions;

    #[tokio::test]
    async fn a_table_that_has_filled_is_looked_at() {
        let Some(program) = require(PostgresServer::find()) else {
            return;
        };
        let url = PostgresServer::shared(&program).fresh_database();
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let Engine::Postgres(pool) = &store.engine else {
            panic!("{url} is PostgreSQL");
        };
        let fill = "INSERT INTO mail_sender (address_key, at) SELECT repeat('x', 200) || n, n FROM generate_series(1, 5000) n; \
             INSERT INTO setting (name, value) VALUES ('a', 'b')";
        pool.execute_unprepared(fill).await.unwrap();
        store.learn_of_filled().await;
        let rows = async |table: &str| {
            let sql =
                format!("SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE relname = '{table}'");
            let row = pool
                .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
                .await;
            row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        assert_eq!(rows("mail_sender").await, 5_000);
        assert!(rows("setting").await <= 0, "little is in it");
    }
}
