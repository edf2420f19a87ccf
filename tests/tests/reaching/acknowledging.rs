//! Links that acknowledge, and who is on call.

use jiff::SignedDuration;
use mainstay_app::escalation::{LinkStanding, Record};

use mainstay_app::{AppError, Expected};

use mainstay_domain::escalation::NotifyChannel;

use mainstay_domain::id::TeamId;

use mainstay_domain::on_call::LayerSpec;
use mainstay_domain::policy::Policy;
use mainstay_domain::role::BuiltIn;

use serde_json::Value;

use crate::house::{House, another, put_in_force};

#[tokio::test]
async fn a_link_acknowledges_once_and_quiets_the_pager() {
    let house = House::open(&[NotifyChannel::Sms, NotifyChannel::Pager]).await;
    let text = house.sink.at("/Messages.json").remove(0);
    let text = text.replace("%2F", "/").replace("%3A", ":");
    let token = house.token(&text);
    let app = &house.test.app;
    let looked = app.look_at_link(&token).await.unwrap();
    assert_eq!(looked.standing, LinkStanding::Ready);
    assert_eq!(looked.person, "Eva");
    assert!(
        house.view().await.escalation.acknowledged.is_none(),
        "looking changes nothing"
    );

    let done = app.acknowledge_by_link(&token).await.unwrap();
    assert_eq!(done.standing, LinkStanding::Done);
    let taken = house.view().await.escalation.acknowledged.unwrap();
    assert_eq!(taken.by, house.eva.actor);
    house.test.run_due().await;
    let act = |body: &String| serde_json::from_str::<Value>(body).unwrap()["event_action"].clone();
    let acts: Vec<Value> = house.sink.at("/v2/enqueue").iter().map(act).collect();
    assert_eq!(acts, ["trigger", "acknowledge"]);

    let again = app.acknowledge_by_link(&token).await.unwrap();
    let expected = LinkStanding::Taken {
        by: Some("Eva".to_owned()),
        at: "2026-03-02 09:00 UTC".to_owned(),
    };
    assert_eq!(again.standing, expected);
    let id = house.view().await.stored.id;
    let resolve = Record::Resolve("A cable.".to_owned());
    app.record_escalation(&house.eva, id, &resolve)
        .await
        .unwrap();
    house.test.run_due().await;
    let acts: Vec<Value> = house.sink.at("/v2/enqueue").iter().map(act).collect();
    assert_eq!(acts, ["trigger", "acknowledge", "resolve"]);
    let over = app.look_at_link(&token).await.unwrap().standing;
    assert!(matches!(over, LinkStanding::Over { .. }), "{over:?}");
    house.finish().await;
}

#[tokio::test]
async fn a_link_expires_and_a_forged_one_is_unknown() {
    let house = House::open(&[NotifyChannel::Email]).await;
    let mail = String::from_utf8(house.mails.sent()[0].bytes.clone()).unwrap();
    let token = house.token(&mail.replace("=\r\n", ""));
    let app = &house.test.app;
    assert_eq!(
        app.look_at_link(&token).await.unwrap().standing,
        LinkStanding::Ready
    );
    let last = if token.ends_with('a') { "b" } else { "a" };
    let forged = format!("{}{last}", &token[..47]);
    for wrong in [forged.as_str(), "", "nothing"] {
        let refused = app.acknowledge_by_link(wrong).await;
        assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
    }
    house.test.advance(SignedDuration::from_hours(73)).await;
    let late = app.acknowledge_by_link(&token).await.unwrap().standing;
    let at = "2026-03-05 09:00 UTC".to_owned();
    assert_eq!(late, LinkStanding::Expired { at });
    assert!(house.view().await.escalation.acknowledged.is_none());
    house.finish().await;
}

#[tokio::test]
async fn a_ladder_tells_whoever_the_rota_says_is_on_call() {
    let house = House::open(&[NotifyChannel::InApp]).await;
    let test = &house.test;
    let max = test.serving("Max", &[BuiltIn::Manager]).await;
    let ids = [house.eva.agent().unwrap(), max.agent().unwrap()];
    let team = test.app.create_team(&max, |team| {
        team.name = "Support".to_owned();
        team.members = ids.to_vec();
        team.on_call = vec![ids[0]];
    });
    let team: TeamId = team.await.unwrap().id;
    let layer = |name: &str, agents: Vec<_>| LayerSpec {
        name: name.to_owned(),
        agents,
        starts_on: "2026-03-01".parse().unwrap(),
        hand_over: "12:00".parse().unwrap(),
        time_zone: "UTC".to_owned(),
        turn_days: 1,
        hours: None,
    };
    let layers = vec![
        layer("primary", vec![ids[1], ids[0]]),
        layer("secondary", vec![ids[0], ids[1]]),
    ];
    test.app
        .set_rota(&max, team, &Expected::Any, layers)
        .await
        .unwrap();
    for (name, hours, expected) in [
        ("Support", 0, ids[1]),
        ("Support/secondary", 0, ids[0]),
        ("Support", 4, ids[0]),
    ] {
        test.advance(SignedDuration::from_hours(hours)).await;
        let mut policy: Policy = test.app.policy().current().as_ref().clone();
        let ladder = policy
            .ladders
            .iter_mut()
            .find(|ladder| ladder.name.as_str() == "critical")
            .unwrap();
        ladder.steps[0].who = vec![mainstay_domain::escalation::Recipient::OnCall(name.into())];
        put_in_force(test, policy);
        let ticket = test.app.open_ticket(&house.eva, another(&house)).await;
        let view = house.by_ladder(ticket.unwrap().ticket.id).await;
        let told: Vec<_> = view
            .notifications
            .iter()
            .map(|told| told.recipient)
            .collect();
        assert_eq!(told, [expected], "{name} after {hours} hours");
    }
    test.run_due().await;
    house.finish().await;
}
