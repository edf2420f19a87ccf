//! Mail, threads and mailboxes.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState, RawMail, RawMailState};
use mainstay_store::mail::{self, AfterFailure, Compared, Outcome, Received, SeenBefore};
use mainstay_store::mailbox::{self, MailboxState};
use mainstay_store::retention::{self, Fleeting};
use mainstay_store::thread::{self, ThreadEntry};
use mainstay_store::{Connection, PageRequest, StoreError, Transaction, message, participant};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_mail_is_kept_once_as_received,
    mails_that_come_together_are_each_kept_once,
    what_became_of_several_mails_is_written_together,
    two_who_hold_a_recipient_come_one_after_the_other,
    two_who_file_a_mail_come_one_after_the_other,
    whoever_has_read_a_mail_locks_its_state,
    a_mail_is_sent_once,
    a_message_id_belongs_to_one_ticket,
    a_mailbox_remembers_how_far_it_was_read,
    a_mailbox_is_watched_by_one_node,
    senders_are_counted_and_participants_known,
);

/// Mails that differ, but for two that are the same, and one that came before.
async fn mails_that_come_together_are_each_kept_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    mail::receive(&tx, &[&raw(5, "pipe")]).await.unwrap();
    let numbers: Vec<u8> = (1..=23).collect();
    let mut mails: Vec<RawMail> = numbers.iter().map(|number| raw(*number, "pipe")).collect();
    mails[4].id = given::id(50);
    mails.push(raw(7, "pipe"));
    mails[23].id = given::id(51);
    let several: Vec<&RawMail> = mails.iter().collect();
    let received = mail::receive(&tx, &several).await.unwrap();
    for (mail, received) in mails.iter().zip(&received) {
        let before = match mail.digest {
            Digest([5, ..]) => Some(given::id(5)),
            // Which of the two is kept is all the same.
            Digest([7, ..]) => {
                let ids = [given::id(7), given::id(51)];
                ids.into_iter().find(|id| *id != mail.id)
            }
            _ => None,
        };
        let is_kept = mail::find_received(&tx, mail.id).await.unwrap().is_some();
        assert_eq!(*received == Received::Now, is_kept, "{}", mail.id);
        match before {
            Some(before) => assert!(
                is_kept || *received == Received::Before(before),
                "{received:?}"
            ),
            None => assert_eq!(*received, Received::Now),
        }
    }
    let kept = received.iter().filter(|it| **it == Received::Now).count();
    assert_eq!(kept, 22);
}

async fn what_became_of_several_mails_is_written_together(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let mut mails = [1, 2, 3].map(|number| raw(number, "pipe"));
    mail::receive(&tx, &mails.each_ref()).await.unwrap();
    mails[0].state = RawMailState::Ignored;
    mails[1].state = RawMailState::Failed;
    mails[1].error = Some("it is torn".to_owned());
    mails[2].decision = Some("{}".to_owned());
    let outcomes = mails.each_ref().map(Outcome::from);
    mail::write_outcomes(&tx, &outcomes).await.unwrap();
    for mail in mails {
        let found = mail::find_received(&tx, mail.id).await.unwrap();
        assert_eq!(found, Some(mail));
    }
    let nowhere = Outcome::from(&raw(9, "pipe"));
    let [first, second, _] = outcomes;
    let written = mail::write_outcomes(&tx, &[first, nowhere, second]).await;
    assert!(
        matches!(written, Err(StoreError::Conflict(_))),
        "{written:?}"
    );
}

pub fn raw(number: u8, source: &str) -> RawMail {
    RawMail {
        id: given::id(u32::from(number)),
        digest: Digest([number; 32]),
        source: source.to_owned(),
        message_id: Some("a@b".to_owned()),
        bytes: vec![0, 255, number, b'\r', b'\n'],
        received_at: at(i64::from(number)),
        state: RawMailState::New,
        decision: None,
        ticket: None,
        message: None,
        error: None,
        mailbox: None,
    }
}

