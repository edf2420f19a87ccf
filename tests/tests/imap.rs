//! Mailboxes read from a real Dovecot.

use std::sync::Mutex;
use std::time::Duration;

use mainstay_channels::imap::{
    AfterFetch, FetchedMessage, ImapError, ImapSecurity, Intake, Mailbox, MailboxClient,
    PollReport, Position,
};
use mainstay_channels::secret::Secret;
use mainstay_testing::{DovecotServer, require};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

fn server() -> Option<DovecotServer> {
    let program = require(DovecotServer::find())?;
    Some(DovecotServer::start(&program, &["support", "sales"]))
}

fn mailbox(server: &DovecotServer, user: &str) -> Mailbox {
    Mailbox {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: ImapSecurity::None,
        user: user.to_owned(),
        credential: Secret::new(DovecotServer::PASSWORD).into(),
        extra_authorities: vec![],
        folder: "INBOX".to_owned(),
        after_fetch: AfterFetch::MarkSeen,
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(60),
        most_bytes: 50_000_000,
        idle: Duration::from_secs(600),
    }
}

fn client(mailbox: Mailbox) -> MailboxClient {
    MailboxClient::new(mailbox).expect("the settings are right")
}

fn letter(subject: &str) -> Vec<u8> {
    format!("Subject: {subject}\r\nFrom: a@b.example\r\n\r\nHello\r\n").into_bytes()
}

/// What happened while watching, in order.
#[derive(Debug, PartialEq)]
enum Seen {
    Letter(String),
    Looked { acknowledged: usize, left: usize },
    Interrupted(u32),
}

/// Takes every message but those whose subject it is told to refuse.
#[derive(Debug)]
struct Desk {
    refused: Mutex<Vec<String>>,
    raw: Mutex<Vec<FetchedMessage>>,
    stored: Mutex<Position>,
    seen: UnboundedSender<Seen>,
}

impl Desk {
    fn new() -> (Desk, UnboundedReceiver<Seen>) {
        let (seen, receiver) = unbounded_channel();
        let desk = Desk {
            refused: Mutex::default(),
            raw: Mutex::default(),
            stored: Mutex::default(),
            seen,
        };
        (desk, receiver)
    }

    fn refuse(&self, subjects: &[&str]) {
        *self.refused.lock().expect("no panic") = subjects
            .iter()
            .map(|subject| (*subject).to_owned())
            .collect();
    }

    fn subjects(&self) -> Vec<String> {
        self.raw
            .lock()
            .expect("no panic")
            .iter()
            .map(subject)
            .collect()
    }

    fn tell(&self, seen: Seen) {
        // At the end of a test nobody listens any more.
        let _ = self.seen.send(seen);
    }
}

