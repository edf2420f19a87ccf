//! Customers in their portal.

use mainstay_domain::contact::PortalRole;
use mainstay_domain::event::Side;
use mainstay_domain::severity::Severity;

use crate::house::House;

const SCREENS: [&str; 5] = [
    "/portal",
    "/portal/new",
    "/portal/promises",
    "/portal/people",
    "/portal/profile",
];

#[tokio::test]
async fn a_customer_asks_reads_the_answer_and_says_that_it_is_solved() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let address = house
        .customer(account, "Alma", PortalRole::Administrator)
        .await;
    let alma = house.signed_in(&address).await;
    alma.sees("No open requests").await;
    alma.clicks("New request").await;
    alma.sees("The product cannot be used").await;
    alma.writes("What is it about?", "Exports stop half-way")
        .await;
    alma.writes("What happened?", "They stop at row 5000.")
        .await;
    alma.clicks("Send request").await;
    // In the conversation, not in the field it was written in.
    alma.finds("//ol//li[contains(., 'They stop at row 5000.')]")
        .await;

    let ticket = house
        .test
        .app
        .ticket_by_number(&house.test.agent(), 1)
        .await
        .unwrap()
        .ticket;
    assert_eq!(ticket.facts.severity, Severity::P3);
    assert_eq!(ticket.facts.account, Some(account));
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    alma.sees("Words.").await;
    alma.clicks("It is solved").await;
    alma.sees("This request is solved.").await;
    alma.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_customer_who_tries_the_addresses_of_others_finds_nothing() {
    let Some(house) = House::open().await else {
        return;
    };
    let ours = house.test.account("Acme", "Enterprise").await;
    let other = house.test.account("Other", "Enterprise").await;
    let foreign = house.test.customer_opens(other, Severity::P2).await;
    let address = house
        .customer(ours, "Alma", PortalRole::Administrator)
        .await;
    let alma = house.signed_in(&address).await;
    alma.sees("No open requests").await;
    for path in [
        format!("/portal/requests/{}", foreign.number),
        format!("/portal/requests/{}", foreign.id),
    ] {
        alma.goes(&path).await;
        alma.sees("There is nothing here").await;
        assert!(!alma.text().await.contains(&foreign.subject), "{path}");
    }
    for path in ["/inbox", "/board", "/accounts", "/admin"] {
        alma.goes(path).await;
        alma.sees("Your requests").await;
    }
    alma.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn the_portal_puts_no_barriers_up_in_light_and_in_dark() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P2).await;
    let address = house
        .customer(account, "Alma", PortalRole::Administrator)
        .await;
    let alma = house.signed_in(&address).await;
    alma.sees("Your requests").await;
    let mut paths: Vec<String> = SCREENS.iter().map(ToString::to_string).collect();
    paths.push(format!("/portal/requests/{}", ticket.number));
    for scheme in ["light", "dark"] {
        alma.prefers(scheme).await;
        for path in &paths {
            alma.goes(path).await;
            alma.finds("//h1").await;
            let none: Vec<String> = Vec::new();
            assert_eq!(alma.barriers().await, none, "{path} in {scheme}");
        }
    }
    alma.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn the_portal_speaks_three_languages() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let address = house.customer(account, "Alma", PortalRole::Contact).await;
    let alma = house.signed_in(&address).await;
    for (language, title) in [
        ("es", "Sus solicitudes"),
        ("pt-BR", "Suas solicitações"),
        ("en", "Your requests"),
    ] {
        alma.sees("Mainstay").await;
        alma.asks(&format!(
            "localStorage.setItem('mainstay-language', '{language}')"
        ))
        .await;
        alma.goes("/portal").await;
        alma.finds(&format!("//h1[text()={title:?}]")).await;
        assert_eq!(
            alma.asks("return document.documentElement.lang").await,
            language
        );
    }
    alma.leaves().await;
    house.close().await;
}
