//! Those who write at the same time.

use sea_orm::Value;

use super::*;
use crate::connection::Transaction;
use crate::setting;
use crate::{Store, StoreOptions};

async fn a_store() -> Store {
    let options = StoreOptions::new("sqlite::memory:");
    Store::open(&options).await.unwrap()
}

fn queue(store: &Store) -> &Queue {
    &store.writers().unwrap().0
}

/// Another writer, who has asked for a turn already when this returns.
async fn another(store: &Store) -> JoinHandle<Transaction> {
    let waiting = queue(store).waiting.load(Ordering::Acquire);
    let asking = store.clone();
    let other = tokio::spawn(async move { asking.begin().await.unwrap() });
    while queue(store).waiting.load(Ordering::Acquire) == waiting {
        tokio::task::yield_now().await;
    }
    other
}

async fn kept(store: &Store, name: &str) -> bool {
    setting::get(&store.read(), name).await.unwrap().is_some()
}

/// Two who write at the same time: one who has written and waits to be told, and another whose turn it is.
async fn two_at_once(store: &Store) -> (JoinHandle<Result<(), StoreError>>, Transaction) {
    let first = store.begin().await.unwrap();
    let other = another(store).await;
    setting::set(&first, "first", "yes").await.unwrap();
    let committed = tokio::spawn(first.commit());
    (committed, other.await.unwrap())
}

#[tokio::test]
async fn those_who_write_at_the_same_time_share_a_write_to_the_disk() {
    let store = a_store().await;
    let before = queue(&store).begun.load(Ordering::Relaxed);
    let first = store.begin().await.unwrap();
    let mut writing = Vec::new();
    for number in 0..9 {
        let other = another(&store).await;
        writing.push(tokio::spawn(async move {
            let tx = other.await.unwrap();
            setting::set(&tx, &format!("other {number}"), "yes")
                .await
                .unwrap();
            tx.commit().await
        }));
    }
    setting::set(&first, "first", "yes").await.unwrap();
    first.commit().await.unwrap();
    for other in writing {
        other.await.unwrap().unwrap();
    }
    assert_eq!(queue(&store).begun.load(Ordering::Relaxed) - before, 1);
    for number in 0..9 {
        assert!(kept(&store, &format!("other {number}")).await);
    }
}

#[tokio::test]
async fn whoever_fails_undoes_no_more_than_was_their_own() {
    let store = a_store().await;
    let (committed, other) = two_at_once(&store).await;
    setting::set(&other, "other", "yes").await.unwrap();
    assert!(!kept(&store, "first").await, "it is not on the disk yet");
    drop(other);
    committed.await.unwrap().unwrap();
    assert!(kept(&store, "first").await);
    assert!(!kept(&store, "other").await);
}

#[tokio::test]
async fn the_first_undoes_what_it_wrote_and_whoever_waited_begins_anew() {
    let store = a_store().await;
    let first = store.begin().await.unwrap();
    let other = another(&store).await;
    setting::set(&first, "first", "yes").await.unwrap();
    write_many(&first, 0..200).await.unwrap();
    let begun = queue(&store).begun.load(Ordering::Acquire);
    drop(first);
    let other = other.await.unwrap();
    assert_eq!(queue(&store).begun.load(Ordering::Acquire), begun + 1);
    setting::set(&other, "second", "yes").await.unwrap();
    other.commit().await.unwrap();
    for (name, is_kept) in [("first", false), ("many 0", false), ("second", true)] {
        assert_eq!(kept(&store, name).await, is_kept, "{name}");
    }
}

#[tokio::test]
async fn nobody_is_told_of_success_when_sqlite_undid_the_common_transaction() {
    let store = a_store().await;
    let (committed, other) = two_at_once(&store).await;
    // As SQLite does by itself when the disk is full; what comes after would be a transaction of its own.
    queue(&store).shared.session().run("ROLLBACK").unwrap();
    let third = another(&store).await;
    other.commit().await.unwrap_err();
    let refused = committed.await.unwrap().unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    let third = third.await.unwrap();
    setting::set(&third, "third", "yes").await.unwrap();
    third.commit().await.unwrap();
    assert!(!kept(&store, "first").await);
    assert!(kept(&store, "third").await);
}