fn subject(message: &FetchedMessage) -> String {
    let text = String::from_utf8_lossy(&message.raw);
    let line = text.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

impl Intake for Desk {
    async fn receive(&self, message: FetchedMessage) -> Result<(), String> {
        let subject = subject(&message);
        if self.refused.lock().expect("no panic").contains(&subject) {
            return Err("the store is away".to_owned());
        }
        self.raw.lock().expect("no panic").push(message);
        self.tell(Seen::Letter(subject));
        Ok(())
    }

    async fn advanced(&self, position: &Position) {
        *self.stored.lock().expect("no panic") = position.clone();
    }

    async fn interrupted(&self, _error: &ImapError, attempt: u32) {
        self.tell(Seen::Interrupted(attempt));
    }

    async fn looked(&self, report: &PollReport) {
        self.tell(Seen::Looked {
            acknowledged: report.acknowledged,
            left: report.left.len(),
        });
    }
}

fn flags(server: &DovecotServer, user: &str, folder: &str) -> String {
    let fetched = server.doveadm(&[
        "-f",
        "flow",
        "fetch",
        "-u",
        user,
        "uid flags",
        "mailbox",
        folder,
    ]);
    fetched
        .replace(" \\Recent", "")
        .replace("\\Recent", "")
        .trim()
        .to_owned()
}

#[tokio::test]
async fn new_messages_are_handed_over_once_and_byte_for_byte() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let client = client(mailbox(&server, "support"));
    let mut position = Position::default();
    let odd = b"Subject: odd\r\n\r\n\xff\x01 {3}\r\n)\r\n* 9 EXISTS\r\n".to_vec();
    server.deliver("support", "1.first", &letter("first"));
    server.deliver("support", "2.odd", &odd);
    let report = client.poll(&mut position, &desk).await.unwrap();
    assert_eq!(
        (report.acknowledged, &report.left[..], &report.unfiled[..]),
        (2, &[][..], &[][..])
    );
    assert_eq!(desk.subjects(), ["first", "odd"]);
    assert_eq!(desk.raw.lock().unwrap()[1].raw, odd);
    assert!(desk.raw.lock().unwrap()[0].received_at.is_some());
    assert_eq!(*desk.stored.lock().unwrap(), position);
    assert_eq!(
        flags(&server, "support", "INBOX"),
        "uid=1 flags=\\Seen\nuid=2 flags=\\Seen"
    );

    server.deliver("support", "3.third", &letter("third"));
    client.poll(&mut position, &desk).await.unwrap();
    let nothing = client.poll(&mut position, &desk).await.unwrap();
    assert_eq!(nothing, PollReport::default());
    assert_eq!(desk.subjects(), ["first", "odd", "third"]);
}

#[tokio::test]
async fn two_mailboxes_are_read_apart() {
    let Some(server) = server() else { return };
    server.deliver("support", "1.support", &letter("for support"));
    server.deliver("sales", "1.sales", &letter("for sales"));
    for (user, expected) in [("support", "for support"), ("sales", "for sales")] {
        let (desk, _) = Desk::new();
        client(mailbox(&server, user))
            .poll(&mut Position::default(), &desk)
            .await
            .unwrap();
        assert_eq!(desk.subjects(), [expected]);
    }
}

#[tokio::test]
async fn a_refused_message_comes_again_and_stops_no_other() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let client = client(mailbox(&server, "support"));
    let mut position = Position::default();
    for name in ["one", "two", "three"] {
        server.deliver("support", &format!("{name}.mail"), &letter(name));
    }
    // Dovecot numbers the letters by their file names.
    desk.refuse(&["three"]);
    let report = client.poll(&mut position, &desk).await.unwrap();
    assert_eq!((report.acknowledged, report.left.len()), (2, 1));
    let (uid, reason) = report.left[0].clone();
    assert_eq!(reason, "the store is away");
    assert!(
        flags(&server, "support", "INBOX")
            .contains(&format!("uid={uid} flags=\n").trim_end().to_owned())
    );
    assert_eq!(
        flags(&server, "support", "INBOX").matches("\\Seen").count(),
        2
    );

    desk.refuse(&[]);
    let report = client.poll(&mut position, &desk).await.unwrap();
    assert_eq!((report.acknowledged, report.left.len()), (1, 0));
    let mut subjects = desk.subjects();
    subjects.sort();
    assert_eq!(subjects, ["one", "three", "two"]);
    assert_eq!(
        flags(&server, "support", "INBOX").matches("\\Seen").count(),
        3
    );
}

#[tokio::test]
async fn acknowledged_messages_move_to_a_folder_that_is_made_for_them() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let mut settings = mailbox(&server, "support");
    settings.after_fetch = AfterFetch::MoveTo("Atención & más".to_owned());
    let client = client(settings);
    server.deliver("support", "1.mail", &letter("kept"));
    server.deliver("support", "2.mail", &letter("moved"));
    desk.refuse(&["kept"]);
    let report = client.poll(&mut Position::default(), &desk).await.unwrap();
    assert_eq!(report.unfiled, []);
    assert_eq!(flags(&server, "support", "INBOX"), "uid=1 flags=");
    assert_eq!(
        flags(&server, "support", "Atención & más").lines().count(),
        1
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_reported_and_costs_no_message() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let mut settings = mailbox(&server, "support");
    settings.after_fetch = AfterFetch::MoveTo("a//b".to_owned());
    server.deliver("support", "1.mail", &letter("taken"));
    let report = client(settings)
        .poll(&mut Position::default(), &desk)
        .await
        .unwrap();
    assert_eq!(
        (report.acknowledged, report.unfiled.len()),
        (1, 1),
        "{report:?}"
    );
    assert_eq!(desk.subjects(), ["taken"]);
}

