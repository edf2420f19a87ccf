//! How people are told: digests, hours, and what becomes of a message that reaches nobody.

use jiff::SignedDuration;
use mainstay_app::escalation::{EscalationView, RaiseEscalation, Record};
use mainstay_app::notification::ReadState;
use mainstay_app::{AppError, Caller, Expected, PageRequest};
use mainstay_channels::smtp::SmtpFailure;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::{ManualReason, NotifyChannel};
use mainstay_domain::notification::NotificationState;
use mainstay_domain::severity::Severity;
use mainstay_tests::instant;

use crate::house::{House, written};

#[tokio::test]
async fn a_storm_of_alerts_is_one_digest() {
    let house = House::open("mainstay").await;
    for _ in 0..50 {
        house.opens(house.account, Severity::P1, &[]).await;
    }
    house.test.run_due().await;
    let mails = house.mails_to(&house.ana);
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["50 alerts since 2026-03-02 09:00 UTC"]);
    let text = String::from_utf8(mails[0].bytes.clone()).unwrap();
    assert_eq!(text.matches("Escalation of #").count(), 50);
    assert_eq!(
        house
            .test
            .app
            .unread_notifications(&house.ana)
            .await
            .unwrap(),
        50
    );
    house.test.finish().await;
}

#[tokio::test]
async fn alerts_that_trickle_in_are_gathered_after_the_first_few() {
    let house = House::open("mainstay").await;
    for _ in 0..10 {
        house.opens(house.account, Severity::P1, &[]).await;
        house.test.advance(SignedDuration::from_secs(10)).await;
    }
    assert_eq!(house.mails_to(&house.ana).len(), 3);
    house.test.advance(SignedDuration::from_mins(5)).await;
    let mails = house.mails_to(&house.ana);
    assert_eq!(mails.len(), 4);
    assert!(
        mails[3].subject.starts_with("7 alerts"),
        "{}",
        mails[3].subject
    );
    house.test.finish().await;
}

#[tokio::test]
async fn closed_hours_hold_what_does_not_wake() {
    let house = House::open("mainstay").await;
    // Monday evening; Ana's day begins at nine.
    house.test.advance(SignedDuration::from_hours(11)).await;
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    let raise = RaiseEscalation {
        ticket: ticket.id,
        reason: ManualReason::TeamDecision,
        note: String::new(),
        ladder: None,
        level: None,
    };
    let raised = house
        .test
        .app
        .raise_escalation(&house.max, &raise)
        .await
        .unwrap();
    house.test.run_due().await;
    assert_eq!(house.mails_to(&house.ana).len(), 0);
    let held = house.view(raised[0]).await;
    let morning = instant("2026-03-03T09:00:00Z");
    let mail = held
        .notifications
        .iter()
        .find(|told| told.channel == NotifyChannel::Email)
        .unwrap();
    assert_eq!(
        (mail.state, mail.held_until),
        (NotificationState::Pending, Some(morning))
    );
    // A critical ticket wakes her.
    house.opens(house.account, Severity::P1, &[]).await;
    house.test.run_due().await;
    assert_eq!(house.mails_to(&house.ana).len(), 1);
    let acknowledged = house
        .records(&house.max, raised[0], Record::Acknowledge)
        .await;
    assert_eq!(acknowledged.next, None);
    let left = morning.duration_since(house.test.app.now());
    house
        .test
        .advance(left - SignedDuration::from_secs(1))
        .await;
    let state = |view: &EscalationView| {
        let told = view.notifications.iter();
        told.map(|told| told.state).collect::<Vec<_>>()
    };
    assert!(state(&house.view(raised[0]).await).contains(&NotificationState::Pending));
    house.test.advance(SignedDuration::from_secs(1)).await;
    assert!(!state(&house.view(raised[0]).await).contains(&NotificationState::Pending));
    house.test.finish().await;
}

#[tokio::test]
async fn hours_are_read_in_the_agents_own_time_zone() {
    let house = House::open("mainstay").await;
    let mut agent = house.test.app.agents(&house.max).await.unwrap();
    agent.retain(|agent| agent.name == "Ana");
    let tx = house.test.app.store().begin().await.unwrap();
    agent[0].time_zone = "America/New_York".to_owned();
    mainstay_store::agent::update(&tx, &agent[0]).await.unwrap();
    tx.commit().await.unwrap();
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    let raise = RaiseEscalation {
        ticket: ticket.id,
        reason: ManualReason::TeamDecision,
        note: String::new(),
        ladder: None,
        level: None,
    };
    let raised = house
        .test
        .app
        .raise_escalation(&house.max, &raise)
        .await
        .unwrap();
    house.test.run_due().await;
    let view = house.view(raised[0]).await;
    let held: Vec<_> = view
        .notifications
        .iter()
        .filter_map(|told| told.held_until)
        .collect();
    assert_eq!(held, [instant("2026-03-02T14:00:00Z")]);
    house.test.finish().await;
}

