//! What is written is neither lost nor said too soon, and nothing that others wrote is overwritten.

use std::time::Duration;

use jiff::SignedDuration;
use mainstay_app::{Caller, Expected};
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::PageRequest;

use crate::house::{House, PATIENCE, Visitor};

/// Where an answer is written.
const EDITOR: &str = "//form//*[@contenteditable='true']";

/// Sends it to the customer.
const SEND: &str = "//form//button[@type='submit' and not(@disabled)]";

/// Somebody who serves and has signed in, and a ticket.
async fn at_a_ticket(house: &House) -> (Caller, Visitor, Ticket) {
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P2).await;
    let priya = house.lets_in("Priya", BuiltIn::Manager).await;
    let visitor = house.signed_in(&priya.email).await;
    visitor.finds("//nav//a[contains(., 'Inbox')]").await;
    (priya, visitor, ticket)
}

/// Waits until the service keeps a draft with these words.
async fn kept(house: &House, caller: &Caller, words: &str) {
    let kept = async {
        loop {
            let drafts = house.test.app.drafts(caller).await.unwrap();
            if drafts.iter().any(|draft| draft.text == words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept)
        .await
        .expect("the service keeps what is written");
}

#[tokio::test]
async fn a_reply_that_is_held_back_never_leaves_and_is_written_on() {
    let Some(house) = House::open().await else {
        return;
    };
    let (priya, visitor, ticket) = at_a_ticket(&house).await;
    visitor.goes(&format!("/tickets/{}", ticket.number)).await;
    visitor.types_into(EDITOR, "We look into it.").await;
    visitor.clicks_on(SEND).await;
    visitor
        .finds("//section[@aria-label='Reply on its way']")
        .await;
    visitor.clicks("Undo").await;
    visitor
        .finds(&format!("{EDITOR}[contains(., 'We look into it.')]"))
        .await;
    house.test.advance(SignedDuration::from_secs(15)).await;
    let said = async || {
        let page = PageRequest::first(10);
        let messages = house.test.app.messages(&priya, ticket.id, page).await;
        messages.unwrap().items
    };
    assert_eq!(said().await.len(), 1, "only the customer has spoken");

    visitor.types_into(EDITOR, " Now.").await;
    kept(&house, &priya, "We look into it. Now.").await;
    visitor.clicks_on(SEND).await;
    visitor
        .finds("//section[@aria-label='Reply on its way']")
        .await;
    house.test.advance(SignedDuration::from_secs(15)).await;
    visitor
        .finds(&format!("//html[.{EDITOR}[not(contains(., 'We look'))]]//*[contains(., 'We look into it. Now.')]"))
        .await;
    assert_eq!(said().await.len(), 2);
    visitor.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn what_is_written_outlives_a_tab_that_crashes() {
    let Some(house) = House::open().await else {
        return;
    };
    let (priya, visitor, ticket) = at_a_ticket(&house).await;
    visitor.goes(&format!("/tickets/{}", ticket.number)).await;
    visitor.types_into(EDITOR, "Half a tho").await;
    kept(&house, &priya, "Half a tho").await;
    // A further letter has reached the browser's own memory only.
    visitor.asks(NEVER_ANSWER).await;
    visitor.types_into(EDITOR, "ught").await;
    visitor.crashes().await;
    visitor.goes(&format!("/tickets/{}", ticket.number)).await;
    visitor
        .finds(&format!("{EDITOR}[contains(., 'Half a thought')]"))
        .await;
    kept(&house, &priya, "Half a thought").await;
    visitor.leaves().await;
    house.close().await;
}

/// From now on the page's requests are never answered.
const NEVER_ANSWER: &str = "window.fetch = () => new Promise(() => {});";

#[tokio::test]
async fn who_saves_over_a_change_of_somebody_else_is_told_and_overwrites_nothing() {
    let Some(house) = House::open().await else {
        return;
    };
    let (_, visitor, ticket) = at_a_ticket(&house).await;
    let account = ticket.facts.account.unwrap();
    visitor.goes(&format!("/accounts/{account}")).await;
    visitor.clicks("Edit").await;
    visitor.writes("Notes", "Priya was here.").await;
    let app = &house.test.app;
    app.update_account(&house.test.agent(), account, &Expected::Any, |account| {
        account.notes = "Marcus was first.".to_owned();
    })
    .await
    .unwrap();
    visitor.clicks("Save").await;
    visitor.sees("Somebody else changed this meanwhile").await;
    let kept = app.account(&house.test.agent(), account).await.unwrap();
    assert_eq!(kept.notes, "Marcus was first.");
    // What was written is still in the form, to be taken along.
    let field = visitor.field("Notes").await;
    let written = field.prop("value").await.unwrap();
    assert_eq!(written.as_deref(), Some("Priya was here."));
    visitor.leaves().await;
    house.close().await;
}
