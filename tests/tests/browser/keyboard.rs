//! Work without a mouse.

use fantoccini::key::Key;
use jiff::SignedDuration;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;

use crate::house::{House, PASSWORD};

#[tokio::test]
async fn a_ticket_is_answered_by_keyboard_only() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P2).await;
    let caller = house.lets_in("Priya", BuiltIn::Agent).await;
    let priya = house.visitor().await;
    priya.is_at("input[type=email]").await;
    priya.presses(&caller.email).await;
    priya.press(Key::Tab).await;
    priya.is_at("input[autocomplete=current-password]").await;
    priya.presses(PASSWORD).await;
    priya.press(Key::Enter).await;
    priya.finds("//h1[contains(., 'Priya')]").await;

    priya.presses("gi").await;
    priya.finds("//h1[text()='All open']").await;
    priya
        .finds("//li//a[contains(., 'It does not work')]")
        .await;
    priya.presses("jo").await;
    priya.finds("//h1[text()='It does not work']").await;
    priya
        .finds("//*[@role='textbox'][@aria-label='Reply']")
        .await;
    priya.presses("r").await;
    priya.is_at("[role=textbox][aria-label=Reply]").await;
    priya.presses("We are on it.").await;
    priya.presses_with_control(Key::Enter).await;
    priya.finds("//*[@role='timer']").await;
    house.test.advance(SignedDuration::from_secs(20)).await;
    priya
        .finds("//article[@data-side='agent'][contains(., 'We are on it.')]")
        .await;
    let met = house.test.clock(ticket.id, "first_response").await;
    assert_eq!(met.state().as_str(), "met");
    // Out of the field, and back to the list.
    priya.press(Key::Escape).await;
    priya.presses("u").await;
    priya.finds("//h1[text()='All open']").await;
    priya.leaves().await;
    house.close().await;
}