async fn a_mail_is_kept_once_as_received(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let received = mail::receive(&tx, &[&raw(1, "pipe")]).await;
    assert_eq!(received.unwrap(), [Received::Now]);
    let mut again = raw(1, "pipe");
    again.id = given::id(50);
    let received = mail::receive(&tx, &[&again]).await;
    assert_eq!(received.unwrap(), [Received::Before(given::id(1))]);
    let mut nameless = raw(4, "pipe");
    nameless.message_id = None;
    let received = mail::receive(&tx, &[&nameless]).await;
    assert_eq!(received.unwrap(), [Received::Now]);
    nameless.id = given::id(51);
    let received = mail::receive(&tx, &[&nameless]).await;
    assert_eq!(received.unwrap(), [Received::Before(given::id(4))]);
    let mut elsewhere = raw(1, "imap:support");
    elsewhere.id = given::id(2);
    elsewhere.received_at = at(2);
    let received = mail::receive(&tx, &[&elsewhere]).await;
    assert_eq!(received.unwrap(), [Received::Now]);
    assert_eq!(
        mail::find_received(&tx, given::id(1)).await.unwrap(),
        Some(raw(1, "pipe"))
    );
    let mut sizes = mail::sizes_of_received(&tx, &[1, 2, 9].map(given::id))
        .await
        .unwrap();
    sizes.sort();
    assert_eq!(sizes, [(given::id(1), 5), (given::id(2), 5)]);
    assert!(!has_twin(&tx, &elsewhere).await);

    let mut parsed = raw(1, "pipe");
    parsed.state = RawMailState::Parsed;
    parsed.decision = Some(r#"{"route":"open"}"#.to_owned());
    parsed.bytes.clear();
    mail::update_received(&tx, &parsed).await.unwrap();
    let stored = mail::find_received(&tx, given::id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.state, RawMailState::Parsed);
    assert_eq!(
        stored.bytes,
        raw(1, "pipe").bytes,
        "what was received is never changed"
    );
    assert!(has_twin(&tx, &elsewhere).await);
    assert!(!has_twin(&tx, &parsed).await, "no mail is its own twin");

    let new = mail::list_received(&tx, Some(RawMailState::New), PageRequest::first(1))
        .await
        .unwrap();
    assert_eq!(new.items[0].id, given::id(4));
    assert!(new.items[0].bytes.is_empty(), "a list leaves the bytes out");
    let rest = PageRequest {
        limit: 5,
        after: new.next,
    };
    let rest = mail::list_received(&tx, Some(RawMailState::New), rest)
        .await
        .unwrap();
    assert_eq!(
        rest.items.iter().map(|mail| mail.id).collect::<Vec<_>>(),
        [given::id(2)]
    );
    assert_eq!(mail::count_received(&tx, "pipe", at(0)).await.unwrap(), 2);
}

pub fn outgoing(number: u32) -> OutgoingMail {
    OutgoingMail {
        id: given::id(number),
        message_id: format!("{number}@mainstay.example"),
        account: None,
        ticket: None,
        message: None,
        sender: "support@mainstay.example".to_owned(),
        recipients: vec!["ana@account.example".to_owned()],
        subject: "Re: Subject".to_owned(),
        bytes: b"Subject: Re\r\n\r\nHello".to_vec(),
        state: OutgoingMailState::Queued,
        attempts: 0,
        last_error: None,
        receipt: None,
        created_at: at(i64::from(number)),
        sent_at: None,
        mailbox: None,
    }
}

/// Whether the same bytes were filed before.
async fn has_twin(on: &impl Connection, mail: &RawMail) -> bool {
    seen_before(on, mail, None, None).await.has_twin
}

async fn seen_before(
    on: &impl Connection,
    mail: &RawMail,
    message_id: Option<&str>,
    sender: Option<(&str, Timestamp)>,
) -> SeenBefore {
    let compared = Compared {
        mail,
        message_id,
        sender,
    };
    let seen = mail::seen_before(on, &[compared]).await.unwrap();
    seen[&mail.id]
}

/// How a received mail stands, which nobody else decides about meanwhile.
async fn lock_state(tx: &Transaction, mail: &RawMail) -> Option<RawMailState> {
    let states = mail::lock_states(tx, &[mail]).await.unwrap();
    states.get(&mail.id).copied()
}

async fn two_who_file_a_mail_come_one_after_the_other(fresh: &Fresh) {
    let mut twin = raw(1, "imap:support");
    twin.id = given::id(2);
    let tx = fresh.store.begin().await.unwrap();
    let both = mail::receive(&tx, &[&raw(1, "pipe"), &twin]).await;
    both.unwrap();
    tx.commit().await.unwrap();

    let first = fresh.store.begin().await.unwrap();
    let mut filed = mail::lock_received(&first, given::id(1))
        .await
        .unwrap()
        .unwrap();
    let store = fresh.store.clone();
    let mut second = tokio::spawn(async move {
        let tx = store.begin().await.unwrap();
        let twin = mail::lock_received(&tx, given::id(2))
            .await
            .unwrap()
            .unwrap();
        has_twin(&tx, &twin).await
    });
    fresh
        .waits(&mut second, "the second did not wait for the first")
        .await;
    filed.state = RawMailState::Parsed;
    mail::update_received(&first, &filed).await.unwrap();
    first.commit().await.unwrap();
    assert!(second.await.unwrap());
}

async fn two_who_hold_a_recipient_come_one_after_the_other(fresh: &Fresh) {
    let mut receipt = outgoing(1);
    receipt.message = None;
    let recipient = receipt.recipients[0].clone();
    let other = "nobody@example.com".to_owned();
    let first = fresh.store.begin().await.unwrap();
    let held = [recipient.clone(), "x@example.com".to_owned()];
    mail::hold_recipients(&first, &held).await.unwrap();
    let (store, both) = (fresh.store.clone(), [other.clone(), recipient.clone()]);
    let mut second = tokio::spawn(async move {
        let tx = store.begin().await.unwrap();
        mail::hold_recipients(&tx, &both).await.unwrap();
        mail::told_automatically(&tx, &both, Timestamp::MIN)
            .await
            .unwrap()
    });
    fresh
        .waits(&mut second, "the second did not wait for the first")
        .await;
    if fresh.server.is_some() {
        let free = fresh.store.begin().await.unwrap();
        let held = mail::hold_recipients(&free, &["free@example.com".to_owned()]).await;
        held.unwrap();
    }
    mail::enqueue(&first, &receipt).await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), [recipient.clone()].into());

    let reader = fresh.store.read();
    let both = [other, recipient];
    let told = mail::told_automatically(&reader, &both, receipt.created_at);
    assert!(told.await.unwrap().is_empty());
    let ids = [receipt.message_id.clone(), "none@example.com".to_owned()];
    let written = mail::written_among(&reader, &ids).await.unwrap();
    assert_eq!(written, [receipt.message_id].into());
}

