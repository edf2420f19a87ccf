//! Passkeys: made, used in the place of a password, and removed, by those who serve and by customers.

use mainstay_domain::contact::PortalRole;
use mainstay_domain::role::BuiltIn;

use crate::house::{House, PASSWORD, Visitor};

/// Makes a passkey on the page on which one keeps them.
async fn makes_one(visitor: &Visitor) {
    visitor.clicks("Add a passkey").await;
    let form = "//form[.//button[contains(., 'Make the passkey')]]";
    let password = format!("{form}//input[@type='password']");
    visitor.types_into(&password, PASSWORD).await;
    visitor.clicks("Make the passkey").await;
    visitor.sees("never used").await;
}

#[tokio::test]
async fn an_agent_makes_a_passkey_signs_in_with_it_and_removes_it() {
    let Some(house) = House::open().await else {
        return;
    };
    let priya = house.lets_in("Priya", BuiltIn::Agent).await;
    let visitor = house.visitor().await;
    visitor.holds_a_device().await;
    visitor.waits_to_be_asked().await;
    visitor.signs_in(&priya.email).await;
    visitor.finds("//nav//a[contains(., 'Inbox')]").await;
    visitor.goes("/me").await;
    makes_one(&visitor).await;
    visitor.clicks("Add a passkey").await;
    let none: Vec<String> = Vec::new();
    assert_eq!(visitor.barriers().await, none, "the form of a new passkey");
    visitor.clicks("Cancel").await;

    signs_out(&visitor).await;
    visitor.goes("/sign-in").await;
    visitor.clicks("Sign in with a passkey").await;
    visitor.finds("//nav//a[contains(., 'Inbox')]").await;
    visitor.goes("/me").await;
    visitor.sees("last used").await;

    visitor
        .clicks_on("//button[starts-with(@aria-label, 'Remove ')]")
        .await;
    visitor
        .types_into(
            "//form[contains(., 'Delete it on the device too')]//input[@type='password']",
            PASSWORD,
        )
        .await;
    visitor
        .clicks_on("//form[contains(., 'Delete it on the device too')]//button[@type='submit']")
        .await;
    visitor.sees("You have no passkeys yet.").await;
    signs_out(&visitor).await;
    visitor.goes("/sign-in").await;
    visitor.clicks("Sign in with a passkey").await;
    visitor.sees("This passkey was not accepted").await;
    visitor.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_customer_takes_the_passkey_that_the_browser_offers() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let address = house.customer(account, "Carla", PortalRole::Contact).await;
    let visitor = house.visitor().await;
    visitor.holds_a_device().await;
    visitor.signs_in(&address).await;
    visitor.goes("/portal/profile").await;
    makes_one(&visitor).await;
    signs_out(&visitor).await;
    visitor.goes("/sign-in").await;
    visitor.sees("Your requests").await;
    visitor.goes("/portal/profile").await;
    visitor.sees("last used").await;
    let none: Vec<String> = Vec::new();
    assert_eq!(visitor.barriers().await, none, "the profile");
    visitor.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn the_sign_in_page_asks_nothing_that_is_refused() {
    let Some(house) = House::open().await else {
        return;
    };
    let visitor = house.visitor().await;
    visitor.goes("/sign-in").await;
    visitor.has_loaded().await;
    let refused = visitor
        .asks(
            "return performance.getEntriesByType('resource').filter((r) => r.responseStatus >= 400).map((r) => r.name)",
        )
        .await;
    assert_eq!(refused, serde_json::json!([]));
    visitor.leaves().await;
    house.close().await;
}

/// Ends the session as the menu does.
async fn signs_out(visitor: &Visitor) {
    let left = visitor
        .asks_and_waits(
            "fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-requested-with': 'mainstay' } })\
             .then((answer) => done(answer.status))",
        )
        .await;
    assert_eq!(left, 204);
}
