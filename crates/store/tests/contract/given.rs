//! What tests begin with. Ids and instants are counted, so that both engines are given the same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::{Actor, Channel, ContractTerms, Event, EventKind, Origin, Visibility};
use mainstay_domain::id::uuid_at;
use mainstay_domain::message::Message;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::Ticket;
use mainstay_store::Transaction;
use mainstay_store::clock::{self, StoredClock, TicketClocks};
use mainstay_store::ticket::{self, StoredTicket};
use uuid::Uuid;

/// So many seconds after the tests begin.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

/// The id of this number.
pub fn id<I: From<Uuid>>(number: u32) -> I {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    I::from(uuid_at(at(0), random))
}

pub fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// A ticket of this number of which only its opening is known, in the second of its number.
pub fn ticket(number: u32) -> StoredTicket {
    let event = opened(number);
    let subject = format!("Subject {number}");
    let mut ticket = Ticket::unopened(id(number), u64::from(number), subject, event.at);
    ticket.apply(&event);
    StoredTicket {
        ticket,
        next_due: None,
    }
}

/// The opening of the ticket of this number.
pub fn opened(number: u32) -> Event {
    event(
        number,
        1,
        EventKind::Opened {
            account: None,
            contact: None,
            channel: Channel::Email,
            severity: Severity::P3,
            category: None,
            status: Status::from(StatusKind::New),
            team: None,
            assignee: None,
            terms: ContractTerms::default(),
            tags: Vec::new(),
        },
    )
}

/// A fact of the ticket of this number.
pub fn event(number: u32, sequence: u64, kind: EventKind) -> Event {
    Event {
        id: id(number * 1_000 + u32::try_from(sequence).unwrap()),
        at: at(i64::from(number)),
        recorded_at: at(i64::from(number) + 1),
        sequence,
        actor: Actor::System,
        policy: PolicyVersion(1),
        kind,
    }
}

/// Stores tickets of these numbers.
pub async fn tickets(tx: &Transaction, numbers: impl IntoIterator<Item = u32>) {
    let stored: Vec<StoredTicket> = numbers.into_iter().map(ticket).collect();
    ticket::insert_many(tx, &stored).await.unwrap();
}

/// Makes the clocks of a ticket be these, and the ticket be due when the first of them is.
pub async fn clocks(tx: &Transaction, ticket: u32, clocks: &[StoredClock]) {
    let written = TicketClocks {
        ticket: id(ticket),
        clocks: clocks.to_vec(),
        due_at: clocks.iter().filter_map(|clock| clock.next_at).min(),
    };
    clock::replace_many(tx, &[written]).await.unwrap();
}

pub fn account(number: u32) -> Account {
    Account {
        id: id(number),
        name: format!("Account {number}"),
        external_id: Some(format!("ext-{number}")),
        language: Some("pt-BR".to_owned()),
        time_zone: Some("America/Sao_Paulo".to_owned()),
        domains: vec![format!("account{number}.example")],
        people: Vec::new(),
        fields: BTreeMap::from([("region".to_owned(), "south".to_owned())]),
        notes: String::new(),
        created_at: at(0),
        archived_at: None,
    }
}

pub fn contact(number: u32, account: Option<u32>) -> Contact {
    Contact {
        id: id(number),
        account: account.map(id),
        name: format!("Contact {number}"),
        addresses: vec![format!("Contact{number}@Account.example")],
        language: None,
        phone: None,
        portal: Some(PortalRole::Contact),
        active: true,
        created_at: at(0),
    }
}

pub fn agent(number: u32) -> Agent {
    Agent {
        id: id(number),
        email: format!("Agent{number}@mainstay.example"),
        name: format!("Agent {number}"),
        roles: vec!["agent".into()],
        languages: vec!["en".to_owned()],
        skills: vec!["network".to_owned()],
        capacity: 10,
        calendar: None,
        time_zone: "Europe/Lisbon".to_owned(),
        phone: Some(format!("+3460000000{number}")),
        slack: Some(format!("U{number}")),
        pager: Some(format!("key {number}")),
        active: true,
        created_at: at(0),
    }
}

/// A public reply of the contact of this number.
pub fn message(number: u32, ticket: u32, text: &str) -> Message {
    Message {
        id: id(number),
        ticket: id(ticket),
        author: Actor::Contact(id(number)),
        sender: Some("Ana <ana@account.example>".to_owned()),
        visibility: Visibility::Public,
        origin: Origin::Person,
        channel: Channel::Email,
        text: text.to_owned(),
        html: Some(format!("<p>{text}</p>")),
        quoted: None,
        language: Some("en".to_owned()),
        mentions: vec![id(1)],
        attachments: Vec::new(),
        raw_mail: None,
        at: at(i64::from(number)),
    }
}
