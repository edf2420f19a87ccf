//! What could not be delivered: an administrator sees it, and sends it again when the cause is mended.

use std::sync::Arc;

use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::webhook::RecordingWebhooks;
use mainstay_app::{Caller, Options};
use mainstay_channels::smtp::SmtpFailure;
use mainstay_channels::webhook::WebhookOutcome;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::sign_in_link::LinkPurpose;
use mainstay_domain::webhook::Webhook;

use crate::house::House;

#[tokio::test]
async fn a_dead_letter_is_seen_and_sent_again() {
    let server = Arc::new(RecordingTransport::default());
    let mail = MailOptions {
        transport: Some(server.clone()),
        ..MailOptions::default()
    };
    let Some(house) = House::open_with(mail).await else {
        return;
    };
    let ada = house.at_work("Ada", BuiltIn::Administrator).await;
    let bea = house.lets_in("Bea", BuiltIn::Agent).await;
    server.answer_next(Err(SmtpFailure::Permanent {
        reason: "550 5.7.1 we do not relay".to_owned(),
        smtp_code: Some(550),
    }));
    let asked = house
        .test
        .app
        .ask_for_link(LinkPurpose::NewPassword, &bea.email, None);
    asked.await.unwrap();
    house.test.run_due().await;
    assert!(server.sent().is_empty(), "nobody took it");

    ada.goes("/admin/failures").await;
    let row = "//section[.//h2[.='Dead letters']]//tbody/tr[contains(., 'Set a new password')]";
    ada.finds(&format!("{row}[contains(., '550 5.7.1 we do not relay')]"))
        .await;
    let none: Vec<String> = Vec::new();
    assert_eq!(ada.barriers().await, none, "a dead letter");
    ada.clicks_on(&format!("{row}//button[starts-with(., 'Send again')]"))
        .await;
    ada.sees("It is sent again").await;
    ada.sees("Every mail was delivered").await;
    house.test.run_due().await;
    let sent = server.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipients, std::slice::from_ref(&bea.email));

    ada.goes("/admin/mail").await;
    ada.clicks_on("//button[@role='tab'][.='Outgoing']").await;
    ada.finds("//tbody/tr[contains(., 'Set a new password') and contains(., 'Sent')]")
        .await;
    ada.leaves().await;
    house.close().await;
}

#[tokio::test]
async fn a_delivery_that_a_receiver_refused_is_seen_and_sent_again() {
    let receiver = Arc::new(RecordingWebhooks::default());
    let options = Options {
        webhooks: Some(receiver.clone()),
        ..Options::default()
    };
    let Some(house) = House::open_as(options).await else {
        return;
    };
    let ada = house.at_work("Ada", BuiltIn::Administrator).await;
    let fill = |hook: &mut Webhook| hook.url = "https://hooks.example/in".to_owned();
    let made = house
        .test
        .app
        .create_webhook(&Caller::machine(), fill)
        .await;
    made.unwrap();
    receiver.answer_next(WebhookOutcome::Permanent {
        reason: "the receiver answers 400".to_owned(),
        status: Some(400),
    });
    ada.goes("/admin/webhooks").await;
    ada.clicks("Deliveries").await;
    ada.clicks("Send a test").await;
    ada.finds("//*[@role='dialog']//button[@aria-expanded='true'][contains(., 'Waiting')]")
        .await;
    house.test.run_due().await;
    ada.clicks("Look again").await;
    ada.finds("//*[@role='dialog']//button[@aria-expanded='true'][contains(., 'Given up')]")
        .await;
    ada.sees("the receiver answers 400").await;
    let none: Vec<String> = Vec::new();
    assert_eq!(ada.barriers().await, none, "a delivery that was refused");

    ada.clicks("Send again").await;
    ada.finds("//*[@role='dialog']//button[@aria-expanded='true'][contains(., 'Waiting')]")
        .await;
    house.test.run_due().await;
    ada.clicks("Look again").await;
    ada.finds("//*[@role='dialog']//button[@aria-expanded='true'][contains(., 'Delivered')]")
        .await;
    let tried = receiver.tried();
    assert_eq!(tried.len(), 2);
    assert_eq!(
        tried[0].id, tried[1].id,
        "the receiver knows it as the same"
    );
    ada.leaves().await;
    house.close().await;
}
