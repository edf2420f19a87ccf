//! Those who look after the program: what is promised, and what they see when the service is away.

use mainstay_app::Caller;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;

use crate::house::House;

#[tokio::test]
async fn a_pack_is_looked_at_put_in_force_and_taken_back() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    house.test.customer_opens(account, Severity::P1).await;
    let ada = house.at_work("Ada", BuiltIn::Administrator).await;
    ada.goes("/admin/policy").await;
    ada.clicks("Apply a pack").await;
    let packs = ada.field("Pack").await;
    ada.finds("//option[@value='service-support']").await;
    packs.select_by_value("service-support").await.unwrap();
    // Nothing is put in force before one has seen what it changes.
    ada.finds("//*[@role='dialog']//button[.='Apply a pack' and @disabled]")
        .await;
    ada.clicks("Show which clocks would change").await;
    ada.sees("would be due at another time").await;
    let none: Vec<String> = Vec::new();
    assert_eq!(ada.barriers().await, none, "the preview");
    ada.clicks_on("//*[@role='dialog']//button[.='Apply a pack' and not(@disabled)]")
        .await;
    ada.sees("Version 2 is in force").await;
    assert_eq!(pack_in_force(&house).await, "service-support");

    ada.clicks("Compare").await;
    ada.finds("//section[@aria-label='Compare']//tbody/tr")
        .await;
    assert_eq!(ada.barriers().await, none, "two packs side by side");

    ada.clicks("History").await;
    ada.clicks("Go back to it").await;
    ada.clicks_on("//*[@role='dialog']//button[.='Go back to it']")
        .await;
    ada.sees("Version 3 is in force").await;
    assert_eq!(pack_in_force(&house).await, "mainstay");
    ada.leaves().await;
    house.close().await;
}

async fn pack_in_force(house: &House) -> String {
    let caller = Caller::machine();
    let versions = house.test.app.policy_history(&caller).await.unwrap();
    let newest = versions.iter().max_by_key(|each| each.version).unwrap();
    newest.pack.clone()
}

#[tokio::test]
async fn what_opens_over_the_inbox_puts_no_barriers_up() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    house.test.customer_opens(account, Severity::P1).await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    let none: Vec<String> = Vec::new();
    for scheme in ["light", "dark"] {
        priya.prefers(scheme).await;
        priya.goes("/inbox").await;
        priya.finds("//li[@aria-posinset]").await;
        priya
            .clicks_on("//main//button[starts-with(@aria-label, 'Filter')]")
            .await;
        priya
            .finds("//*[@role='dialog']//label[starts-with(., 'Severity')]")
            .await;
        assert_eq!(priya.barriers().await, none, "the filters in {scheme}");
        priya.goes("/inbox").await;
        priya.finds("//li[@aria-posinset]").await;
        priya
            .clicks_on("//nav//button[contains(@aria-label, 'otification')]")
            .await;
        priya.sees("Notifications").await;
        assert_eq!(
            priya.barriers().await,
            none,
            "the notifications in {scheme}"
        );
        priya.goes("/inbox").await;
        priya.finds("//li[@aria-posinset]").await;
        priya.rests_on("li[aria-posinset] [data-tone]").await;
        priya.finds("//*[@role='tooltip']").await;
        let tooltip = priya.barriers_within("[role=tooltip]").await;
        assert_eq!(tooltip, none, "the tooltip in {scheme}");
    }
    priya.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_screen_says_that_it_is_stale_until_the_service_is_back() {
    let Some(mut house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya.goes("/inbox").await;
    priya.has_loaded().await;
    house.goes_away().await;
    priya.sees("The connection is lost").await;
    house.comes_back().await;
    priya
        .finds("//body[not(contains(., 'The connection is lost'))]")
        .await;
    // What happens afterwards is seen without a word.
    let ticket = house.test.customer_opens(account, Severity::P1).await;
    priya
        .finds(&format!("//li[contains(., '#{}')]", ticket.number))
        .await;
    priya.leaves().await;
    house.close().await;
}
