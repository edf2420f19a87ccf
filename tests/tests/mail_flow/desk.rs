//! A support desk that gets and sends mail.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use mail_parser::MessageParser;
use mainstay_app::mail::{FilingDecision, MailOptions, RecordingTransport, WayIn};
use mainstay_app::ticket::MessageText;
use mainstay_app::{Caller, Options};
use mainstay_channels::smtp::{SmtpFailure, SmtpReceipt};
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::id::{AccountId, RawMailId, TicketId};
use mainstay_domain::mail::{OutgoingMail, RawMail};
use mainstay_domain::mailbox::{
    Incoming, MailCredential, MailSecurity, MailServer, MailSignIn, Mailbox,
};
use mainstay_domain::message::Message;
use mainstay_domain::name::{StatusName, TierName};
use mainstay_domain::team::Team;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::{account, agent, contact, contract, mail, mailbox, message, team, ticket};
use mainstay_tests::TestApp;

/// A support desk with one customer, Ana of Acme (Enterprise), and one agent, Bea.
pub struct Desk {
    pub test: TestApp,
    pub transport: Arc<RecordingTransport>,
    pub acme: AccountId,
    pub bea: Caller,
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_on("sqlite::memory:", None).await
    }

    pub async fn open_on(url: &str, language: Option<&str>) -> Self {
        Self::open_with(url, language, MailOptions::default()).await
    }

    pub async fn open_with(url: &str, language: Option<&str>, mail: MailOptions) -> Self {
        let transport = Arc::new(RecordingTransport::default());
        let options = Options {
            mail: MailOptions {
                from: "support@desk.example".to_owned(),
                reply_domain: Some("desk.example".to_owned()),
                company: Some("Desk Inc".to_owned()),
                transport: Some(transport.clone()),
                ..mail
            },
            ..Options::default()
        };
        let test = TestApp::start_with(url, "mainstay", options).await;
        let (acme, bea) = settle(&test, language).await;
        Self {
            test,
            transport,
            acme,
            bea,
        }
    }

    /// Takes in a mail and does what follows.
    pub async fn gets(&self, letter: &Letter<'_>) -> RawMail {
        self.gets_by("pipe", &letter.raw()).await
    }

    pub async fn gets_by(&self, way: impl Into<WayIn>, raw: &str) -> RawMail {
        self.test.clock.advance(SignedDuration::from_secs(1));
        let now = self.test.app.now();
        let received = self
            .test
            .app
            .receive_mail(&Caller::machine(), raw.as_bytes().to_vec(), way, now)
            .await
            .expect("a store that answers");
        self.test.run_due().await;
        self.mail(received.id).await
    }

    pub async fn mail(&self, id: RawMailId) -> RawMail {
        let reader = self.test.app.store().read();
        let found = mail::find_received(&reader, id).await.expect("a store");
        found.expect("a received mail")
    }

    pub async fn ticket_of(&self, mail: &RawMail) -> Ticket {
        self.ticket(mail.ticket.unwrap_or_else(|| panic!("not filed: {mail:?}")))
            .await
    }

    pub async fn ticket(&self, id: TicketId) -> Ticket {
        let reader = self.test.app.store().read();
        let found = ticket::find(&reader, Scope::Everything, id).await;
        found.expect("a store").expect("a ticket").ticket
    }

    pub async fn tickets(&self) -> u64 {
        let reader = self.test.app.store().read();
        let filter = ticket::TicketFilter::default();
        ticket::count(&reader, Scope::Everything, &filter)
            .await
            .expect("a store")
    }

    pub async fn messages(&self, ticket: TicketId) -> Vec<Message> {
        let reader = self.test.app.store().read();
        message::of_ticket(&reader, Scope::Everything, ticket)
            .await
            .expect("a store")
    }

    /// A mailbox is set up that is read, and sends by the server of the settings.
    pub async fn sets_up_help(&self) -> Mailbox {
        let app = &self.test.app;
        let help = Mailbox {
            id: app.new_id(app.now()),
            address: "help@desk.example".to_owned(),
            team: None,
            incoming: Some(Incoming {
                server: MailServer {
                    host: "imap.desk.example".to_owned(),
                    port: 993,
                    security: MailSecurity::Tls,
                    sign_in: Some(MailSignIn {
                        user: "help".to_owned(),
                        credential: MailCredential::Password("sealed".to_owned()),
                    }),
                },
                folder: "INBOX".to_owned(),
            }),
            outgoing: None,
            signed_replies: false,
            authserv_id: None,
            active: true,
            created_at: app.now(),
        };
        let tx = app.store().begin().await.expect("a transaction");
        mailbox::insert(&tx, &help).await.expect("a mailbox");
        tx.commit().await.expect("a commit");
        help
    }

    /// Bea answers.
    pub async fn answers(&self, ticket: &Ticket, text: &str) -> Message {
        self.test.clock.advance(SignedDuration::from_secs(1));
        let text = MessageText::plain(&self.test.app, Side::Agent, Visibility::Public, text);
        let id = text.id;
        self.test
            .app
            .add_message(&self.bea, ticket.id, text, None)
            .await
            .expect("a message");
        self.test.run_due().await;
        let messages = self.messages(ticket.id).await;
        messages.into_iter().find(|m| m.id == id).expect("it")
    }

    /// What was handed over since the test began, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.transport.sent().iter().map(Sent::read).collect()
    }

    /// What was handed over for the customer.
    pub fn to_customer(&self) -> Vec<Sent> {
        let mut sent = self.sent();
        sent.retain(|mail| mail.to == ["ana@acme.example"]);
        sent
    }

    /// The mail that carries a message.
    pub async fn mail_of(&self, message: &Message) -> OutgoingMail {
        let mails = self.outgoing(message.ticket).await;
        let found = mails
            .into_iter()
            .find(|mail| mail.message == Some(message.id));
        found.expect("a mail with the message")
    }

    pub fn last_sent(&self) -> Sent {
        self.sent().pop().expect("a mail that was sent")
    }

    pub async fn outgoing(&self, ticket: TicketId) -> Vec<OutgoingMail> {
        let reader = self.test.app.store().read();
        mail::of_ticket(&reader, ticket).await.expect("a store")
    }

    pub async fn state(&self, ticket: TicketId, commitment: &str) -> &'static str {
        self.test.clock(ticket, commitment).await.state().as_str()
    }

    pub async fn sets_status(&self, ticket: TicketId, status: &str) {
        let change = mainstay_app::ticket::Change::Status(StatusName::from(status));
        self.test
            .app
            .change_ticket(&self.bea, ticket, &mainstay_app::Expected::Any, &[change])
            .await
            .expect("a change");
        self.test.run_due().await;
    }
}

