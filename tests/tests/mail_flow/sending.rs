//! Handing mail over, and when that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use mainstay_app::job::{Job, MOST_ATTEMPTS};
use mainstay_app::mail::{MailOptions, MailTransport};
use mainstay_app::{AppError, Caller, Options};
use mainstay_channels::smtp::{RefusedRecipient, SmtpFailure, SmtpReceipt};
use mainstay_domain::event::{EventKind, Visibility};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_domain::ticket::Scope;
use mainstay_store::{PageRequest, job, mail, ticket};
use mainstay_tests::TestApp;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::desk::{Desk, Letter, busy, gone, settle};

#[tokio::test]
async fn sending_is_tried_again_with_patience_and_then_given_up() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(busy());
    desk.transport.answer_next(busy());
    let sent = desk.sent().len();
    let one = desk.answers(&ticket, "One.").await;
    assert_eq!(desk.sent().len(), sent);
    desk.test.advance(SignedDuration::from_mins(2)).await;
    assert_eq!(desk.sent().len(), sent + 1);
    let mail = desk.mail_of(&one).await;
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Sent, 3));

    // Those who serve are told of the promises that are missed meanwhile: the server takes none of that either.
    for _ in 0..20 * MOST_ATTEMPTS {
        desk.transport.answer_next(busy());
    }
    let two = desk.answers(&ticket, "Two.").await;
    desk.test.advance(SignedDuration::from_hours(48)).await;
    let mail = desk.mail_of(&two).await;
    assert_eq!(
        (mail.state, mail.attempts),
        (OutgoingMailState::Dead, MOST_ATTEMPTS)
    );
    let note = desk.messages(ticket.id).await.pop().unwrap();
    assert_eq!(note.visibility, Visibility::Internal);
    assert!(note.text.contains("451 come back later"), "{}", note.text);

    desk.transport.take_again();
    desk.test.app.resend(&desk.bea, mail.id).await.unwrap();
    desk.test.run_due().await;
    let taken = desk.sent().into_iter();
    let times = taken.filter(|sent| sent.message_id == mail.message_id);
    assert_eq!(times.count(), 1);
    let refused = desk.test.app.resend(&desk.bea, mail.id).await;
    assert!(matches!(refused, Err(AppError::Refused(_))));
    desk.test.finish().await;
}

#[tokio::test]
async fn whom_the_server_took_it_for_is_not_sent_it_again() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            cc: "b@acme.example, c@acme.example",
            ..Letter::default()
        })
        .await;
    let ticket = desk.ticket_of(&raw).await;
    let refused = |recipient: &str, failure| RefusedRecipient {
        recipient: recipient.to_owned(),
        failure,
    };
    desk.transport.answer_next(Ok(SmtpReceipt {
        accepted: vec!["ana@acme.example".to_owned()],
        refused: vec![
            refused("b@acme.example", busy().unwrap_err()),
            refused("c@acme.example", gone()),
        ],
        response: "250 ok".to_owned(),
    }));
    desk.answers(&ticket, "Hello all.").await;
    desk.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(desk.last_sent().to, ["b@acme.example"]);
    let messages = desk.messages(ticket.id).await;
    let mut notes = messages
        .iter()
        .filter(|message| message.visibility == Visibility::Internal);
    let note = notes.next().expect("a note");
    insta::assert_snapshot!(note.text, @"The reply could not be delivered to c@acme.example: 550 no such user");
    desk.test.finish().await;
}

#[tokio::test]
async fn a_permanent_refusal_is_a_dead_letter_at_once() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(Err(gone()));
    desk.answers(&ticket, "One.").await;
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Dead, 1));
    desk.test.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_twice_when_a_job_runs_twice() {
    let desk = Desk::open().await;
    let raw = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&raw).await;
    let answer = desk.answers(&ticket, "One.").await;
    let sent = desk.sent().len();
    assert_eq!(sent, 2);
    let jobs = [
        Job::ReadMail { raw_mail: raw.id },
        Job::Acknowledge { ticket: ticket.id },
        Job::DeliverReply { message: answer.id },
    ];
    let outgoing = desk.outgoing(ticket.id).await;
    let sending = outgoing.iter().map(|mail| Job::SendMail { mail: mail.id });
    let app = &desk.test.app;
    let tx = app.store().begin().await.unwrap();
    for job in jobs.into_iter().chain(sending) {
        job.queue(app, &tx, app.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.sent().len(), sent);
    assert_eq!(desk.messages(ticket.id).await.len(), 2);
    desk.test.finish().await;
}

