//! From an empty folder to a ticket that is solved and rated, by browser and e-mail, between real mail servers.

use std::path::Path;
use std::sync::Arc;

use mainstay_app::{App, Caller};
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_domain::rating::Score;
use mainstay_server::service::Service;
use mainstay_server::settings::Settings;
use mainstay_server::time::WallClock;
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::post::{mail_program, mail_settings};
use mainstay_tests::service::settings;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::house::{PASSWORD, Visitor, has_browser, has_client};

/// The service in a folder in which nothing was, and the mail servers it is set to use.
struct NewHouse {
    app: App,
    url: String,
    mailboxes: Arc<DovecotServer>,
    exim: EximServer,
    stop: CancellationToken,
    running: JoinHandle<Result<(), mainstay_server::Failure>>,
    _folder: tempfile::TempDir,
}

impl NewHouse {
    /// Opens it; nothing where a browser or a mail server is not installed, or the client was not built.
    async fn open() -> Option<Self> {
        Self::open_as(|folder, exim, mailboxes| mail_settings(folder, exim, mailboxes, UNLIMITED))
            .await
    }

    /// The same where the settings say nothing of mail.
    async fn open_without_mail() -> Option<Self> {
        Self::open_as(|folder, _, _| {
            let http = format!("[http]\nlisten = \"127.0.0.1:0\"\n{UNLIMITED}\n");
            settings(&format!("data = {folder:?}\n{http}"))
        })
        .await
    }

    async fn open_as(set: impl Fn(&Path, &EximServer, &DovecotServer) -> Settings) -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        if !has_browser() {
            return None;
        }
        let program = require(DovecotServer::find())?;
        let mailboxes = Arc::new(DovecotServer::start(&program, &["support", "customer"]));
        let exim = EximServer::start(&require(EximServer::find())?, &mailboxes);
        let folder = tempfile::tempdir().expect("a folder");
        let settings = set(folder.path(), &exim, Arc::as_ref(&mailboxes));
        let service = Service::start(settings, Arc::new(WallClock))
            .await
            .expect("a service");
        let app = service.app().clone();
        let pack = mainstay_policy::builtin("mainstay").expect("a pack");
        app.apply_first_policy(&Caller::machine(), &pack, "the first")
            .await
            .expect("a pack that can be applied");
        let url = format!("http://{}", service.address());
        assert_eq!(app.options().public_url, url, "the port that was chosen");
        let stop = CancellationToken::new();
        let running = tokio::spawn(service.run(stop.clone()));
        let house = Self {
            app,
            mailboxes,
            exim,
            stop,
            running,
            _folder: folder,
            url,
        };
        if !has_client(&house.url).await {
            house.close().await;
            return None;
        }
        Some(house)
    }

    /// The customer writes a letter with their mail program.
    async fn customer_writes(&self, subject: &str, text: &str) {
        let letter = OutgoingMail {
            from: Correspondent::named("Casey", "customer@example.test"),
            to: vec![Correspondent::new("support@example.test")],
            cc: vec![],
            reply_to: None,
            return_path: ReturnPath::Sender,
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: None,
            message_id: "one@customer.example".to_owned(),
            in_reply_to: None,
            references: vec![],
            origin: Origin::Person,
            date: self.app.now(),
            attachments: vec![],
        };
        let sent = mail_program(&self.exim).send(&letter).await;
        sent.expect("a letter that is taken");
    }

    /// The first mail in the customer's mailbox that says this, once it is there.
    async fn customer_reads(&self, words: &str) -> String {
        for count in 1.. {
            let mailboxes = Arc::clone(&self.mailboxes);
            let mails =
                tokio::task::spawn_blocking(move || mailboxes.wait_for_mail("customer", count));
            let mails = mails.await.expect("as many mails as are waited for");
            let read = mails.iter().find_map(|raw| {
                let mail = mail_parser::MessageParser::default().parse(raw)?;
                Some(mail.body_text(0)?.into_owned()).filter(|text| text.contains(words))
            });
            if let Some(text) = read {
                return text;
            }
        }
        unreachable!("counting ends with a panic");
    }

    async fn close(self) {
        self.stop.cancel();
        self.running
            .await
            .expect("no panic")
            .expect("an orderly end");
    }
}