pub async fn settle(test: &TestApp, language: Option<&str>) -> (AccountId, Caller) {
    let now = test.app.now();
    let acme: AccountId = test.app.new_id(now);
    let bea = Agent {
        id: test.app.new_id(now),
        email: "bea@desk.example".to_owned(),
        name: "Bea".to_owned(),
        roles: vec!["agent".into()],
        languages: vec!["en".to_owned(), "es".to_owned()],
        skills: Vec::new(),
        capacity: 100,
        calendar: None,
        time_zone: "UTC".to_owned(),
        phone: None,
        slack: None,
        pager: None,
        active: true,
        created_at: now,
    };
    let tx = test.app.store().begin().await.expect("a transaction");
    agent::insert(&tx, &bea).await.expect("an agent");
    let support = Team {
        id: test.app.new_id(now),
        name: "Support".to_owned(),
        email: None,
        calendar: None,
        members: vec![bea.id],
        on_call: Vec::new(),
        created_at: now,
    };
    team::insert(&tx, &support).await.expect("a team");
    let account = Account {
        id: acme,
        name: "Acme".to_owned(),
        external_id: None,
        language: language.map(str::to_owned),
        time_zone: Some("Europe/Madrid".to_owned()),
        domains: vec!["acme.example".to_owned()],
        people: Vec::new(),
        fields: BTreeMap::new(),
        notes: String::new(),
        created_at: now,
        archived_at: None,
    };
    account::insert(&tx, &account).await.expect("an account");
    let sold = Contract {
        id: test.app.new_id(now),
        account: acme,
        tier: TierName::from("Enterprise"),
        starts_on: "2026-01-01".parse().expect("a date"),
        ends_on: None,
        renews_on: None,
        value: 0,
        currency: "USD".to_owned(),
        overrides: Vec::new(),
        created_at: now,
    };
    contract::insert(&tx, &sold).await.expect("a contract");
    let ana = Contact {
        id: test.app.new_id(now),
        account: Some(acme),
        name: "Ana".to_owned(),
        addresses: vec!["ana@acme.example".to_owned()],
        language: None,
        phone: None,
        portal: None,
        active: true,
        created_at: now,
    };
    contact::insert(&tx, &ana).await.expect("a contact");
    tx.commit().await.expect("a commit");
    let caller = Caller {
        actor: Actor::Agent(bea.id),
        name: bea.name,
        ..Caller::machine()
    };
    (acme, caller)
}

