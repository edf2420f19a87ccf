//! A request that goes to and fro between a customer and those who serve, by e-mail and in the browser.

use std::sync::Arc;

use jiff::SignedDuration;
use mainstay_app::Caller;
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_domain::contact::PortalRole;
use mainstay_domain::role::BuiltIn;

use crate::house::House;

const LETTER: &str = "From: Alma <alma@customer.example>\r\n\
    To: support@desk.example\r\n\
    Subject: Exports stop half-way\r\n\
    Message-ID: <1@customer.example>\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\
    \r\n\
    They stop at row 5000.\r\n";

#[tokio::test]
async fn what_a_customer_writes_by_mail_is_answered_in_the_browser_and_goes_on_in_the_portal() {
    let transport = Arc::new(RecordingTransport::default());
    let mail = MailOptions {
        from: "support@desk.example".to_owned(),
        reply_domain: Some("desk.example".to_owned()),
        company: Some("Desk Inc".to_owned()),
        transport: Some(transport.clone()),
        ..MailOptions::default()
    };
    let Some(house) = House::open_with(mail).await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let address = house.customer(account, "Alma", PortalRole::Contact).await;
    let app = &house.test.app;
    app.receive_mail(&Caller::machine(), LETTER.into(), "pipe", app.now())
        .await
        .unwrap();
    house.test.run_due().await;

    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya.goes("/inbox").await;
    priya.clicks("Exports stop half-way").await;
    priya.sees("They stop at row 5000.").await;
    priya
        .finds("//*[@role='textbox'][@aria-label='Reply']")
        .await;
    priya.presses("r").await;
    priya.is_at("[role=textbox][aria-label=Reply]").await;
    priya.presses("Which version do you use?").await;
    priya.clicks("Send").await;
    priya.finds("//*[@role='timer']").await;
    house.test.advance(SignedDuration::from_secs(20)).await;
    let sent = transport.sent();
    let answer = sent
        .iter()
        .rfind(|mail| mail.recipients == [address.clone()])
        .expect("a mail to the customer");
    let raw = String::from_utf8_lossy(&answer.bytes);
    assert!(raw.contains("Which version do you use?"), "{raw}");
    assert!(raw.contains("<1@customer.example>"), "{raw}");

    let alma = house.signed_in(&address).await;
    alma.clicks("Exports stop half-way").await;
    alma.sees("Which version do you use?").await;
    alma.writes("Your reply", "Version 4.2.").await;
    alma.clicks("Send reply").await;
    alma.finds("//ol//li[contains(., 'Version 4.2.')]").await;
    // The agent, who still has the ticket open, reads it at once.
    priya
        .finds("//article[@data-side='contact'][contains(., 'Version 4.2.')]")
        .await;
    alma.leaves().await;
    priya.leaves().await;
    house.close().await;
}
