//! From an empty folder to a ticket that is solved and rated, by browser and e-mail, between real mail servers.

use std::path::Path;
use std::sync::Arc;

use mainstay_app::{App, Caller};
use mainstay_channels::compose::OutgoingMail;
use mainstay_domain::rating::Score;
use mainstay_server::settings::Settings;
use mainstay_server::time::WallClock;
use mainstay_testing::DovecotServer;
use mainstay_tests::post::{Post, letter};
use mainstay_tests::service::{RunningService, settings};

use crate::house::{PASSWORD, Visitor, has_browser, has_client};

/// The service in a folder in which nothing was, and the mail servers it is set to use.
struct NewHouse {
    app: App,
    url: String,
    post: Post,
    service: RunningService,
    _folder: tempfile::TempDir,
}

impl NewHouse {
    /// Opens it; nothing where a browser or a mail server is not installed, or the client was not built.
    async fn open() -> Option<Self> {
        Self::open_as(|folder, post| post.settings(folder, UNLIMITED)).await
    }

    /// The same where the settings say nothing of mail.
    async fn open_without_mail() -> Option<Self> {
        Self::open_as(|folder, _| {
            let http = format!("[http]\nlisten = \"127.0.0.1:0\"\n{UNLIMITED}\n");
            settings(&format!("data = {folder:?}\n{http}"))
        })
        .await
    }

    async fn open_as(set: impl Fn(&Path, &Post) -> Settings) -> Option<Self> {
        if !has_browser() {
            return None;
        }
        let post = Post::open()?;
        let folder = tempfile::tempdir().expect("a folder");
        let service = RunningService::begin(set(folder.path(), &post), Arc::new(WallClock)).await;
        let (app, url) = (service.app.clone(), service.url.clone());
        let pack = mainstay_policy::builtin("mainstay").expect("a pack");
        app.apply_first_policy(&Caller::machine(), &pack, "the first")
            .await
            .expect("a pack that can be applied");
        assert_eq!(app.options().public_url, url, "the port that was chosen");
        let house = Self {
            app,
            url,
            post,
            service,
            _folder: folder,
        };
        if !has_client(&house.url).await {
            house.close().await;
            return None;
        }
        Some(house)
    }

    /// The customer writes a letter with their mail program.
    async fn customer_writes(&self, letter: &OutgoingMail) {
        self.post.customer_sends(letter).await;
    }

    /// The first mail in the customer's mailbox that says this, once it is there.
    async fn customer_reads(&self, words: &str) -> Read {
        for count in 1.. {
            let mails = self.post.customer_mails(count).await;
            let read = mails.iter().find_map(|raw| {
                let mail = mail_parser::MessageParser::default().parse(raw)?;
                let text = mail.body_text(0)?.into_owned();
                text.contains(words).then(|| Read {
                    text,
                    id: mail.message_id().unwrap_or_default().to_owned(),
                })
            });
            if let Some(read) = read {
                return read;
            }
        }
        unreachable!("counting ends with a panic");
    }

    async fn close(self) {
        self.service.end().await;
    }
}

/// A mail that somebody reads.
struct Read {
    text: String,
    id: String,
}

impl Read {
    /// The path of the first link to our site that begins so.
    fn link(&self, url: &str, path: &str) -> String {
        let begin = format!("{url}{path}");
        let mut words = self.text.split_whitespace();
        let link = words
            .find(|word| word.starts_with(&begin))
            .unwrap_or_else(|| panic!("no link to {path} in {}", self.text));
        link.strip_prefix(url).unwrap_or_default().to_owned()
    }
}

/// Everything is asked for by one address here, so nothing is limited.
const UNLIMITED: &str = "anonymous_requests_per_second = 0\nrequests_per_second = 0";

