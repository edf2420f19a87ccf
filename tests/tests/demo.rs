//! The demonstration can be made, is the same every time, and its stored clocks are what its ledgers fold to.

use mainstay_domain::ticket::Scope;
use mainstay_store::PageRequest;
use mainstay_store::due;
use mainstay_store::ledger;
use mainstay_store::ticket::{self, Direction, TicketFilter, TicketKey, TicketSort};
use mainstay_tests::TestApp;

const BY_NUMBER: TicketSort = TicketSort {
    key: TicketKey::Number,
    direction: Direction::Ascending,
};

#[tokio::test]
async fn a_demonstration_is_the_same_every_time() {
    let mut made = Vec::new();
    for _ in 0..2 {
        let test = TestApp::start("mainstay").await;
        let demo = test.app.make_demo(|_, _| {}).await.unwrap();
        assert_eq!(demo.accounts, 60);
        let reader = test.app.store().read();
        let page = ticket::list(
            &reader,
            Scope::Everything,
            &TicketFilter::default(),
            BY_NUMBER,
            PageRequest::first(50),
        )
        .await
        .unwrap();
        let tickets: Vec<String> = page
            .items
            .iter()
            .map(|stored| format!("{:?}", stored.ticket))
            .collect();
        made.push((demo.tickets, tickets));
        test.run_due().await;
        test.finish().await;
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test]
async fn a_demonstration_shows_a_day_in_full_swing() {
    let test = TestApp::start("mainstay").await;
    test.app.make_demo(|_, _| {}).await.unwrap();
    let reader = test.app.store().read();
    let now = test.app.now();
    let soon = now + jiff::SignedDuration::from_hours(2);
    let standing = due::standing(&reader, now, soon).await.unwrap();
    assert!(
        standing.soon >= 10,
        "on only {} tickets something happens in the next two hours",
        standing.soon
    );
    let before = ledger::count(&reader).await.unwrap();
    test.advance(jiff::SignedDuration::from_hours(2)).await;
    let after = ledger::count(&reader).await.unwrap();
    assert!(after > before, "two hours passed and nothing was recorded");
    test.finish().await;
}
