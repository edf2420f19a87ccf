//! What tests begin with. Ids and instants are counted, so that both engines are given the same.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::event::{Actor, Channel, ContractTerms, Event, EventKind};
use mainstay_domain::id::uuid_at;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::Ticket;
use mainstay_store::Transaction;
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