async fn whoever_has_read_a_mail_locks_its_state(fresh: &Fresh) {
    let mut twin = raw(1, "imap:support");
    twin.id = given::id(2);
    let tx = fresh.store.begin().await.unwrap();
    let mails = [&raw(1, "pipe"), &twin, &raw(3, "pipe")];
    mail::receive(&tx, &mails).await.unwrap();
    tx.commit().await.unwrap();

    let first = fresh.store.begin().await.unwrap();
    let state = lock_state(&first, &raw(1, "pipe")).await;
    assert_eq!(state, Some(RawMailState::New));
    let mut gone = raw(1, "pipe");
    gone.id = given::id(9);
    assert_eq!(lock_state(&first, &gone).await, None);
    let store = fresh.store.clone();
    // The twin came another way, and its bytes are the same: it waits as the mail itself would.
    let waiting = twin.clone();
    let mut second = tokio::spawn(async move {
        let tx = store.begin().await.unwrap();
        let state = lock_state(&tx, &waiting).await;
        (state, has_twin(&tx, &waiting).await)
    });
    fresh
        .waits(&mut second, "the second did not wait for the first")
        .await;
    let mut filed = raw(1, "pipe");
    filed.state = RawMailState::Parsed;
    mail::update_received(&first, &filed).await.unwrap();
    first.commit().await.unwrap();
    let (state, found) = second.await.unwrap();
    assert_eq!(state, Some(RawMailState::New), "of the twin itself");
    assert!(found);
    let tx = fresh.store.begin().await.unwrap();
    let state = lock_state(&tx, &raw(1, "pipe")).await;
    assert_eq!(state, Some(RawMailState::Parsed), "as it stands now");
}