#[tokio::test]
async fn who_is_abandoned_while_waiting_for_the_disk_keeps_nobody_waiting() {
    let store = a_store().await;
    let first = store.begin().await.unwrap();
    let other = another(&store).await;
    setting::set(&first, "first", "yes").await.unwrap();
    let mut committed = Box::pin(first.commit());
    // It is begun, and never asked again.
    assert!(futures::poll!(committed.as_mut()).is_pending());
    drop(committed);
    drop(other.await.unwrap());
    let next = store.begin().await.unwrap();
    setting::set(&next, "next", "yes").await.unwrap();
    next.commit().await.unwrap();
    assert!(kept(&store, "first").await);
}

#[tokio::test]
async fn others_write_while_the_disk_takes_its_time_and_nobody_is_told_before_it_has() {
    let store = a_store().await;
    let busy = queue(&store).disk.idle().await;
    let mut writing = Vec::new();
    for name in ["first", "second"] {
        let tx = store.begin().await.unwrap();
        setting::set(&tx, name, "yes").await.unwrap();
        writing.push(tokio::spawn(tx.commit()));
        // Until it has given its turn on.
        drop(store.begin().await.unwrap());
    }
    for committed in &writing {
        assert!(!committed.is_finished());
    }
    drop(busy);
    for committed in writing {
        committed.await.unwrap().unwrap();
    }
    assert!(kept(&store, "first").await && kept(&store, "second").await);
}

#[tokio::test]
async fn once_the_disk_has_refused_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
    // It takes everything, and nothing of it stays.
    let lost = std::fs::File::open("/dev/null").unwrap();
    queue(&store).disk.idle().await.replace(lost);
    let tx = store.begin().await.unwrap();
    setting::set(&tx, "lost", "yes").await.unwrap();
    let refused = tx.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::InDoubt(_)), "{refused}");
    let refused = store.begin().await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
}

#[tokio::test]
async fn a_long_log_is_copied_into_the_file_and_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let writers = Writers::open(Options {
        path: folder.path().join("store.db"),
        patience: Duration::from_secs(30),
        is_durable: true,
        log: Bounds {
            copied_at: 8,
            longest: 16,
        },
    })
    .unwrap();
    let turn = writers.begin().await.unwrap();
    let make = "CREATE TABLE page (filling BLOB)";
    turn.session().unwrap().run(make).unwrap();
    turn.commit(Vec::new()).await.unwrap();
    for _ in 0..20 {
        let turn = writers.begin().await.unwrap();
        let fill = "INSERT INTO page VALUES (zeroblob(16000))";
        turn.session().unwrap().run(fill).unwrap();
        turn.commit(Vec::new()).await.unwrap();
        // Whoever copies has ended.
        drop(writers.0.copier.lock().await);
        drop(writers.0.copier.lock().await);
    }
    let length = writers.0.shared.session().log().unwrap();
    assert!(length.written < 32, "{length:?}");
}

/// A statement that goes to a thread of its own is abandoned before it has begun there.
#[test]
fn what_is_abandoned_is_not_done_in_the_turn_of_another() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = a_store().await;
        let first = store.begin().await.unwrap();
        let abandoned = another(&store).await;
        let next = another(&store).await;
        setting::set(&first, "first", "yes").await.unwrap();
        let committed = tokio::spawn(first.commit());
        let abandoned = abandoned.await.unwrap();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || waits.recv());
        let sql = "INSERT INTO setting (name, value) VALUES ('abandoned', 'yes')";
        let mut asked = Box::pin(abandoned.run(sql));
        assert!(futures::poll!(asked.as_mut()).is_pending());
        drop(asked);
        drop(abandoned);
        let next = next.await.unwrap();
        go_on.send(()).unwrap();
        busy.await.unwrap().unwrap();
        // The one thread has done all that it was given before.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        setting::set(&next, "next", "yes").await.unwrap();
        next.commit().await.unwrap();
        committed.await.unwrap().unwrap();
        assert!(kept(&store, "first").await);
        assert!(kept(&store, "next").await);
        assert!(!kept(&store, "abandoned").await);
    });
}

/// Writes so many settings that it is done while whoever asks goes on.
async fn write_many(tx: &Transaction, names: impl Iterator<Item = u32>) -> Result<(), StoreError> {
    let text = |text: String| Value::String(Some(text));
    let rows = names.map(|name| vec![text(format!("many {name}")), text("yes".to_owned())]);
    let insert = "INSERT INTO setting (name, value) VALUES (?, ?)".to_owned();
    tx.execute_each(insert, rows.collect()).await
}

