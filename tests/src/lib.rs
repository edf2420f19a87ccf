//! Drives the whole program.
//!
//! A [`TestApp`] is the program without its sockets: a store of its own, a clock that stands until it is advanced, and a
//! worker that works when it is told to. [`TestApp::finish`] fails the test when work was left over, and forgetting it
//! fails the test too.

pub mod faults;
pub mod post;
pub mod service;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::ticket::{MessageText, OpenTicket};
use mainstay_app::{App, Caller, ManualClock, Options, Tick};
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::clock::{Clock, fold};
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, Channel, Event, Side, Visibility};
use mainstay_domain::id::{AccountId, ContactId, TicketId};
use mainstay_domain::name::{RoleName, TierName};
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{Store, StoreOptions, account, agent, contact, contract, ledger};

/// The program under test.
pub struct TestApp {
    /// Its use cases.
    pub app: App,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Somebody at every account.
    contact: ContactId,
    finished: bool,
}

impl TestApp {
    /// Starts with a pack that comes with the program, on a store that vanishes with it, on Monday 2 March 2026 at nine
    /// o'clock UTC.
    pub async fn start(pack: &str) -> Self {
        Self::start_on("sqlite::memory:", pack).await
    }

    /// The same on another store.
    pub async fn start_on(url: &str, pack: &str) -> Self {
        Self::start_with(url, pack, Options::default()).await
    }

    /// The same with other options.
    pub async fn start_with(url: &str, pack: &str, options: Options) -> Self {
        let clock = Arc::new(ManualClock::at(instant("2026-03-02T09:00:00Z")));
        let store = Store::open(&StoreOptions::new(url)).await.expect("a store");
        let app = App::new(store, clock.clone(), [7; 32], options);
        let source = mainstay_policy::builtin(pack).expect("a pack that comes with the program");
        app.apply_policy(&Caller::machine(), &source, "test")
            .await
            .expect("a pack that can be applied");
        let contact = Contact {
            id: app.new_id(app.now()),
            account: None,
            name: "Casey Customer".to_owned(),
            addresses: vec!["casey@customer.example".to_owned()],
            language: None,
            phone: None,
            portal: None,
            active: true,
            created_at: app.now(),
        };
        let tx = app.store().begin().await.expect("a transaction");
        contact::insert(&tx, &contact).await.expect("a contact");
        tx.commit().await.expect("a commit");
        Self {
            app,
            clock,
            contact: contact.id,
            finished: false,
        }
    }

    /// Lets time pass, instant by instant: whatever falls due on the way is done at its instant, as it would be in
    /// service.
    pub async fn advance(&self, by: SignedDuration) {
        let until = self.app.now() + by;
        loop {
            self.run_due().await;
            let next = self.app.next_instant().await.expect("a store that answers");
            match next {
                Some(next) if next <= until => self.clock.set(next.max(self.app.now())),
                _ => break,
            }
        }
        self.clock.set(until);
        self.run_due().await;
    }

    /// Does everything that is due now.
    pub async fn run_due(&self) {
        for _ in 0..10_000 {
            if let Tick::Idle(_) = self.app.tick().await.expect("a tick") {
                return;
            }
        }
        panic!("the worker does not come to rest");
    }

    /// An account that was sold a tier.
    pub async fn account(&self, name: &str, tier: &str) -> AccountId {
        let now = self.app.now();
        let id: AccountId = self.app.new_id(now);
        let tx = self.app.store().begin().await.expect("a transaction");
        account::insert(&tx, &account_named(id, name, now))
            .await
            .expect("an account");
        let contract = Contract {
            id: self.app.new_id(now),
            account: id,
            tier: TierName::from(tier),
            starts_on: "2026-01-01".parse().expect("a date"),
            ends_on: None,
            renews_on: None,
            value: 0,
            currency: "USD".to_owned(),
            overrides: Vec::new(),
            created_at: now,
        };
        contract::insert(&tx, &contract).await.expect("a contract");
        tx.commit().await.expect("a commit");
        id
    }

    /// Somebody who serves and may do everything.
    #[must_use]
    pub fn agent(&self) -> Caller {
        Caller {
            actor: Actor::Agent(self.app.new_id(self.app.now())),
            ..Caller::machine()
        }
    }