/// Everything is asked for by one address here, so nothing is limited.
const UNLIMITED: &str = "anonymous_requests_per_second = 0\nrequests_per_second = 0";

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_ticket_that_is_solved_and_rated() {
    let Some(house) = NewHouse::open().await else {
        return;
    };
    let ada = sets_up(&house).await;

    house
        .customer_writes("Exports stop half-way", "They stop at row 5000.\n")
        .await;
    ada.sees("Ticket 1 is open").await;
    ada.clicks("Answer it").await;
    ada.sees("They stop at row 5000.").await;
    ada.finds("//*[@role='textbox'][@aria-label='Reply']").await;
    ada.presses("r").await;
    ada.is_at("[role=textbox][aria-label=Reply]").await;
    ada.presses("It is mended in version 4.3.").await;
    ada.clicks("Send").await;
    house.customer_reads("It is mended in version 4.3.").await;

    let casey = Visitor::at(&house.url).await;
    casey.goes("/").await;
    casey.clicks("Sign in by e-mail link").await;
    casey
        .writes("E-mail address", "customer@example.test")
        .await;
    casey.clicks("Send me the link").await;
    let mail = house.customer_reads("/sign-in-link#").await;
    let link = mail
        .split_whitespace()
        .find(|word| word.contains("/sign-in-link#"))
        .expect("a link");
    casey
        .goes(link.strip_prefix(&house.url).expect("our own address"))
        .await;
    casey.clicks("Sign in").await;
    casey.sees("Desk Inc").await;
    casey.clicks("Exports stop half-way").await;
    casey.sees("It is mended in version 4.3.").await;
    casey.clicks("It is solved").await;
    casey.sees("This request is solved.").await;
    casey.clicks("Good").await;
    casey.sees("Thank you for telling us.").await;

    let machine = Caller::machine();
    let found = house.app.ticket_by_number(&machine, 1).await.unwrap();
    let rating = found.ticket.rating.expect("a rating");
    assert_eq!(rating.score, Score::Good);
    casey.leaves().await;
    ada.leaves().await;
    house.close().await;
}

/// A mailbox is set up in the browser at its step, tested, and paused later.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_set_up_in_the_browser() {
    let Some(house) = NewHouse::open_without_mail().await else {
        return;
    };
    let ada = begins(&house).await;
    ada.sees("Where customers write").await;
    for (part, label, text) in [
        ("Receiving", "IMAP server", "127.0.0.1".to_owned()),
        ("Receiving", "Port", house.mailboxes.port().to_string()),
        ("Receiving", "User", "support".to_owned()),
        ("Receiving", "Password", DovecotServer::PASSWORD.to_owned()),
        ("Sending", "SMTP server", "127.0.0.1".to_owned()),
        ("Sending", "Port", house.exim.port().to_string()),
    ] {
        let field = ada.finds(&within(part, label, "input")).await;
        field.send_keys(&text).await.unwrap();
    }
    let alike = "Sign in with the same user and password";
    ada.finds(&format!("//label[.={alike:?}]"))
        .await
        .click()
        .await
        .unwrap();
    for (part, label) in [
        ("Receiving", "Security"),
        ("Sending", "Security"),
        ("Sending", "Sign in with"),
    ] {
        let choice = ada.finds(&within(part, label, "select")).await;
        choice.select_by_value("none").await.unwrap();
    }
    ada.writes("Address", "support@example.test").await;
    assert!(
        ada.barriers().await.is_empty(),
        "{:?}",
        ada.barriers().await
    );
    ada.clicks("Save the mailbox").await;
    ada.sees("Customers write to support@example.test").await;
    ada.clicks("Test it now").await;
    ada.finds(
        "//li[contains(., 'A mail to support@example.test arrives')][contains(., 'Arrived')]",
    )
    .await;

    ada.goes("/admin/mail").await;
    ada.finds("//article[@aria-label='support@example.test'][contains(., 'Last read')]")
        .await;
    assert!(
        ada.barriers().await.is_empty(),
        "{:?}",
        ada.barriers().await
    );
    ada.clicks("Pause").await;
    ada.sees("Nothing is fetched, and what is written in its name waits.")
        .await;
    ada.leaves().await;
    house.close().await;
}

/// A field of the form of a mailbox.
fn within(part: &str, label: &str, kind: &str) -> String {
    format!("//fieldset[contains(., {part:?})]//label[contains(., {label:?})]/following::{kind}[1]")
}

/// Walks through every step up to the first ticket.
async fn sets_up(house: &NewHouse) -> Visitor {
    let ada = begins(house).await;
    ada.sees("Where customers write").await;
    ada.clicks("Test it now").await;
    ada.finds(
        "//li[contains(., 'A mail to support@example.test arrives')][contains(., 'Arrived')]",
    )
    .await;
    let works = "//li[contains(., 'Works')]";
    ada.finds(&format!("({works})[2]")).await;
    assert!(
        ada.barriers().await.is_empty(),
        "{:?}",
        ada.barriers().await
    );
    ada.clicks("Go on").await;

    ada.sees("Your first team").await;
    ada.clicks("Make the team").await;

    ada.sees("Your first customer").await;
    ada.writes("Company", "Acme").await;
    ada.writes("A person there", "Casey").await;
    ada.writes("Their e-mail address", "customer@example.test")
        .await;
    ada.clicks("Make the account").await;
    ada.sees("The first ticket").await;
    ada
}

/// Walks through the steps before the mailbox.
async fn begins(house: &NewHouse) -> Visitor {
    let code = house.app.set_up_code().await.unwrap().expect("a code");
    let ada = Visitor::at(&house.url).await;
    ada.goes(&format!("/set-up#{code}")).await;
    ada.writes("Your name", "Ada").await;
    ada.writes("E-mail address", "ada@desk.example").await;
    ada.writes("Password", PASSWORD).await;
    ada.clicks("Begin").await;

    ada.sees("Your company").await;
    ada.writes("Company name", "Desk Inc").await;
    assert!(
        ada.barriers().await.is_empty(),
        "{:?}",
        ada.barriers().await
    );
    ada.clicks("Save and go on").await;

    ada.sees("What do you promise your customers?").await;
    ada.clicks("Keep").await;
    ada
}