async fn a_mail_is_sent_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    mail::enqueue(&tx, &outgoing(1)).await.unwrap();
    mail::enqueue(&tx, &outgoing(2)).await.unwrap();
    tx.commit().await.unwrap();

    let tx = fresh.store.begin().await.unwrap();
    let mut twin = outgoing(3);
    twin.message_id = outgoing(1).message_id;
    let refused = async {
        mail::enqueue(&tx, &twin).await?;
        tx.commit().await
    };
    let refused = refused.await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );

    let tx = fresh.store.begin().await.unwrap();
    let claimed = mail::claim(&tx, given::id(1)).await.unwrap().unwrap();
    assert_eq!(
        (claimed.state, claimed.attempts),
        (OutgoingMailState::Sending, 1)
    );
    assert_eq!(mail::claim(&tx, given::id(1)).await.unwrap(), None);
    mail::note_failure(&tx, given::id(1), AfterFailure::Retry, "421 busy")
        .await
        .unwrap();
    assert_eq!(
        mail::claim(&tx, given::id(1))
            .await
            .unwrap()
            .unwrap()
            .attempts,
        2
    );
    mail::note_sent(&tx, given::id(1), at(9), "250 OK")
        .await
        .unwrap();
    assert_eq!(mail::claim(&tx, given::id(1)).await.unwrap(), None);
    assert!(!mail::requeue(&tx, given::id(1)).await.unwrap());
    let sent = mail::find_by_message_id(&tx, "1@mainstay.example")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sent.receipt.as_deref(), Some("250 OK"));
    assert_eq!((sent.sent_at, sent.last_error), (Some(at(9)), None));

    mail::claim(&tx, given::id(2)).await.unwrap().unwrap();
    mail::note_failure(&tx, given::id(2), AfterFailure::GiveUp, "550 no such user")
        .await
        .unwrap();
    let dead = mail::list(&tx, Some(OutgoingMailState::Dead), PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(dead.items.len(), 1);
    assert!(mail::requeue(&tx, given::id(2)).await.unwrap());
    assert!(mail::claim(&tx, given::id(2)).await.unwrap().is_some());
    let all = mail::list(&tx, None, PageRequest::first(5)).await.unwrap();
    assert_eq!(
        all.items.iter().map(|mail| mail.id).collect::<Vec<_>>(),
        [given::id(2), given::id(1)]
    );
}

