//! Each channel reaches its person once, and mail where a channel cannot.

use jiff::SignedDuration;

use mainstay_app::notification::MOST_TRIES;

use mainstay_channels::webhook::Destinations;

use mainstay_domain::escalation::NotifyChannel;

use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::notification::NotificationState;

use serde_json::{Value, json};

use crate::house::{EVERYWHERE, House, another, tell_by};

#[tokio::test]
async fn every_channel_of_a_step_reaches_its_person_once() {
    let house = House::open(&EVERYWHERE).await;
    let slack: Value = serde_json::from_str(&house.sink.at("/chat.postMessage")[0]).unwrap();
    assert_eq!(slack["channel"], "U012AB3CD");
    assert!(slack["text"].as_str().unwrap().contains("/a/"), "{slack}");
    let text = &house.sink.at("/Messages.json")[0];
    assert!(text.starts_with("To=%2B34600000000&"), "{text}");
    let call: Value = serde_json::from_str(&house.sink.at("/call")[0]).unwrap();
    assert_eq!(call["to"], "+34600000000");
    let alarm: Value = serde_json::from_str(&house.sink.at("/v2/enqueue")[0]).unwrap();
    let id = house.view().await.stored.id.to_string();
    assert_eq!(alarm["event_action"], "trigger");
    assert_eq!(alarm["routing_key"], "0123456789abcdef");
    assert_eq!(alarm["dedup_key"], json!(id));
    for channel in EVERYWHERE {
        let told = house.told(channel).await;
        assert_eq!(told.state, NotificationState::Delivered, "{channel}");
        assert_eq!(told.fallback, None);
    }
    assert_eq!(house.mails(), 0);
    house.test.advance(SignedDuration::from_hours(1)).await;
    assert_eq!(house.sink.at("").len(), 4, "nothing is sent twice");
    house.finish().await;
}

#[tokio::test]
async fn a_busy_far_side_is_asked_again_when_it_wants_to_be() {
    let house = House::with(&[NotifyChannel::Email], Destinations::Anywhere, true).await;
    tell_by(&house.test, &[NotifyChannel::Sms]);
    house.sink.answer_next(429, Some(300), "");
    house.sink.answer_next(500, None, "");
    let ticket = house
        .test
        .app
        .open_ticket(&house.eva, another(&house))
        .await;
    let ticket = ticket.unwrap().ticket.id;
    house.test.run_due().await;
    assert_eq!(house.sink.at("/Messages.json").len(), 1);
    house.test.advance(SignedDuration::from_secs(299)).await;
    assert_eq!(house.sink.at("/Messages.json").len(), 1);
    house.test.advance(SignedDuration::from_mins(5)).await;
    let tried = house.sink.at("/Messages.json");
    assert_eq!(tried.len(), 3);
    assert!(tried.iter().all(|one| *one == tried[0]));
    let view = house.by_ladder(ticket).await;
    let states: Vec<_> = view.notifications.iter().map(|told| told.state).collect();
    assert_eq!(states, [NotificationState::Delivered]);
    house.finish().await;
}

#[tokio::test]
async fn what_nobody_takes_goes_by_mail_after_a_quarter_of_an_hour() {
    let house = House::with(&[NotifyChannel::Email], Destinations::Anywhere, true).await;
    tell_by(&house.test, &[NotifyChannel::Sms]);
    house.sink.answer_always(503);
    let ticket = house
        .test
        .app
        .open_ticket(&house.eva, another(&house))
        .await;
    let ticket = ticket.unwrap().ticket.id;
    house.test.advance(SignedDuration::from_mins(30)).await;
    let tries = usize::try_from(MOST_TRIES).unwrap();
    assert_eq!(house.sink.at("/Messages.json").len(), tries);
    let view = house.by_ladder(ticket).await;
    let told = &view.notifications[0];
    assert_eq!(told.state, NotificationState::Delivered);
    let is_its_mail = |mail: &OutgoingMail| Some(mail.id.uuid()) == told.delivery;
    assert!(house.mails.sent().iter().any(is_its_mail));
    assert_eq!(
        told.fallback.as_deref(),
        Some("the far side answers 503: it goes by e-mail instead")
    );
    house.finish().await;
}

#[tokio::test]
async fn what_is_refused_for_good_goes_by_mail_at_once_and_not_twice() {
    let house = House::with(&[NotifyChannel::InApp], Destinations::Anywhere, true).await;
    let before = house.mails();
    tell_by(&house.test, &[NotifyChannel::Email, NotifyChannel::Slack]);
    house
        .sink
        .answer_next(200, None, r#"{"ok":false,"error":"user_not_found"}"#);
    let ticket = house
        .test
        .app
        .open_ticket(&house.eva, another(&house))
        .await;
    let ticket = ticket.unwrap().ticket.id;
    house.test.run_due().await;
    assert_eq!(house.sink.at("/chat.postMessage").len(), 1);
    assert_eq!(
        house.mails(),
        before + 1,
        "the step told her by e-mail already"
    );
    let view = house.by_ladder(ticket).await;
    let by_slack = view
        .notifications
        .iter()
        .find(|told| told.channel == NotifyChannel::Slack)
        .unwrap();
    assert_eq!(by_slack.state, NotificationState::Delivered);
    assert_eq!(
        by_slack.fallback.as_deref(),
        Some("Slack refuses it (user_not_found): it goes by e-mail instead")
    );
    house.finish().await;
}

#[tokio::test]
async fn somebody_without_an_address_is_told_by_mail_and_the_reason_is_recorded() {
    let channels = [
        NotifyChannel::Sms,
        NotifyChannel::Pager,
        NotifyChannel::Email,
    ];
    let house = House::with(&channels, Destinations::Anywhere, false).await;
    assert_eq!(house.sink.at("").len(), 0);
    assert_eq!(house.mails(), 1, "three channels, one e-mail");
    let told = house.told(NotifyChannel::Sms).await;
    assert_eq!(told.state, NotificationState::Delivered);
    assert_eq!(
        told.fallback.as_deref(),
        Some("Eva has no phone number: it goes by e-mail instead")
    );
    let told = house.told(NotifyChannel::Pager).await;
    assert_eq!(
        told.fallback.as_deref(),
        Some("Eva has no pager key: it goes by e-mail instead")
    );
    house.finish().await;
}

#[tokio::test]
async fn a_private_address_is_never_called_unless_it_is_allowed() {
    let house = House::with(&[NotifyChannel::Sms], Destinations::Public, true).await;
    assert_eq!(house.sink.at("").len(), 0);
    assert_eq!(house.mails(), 1);
    let fallback = house.told(NotifyChannel::Sms).await.fallback.unwrap();
    assert!(
        fallback.starts_with("messages go to `https` addresses"),
        "{fallback}"
    );
    house.finish().await;
}