#[tokio::test]
async fn what_is_written_meanwhile_is_seen_by_what_is_asked_next() {
    let store = a_store().await;
    let tx = store.begin().await.unwrap();
    write_many(&tx, 0..1_000).await.unwrap();
    assert!(setting::get(&tx, "many 999").await.unwrap().is_some());
    write_many(&tx, 1_000..2_000).await.unwrap();
    tx.commit().await.unwrap();
    assert!(kept(&store, "many 1999").await);
}

#[tokio::test]
async fn what_fails_meanwhile_is_told_by_what_comes_next() {
    let store = a_store().await;
    let again = || (0..1_000).chain(0..1);
    let tx = store.begin().await.unwrap();
    write_many(&tx, again()).await.unwrap();
    let refused = setting::get(&tx, "many 0").await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
    drop(tx);
    let tx = store.begin().await.unwrap();
    write_many(&tx, again()).await.unwrap();
    let refused = tx.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
    assert!(!kept(&store, "many 0").await);
}

#[tokio::test]
async fn what_is_written_meanwhile_is_undone_with_the_rest() {
    let store = a_store().await;
    let (committed, other) = two_at_once(&store).await;
    write_many(&other, 0..1_000).await.unwrap();
    drop(other);
    committed.await.unwrap().unwrap();
    let next = store.begin().await.unwrap();
    setting::set(&next, "next", "yes").await.unwrap();
    next.commit().await.unwrap();
    for (name, is_kept) in [("first", true), ("many 0", false), ("many 999", false)] {
        assert_eq!(kept(&store, name).await, is_kept, "{name}");
    }
}

/// Writes settings one by one, each of which may wait for what comes next.
async fn put_off_many(tx: &Transaction, names: impl Iterator<Item = u32>) {
    for name in names {
        let row = [format!("many {name}"), "yes".to_owned()];
        let row = row.map(|text| Value::String(Some(text)));
        let insert = "INSERT INTO setting (name, value) VALUES (?, ?)".to_owned();
        let put_off = tx.execute_each_later(insert, vec![row.to_vec()]).await;
        put_off.unwrap();
    }
}

#[tokio::test]
async fn what_is_put_off_is_seen_by_what_is_asked_next_and_kept_with_the_rest() {
    let store = a_store().await;
    // Fewer than another thread is troubled for, and more.
    for names in [0..3, 3..2_000] {
        let tx = store.begin().await.unwrap();
        let last = format!("many {}", names.end - 1);
        put_off_many(&tx, names).await;
        assert!(setting::get(&tx, &last).await.unwrap().is_some());
        // It is there to be changed, as well.
        setting::set(&tx, &last, "other").await.unwrap();
        tx.commit().await.unwrap();
        let found = setting::get(&store.read(), &last).await.unwrap();
        assert_eq!(found.as_deref(), Some("other"));
    }
    let tx = store.begin().await.unwrap();
    put_off_many(&tx, 2_000..2_002).await;
    tx.commit().await.unwrap();
    assert!(kept(&store, "many 2001").await, "nothing was asked since");
}

#[tokio::test]
async fn what_is_put_off_and_fails_is_told_before_anything_is_kept() {
    let store = a_store().await;
    for again in [1, 1_000] {
        let names = || (0..again).chain(0..1);
        let tx = store.begin().await.unwrap();
        put_off_many(&tx, names()).await;
        let refused = setting::get(&tx, "many 0").await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
        drop(tx);
        let tx = store.begin().await.unwrap();
        put_off_many(&tx, names()).await;
        let refused = tx.commit().await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
        assert!(!kept(&store, "many 0").await);
    }
}

#[tokio::test]
async fn what_is_put_off_is_undone_with_the_rest() {
    let store = a_store().await;
    let (committed, other) = two_at_once(&store).await;
    put_off_many(&other, 0..200).await;
    drop(other);
    committed.await.unwrap().unwrap();
    for (name, is_kept) in [("first", true), ("many 0", false), ("many 199", false)] {
        assert_eq!(kept(&store, name).await, is_kept, "{name}");
    }
}