async fn a_message_id_belongs_to_one_ticket(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1, 2]).await;
    message::insert(&tx, &given::message(10, 1, "hello"))
        .await
        .unwrap();
    let entry = |id: &str, ticket, message: Option<u32>| ThreadEntry {
        message_id: id.to_owned(),
        ticket: given::id(ticket),
        message: message.map(given::id),
    };
    thread::insert(&tx, &[entry("a@x", 1, Some(10)), entry("b@x", 2, None)])
        .await
        .unwrap();
    thread::insert(&tx, &[entry("a@x", 2, None), entry("c@x", 2, None)])
        .await
        .unwrap();
    let asked = ["c@x", "nobody@x", "a@x"].map(str::to_owned);
    let found = thread::find_many(&tx, &asked).await.unwrap();
    assert_eq!(found, [entry("c@x", 2, None), entry("a@x", 1, Some(10))]);
    assert_eq!(thread::find_many(&tx, &[]).await.unwrap(), []);
    for (id, message) in [("a@x", Some(given::id(10))), ("b@x", None), ("d@x", None)] {
        let seen = seen_before(&tx, &raw(1, "pipe"), Some(id), None).await;
        assert_eq!(seen.message, message, "{id}");
    }
}

async fn a_mailbox_remembers_how_far_it_was_read(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(mailbox::find(&tx, "support").await.unwrap(), None);
    let mut state = MailboxState {
        name: "support".to_owned(),
        uid_validity: u32::MAX,
        last_uid: 7,
    };
    mailbox::set(&tx, &state).await.unwrap();
    state.last_uid = 9;
    mailbox::set(&tx, &state).await.unwrap();
    assert_eq!(mailbox::find(&tx, "support").await.unwrap(), Some(state));
}

async fn senders_are_counted_and_participants_known(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for (address, second) in [
        ("Ana@x.example", 1),
        ("ana@X.example", 5),
        ("bo@x.example", 5),
    ] {
        mail::note_sender(&tx, address, at(second)).await.unwrap();
    }
    let mail = raw(1, "pipe");
    for (address, since, count) in [("ANA@x.example", 1, 2), ("ana@x.example", 2, 1)] {
        let sender = Some((address, at(since)));
        let seen = seen_before(&tx, &mail, None, sender).await;
        assert_eq!(seen.from_sender, count);
    }
    assert_eq!(seen_before(&tx, &mail, None, None).await.from_sender, 0);
    let forgotten = retention::prune(&tx, Fleeting::MailSenders, at(4), 10);
    assert_eq!(forgotten.await.unwrap(), 1);

    given::tickets(&tx, [1, 2]).await;
    let copied = ["Bo@x.example", "ana@x.example"].map(str::to_owned);
    participant::add(&tx, given::id(1), &copied).await.unwrap();
    participant::add(&tx, given::id(1), &["bo@X.example".to_owned()])
        .await
        .unwrap();
    let all = participant::of_ticket(&tx, given::id(1)).await.unwrap();
    assert_eq!(all, ["ana@x.example", "Bo@x.example"]);
    assert!(
        participant::has(&tx, given::id(1), "BO@x.example")
            .await
            .unwrap()
    );
    assert!(
        !participant::has(&tx, given::id(2), "bo@x.example")
            .await
            .unwrap()
    );
    assert!(
        participant::remove(&tx, given::id(1), "bo@x.example")
            .await
            .unwrap()
    );
    assert!(
        !participant::has(&tx, given::id(1), "bo@x.example")
            .await
            .unwrap()
    );
}

async fn a_mailbox_is_watched_by_one_node(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let watch = async |node, now, until| {
        mailbox::watch(&tx, "support", node, at(now), at(until))
            .await
            .unwrap()
    };
    assert!(watch("one", 0, 60).await);
    assert!(!watch("two", 30, 90).await, "the first has it still");
    assert!(watch("one", 40, 100).await, "who has it keeps it");
    assert!(!watch("two", 99, 159).await);
    assert!(watch("two", 100, 160).await, "its time was over");
    mailbox::unwatch(&tx, "support", "one").await.unwrap();
    assert!(!watch("one", 101, 161).await, "nobody gives up for another");
    mailbox::unwatch(&tx, "support", "two").await.unwrap();
    assert!(watch("one", 102, 1_000_000).await);
    assert!(watch("two", 103, 163).await, "a wrong clock holds nothing");
}
