//! A ticket with which something cannot be done keeps it from no other, and takes it up once it can.

use jiff::SignedDuration;
use mainstay_app::Caller;
use mainstay_app::PageRequest;
use mainstay_domain::event::{Event, EventKind};
use mainstay_domain::id::AccountId;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_tests::{TestApp, instant};
use sea_orm::{ConnectionTrait as _, Database};

/// Tickets of one account, one of whose ledgers cannot be read for a while.
struct Tickets {
    test: TestApp,
    url: String,
    account: AccountId,
    tickets: Vec<Ticket>,
    _folder: tempfile::TempDir,
}

/// The place of the one that is spoilt.
const SPOILT: usize = 2;

impl Tickets {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let test = TestApp::start_on(&url, "client-scaling").await;
        let account = test.account("Acme", "Enterprise").await;
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(test.customer_opens(account, Severity::P1).await);
        }
        test.run_due().await;
        Self {
            test,
            url,
            account,
            tickets,
            _folder: folder,
        }
    }

    async fn change_opening(&self, payload: &str) {
        let damage = Database::connect(&self.url).await.unwrap();
        let number = self.tickets[SPOILT].number;
        let sql = format!(
            "UPDATE event SET payload = {payload} WHERE sequence = 1 AND ticket = (SELECT id FROM ticket WHERE number = {number})"
        );
        let done = damage.execute_unprepared(&sql).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    async fn spoil(&self) {
        self.change_opening("'x' || payload").await;
    }

    async fn mend(&self) {
        self.change_opening("substr(payload, 2)").await;
    }

    /// Of how many of the others this is recorded just once.
    async fn recorded_of_others(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        let mut count = 0;
        for (place, ticket) in self.tickets.iter().enumerate() {
            if place != SPOILT {
                let ledger = self.test.ledger(ticket.id).await;
                count += usize::from(ledger.iter().filter(|event| is_meant(event)).count() == 1);
            }
        }
        count
    }

    async fn recorded_of_spoilt(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        let ledger = self.test.ledger(self.tickets[SPOILT].id).await;
        ledger.iter().filter(|event| is_meant(event)).count()
    }
}

fn is_miss(event: &Event) -> bool {
    matches!(&event.kind, EventKind::ClockMissed { commitment, .. } if commitment.as_str() == "first_response")
        && event.at == instant("2026-03-02T10:00:00Z")
}

#[tokio::test]
async fn one_bad_ticket_that_is_due_stops_no_other() {
    let of = Tickets::open().await;
    of.spoil().await;
    of.test.clock.advance(SignedDuration::from_mins(61));
    of.test.run_due().await;
    assert_eq!(of.recorded_of_others(is_miss).await, 4);

    of.mend().await;
    assert_eq!(of.recorded_of_spoilt(is_miss).await, 0);
    // Its lease ends, and it is due again.
    of.test.advance(SignedDuration::from_secs(30)).await;
    assert_eq!(of.recorded_of_spoilt(is_miss).await, 1);
    assert_eq!(of.recorded_of_others(is_miss).await, 4);
    of.test.finish().await;
}

#[tokio::test]
async fn one_bad_ticket_keeps_new_terms_from_no_other() {
    let of = Tickets::open().await;
    of.spoil().await;
    let app = &of.test.app;
    let agent = of.test.agent();
    let contract = app.create_contract(&agent, of.account, |contract| {
        contract.tier = "Professional".into();
        contract.starts_on = "2026-03-02".parse().unwrap();
    });
    contract.await.unwrap();
    of.test.run_due().await;
    let is_set = |event: &Event| matches!(event.kind, EventKind::TermsChanged { .. });
    assert_eq!(of.recorded_of_others(is_set).await, 4);

    of.mend().await;
    assert_eq!(of.recorded_of_spoilt(is_set).await, 0);
    let machine = Caller::machine();
    let given_up = app.given_up_jobs(&machine, PageRequest::first(9)).await;
    let given_up = given_up.unwrap().items;
    assert_eq!(given_up.len(), 1, "somebody is shown that it failed");
    app.requeue_job(&machine, given_up[0].id).await.unwrap();
    of.test.run_due().await;
    assert_eq!(of.recorded_of_spoilt(is_set).await, 1);
    assert_eq!(of.recorded_of_others(is_set).await, 4);
    of.test.finish().await;
}
