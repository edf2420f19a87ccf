//! What the service needs besides: idempotency, policies, settings, webhooks, and clearing away.

use std::collections::BTreeMap;

use mainstay_domain::digest::Digest;

use mainstay_domain::event::Actor;

use mainstay_domain::policy::PolicyVersion;

use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};

use mainstay_store::idempotency::{Answer, Known};

use mainstay_store::policy::AppliedPack;

use mainstay_store::retention::{self, Fleeting};
use mainstay_store::{
    PageRequest, StoreError, idempotency, policy, setting, sign_in_failure, webhook,
};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_request_is_done_once,
    packs_are_versions,
    settings_are_remembered,
    webhooks_and_their_deliveries,
    wrong_passwords_are_counted_for_all_nodes,
    what_is_over_is_removed_in_batches,
);

async fn a_request_is_done_once(fresh: &Fresh) {
    let actor = Actor::Agent(given::id(1));
    let (request, other) = (Digest([1; 32]), Digest([2; 32]));
    let tx = fresh.store.begin().await.unwrap();
    let take = async |request, now| {
        idempotency::take(&tx, actor, "k", request, at(now), at(now + 100))
            .await
            .unwrap()
    };
    assert_eq!(take(request, 0).await, Known::New);
    assert_eq!(take(request, 1).await, Known::InProgress);
    assert_eq!(take(other, 1).await, Known::OtherRequest);
    let answer = Answer {
        status: 201,
        body: r#"{"number":1}"#.to_owned(),
    };
    idempotency::answer(&tx, actor, "k", &answer).await.unwrap();
    assert_eq!(take(request, 2).await, Known::Answered(answer));
    assert_eq!(
        idempotency::find(&tx, Actor::System, "k", request)
            .await
            .unwrap(),
        Known::New
    );
    assert_eq!(
        take(other, 100).await,
        Known::New,
        "an expired key is as good as new"
    );
    assert_eq!(
        retention::prune(&tx, Fleeting::IdempotencyKeys, at(150), 9)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        retention::prune(&tx, Fleeting::IdempotencyKeys, at(200), 9)
            .await
            .unwrap(),
        1
    );
}

