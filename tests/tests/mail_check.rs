//! Testing mail against real servers: every step that can fail says so, and what is sent is seen to arrive.

use std::sync::Arc;
use std::time::Duration;

use mainstay_app::mail::{Checked, MailFault, MailStep};
use mainstay_app::{App, Caller};
use mainstay_server::service::Service;
use mainstay_server::time::WallClock;
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::service::settings;
use tokio_util::sync::CancellationToken;

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

    /// At which steps sending and fetching fail.
    async fn steps(&self, name: &str, set: &Set) -> [Option<MailStep>; 2] {
        let service = self.service(name, set).await;
        let test = service.app().test_mail(&Caller::machine()).await;
        let test = test.expect("a test");
        [test.sending, test.mailboxes[0].checked.clone()].map(step)
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
    assert_eq!(servers.steps("right", &right()).await, [None, None]);
    let wrong = Set {
        smtp_password: "wrong",
        imap_password: "wrong",
        ..right()
    };
    let sign_in = Some(MailStep::SignIn);
    assert_eq!(servers.steps("password", &wrong).await, [sign_in, sign_in]);
    // Nobody listens on a port that was just given back.
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = unused.local_addr().expect("an address").port();
    drop(unused);
    let wrong = Set {
        smtp_port: port,
        imap_port: port,
        ..right()
    };
    let reach = Some(MailStep::Reach);
    assert_eq!(servers.steps("port", &wrong).await, [reach, reach]);
    let wrong = Set {
        folder: "Nowhere",
        ..right()
    };
    let open_folder = Some(MailStep::OpenFolder);
    assert_eq!(servers.steps("folder", &wrong).await, [None, open_folder]);
    servers.exim.reject(&["support@example.test"]);
    let hand_over = Some(MailStep::HandOver);
    assert_eq!(servers.steps("refused", &right()).await, [hand_over, None]);
}

/// Waits until the mail of a test has arrived, and says which way it came.
async fn arrival(app: &App, id: mainstay_domain::id::OutgoingMailId) -> String {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let found = app.mail_test_arrival(&Caller::machine(), id).await;
        if let Some(mail) = found.expect("a store") {
            return mail.source;
        }
        assert!(tokio::time::Instant::now() < deadline, "it does not arrive");
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
    let test = app.test_mail(&machine).await.expect("a test");
    assert_eq!(test.address, "support@example.test");
    assert_eq!(test.sending, Checked::Passed);
    let source = arrival(&app, test.id).await;
    assert_eq!(source, "imap:support@127.0.0.1/INBOX");
    stop.cancel();
    running.await.expect("no panic").expect("an orderly end");
    assert!(app.ticket_by_number(&machine, 1).await.is_err());
}
