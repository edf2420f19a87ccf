//! Those who serve, at work.

use jiff::SignedDuration;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;

use crate::house::House;

#[tokio::test]
async fn two_agents_see_a_breach_as_it_happens() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P1).await;
    let mut watching = Vec::new();
    for name in ["Priya", "Marcus"] {
        let agent = house.at_work(name, BuiltIn::Agent).await;
        agent.goes(&format!("/tickets/{}", ticket.number)).await;
        agent.sees("left").await;
        watching.push(agent);
    }
    house.test.advance(SignedDuration::from_mins(20)).await;
    for agent in watching {
        agent.sees("Missed").await;
        agent.leaves().await;
    }
    house.close().await;
}

#[tokio::test]
async fn two_tickets_become_one() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let first = house.test.customer_opens(account, Severity::P3).await;
    let second = house.test.customer_opens(account, Severity::P2).await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya.goes(&format!("/tickets/{}", second.number)).await;
    // What lies further down is reached by scrolling beside the conversation; the page stays.
    let words = "[...document.querySelectorAll('.unseen')]";
    let below =
        format!("{words}.some((word) => word.getBoundingClientRect().bottom > innerHeight)");
    priya.sees_that(&below).await;
    priya
        .sees_that("document.scrollingElement.scrollHeight <= innerHeight")
        .await;
    priya.clicks("Actions").await;
    priya
        .clicks_on("//*[@role='menuitem'][contains(., 'Merge')]")
        .await;
    priya
        .writes(
            "Number of the ticket that remains",
            &first.number.to_string(),
        )
        .await;
    // What becomes of the clocks is said before anything is done.
    priya.finds("//*[@role='dialog']//table").await;
    priya
        .clicks_on("//*[@role='dialog']//button[.='Merge' and not(@disabled)]")
        .await;
    priya
        .finds(&format!(
            "//header//*[text()='#' and contains(., '{}')]",
            first.number
        ))
        .await;
    let merged = house
        .test
        .app
        .ticket_by_number(&house.test.agent(), second.number)
        .await
        .unwrap()
        .ticket;
    assert_eq!(merged.merged_into, Some(first.id));
    priya.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn one_escalates_and_another_takes_it_on() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P3).await;
    let marcus = house.at_work("Marcus", BuiltIn::Manager).await;
    marcus.goes("/escalations").await;
    marcus.sees("Nothing is escalated").await;

    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya.goes(&format!("/tickets/{}", ticket.number)).await;
    priya.clicks("Actions").await;
    priya
        .clicks_on("//*[@role='menuitem'][contains(., 'Escalate')]")
        .await;
    priya
        .writes("What is to be known", "They wait for it.")
        .await;
    priya
        .clicks_on("//*[@role='dialog']//button[@type='submit']")
        .await;
    house.test.run_due().await;

    marcus.sees("Nobody has taken it").await;
    marcus.clicks("It does not work").await;
    marcus.clicks("Take it on").await;
    marcus.sees("Taken by").await;
    // Who escalated it sees that somebody has it.
    priya.sees("Taken on at").await;
    priya.leaves().await;
    marcus.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn the_workspace_speaks_three_languages() {
    let Some(house) = House::open().await else {
        return;
    };
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    for (language, title) in [
        ("es", "Todos los abiertos"),
        ("pt-BR", "Todos os abertos"),
        ("en", "All open"),
    ] {
        priya
            .asks(&format!(
                "localStorage.setItem('mainstay-language', '{language}')"
            ))
            .await;
        priya.goes("/inbox").await;
        priya.finds(&format!("//h1[text()={title:?}]")).await;
        assert_eq!(
            priya.asks("return document.documentElement.lang").await,
            language
        );
    }
    priya.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_deadline_is_explained_in_spanish() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P3).await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya
        .asks("localStorage.setItem('mainstay-language', 'es')")
        .await;
    priya.goes(&format!("/tickets/{}", ticket.number)).await;
    priya.clicks("¿Por qué?").await;
    priya.sees("Total contado").await;
    priya
        .finds("//*[@role='dialog']//td[contains(., ': dentro del horario')]")
        .await;
    let ledger = priya.text().await;
    assert!(!ledger.contains("is open"), "{ledger}");
    priya.leaves().await;
    house.close().await;
}
