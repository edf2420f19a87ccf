//! Testing mail against real servers: every step that can fail says so, and what is sent is seen to arrive.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_app::mail::{Checked, MailFault, MailStep};
use mainstay_app::{App, Caller};
use mainstay_server::service::Service;
use mainstay_server::time::WallClock;
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::service::settings;
use tokio_util::sync::CancellationToken;

/// How long something may take that works. Generous: the machine may be building at the same time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Real servers, and a folder for services that use them.
struct Servers {
    mailboxes: DovecotServer,
    exim: EximServer,
    folder: tempfile::TempDir,
}

/// What is set of mail. The usual values are right.
struct Set {
    smtp_port: u16,
    smtp_password: &'static str,
    imap_port: u16,
    imap_password: &'static str,
    folder: &'static str,
}

impl Servers {
    fn start() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mailboxes = DovecotServer::start(&require(DovecotServer::find())?, &["support"]);
        let exim = EximServer::start(&require(EximServer::find())?, &mailboxes);
        Some(Self {
            mailboxes,
            exim,
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    fn right(&self) -> Set {
        Set {
            smtp_port: self.exim.port(),
            smtp_password: EximServer::PASSWORD,
            imap_port: self.mailboxes.port(),
            imap_password: DovecotServer::PASSWORD,
            folder: "INBOX",
        }
    }

    async fn service(&self, name: &str, set: &Set) -> Service {
        let text = format!(
            "data = {data:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[mail]\nfrom = \"support@example.test\"\n\
             [[mail.mailboxes]]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"support\"\npassword = {:?}\nfolder = {:?}\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = {:?}\npassword = {:?}\n",
            set.imap_port,
            set.imap_password,
            set.folder,
            set.smtp_port,
            EximServer::USER,
            set.smtp_password,
            data = self.folder.path().join(name),
        );
        Service::start(settings(&text), Arc::new(WallClock))
            .await
            .expect("a service")
    }

    /// Tests until sending and fetching fail at these steps and no others: on a busy machine a server may answer later than the
    /// service waits for it, and then the step before fails.
    async fn fails_at(&self, name: &str, set: &Set, expected: [Option<MailStep>; 2]) {
        let service = self.service(name, set).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let test = service.app().test_mail(&Caller::machine()).await;
            let test = test.expect("a test");
            let found = [test.sending, test.mailboxes[0].checked.clone()].map(step);
            if found == expected {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{name}: {found:?}, not {expected:?}"
            );
        }
    }
}

fn step(checked: Checked) -> Option<MailStep> {
    match checked {
        Checked::NotSet => panic!("a server is set"),
        Checked::Passed => None,
        Checked::Failed(MailFault { step, reason }) => {
            assert!(!reason.is_empty(), "{step:?}");
            Some(step)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_that_fails_is_named() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let right = || servers.right();
    servers.fails_at("right", &right(), [None, None]).await;
    let wrong = Set {
        smtp_password: "wrong",
        imap_password: "wrong",
        ..right()
    };
    let sign_in = Some(MailStep::SignIn);
    let both = [sign_in, sign_in];
    servers.fails_at("password", &wrong, both).await;
    // Nobody listens there.
    let wrong = Set {
        smtp_port: 9,
        imap_port: 9,
        ..right()
    };
    let reach = Some(MailStep::Reach);
    servers.fails_at("port", &wrong, [reach, reach]).await;
    let wrong = Set {
        folder: "Nowhere",
        ..right()
    };
    let open_folder = Some(MailStep::OpenFolder);
    servers
        .fails_at("folder", &wrong, [None, open_folder])
        .await;
    servers.exim.reject(&["support@example.test"]);
    let hand_over = Some(MailStep::HandOver);
    servers
        .fails_at("refused", &right(), [hand_over, None])
        .await;
}

/// Waits until the mail of a test has arrived, and says which way it came.
async fn arrival(app: &App, id: mainstay_domain::id::OutgoingMailId) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = app.mail_test_arrival(&Caller::machine(), id).await;
        if let Some(mail) = found.expect("a store") {
            return mail.source;
        }
        assert!(Instant::now() < deadline, "it does not arrive");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_ourselves_goes_round_and_becomes_no_ticket() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let service = servers.service("round", &servers.right()).await;
    let app = service.app().clone();
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));
    let machine = Caller::machine();
    let deadline = Instant::now() + PATIENCE;
    let test = loop {
        let test = app.test_mail(&machine).await.expect("a test");
        assert_eq!(test.address, "support@example.test");
        if test.sending == Checked::Passed {
            break test;
        }
        assert!(Instant::now() < deadline, "{:?}", test.sending);
    };
    let source = arrival(&app, test.id).await;
    assert_eq!(source, "imap:support@127.0.0.1/INBOX");
    stop.cancel();
    running.await.expect("no panic").expect("an orderly end");
    assert!(app.ticket_by_number(&machine, 1).await.is_err());
}