async fn packs_are_versions(fresh: &Fresh) {
    let pack = |version: u32| AppliedPack {
        teams: [("Engineering".into(), given::id(3))].into(),
        version: PolicyVersion(version),
        pack: "mainstay".to_owned(),
        digest: Digest([u8::try_from(version).unwrap(); 32]),
        files: BTreeMap::from([("pack.toml".to_owned(), "name = \"mainstay\"\n".to_owned())]),
        applied_at: at(i64::from(version)),
        applied_by: Actor::System,
        note: "first".to_owned(),
    };
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(policy::latest(&tx).await.unwrap(), None);
    policy::apply(&tx, &pack(1)).await.unwrap();
    policy::apply(&tx, &pack(2)).await.unwrap();
    assert_eq!(policy::latest(&tx).await.unwrap(), Some(pack(2)));
    assert_eq!(
        policy::find(&tx, PolicyVersion(1)).await.unwrap(),
        Some(pack(1))
    );
    assert_eq!(policy::all(&tx).await.unwrap(), [pack(1), pack(2)]);
    let refused = policy::apply(&tx, &pack(2)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

async fn settings_are_remembered(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(setting::get(&tx, "clock").await.unwrap(), None);
    setting::set(&tx, "clock", "1").await.unwrap();
    setting::set(&tx, "clock", "2").await.unwrap();
    assert_eq!(
        setting::get(&tx, "clock").await.unwrap().as_deref(),
        Some("2")
    );
    assert!(setting::remove(&tx, "clock").await.unwrap());
    assert!(!setting::remove(&tx, "clock").await.unwrap());
}

async fn webhooks_and_their_deliveries(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let hook = Webhook {
        id: given::id(1),
        url: "https://example.com/hook".to_owned(),
        secret: "whsec_c2VjcmV0".to_owned(),
        events: vec!["ticket.opened".to_owned()],
        account: None,
        include_messages: false,
        active: true,
        failing_since: None,
        created_at: at(0),
    };
    webhook::insert(&tx, &hook).await.unwrap();
    assert_eq!(
        webhook::all(&tx).await.unwrap(),
        std::slice::from_ref(&hook)
    );
    let delivery = |number: u32| WebhookDelivery {
        id: given::id(number),
        webhook: hook.id,
        event: "ticket.opened".to_owned(),
        body: "{}".to_owned(),
        state: WebhookDeliveryState::Queued,
        attempts: 0,
        response_status: None,
        last_error: None,
        created_at: at(i64::from(number)),
        delivered_at: None,
    };
    webhook::insert_deliveries(&tx, &[delivery(1), delivery(2)])
        .await
        .unwrap();
    let mut delivered = delivery(1);
    delivered.state = WebhookDeliveryState::Delivered;
    delivered.response_status = Some(204);
    webhook::update_delivery(&tx, &delivered).await.unwrap();
    assert_eq!(
        webhook::find_delivery(&tx, given::id(1)).await.unwrap(),
        Some(delivered.clone())
    );
    let listed = webhook::deliveries(&tx, hook.id, PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(listed.items, [delivery(2), delivered]);
    webhook::note_failing(&tx, hook.id, Some(at(5)))
        .await
        .unwrap();
    let failing = webhook::active(&tx).await.unwrap();
    assert_eq!(failing[0].failing_since, Some(at(5)));
    assert!(webhook::switch_off(&tx, hook.id).await.unwrap());
    assert!(!webhook::switch_off(&tx, hook.id).await.unwrap());
    assert_eq!(webhook::active(&tx).await.unwrap(), []);
    assert!(webhook::remove(&tx, hook.id).await.unwrap());
    assert_eq!(
        webhook::find_delivery(&tx, given::id(2)).await.unwrap(),
        None
    );
}

async fn wrong_passwords_are_counted_for_all_nodes(fresh: &Fresh) {
    let (one, other) = (Digest([1; 32]), Digest([2; 32]));
    let note = async |names: Vec<Digest>, second: i64| {
        let tx = fresh.store.begin().await.unwrap();
        sign_in_failure::note(&tx, &names, at(second), at(second - 10))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    note(vec![one, other], 1).await;
    note(vec![other, one], 2).await;
    note(vec![one], 3).await;
    let on = fresh.store.read();
    let mut found = sign_in_failure::since(&on, &[one, other], at(0))
        .await
        .unwrap();
    found.sort_by_key(|found| found.name.0);
    let counts: Vec<_> = found
        .iter()
        .map(|found| (found.count, found.last))
        .collect();
    assert_eq!(counts, [(3, at(3)), (2, at(2))]);
    let late = sign_in_failure::since(&on, &[one, other], at(2))
        .await
        .unwrap();
    assert_eq!(late.len(), 1, "only what failed after the instant");
    note(vec![other], 12).await;
    let anew = sign_in_failure::since(&on, &[other], at(0)).await.unwrap();
    assert_eq!(anew[0].count, 1, "what is forgotten counts from one again");
    let tx = fresh.store.begin().await.unwrap();
    sign_in_failure::clear(&tx, one).await.unwrap();
    assert_eq!(
        sign_in_failure::since(&tx, &[one], at(0)).await.unwrap(),
        []
    );
}

async fn what_is_over_is_removed_in_batches(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let hook = Webhook {
        id: given::id(1),
        url: "https://hooks.example/in".to_owned(),
        secret: "whsec_x".to_owned(),
        events: Vec::new(),
        account: None,
        include_messages: false,
        active: true,
        failing_since: None,
        created_at: at(0),
    };
    webhook::insert(&tx, &hook).await.unwrap();
    let states = [
        WebhookDeliveryState::Delivered,
        WebhookDeliveryState::Dead,
        WebhookDeliveryState::Delivered,
        WebhookDeliveryState::Queued,
    ];
    let deliveries: Vec<WebhookDelivery> = (1..)
        .zip(states)
        .map(|(number, state)| WebhookDelivery {
            id: given::id(number),
            webhook: given::id(1),
            event: "ticket.opened".to_owned(),
            body: "{}".to_owned(),
            state,
            attempts: 1,
            response_status: None,
            last_error: None,
            created_at: at(i64::from(number)),
            delivered_at: None,
        })
        .collect();
    webhook::insert_deliveries(&tx, &deliveries).await.unwrap();
    let prune = async |second, limit| {
        retention::prune(&tx, Fleeting::WebhookDeliveries, at(second), limit)
            .await
            .unwrap()
    };
    assert_eq!(prune(2, 1).await, 1, "no more than the batch");
    assert_eq!(prune(2, 5).await, 1, "nothing later than the instant");
    assert_eq!(prune(9, 5).await, 1, "nothing that is still to be sent");
    for what in Fleeting::ALL {
        assert_eq!(retention::prune(&tx, what, at(99), 5).await.unwrap(), 0);
    }
}