#[tokio::test]
async fn a_mail_that_no_server_takes_is_given_up_and_the_ladder_goes_on() {
    let house = House::open("mainstay").await;
    let permanent = || {
        Err(SmtpFailure::Permanent {
            reason: "550 no such user".to_owned(),
            smtp_code: None,
        })
    };
    house.mails.answer_next(permanent());
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    house.test.run_due().await;
    let view = house.by_ladder(ticket.id, "critical").await;
    let lost: Vec<_> = view
        .notifications
        .iter()
        .filter(|told| told.state == NotificationState::GivenUp)
        .map(|told| told.last_error.clone().unwrap_or_default())
        .collect();
    assert_eq!(lost, ["the e-mail was given up: 550 no such user"]);
    // She still has it in the program, so the ladder waits for her.
    assert_eq!(view.stored.level, 1);
    house.test.finish().await;
}

#[tokio::test]
async fn whoever_is_told_reads_it() {
    let house = House::open("mainstay").await;
    house.opens(house.account, Severity::P1, &[]).await;
    let app = &house.test.app;
    let page = PageRequest::first(10);
    let shown = app
        .notifications(&house.ana, ReadState::Unread, page)
        .await
        .unwrap();
    assert_eq!(shown.items.len(), 1);
    let told = shown.items[0].id;
    let refused = app.read_notification(&house.eva, told).await;
    assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
    app.read_notification(&house.ana, told).await.unwrap();
    assert_eq!(app.unread_notifications(&house.ana).await.unwrap(), 0);
    house.test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn a_channel_that_is_not_set_up_is_replaced_by_the_mail_in_sight() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    house.test.advance(SignedDuration::from_mins(16)).await;
    let view = house.by_ladder(ticket.id, "critical").await;
    let texts: Vec<_> = view
        .notifications
        .iter()
        .filter(|told| told.channel == NotifyChannel::Sms)
        .collect();
    assert_eq!(texts.len(), 1);
    assert_eq!(house.name(texts[0].recipient), "Eva");
    assert_eq!(texts[0].state, NotificationState::Delivered);
    assert_eq!(
        texts[0].fallback.as_deref(),
        Some("no way to reach people by sms is set up: it goes by e-mail instead")
    );
    // The mail that told her anyway said it: she gets no second one.
    assert_eq!(house.mails_to(&house.eva).len(), 1);
    // She was told by mail and in the program all the same, so the ladder waits for her.
    assert_eq!(view.stored.level, 2);
    house.test.advance(SignedDuration::from_mins(28)).await;
    assert_eq!(house.by_ladder(ticket.id, "critical").await.stored.level, 2);
    house.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(house.by_ladder(ticket.id, "critical").await.stored.level, 3);
    house.test.finish().await;
}

#[tokio::test]
async fn everybody_is_told_in_their_own_language() {
    let house = House::open("mainstay").await;
    for (who, language) in [(&house.ana, "es"), (&house.eva, "pt")] {
        let id = who.agent().unwrap();
        let speak = |agent: &mut Agent| agent.languages = vec![language.to_owned()];
        house
            .test
            .app
            .update_agent(&Caller::machine(), id, &Expected::Any, speak)
            .await
            .unwrap();
    }
    house.opens(house.account, Severity::P1, &[]).await;
    house.test.advance(SignedDuration::from_mins(15)).await;
    let mails = house.mails_to(&house.ana);
    insta::assert_snapshot!(written(&mails[0]), @r"
    Escalamiento: #1 (P1, Acme), Front line

    Ana, recibe este aviso por: la gravedad es P1.

    It does not work
    Acme (Enterprise), P1, new
    Responda en un plazo de 15m, por favor.
    Confírmelo aquí: http://localhost:8080/a
    ");
    let missed = mails.last().unwrap();
    assert_eq!(missed.subject, "Escalamiento: #1 (P1, Acme), Team");
    let shown = house
        .test
        .app
        .notifications(&house.ana, ReadState::Unread, PageRequest::first(50));
    let shown = shown.await.unwrap().items;
    assert!(
        shown.iter().any(|told| told.title == "Escalamiento de #1 (P1): Team"
            && told.detail == "It does not work: Primera respuesta vencía el 02/03/2026 09:15 UTC y no se ha cumplido"),
        "{shown:?}"
    );
    insta::assert_snapshot!(written(&house.mails_to(&house.eva)[0]), @r"
    Escalonamento: #1 (P1, Acme), Engineering

    Eva, recebe este aviso por: a gravidade é P1.

    It does not work
    Acme (Enterprise), P1, new
    Responda no prazo de 30m, por favor.
    Confirme aqui: http://localhost:8080/a
    ");
    house.test.finish().await;
}
