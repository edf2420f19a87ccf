//! A second factor: its recovery codes, and what is done for somebody who lost it.

use mainstay_domain::contact::PortalRole;
use mainstay_domain::role::BuiltIn;
use totp_rs::{Builder, Secret};

use crate::house::{House, PASSWORD, Visitor};

/// What an authenticator with this secret shows now.
fn code(house: &House, secret: &str) -> String {
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .with_account_name("somebody")
        .build();
    let now = u64::try_from(house.test.app.now().as_second()).unwrap();
    totp.unwrap().generate(now).to_string()
}

/// Sets up an authenticator on the page on which one keeps it, as far as its recovery codes, which it gives.
async fn sets_one_up(house: &House, visitor: &Visitor) -> Vec<String> {
    visitor.clicks("Set up").await;
    let field = "//form[.//button[normalize-space()='Next']]//input[@type='password']";
    visitor.types_into(field, PASSWORD).await;
    visitor.clicks("Next").await;
    let secret = visitor.finds("//form//code").await;
    let secret = secret.text().await.unwrap();
    visitor
        .writes("Code from the app", &code(house, &secret))
        .await;
    visitor.clicks("Confirm").await;
    visitor.finds("//ul[@aria-label='Recovery codes']/li").await;
    let codes = visitor
        .asks("return [...document.querySelectorAll('[aria-label=\"Recovery codes\"] li')].map((li) => li.textContent)")
        .await;
    serde_json::from_value(codes).unwrap()
}

/// Signs in as far as the second step.
async fn gives_the_password(visitor: &Visitor, address: &str) {
    visitor
        .asks_and_waits(
            "fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-requested-with': 'mainstay' } })\
             .then(() => done(true))",
        )
        .await;
    visitor.goes("/sign-in").await;
    visitor.writes("E-mail address", address).await;
    visitor.writes("Password", PASSWORD).await;
    visitor.clicks_on("//button[@type='submit']").await;
}

#[tokio::test]
async fn recovery_codes_are_kept_and_each_signs_in_once() {
    let Some(house) = House::open().await else {
        return;
    };
    let priya = house.lets_in("Priya", BuiltIn::Agent).await;
    let visitor = house.signed_in(&priya.email).await;
    visitor.finds("//nav//a[contains(., 'Inbox')]").await;
    visitor.goes("/me").await;
    let codes = sets_one_up(&house, &visitor).await;
    assert_eq!(codes.len(), 10);
    let none: Vec<String> = Vec::new();
    for scheme in ["light", "dark"] {
        visitor
            .asks(&format!(
                "document.documentElement.dataset.mantineColorScheme = '{scheme}'"
            ))
            .await;
        assert_eq!(visitor.barriers().await, none, "the codes in {scheme}");
    }
    let file = visitor
        .asks("return decodeURIComponent(document.querySelector('a[download]').href.split(',')[1])")
        .await;
    assert_eq!(file, format!("{}\n", codes.join("\n")));
    visitor.clicks("I have kept them").await;
    visitor.sees("10 recovery codes left").await;

    gives_the_password(&visitor, &priya.email).await;
    visitor.writes("Code", &codes[3]).await;
    visitor.clicks("Sign in").await;
    visitor.finds("//nav//a[contains(., 'Inbox')]").await;
    visitor.goes("/me").await;
    visitor.sees("9 recovery codes left").await;
    gives_the_password(&visitor, &priya.email).await;
    visitor.writes("Code", &codes[3]).await;
    visitor.clicks("Sign in").await;
    visitor.sees("This code is wrong").await;
    visitor.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn an_administrator_helps_who_lost_a_device_on_the_account_and_among_those_who_serve() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let address = house.customer(account, "Alma", PortalRole::Contact).await;
    let alma = house.signed_in(&address).await;
    alma.goes("/portal/profile").await;
    sets_one_up(&house, &alma).await;
    let priya = house.lets_in("Priya", BuiltIn::Agent).await;
    let lost = house.signed_in(&priya.email).await;
    lost.goes("/me").await;
    sets_one_up(&house, &lost).await;

    let ada = house.at_work("Ada", BuiltIn::Administrator).await;
    ada.goes(&format!("/accounts/{account}")).await;
    ada.clicks_on("//button[@aria-label='Edit Alma']").await;
    resets(&ada, "Alma").await;
    ada.goes("/admin/people").await;
    let row = "(//tr | //li)[contains(., 'Priya')]//button[contains(., 'Access') or contains(@aria-label, 'Access')]";
    ada.clicks_on(row).await;
    resets(&ada, "Priya").await;

    // Their sessions have ended, and the password is enough until they set up another.
    gives_the_password(&alma, &address).await;
    alma.sees("Your requests").await;
    gives_the_password(&lost, &priya.email).await;
    lost.finds("//nav//a[contains(., 'Inbox')]").await;
    for visitor in [alma, lost, ada] {
        visitor.leaves().await;
    }
    house.close().await;
}

/// Takes somebody's second factor away in the dialog that is open.
async fn resets(visitor: &Visitor, name: &str) {
    visitor.clicks("Reset second factor").await;
    visitor.sees("are taken away, they are signed out").await;
    let none: Vec<String> = Vec::new();
    assert_eq!(visitor.barriers().await, none, "what is asked before");
    visitor.clicks("Take them away").await;
    visitor
        .sees(&format!("The second factor of {name} is gone"))
        .await;
}

#[tokio::test]
async fn a_company_helps_its_own_people_and_nobody_does_so_to_themselves() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let theirs = house.customer(account, "Alma", PortalRole::Contact).await;
    let boss = house
        .customer(account, "Boris", PortalRole::Administrator)
        .await;
    let alma = house.signed_in(&theirs).await;
    alma.goes("/portal/profile").await;
    sets_one_up(&house, &alma).await;

    let boris = house.signed_in(&boss).await;
    boris.goes("/portal/people").await;
    let own = "//li[contains(., 'Boris')]";
    boris.finds(own).await;
    boris.finds(&format!("{own}[not(.//button)]")).await;
    boris.clicks_on("//button[@aria-label='Change Alma']").await;
    resets(&boris, "Alma").await;
    gives_the_password(&alma, &theirs).await;
    alma.sees("Your requests").await;
    alma.leaves().await;
    boris.leaves().await;
    house.close().await;
}
