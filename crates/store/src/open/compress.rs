//! How PostgreSQL compresses long texts. SQLite compresses nothing.

use sea_orm::sqlx::{self, Executor as _, postgres::PgPoolOptions};

/// Lets PostgreSQL compress long texts and mails by LZ4, where it can and nobody decided otherwise: its own way takes ten times as long
/// (a fourth of its time for a mail). What was compressed before stays as it is, and is read as well.
const BY_LZ4: &str = "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings \
     WHERE name = 'default_toast_compression' AND source = 'default' AND 'lz4' = ANY (enumvals)";

/// Asks for that on each connection that is opened.
pub(super) fn by_lz4(pool: PgPoolOptions) -> PgPoolOptions {
    pool.after_connect(|connection, _| {
        Box::pin(async move {
            match connection.execute(BY_LZ4).await {
                Ok(_) => {}
                // It went without this before there was LZ4.
                Err(sqlx::Error::Database(error)) => {
                    tracing::debug!(%error, "the database keeps its own way to compress");
                }
                Err(lost) => return Err(lost),
            }
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use mainstay_testing::{PostgresServer, require};
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

    use super::super::{Engine, Store, StoreOptions};

    async fn text(store: &Store, sql: &str) -> Option<String> {
        let Engine::Postgres(pool) = &store.engine else {
            panic!("this is PostgreSQL");
        };
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = pool.query_one_raw(statement).await.unwrap()?;
        row.try_get_by_index(0).unwrap()
    }

    /// How a long text is compressed by a store on a database of which this was said before.
    async fn compression_after(decided: &str) -> Option<String> {
        let program = require(PostgresServer::find())?;
        let url = PostgresServer::shared(&program).fresh_database();
        let before = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let can = "SELECT 'yes' FROM pg_settings \
             WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
        if text(&before, can).await.is_none() {
            eprintln!("skipped: this PostgreSQL has no LZ4");
            return None;
        }
        let Engine::Postgres(pool) = &before.engine else {
            panic!("{url} is PostgreSQL");
        };
        pool.execute_unprepared(decided).await.unwrap();
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let Engine::Postgres(pool) = &store.engine else {
            panic!("{url} is PostgreSQL");
        };
        let long = "INSERT INTO setting (name, value) VALUES ('long', repeat('a text ', 10000))";
        pool.execute_unprepared(long).await.unwrap();
        let asking = "SELECT pg_column_compression(value) FROM setting WHERE name = 'long'";
        text(&store, asking).await
    }

    #[tokio::test]
    async fn a_long_text_is_compressed_by_lz4() {
        if let Some(compression) = compression_after("SELECT 1").await {
            assert_eq!(compression, "lz4");
        }
    }

    #[tokio::test]
    async fn what_somebody_decided_of_the_database_holds() {
        let decided = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_toast_compression = pglz', \
             current_database()); END $$";
        if let Some(compression) = compression_after(decided).await {
            assert_eq!(compression, "pglz");
        }
    }
}
