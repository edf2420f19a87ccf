//! Mails that are read again, from their bytes as they were received.

use jiff::SignedDuration;
use mainstay_app::mail::RefileInto;
use mainstay_domain::mail::RawMailState;
use mainstay_store::{PageRequest, job, message};

use crate::desk::{Desk, Letter};

#[tokio::test]
async fn a_mail_that_nobody_sent_is_listed_and_can_be_filed_by_hand() {
    let desk = Desk::open().await;
    let raw = desk
        .gets_by("pipe", "Subject: lost\r\n\r\nWho am I?\r\n")
        .await;
    assert_eq!(raw.state, RawMailState::Failed);
    insta::assert_snapshot!(
        raw.error.clone().unwrap(),
        @"From: the mail names no sender, so nobody can be answered: file it by hand"
    );
    let app = &desk.test.app;
    let failed = app
        .received_mails(
            &desk.bea,
            Some(RawMailState::Failed),
            PageRequest::first(10),
        )
        .await
        .unwrap();
    assert_eq!(failed.items.len(), 1);
    // Reading it again changes nothing, and loses nothing.
    app.replay_mail(&desk.bea, raw.id).await.unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw.id).await.state, RawMailState::Failed);
    let ticket = app
        .refile_mail(&desk.bea, raw.id, RefileInto::NewTicket)
        .await
        .unwrap();
    let messages = desk.messages(ticket).await;
    assert_eq!(messages[0].text, "Who am I?");
    desk.test.run_due().await;
    desk.test.finish().await;
}

#[tokio::test]
async fn an_ignored_mail_is_decided_anew_and_a_filed_one_is_read_anew() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            from: "Zoe <zoe@acme.example>",
            fields: "Auto-Submitted: auto-generated\r\n",
            id: "z@acme.example",
            ..Letter::default()
        })
        .await;
    assert_eq!(raw.state, RawMailState::Ignored);
    desk.test.app.replay_mail(&desk.bea, raw.id).await.unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw.id).await.state, RawMailState::Ignored);

    let filed = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&filed).await;
    let before = desk.messages(ticket.id).await;
    let mut damaged = before[0].clone();
    damaged.text = "what an old version made of it".to_owned();
    let tx = desk.test.app.store().begin().await.unwrap();
    message::rewrite(&tx, &damaged).await.unwrap();
    tx.commit().await.unwrap();
    desk.test
        .app
        .replay_mail(&desk.bea, filed.id)
        .await
        .unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.messages(ticket.id).await, before);
    desk.test.finish().await;
}

#[tokio::test]
async fn a_mail_is_read_again_although_its_job_is_not_written_down_as_done() {
    let desk = Desk::open().await;
    let app = &desk.test.app;
    let nobodys = b"Subject: lost\r\n\r\nWho am I?\r\n".to_vec();
    let received = app
        .receive_mail(&desk.bea, nobodys, "pipe", app.now())
        .await;
    let raw = received.unwrap().id;
    let tx = app.store().begin().await.unwrap();
    let now = app.now();
    let until = now + SignedDuration::from_mins(1);
    let held = job::lease(&tx, now, "another node", until, 10)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(held.len(), 1);
    app.file_received(raw).await.unwrap();
    // The node that holds the job is still to say that it is done.
    app.replay_mail(&desk.bea, raw).await.unwrap();
    let tx = app.store().begin().await.unwrap();
    job::complete_many(&tx, &[held[0].id], "another node")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(desk.mail(raw).await.state, RawMailState::New);
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw).await.state, RawMailState::Failed);
    desk.test.finish().await;
}
