//! A fresh store on an engine.

use std::time::Duration;

use mainstay_store::{Store, StoreOptions};
use mainstay_testing::{PostgresServer, require};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// An engine.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A store that is gone with the value.
pub struct Fresh {
    pub store: Store,
    pub url: String,
    pub engine: Engine,
    pub server: Option<PostgresServer>,
    _folder: Option<TempDir>,
}

impl Fresh {
    /// A new store, or nothing where the engine is not installed.
    pub async fn open(engine: Engine) -> Option<Self> {
        let (url, folder, server) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("store.db").display());
                (url, Some(folder), None)
            }
            Engine::Postgres => {
                let server = PostgresServer::start(&require(PostgresServer::find())?);
                (server.fresh_database(), None, Some(server))
            }
        };
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        Some(Self {
            store,
            url,
            engine,
            server,
            _folder: folder,
        })
    }

    /// Makes sure that a task waits for what another transaction holds, and says otherwise what is not as it should be.
    pub async fn waits<T>(&self, task: &mut JoinHandle<T>, otherwise: &str) {
        let Some(server) = &self.server else {
            let waited = tokio::time::timeout(Duration::from_millis(300), task).await;
            assert!(waited.is_err(), "{otherwise}");
            return;
        };
        // PostgreSQL itself says so: on a busy machine a task may be slow without waiting for anybody.
        let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname LIKE 'test_%' AND wait_event_type = 'Lock'";
        while server.sql("postgres", waiting) == "f" {
            assert!(!task.is_finished(), "{otherwise}");
        }
    }
}

/// Makes a test on each engine of a function that is given a fresh store.
macro_rules! on_each_engine {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(fresh) = crate::engine::Fresh::open(crate::engine::Engine::Sqlite).await {
                    super::$case(&fresh).await;
                }
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(fresh) = crate::engine::Fresh::open(crate::engine::Engine::Postgres).await {
                    super::$case(&fresh).await;
                }
            })*
        }
    };
}
pub(crate) use on_each_engine;