/// A mail somebody writes.
#[derive(Clone)]
pub struct Letter<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub cc: &'a str,
    pub subject: &'a str,
    pub id: &'a str,
    pub in_reply_to: &'a str,
    /// Further header fields, each with its line end.
    pub fields: &'a str,
    pub body: &'a str,
}

impl Default for Letter<'_> {
    fn default() -> Self {
        Self {
            from: "Ana <ana@acme.example>",
            to: "support@desk.example",
            cc: "",
            subject: "Something is odd",
            id: "first@acme.example",
            in_reply_to: "",
            fields: "",
            body: "The totals do not add up.\r\n",
        }
    }
}

impl Letter<'_> {
    pub fn raw(&self) -> String {
        let mut raw = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\n",
            self.from, self.to, self.subject, self.id
        );
        if !self.cc.is_empty() {
            raw.push_str(&format!("Cc: {}\r\n", self.cc));
        }
        if !self.in_reply_to.is_empty() {
            let id = self.in_reply_to;
            raw.push_str(&format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n"));
        }
        format!("{raw}{}\r\n{}", self.fields, self.body)
    }
}

/// A mail that was handed over.
#[derive(Debug)]
pub struct Sent {
    pub to: Vec<String>,
    pub envelope_sender: String,
    pub subject: String,
    pub text: String,
    pub message_id: String,
    pub in_reply_to: String,
    pub references: Vec<String>,
    pub reply_to: String,
    pub auto_submitted: Option<String>,
}

impl Sent {
    pub fn read(mail: &OutgoingMail) -> Self {
        let parsed = MessageParser::default()
            .parse(&mail.bytes)
            .expect("a message");
        let ids = |value: &mail_parser::HeaderValue<'_>| -> Vec<String> {
            let list = value.as_text_list();
            list.map(|ids| ids.iter().map(ToString::to_string).collect())
                .unwrap_or_default()
        };
        Self {
            to: mail.recipients.clone(),
            envelope_sender: mail.sender.clone(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed
                .body_text(0)
                .unwrap_or_default()
                .replace("\r\n", "\n"),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            in_reply_to: ids(parsed.in_reply_to()).join(" "),
            references: ids(parsed.references()),
            reply_to: parsed
                .reply_to()
                .and_then(|to| to.first()?.address().map(str::to_owned))
                .unwrap_or_default(),
            auto_submitted: parsed
                .header("Auto-Submitted")
                .and_then(|value| value.as_text().map(str::to_owned)),
        }
    }
}

pub fn reason(mail: &RawMail) -> String {
    FilingDecision::of(mail).expect("a decision").reason
}

pub fn busy() -> Result<SmtpReceipt, SmtpFailure> {
    Err(SmtpFailure::Retry {
        reason: "451 come back later".to_owned(),
        in_doubt: false,
    })
}

pub fn gone() -> SmtpFailure {
    SmtpFailure::Permanent {
        reason: "550 no such user".to_owned(),
        smtp_code: Some(550),
    }
}
