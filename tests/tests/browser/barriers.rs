//! What keeps people out: every screen of those who serve, looked at by axe, as each role sees it, in light and in dark.

use mainstay_app::escalation::RaiseEscalation;
use mainstay_domain::escalation::ManualReason;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;

use crate::house::{House, Visitor};

const ADMINISTRATION: [&str; 12] = [
    "policy",
    "calendars",
    "people",
    "roles",
    "mail",
    "macros",
    "views",
    "tokens",
    "webhooks",
    "failures",
    "audit",
    "health",
];

/// Looks at each screen in light and in dark.
async fn looks_at(visitor: &Visitor, paths: &[String]) {
    for scheme in ["light", "dark"] {
        visitor.prefers(scheme).await;
        for path in paths {
            visitor.goes(path).await;
            visitor.has_loaded().await;
            assert_eq!(
                visitor
                    .asks("return document.documentElement.dataset.mantineColorScheme")
                    .await,
                scheme
            );
            let none: Vec<String> = Vec::new();
            assert_eq!(visitor.barriers().await, none, "{path} in {scheme}");
        }
    }
}

/// Every screen of the workspace but for the administration.
async fn workspace(house: &House) -> Vec<String> {
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P1).await;
    let raise = RaiseEscalation {
        ticket: ticket.id,
        reason: ManualReason::BusinessImpact,
        note: "Nobody can work.".to_owned(),
        ladder: None,
        level: None,
    };
    let raised = house
        .test
        .app
        .raise_escalation(&house.test.agent(), &raise)
        .await
        .unwrap();
    house.test.run_due().await;
    [
        "/my-day".to_owned(),
        "/inbox".to_owned(),
        "/inbox?words=nothing".to_owned(),
        format!("/tickets/{}", ticket.number),
        "/tickets/999".to_owned(),
        "/tickets/new".to_owned(),
        "/board".to_owned(),
        "/escalations".to_owned(),
        format!("/escalations/{}", raised[0]),
        "/accounts".to_owned(),
        format!("/accounts/{account}"),
        "/teams".to_owned(),
        "/search".to_owned(),
        "/search?q=work".to_owned(),
        "/me".to_owned(),
    ]
    .into()
}

#[tokio::test]
async fn an_agent_meets_no_barriers() {
    let Some(house) = House::open().await else {
        return;
    };
    let paths = workspace(&house).await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    looks_at(&priya, &paths).await;
    priya.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_manager_meets_no_barriers() {
    let Some(house) = House::open().await else {
        return;
    };
    let paths = workspace(&house).await;
    let marcus = house.at_work("Marcus", BuiltIn::Manager).await;
    looks_at(&marcus, &paths).await;
    marcus.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn an_administrator_meets_no_barriers() {
    let Some(house) = House::open().await else {
        return;
    };
    let ada = house.at_work("Ada", BuiltIn::Administrator).await;
    let paths = ADMINISTRATION.map(|section| format!("/admin/{section}"));
    looks_at(&ada, &paths).await;
    ada.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn what_opens_over_a_screen_puts_no_barriers_up() {
    let Some(house) = House::open().await else {
        return;
    };
    let paths = workspace(&house).await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    let ticket = &paths[3];
    let none: Vec<String> = Vec::new();
    for chosen in ["Merge", "Split", "Escalate"] {
        priya.goes(ticket).await;
        priya.clicks("Actions").await;
        let menu = priya.barriers_within("[role=menu]").await;
        assert_eq!(menu, none, "the menu");
        priya
            .clicks_on(&format!("//*[@role='menuitem'][contains(., {chosen:?})]"))
            .await;
        priya.finds("//*[@role='dialog']").await;
        priya.finds("//body[not(.//*[@role='menu'])]").await;
        assert_eq!(priya.barriers().await, none, "{chosen}");
    }
    priya.goes(ticket).await;
    priya.clicks("Why then?").await;
    priya.sees("Counted in all").await;
    assert_eq!(priya.barriers().await, none, "why it is due then");
    priya.goes("/my-day").await;
    priya.has_loaded().await;
    priya.presses("?").await;
    priya.sees("Show the keys").await;
    assert_eq!(priya.barriers().await, none, "the keys");
    priya.goes("/my-day").await;
    priya.has_loaded().await;
    priya.clicks("Search or go to").await;
    priya.finds("//*[@role='dialog']//input").await;
    assert_eq!(priya.barriers().await, none, "the palette");
    priya.leaves().await;
    house.close().await;
}