#[tokio::test]
async fn a_folder_renumbered_by_the_server_is_read_anew() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let client = client(mailbox(&server, "support"));
    let mut position = Position::default();
    server.deliver("support", "1.mail", &letter("one"));
    client.poll(&mut position, &desk).await.unwrap();
    let before = position.uid_validity;
    server.change_uid_validity("support", "INBOX", 4_242_424);
    server.deliver("support", "2.mail", &letter("two"));
    client.poll(&mut position, &desk).await.unwrap();
    assert_ne!(before, 4_242_424);
    assert_eq!(position.uid_validity, 4_242_424);
    assert_eq!(
        desk.subjects(),
        ["one", "one", "two"],
        "twice is for the receiver to notice, never would be a loss"
    );
}

#[tokio::test]
async fn a_big_message_comes_whole_and_one_too_big_stays() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let mut settings = mailbox(&server, "support");
    settings.most_bytes = 20_000_000;
    let line = "0123456789abcdef".repeat(4) + "\r\n";
    let big = [letter("big"), line.repeat(200_000).into_bytes()].concat();
    let too_big = [letter("too big"), line.repeat(400_000).into_bytes()].concat();
    server.deliver("support", "1.mail", &big);
    server.deliver("support", "2.mail", &too_big);
    server.deliver("support", "3.mail", &letter("small"));
    let report = client(settings)
        .poll(&mut Position::default(), &desk)
        .await
        .unwrap();
    assert_eq!(desk.subjects(), ["big", "small"]);
    assert!(
        desk.raw.lock().unwrap()[0].raw == big,
        "13 MB arrive byte for byte"
    );
    assert_eq!(report.left.len(), 1);
    assert!(
        report.left[0].1.contains("more than the 20000000 allowed"),
        "{report:?}"
    );
}