    /// Somebody who serves, bears roles, and signs in as `name@mainstay.example`; at work from nine to five UTC where the
    /// pack's default calendar says so.
    pub async fn serving(&self, name: &str, roles: &[BuiltIn]) -> Caller {
        let agent = Agent {
            id: self.app.new_id(self.app.now()),
            email: format!("{}@mainstay.example", name.to_lowercase()),
            name: name.to_owned(),
            roles: roles
                .iter()
                .map(|role| RoleName::from(role.as_str()))
                .collect(),
            languages: vec!["en".to_owned()],
            skills: Vec::new(),
            capacity: 10,
            calendar: None,
            time_zone: "UTC".to_owned(),
            phone: None,
            slack: None,
            pager: None,
            active: true,
            created_at: self.app.now(),
        };
        let tx = self.app.store().begin().await.expect("a transaction");
        agent::insert(&tx, &agent).await.expect("an agent");
        tx.commit().await.expect("a commit");
        let permissions = roles.iter().flat_map(|role| role.role().permissions);
        Caller {
            actor: Actor::Agent(agent.id),
            name: agent.name,
            email: agent.email,
            roles: agent.roles,
            permissions: permissions.collect(),
            ..Caller::machine()
        }
    }

    /// Somebody at an account who sees all of its tickets.
    #[must_use]
    pub fn contact_of(&self, account: AccountId) -> Caller {
        Caller {
            actor: Actor::Contact(self.contact),
            permissions: BuiltIn::PortalAdministrator.role().permissions,
            account: Some(account),
            ..Caller::machine()
        }
    }

    /// A ticket that the customer opens with a message.
    pub async fn customer_opens(&self, account: AccountId, severity: Severity) -> Ticket {
        let open = OpenTicket {
            subject: "It does not work".to_owned(),
            account: Some(account),
            contact: None,
            channel: Channel::Portal,
            severity: Some(severity),
            category: None,
            team: None,
            assignee: None,
            tags: Vec::new(),
            message: Some(self.says(Side::Customer)),
            at: None,
        };
        self.app
            .open_ticket(&self.contact_of(account), open)
            .await
            .expect("a ticket")
            .ticket
    }

    /// A public message of one side.
    #[must_use]
    pub fn says(&self, side: Side) -> MessageText {
        MessageText::plain(&self.app, side, Visibility::Public, "Words.")
    }

    /// Adds a message.
    pub async fn adds(&self, ticket: &Ticket, message: MessageText) -> Ticket {
        let caller = match (message.side, ticket.facts.account) {
            (Side::Customer, Some(account)) => self.contact_of(account),
            _ => self.agent(),
        };
        self.app
            .add_message(&caller, ticket.id, message, None)
            .await
            .expect("a message")
    }

    /// The ledger of a ticket.
    pub async fn ledger(&self, ticket: TicketId) -> Vec<Event> {
        ledger::load(&self.app.store().read(), ticket)
            .await
            .expect("a ledger")
    }

    /// The clock of a commitment, of its latest cycle.
    pub async fn clock(&self, ticket: TicketId, commitment: &str) -> Clock {
        let events = self.ledger(ticket).await;
        fold(&events, self.app.policy().book(), self.app.now())
            .into_iter()
            .rfind(|clock| clock.commitment.as_str() == commitment)
            .expect("a clock of that commitment")
    }

    /// Ends the test.
    pub async fn finish(mut self) {
        self.finished = true;
        let next = self.app.next_instant().await.expect("a store that answers");
        let now = self.app.now();
        assert!(
            next.is_none_or(|next| next > now),
            "work was left over that is due since {next:?}"
        );
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.finished && !std::thread::panicking() {
            panic!("a test ended without TestApp::finish");
        }
    }
}

/// An instant from its text.
#[must_use]
pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn account_named(id: AccountId, name: &str, created_at: Timestamp) -> Account {
    Account {
        id,
        name: name.to_owned(),
        external_id: None,
        language: None,
        time_zone: None,
        domains: Vec::new(),
        people: Vec::new(),
        fields: std::collections::BTreeMap::new(),
        notes: String::new(),
        created_at,
        archived_at: None,
    }
}