/// What a newcomer does, from the link that the program prints to a rating, reading nothing but the screens and the mails.
#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_ticket_that_is_solved_and_rated() {
    let Some(house) = NewHouse::open_without_mail().await else {
        return;
    };
    let ada = begins(&house).await;
    sets_up_a_mailbox(&house, &ada).await;
    ada.clicks("Go on").await;

    ada.sees("Your first team").await;
    ada.is_at("h2").await;
    ada.clicks("Make the team").await;

    ada.sees("Your first customer").await;
    ada.writes("Company", "Acme").await;
    ada.writes("A person there", "Casey").await;
    ada.writes("Their e-mail address", "customer@example.test")
        .await;
    ada.clicks("Make the account").await;
    ada.sees("The first ticket").await;
    ada.sees("Or write to support@example.test").await;

    let subject = "Exports stop half-way";
    let first = letter("one@customer.example", subject, "They stop at row 5000.\n");
    house.customer_writes(&first).await;
    ada.sees("Ticket 1 is open").await;
    ada.clicks("Answer it").await;
    ada.sees("They stop at row 5000.").await;
    ada.finds("//*[@role='textbox'][@aria-label='Reply']").await;
    ada.presses("r").await;
    ada.is_at("[role=textbox][aria-label=Reply]").await;
    ada.presses("It is mended in version 4.3.").await;
    ada.clicks("Send").await;
    let answer = house.customer_reads("It is mended in version 4.3.").await;

    let reply = OutgoingMail {
        in_reply_to: Some(answer.id.clone()),
        references: vec![answer.id],
        ..letter(
            "two@customer.example",
            &format!("Re: {subject}"),
            "Thank you, it works.\n\n> It is mended in version 4.3.\n",
        )
    };
    house.customer_writes(&reply).await;
    ada.sees("Thank you, it works.").await;
    ada.clicks("Resolve").await;

    let asked = house.customer_reads("How was your request handled?").await;
    let casey = Visitor::at(&house.url).await;
    casey.goes(&asked.link(&house.url, "/rate/")).await;
    casey.clicks_on("//form//button").await;
    casey.sees("Thank you").await;
    assert_eq!(rating(&house).await, Some(Score::Good));

    // The same mail leads to the request in the portal, by way of a link to sign in.
    casey.goes(&asked.link(&house.url, "/tickets/")).await;
    casey.clicks("Sign in by e-mail link").await;
    casey.sees("Send me the link").await;
    casey
        .writes("E-mail address", "customer@example.test")
        .await;
    casey.clicks("Send me the link").await;
    let mail = house.customer_reads("/sign-in-link#").await;
    casey.goes(&mail.link(&house.url, "/sign-in-link#")).await;
    casey.clicks("Sign in").await;
    casey.sees("This request is solved.").await;
    casey.sees("Thank you, it works.").await;
    casey.clicks("Bad").await;
    casey.sees("Thank you for telling us.").await;
    assert_eq!(rating(&house).await, Some(Score::Bad));
    casey.leaves().await;

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

async fn rating(house: &NewHouse) -> Option<Score> {
    let found = house.app.ticket_by_number(&Caller::machine(), 1).await;
    Some(found.expect("a ticket").ticket.rating?.score)
}

/// Mail that the settings name already is only tested at its step.
#[tokio::test(flavor = "multi_thread")]
async fn mail_of_the_settings_is_tested_at_the_set_up() {
    let Some(house) = NewHouse::open().await else {
        return;
    };
    let ada = begins(&house).await;
    ada.sees("Where customers write").await;
    tests_mail(&ada).await;
    ada.leaves().await;
    house.close().await;
}

/// A test of mail in which every step is taken.
async fn tests_mail(ada: &Visitor) {
    ada.clicks("Test").await;
    ada.finds(
        "//li[contains(., 'A mail to support@example.test arrives')][contains(., 'Arrived')]",
    )
    .await;
    ada.finds("(//li[contains(., 'Works')])[2]").await;
    assert!(
        ada.barriers().await.is_empty(),
        "{:?}",
        ada.barriers().await
    );
}

/// Fills in the form of the mailbox, with a wrong password at first.
async fn sets_up_a_mailbox(house: &NewHouse, ada: &Visitor) {
    ada.sees("Where customers write").await;
    for (part, label, text) in [
        ("Receiving", "IMAP server", "127.0.0.1".to_owned()),
        ("Receiving", "Port", house.post.mailboxes.port().to_string()),
        ("Receiving", "User", "support".to_owned()),
        ("Receiving", "Password", "wrong".to_owned()),
        ("Sending", "SMTP server", "127.0.0.1".to_owned()),
        ("Sending", "Port", house.post.exim.port().to_string()),
    ] {
        ada.types_into(&within(part, label, "input"), &text).await;
    }
    let alike = "Sign in with the same user and password";
    ada.clicks_on(&format!("//label[.={alike:?}]")).await;
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
    ada.sees("Look at user and password.").await;
    ada.clicks("Change it").await;
    ada.types_into(
        &within("Receiving", "Password", "input"),
        DovecotServer::PASSWORD,
    )
    .await;
    ada.clicks("Save the mailbox").await;
    tests_mail(ada).await;
}

/// A field of the form of a mailbox.
fn within(part: &str, label: &str, kind: &str) -> String {
    format!("//fieldset[contains(., {part:?})]//label[contains(., {label:?})]/following::{kind}[1]")
}

/// Walks through the steps before the mailbox.
async fn begins(house: &NewHouse) -> Visitor {
    let code = house.app.set_up_code().await.unwrap().expect("a code");
    let ada = Visitor::at(&house.url).await;
    // Whoever opens the address first is asked for the code, and opens the link in the same tab.
    ada.goes("/").await;
    ada.sees("Set-up code").await;
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