#[tokio::test]
async fn tls_is_checked_and_starttls_too() {
    let Some(server) = server() else { return };
    server.deliver("support", "1.mail", &letter("private"));
    for (port, security) in [
        (server.tls_port(), ImapSecurity::Tls),
        (server.port(), ImapSecurity::StartTls),
    ] {
        let mut settings = mailbox(&server, "support");
        settings.host = "localhost".to_owned();
        settings.port = port;
        settings.security = security;
        let (desk, _) = Desk::new();
        let error = client(settings.clone())
            .poll(&mut Position::default(), &desk)
            .await
            .unwrap_err();
        assert!(matches!(error, ImapError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("UnknownIssuer"), "{error}");
        settings.extra_authorities = vec![server.certificate().authority().to_owned()];
        client(settings)
            .poll(&mut Position::default(), &desk)
            .await
            .unwrap();
        assert_eq!(desk.subjects(), ["private"]);
    }
}

#[tokio::test]
async fn refusals_say_what_to_mend() {
    let Some(server) = server() else { return };
    let (desk, _) = Desk::new();
    let mut wrong = mailbox(&server, "support");
    wrong.credential = Secret::new("wrong").into();
    let error = client(wrong)
        .poll(&mut Position::default(), &desk)
        .await
        .unwrap_err();
    assert!(matches!(error, ImapError::SignIn { .. }), "{error:?}");
    assert!(
        error.to_string().ends_with("check user and password"),
        "{error}"
    );
    let mut missing = mailbox(&server, "support");
    missing.folder = "Nowhere".to_owned();
    let error = client(missing)
        .poll(&mut Position::default(), &desk)
        .await
        .unwrap_err();
    assert!(matches!(error, ImapError::Folder { .. }), "{error:?}");
}

/// Watches in the background; gives the events and the way to end it.
fn watch(
    settings: Mailbox,
    desk: Desk,
) -> (CancellationToken, tokio::task::JoinHandle<(Position, Desk)>) {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let task = tokio::spawn(async move {
        let backoff = |_attempt| Duration::from_millis(20);
        let position = client(settings)
            .watch(Position::default(), &desk, &backoff, &token)
            .await;
        (position, desk)
    });
    (stop, task)
}

#[tokio::test]
async fn a_message_that_arrives_wakes_the_watcher() {
    let Some(server) = server() else { return };
    let (desk, mut seen) = Desk::new();
    server.deliver("support", "1.mail", &letter("before"));
    let (stop, task) = watch(mailbox(&server, "support"), desk);
    assert_eq!(seen.recv().await, Some(Seen::Letter("before".to_owned())));
    assert_eq!(
        seen.recv().await,
        Some(Seen::Looked {
            acknowledged: 1,
            left: 0
        })
    );
    // Far sooner than the ten minutes after which it would look by itself.
    for name in ["idle one", "idle two"] {
        server.deliver("support", &format!("{name}.mail"), &letter(name));
        while seen.recv().await.expect("the watcher runs") != Seen::Letter(name.to_owned()) {}
    }
    stop.cancel();
    let (position, desk) = task.await.unwrap();
    assert_eq!(position.through, 3);
    assert_eq!(desk.subjects(), ["before", "idle one", "idle two"]);
}

#[tokio::test]
async fn a_watcher_without_news_leaves_the_server_alone() {
    let Some(server) = server() else { return };
    let (desk, mut seen) = Desk::new();
    let (stop, task) = watch(mailbox(&server, "support"), desk);
    while !matches!(
        seen.recv().await.expect("the watcher runs"),
        Seen::Looked { .. }
    ) {}
    // Time enough for a watcher that only asks and asks to do so many times.
    for _ in 0..20 {
        let (desk, _) = Desk::new();
        client(mailbox(&server, "sales"))
            .poll(&mut Position::default(), &desk)
            .await
            .unwrap();
    }
    assert!(seen.try_recv().is_err(), "it looked again without a reason");
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn an_outage_is_survived_without_loss_or_copy() {
    let Some(mut server) = server() else { return };
    let (desk, mut seen) = Desk::new();
    server.deliver("support", "1.mail", &letter("before"));
    let (stop, task) = watch(mailbox(&server, "support"), desk);
    while !matches!(
        seen.recv().await.expect("the watcher runs"),
        Seen::Looked { .. }
    ) {}
    server.pause();
    // The second failure is one of connecting: nobody is there.
    while seen.recv().await.expect("the watcher runs") != Seen::Interrupted(2) {}
    server.deliver("support", "2.mail", &letter("meanwhile"));
    server.resume();
    while seen.recv().await.expect("the watcher runs") != Seen::Letter("meanwhile".to_owned()) {}
    stop.cancel();
    let (_, desk) = task.await.unwrap();
    assert_eq!(desk.subjects(), ["before", "meanwhile"]);
}

#[tokio::test]
async fn a_message_refused_while_watching_is_offered_again() {
    let Some(server) = server() else { return };
    let (desk, mut seen) = Desk::new();
    desk.refuse(&["stubborn"]);
    server.deliver("support", "1.mail", &letter("stubborn"));
    let desk = std::sync::Arc::new(desk);
    let stop = CancellationToken::new();
    let watching = {
        let (client, desk, stop) = (
            client(mailbox(&server, "support")),
            desk.clone(),
            stop.clone(),
        );
        tokio::spawn(async move {
            let backoff = |_attempt| Duration::from_millis(20);
            client
                .watch(Position::default(), &*desk, &backoff, &stop)
                .await
        })
    };
    assert_eq!(
        seen.recv().await,
        Some(Seen::Looked {
            acknowledged: 0,
            left: 1
        })
    );
    desk.refuse(&[]);
    while seen.recv().await.expect("the watcher runs") != Seen::Letter("stubborn".to_owned()) {}
    stop.cancel();
    assert_eq!(watching.await.unwrap().through, 1);
}