/// A mail server that takes a mail and says nothing until it is told to.
#[derive(Debug, Default)]
struct SlowServer {
    asked: Notify,
    goes_on: CancellationToken,
    /// Says no to the first.
    refuses: AtomicBool,
}

#[async_trait::async_trait]
impl MailTransport for SlowServer {
    async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        self.asked.notify_one();
        self.goes_on.cancelled().await;
        if self.refuses.swap(false, Ordering::Relaxed) {
            return busy();
        }
        Ok(SmtpReceipt {
            accepted: mail.recipients.clone(),
            refused: Vec::new(),
            response: "at last".to_owned(),
        })
    }
}

/// A program whose worker is handing the acknowledgement of a mail to this server, and what the worker comes to.
async fn sends_to(server: &Arc<SlowServer>) -> (TestApp, JoinHandle<Result<(), AppError>>) {
    let options = Options {
        mail: MailOptions {
            transport: Some(server.clone()),
            ..MailOptions::default()
        },
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "mainstay", options).await;
    settle(&test, None).await;
    let raw = Letter::default().raw().into_bytes();
    let now = test.app.now();
    test.app
        .receive_mail(&Caller::machine(), raw, "pipe", now)
        .await
        .unwrap();
    let app = test.app.clone();
    let jobs = tokio::spawn(async move {
        while let mainstay_app::Tick::More = app.tick_jobs().await? {}
        Ok::<(), AppError>(())
    });
    server.asked.notified().await;
    (test, jobs)
}

/// Who sends renews its lease by the clock of the machine, and learns then that it was lost. Before that it does not know.
const BEFORE_IT_KNOWS: Duration = Duration::from_secs(10);

#[tokio::test]
async fn who_lost_its_job_says_only_that_the_mail_was_taken() {
    let (mut cases, mut tries) = (vec![true, false], 20);
    while let Some(refuses) = cases.pop() {
        let server = Arc::new(SlowServer::default());
        server.refuses.store(refuses, Ordering::Relaxed);
        let began = Instant::now();
        let (test, jobs) = sends_to(&server).await;
        // Another node believes that this one is dead.
        test.clock.advance(SignedDuration::from_secs(61));
        let (now, app) = (test.app.now(), &test.app);
        let until = now + SignedDuration::from_secs(60);
        let tx = app.store().begin().await.unwrap();
        let taken = job::lease(&tx, now, "another", until, 10).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(taken.len(), 1);
        server.goes_on.cancel();
        jobs.await.unwrap().unwrap();
        let sent = mail::list(&app.store().read(), None, PageRequest::first(10)).await;
        let state = sent.unwrap().items[0].state;
        if began.elapsed() > BEFORE_IT_KNOWS {
            // A machine that was so busy shows nothing.
            tries -= 1;
            assert!(tries > 0, "the machine is too busy");
            cases.push(refuses);
            test.advance(SignedDuration::from_secs(61)).await;
            test.finish().await;
            continue;
        }
        let expected = match refuses {
            true => OutgoingMailState::Sending,
            false => OutgoingMailState::Sent,
        };
        assert_eq!(state, expected);
        // The other dies in turn, and what it had taken is not lost.
        test.advance(SignedDuration::from_secs(61)).await;
        let sent = mail::list(&app.store().read(), None, PageRequest::first(10)).await;
        assert_eq!(sent.unwrap().items[0].state, OutgoingMailState::Sent);
        test.finish().await;
    }
}

#[tokio::test]
async fn a_slow_mail_server_keeps_no_clock_waiting() {
    let server = Arc::new(SlowServer::default());
    let (test, jobs) = sends_to(&server).await;
    let reader = test.app.store().read();
    let ticket = ticket::find_by_number(&reader, Scope::Everything, 1).await;
    let ticket = ticket.unwrap().unwrap().ticket;
    test.clock.advance(SignedDuration::from_hours(24));
    while let mainstay_app::Tick::More = test.app.tick_due().await.unwrap() {}
    assert!(!jobs.is_finished());
    let missed = test.ledger(ticket.id).await;
    let missed = missed
        .iter()
        .any(|event| matches!(event.kind, EventKind::ClockMissed { .. }));
    assert!(missed, "the clock waited for the mail server");
    server.goes_on.cancel();
    jobs.await.unwrap().unwrap();
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_mail_left_half_sent_goes_out_under_the_same_id() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(busy());
    desk.answers(&ticket, "One.").await;
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    // A program that takes the mail and dies before it writes down what became of it.
    let tx = desk.test.app.store().begin().await.unwrap();
    let taken = mail::claim(&tx, mail.id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.state, OutgoingMailState::Sending);
    desk.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(desk.last_sent().message_id, mail.message_id);
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Sent, 3));
    desk.test.finish().await;
}
