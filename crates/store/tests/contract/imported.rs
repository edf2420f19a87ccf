//! What was brought in from other systems is known again, by system and kind.

use mainstay_store::StoreError;
use mainstay_store::imported::{self, Imported, ImportedKind};
use uuid::Uuid;

use crate::engine::{Fresh, on_each_engine};

on_each_engine!(what_was_brought_in_is_known_again);

fn named(source: &str, kind: ImportedKind, external_id: &str, id: u128) -> Imported {
    Imported {
        source: source.to_owned(),
        kind,
        external_id: external_id.to_owned(),
        id: Uuid::from_u128(id),
    }
}

async fn what_was_brought_in_is_known_again(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let rows = [
        named("one", ImportedKind::Ticket, "7", 1),
        named("one", ImportedKind::Account, "7", 2),
        named("other", ImportedKind::Ticket, "7", 3),
        named("one", ImportedKind::Ticket, "é", 4),
    ];
    imported::insert_many(&tx, &rows).await.unwrap();
    tx.commit().await.unwrap();
    let ids = ["7", "é", "absent"].map(str::to_owned);
    let reader = fresh.store.read();
    let found = imported::find_many(&reader, "one", ImportedKind::Ticket, &ids)
        .await
        .unwrap();
    let found: Vec<_> = found.into_iter().collect();
    let expected = [("7", 1), ("é", 4)].map(|(name, id)| (name.to_owned(), Uuid::from_u128(id)));
    assert_eq!(found, expected);
    let tx = fresh.store.begin().await.unwrap();
    let twice = imported::insert_many(&tx, &[named("one", ImportedKind::Ticket, "7", 9)]).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
}
