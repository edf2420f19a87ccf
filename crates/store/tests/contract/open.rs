//! Opening the store.

use mainstay_domain::ticket::Scope;
use mainstay_store::{
    Claim, PageRequest, Store, StoreError, StoreOptions, search, setting, ticket,
};
use mainstay_testing::PostgresServer;

use crate::engine::{Engine, Fresh, on_each_engine};
use crate::given;

on_each_engine!(
    what_was_committed_is_there_when_it_is_opened_again,
    a_newer_version_that_only_added_is_worked_beside,
    the_schema_of_a_newer_version_that_took_something_away_is_refused,
    nodes_that_start_together_agree,
    programs_that_share_a_database_take_turns,
    a_store_is_worked_on_together_or_alone,
);

async fn a_store_is_worked_on_together_or_alone(fresh: &Fresh) {
    let claim = async |claim| fresh.store.claim(claim).await.unwrap();
    let one = claim(Claim::Shared).await;
    let other = claim(Claim::Shared).await;
    assert!(one.is_some() && other.is_some());
    // A file is claimed beside it.
    let is_file = matches!(fresh.engine, Engine::Sqlite);
    assert_eq!(claim(Claim::Alone).await.is_some(), is_file);
    drop((one, other));
    let mut alone = claim(Claim::Alone).await;
    while alone.is_none() {
        // The database notices a little later that a session has ended.
        tokio::task::yield_now().await;
        alone = claim(Claim::Alone).await;
    }
    assert_eq!(claim(Claim::Shared).await.is_some(), is_file);
    assert_eq!(claim(Claim::Alone).await.is_some(), is_file);
}

async fn what_was_committed_is_there_when_it_is_opened_again(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    tx.commit().await.unwrap();
    let again = Store::open(&StoreOptions::new(&fresh.url)).await.unwrap();
    again.ping().await.unwrap();
    let found = ticket::find_by_number(&again.read(), Scope::Everything, 1)
        .await
        .unwrap();
    assert_eq!(found, Some(given::ticket(1)));
    again.close().await.unwrap();
}

async fn a_newer_version_that_only_added_is_worked_beside(fresh: &Fresh) {
    fresh
        .sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_flying_cars', 1)")
        .await;
    let beside = Store::open(&StoreOptions::new(&fresh.url)).await.unwrap();
    beside.ping().await.unwrap();
}

async fn the_schema_of_a_newer_version_that_took_something_away_is_refused(fresh: &Fresh) {
    fresh
        .sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_flying_cars', 1)")
        .await;
    fresh
        .sql("UPDATE setting SET value = '9999_flying_cars' WHERE name = 'schema_needs'")
        .await;
    let refused = Store::open(&StoreOptions::new(&fresh.url))
        .await
        .unwrap_err();
    let found = "9999_flying_cars".to_owned();
    assert_eq!(refused, StoreError::NewerSchema { found });
}

async fn nodes_that_start_together_agree(fresh: &Fresh) {
    let Some(url) = fresh.empty() else { return };
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let options = StoreOptions::new(&url);
            tokio::spawn(async move { Store::open(&options).await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
}

async fn programs_that_share_a_database_take_turns(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    tx.commit().await.unwrap();
    let other = Store::open(&StoreOptions::new(&fresh.url)).await.unwrap();
    let writers: Vec<_> = [&fresh.store, &other]
        .into_iter()
        .cycle()
        .take(60)
        .map(|store| {
            let store = store.clone();
            tokio::spawn(async move {
                let tx = store.begin().await.unwrap();
                let taken = setting::get(&tx, "turns").await.unwrap();
                let numbers = ticket::next_numbers(&tx, 1).await.unwrap();
                setting::set(&tx, &numbers[0].to_string(), "taken")
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                taken
            })
        })
        .collect();
    for writer in writers {
        assert_eq!(writer.await.unwrap(), None);
    }
    for number in 1..=60 {
        let taken = setting::get(&other.read(), &number.to_string())
            .await
            .unwrap();
        assert_eq!(taken.as_deref(), Some("taken"), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_replaced() {
    let Some(fresh) = Fresh::open(Engine::Postgres).await else {
        return;
    };
    let server = fresh.server.as_ref().unwrap();
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'";
    // Of what was not even sent it is known that nobody kept it; it can be done again.
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    server.sql("postgres", all);
    let lost = tx.commit().await.unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable(_)), "{lost:?}");

    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    let sent = search::search(&tx, Scope::Everything, "subject", PageRequest::first(1)).await;
    assert_eq!(sent.unwrap().items.len(), 1);
    server.sql("postgres", all);
    let lost = tx.commit().await.unwrap_err();
    assert!(matches!(lost, StoreError::InDoubt(_)), "{lost:?}");
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(
        ticket::find_by_number(&tx, Scope::Everything, 1)
            .await
            .unwrap(),
        None
    );
    given::tickets(&tx, [1]).await;
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_store_in_memory_is_one_store_and_vanishes() {
    let options = StoreOptions::new("sqlite::memory:");
    let store = Store::open(&options).await.unwrap();
    let tx = store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    tx.commit().await.unwrap();
    let on = store.clone().read();
    assert!(
        ticket::find_by_number(&on, Scope::Everything, 1)
            .await
            .unwrap()
            .is_some()
    );
    let other = Store::open(&options).await.unwrap();
    assert_eq!(
        ticket::find_by_number(&other.read(), Scope::Everything, 1)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn an_address_that_names_no_database_is_refused_without_its_password() {
    for url in [
        "mysql://u:secret@h/db",
        "store.db",
        "",
        "postgres://u:secret@h:port/db",
        "sqlite:x.db?mode=odd",
    ] {
        let refused = Store::open(&StoreOptions::new(url)).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Address { .. }),
            "{url}: {refused:?}"
        );
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/folder");
    let urls = [
        format!("sqlite:{}", missing.join("store.db").display()),
        format!("postgres://localhost/db?host={}", missing.display()),
    ];
    for url in urls {
        let mut options = StoreOptions::new(&url);
        options.patience = std::time::Duration::from_millis(200);
        let refused = Store::open(&options).await.unwrap_err();
        assert!(refused.is_transient(), "{url}: {refused:?}");
    }
}

impl Fresh {
    /// Runs SQL behind the store's back.
    async fn sql(&self, statement: &str) {
        let db = sea_orm::Database::connect(&self.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, statement)
            .await
            .unwrap();
    }

    /// The address of a database without a schema.
    fn empty(&self) -> Option<String> {
        match self.engine {
            Engine::Sqlite => Some(format!("{}-empty", self.url)),
            Engine::Postgres => self.server.as_ref().map(PostgresServer::fresh_database),
        }
    }
}
