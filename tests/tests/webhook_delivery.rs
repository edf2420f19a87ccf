//! What happens to tickets is told to subscribers: once, signed, and again when they were not there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::SignedDuration;
use mainstay_app::ticket::{Change, MessageText};
use mainstay_app::webhook::{RecordingWebhooks, SWITCHED_OFF_AFTER, WebhookTransport};
use mainstay_app::{AppError, AuditFilter, Caller, Expected, Options, PageRequest};
use mainstay_channels::secret::Secret;
use mainstay_channels::webhook::{
    Destinations, IncomingWebhook, Scheme, WebhookOutcome, WebhookSender, WebhookSettings,
};
use mainstay_domain::clock::ClockState;
use mainstay_domain::event::{EventKind, Side, Visibility};
use mainstay_domain::severity::Severity;
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use mainstay_store::webhook;
use mainstay_tests::TestApp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

async fn start() -> (TestApp, Arc<RecordingWebhooks>) {
    let receiver = Arc::new(RecordingWebhooks::default());
    let options = Options {
        webhooks: Some(receiver.clone()),
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "client-scaling", options).await;
    (test, receiver)
}

async fn subscribe(test: &TestApp, events: &[&str], fill: impl FnOnce(&mut Webhook)) -> Webhook {
    let filled = |webhook: &mut Webhook| {
        webhook.url = "https://hooks.example/in".to_owned();
        webhook.events = events.iter().map(|event| (*event).to_owned()).collect();
        fill(webhook);
    };
    let made = test.app.create_webhook(&Caller::machine(), filled).await;
    made.expect("a subscription")
}

async fn deliveries(test: &TestApp, to: &Webhook) -> Vec<WebhookDelivery> {
    let page = PageRequest::first(100);
    let machine = Caller::machine();
    let found = test.app.webhook_deliveries(&machine, to.id, page);
    found.await.expect("deliveries").items
}

async fn reread(test: &TestApp, to: &Webhook) -> Webhook {
    let found = test.app.webhook(&Caller::machine(), to.id).await;
    found.expect("a subscription")
}

fn types(receiver: &RecordingWebhooks) -> Vec<String> {
    let kind = |body: &Value| body["type"].as_str().unwrap_or_default().to_owned();
    receiver
        .tried()
        .iter()
        .map(|tried| kind(&tried.body))
        .collect()
}

fn busy() -> WebhookOutcome {
    WebhookOutcome::Retry {
        reason: "the receiver answers 503".to_owned(),
        status: Some(503),
        retry_after: None,
    }
}

#[tokio::test]
async fn the_life_of_a_ticket_is_told_without_its_words() {
    let (test, receiver) = start().await;
    subscribe(&test, &[], |_| {}).await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P2).await;
    test.run_due().await;
    test.adds(&ticket, test.says(Side::Agent)).await;
    test.run_due().await;
    let changes = [
        Change::Severity(Severity::P1, Some("it spreads".to_owned())),
        Change::Status("resolved".into()),
    ];
    let agent = test.agent();
    let changed = test
        .app
        .change_ticket(&agent, ticket.id, &Expected::Any, &changes);
    changed.await.expect("a change");
    test.run_due().await;
    // What is recorded together may arrive in any order; the place in the ledger says which came first.
    let mut told: Vec<String> = receiver
        .tried()
        .iter()
        .map(|tried| {
            let kind = tried.body["type"].as_str().unwrap_or_default();
            format!("{} {kind}", tried.body["data"]["fact"]["sequence"])
        })
        .filter(|told| !told.contains("escalation"))
        .collect();
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @"
    1 ticket.opened
    3 ticket.replied
    4 ticket.status_changed
    5 ticket.severity_changed
    6 ticket.resolved
    6 ticket.status_changed
    ");
    let opened = &receiver.tried()[0].body;
    assert_eq!(opened["timestamp"], "2026-03-02T09:00:00Z");
    assert_eq!(opened["data"]["ticket"]["id"], ticket.id.to_string());
    assert_eq!(opened["data"]["ticket"]["severity"], "P2");
    assert_eq!(opened["data"]["fact"]["actor"]["kind"], "contact");
    let all = format!("{:?}", receiver.tried());
    assert!(!all.contains("Words."), "{all}");
    test.finish().await;
}

#[tokio::test]
async fn a_subscription_is_told_what_it_asked_for() {
    let (test, receiver) = start().await;
    let acme = test.account("Acme", "Enterprise").await;
    let other = test.account("Other", "Enterprise").await;
    subscribe(&test, &["clock.*", "ticket.noted"], |webhook| {
        webhook.account = Some(acme);
        webhook.include_messages = true;
    })
    .await;
    let off = subscribe(&test, &[], |webhook| webhook.active = false).await;
    let ticket = test.customer_opens(acme, Severity::P1).await;
    test.customer_opens(other, Severity::P1).await;
    let note = MessageText::plain(&test.app, Side::Agent, Visibility::Internal, "Our secret.");
    test.adds(&ticket, note).await;
    test.run_due().await;
    assert_eq!(types(&receiver), ["ticket.noted"]);
    test.advance(SignedDuration::from_hours(1)).await;
    let told = receiver.tried();
    let missed: Vec<&Value> = told
        .iter()
        .map(|tried| &tried.body)
        .filter(|body| body["type"] == "clock.missed")
        .collect();
    assert!(!missed.is_empty());
    for body in missed {
        assert_eq!(body["data"]["ticket"]["account"], acme.to_string());
        assert_eq!(body["timestamp"], body["data"]["fact"]["details"]["due_at"]);
    }
    assert!(!format!("{told:?}").contains("Our secret."));
    assert_eq!(deliveries(&test, &off).await, []);
    test.finish().await;
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_under_its_id_and_a_taken_one_is_not() {
    let (test, receiver) = start().await;
    let to = subscribe(&test, &["ticket.opened"], |webhook| {
        webhook.include_messages = true;
    })
    .await;
    receiver.answer_next(WebhookOutcome::Retry {
        reason: "the receiver answers 429".to_owned(),
        status: Some(429),
        retry_after: Some(Duration::from_secs(3600)),
    });
    receiver.answer_next(busy());
    let account = test.account("Acme", "Enterprise").await;
    test.customer_opens(account, Severity::P4).await;
    test.run_due().await;
    let waiting = &deliveries(&test, &to).await[0];
    assert_eq!(waiting.state, WebhookDeliveryState::Queued);
    assert_eq!((waiting.attempts, waiting.response_status), (1, Some(429)));
    assert_eq!(reread(&test, &to).await.failing_since, Some(test.app.now()));
    test.advance(SignedDuration::from_mins(59)).await;
    assert_eq!(receiver.tried().len(), 1);
    test.advance(SignedDuration::from_mins(10)).await;
    let tried = receiver.tried();
    assert_eq!(tried.len(), 3);
    assert!(tried.iter().all(|one| *one == tried[0]), "{tried:?}");
    assert_eq!(tried[0].body["data"]["message"]["text"], "Words.");
    let taken = &deliveries(&test, &to).await[0];
    assert_eq!(taken.state, WebhookDeliveryState::Delivered);
    assert_eq!(tried[0].id, taken.id.to_string());
    assert_eq!(reread(&test, &to).await.failing_since, None);

    // A job that is done but was not noted as done runs again, and finds nothing to do.
    let agent = Caller::machine();
    let resent = test
        .app
        .resend_webhook_delivery(&agent, to.id, taken.id)
        .await
        .unwrap();
    let tx = test.app.store().begin().await.unwrap();
    webhook::update_delivery(&tx, taken).await.unwrap();
    tx.commit().await.unwrap();
    test.run_due().await;
    assert_eq!(receiver.tried().len(), 3);

    let again = test
        .app
        .resend_webhook_delivery(&agent, to.id, resent.id)
        .await
        .unwrap();
    assert_eq!(again.id, taken.id);
    let twice = test
        .app
        .resend_webhook_delivery(&agent, to.id, resent.id)
        .await;
    assert!(matches!(twice, Err(AppError::Refused(_))), "{twice:?}");
    test.run_due().await;
    let tried = receiver.tried();
    assert_eq!((tried.len(), &tried[3].id), (4, &tried[0].id));
    test.finish().await;
}

#[tokio::test]
async fn a_subscription_that_keeps_failing_is_switched_off_and_the_trail_says_so() {
    let (test, receiver) = start().await;
    let to = subscribe(&test, &["ticket.opened"], |_| {}).await;
    receiver.answer_always(Some(busy()));
    let account = test.account("Acme", "Enterprise").await;
    test.customer_opens(account, Severity::P4).await;
    test.advance(SignedDuration::from_hours(48)).await;
    let dead = &deliveries(&test, &to).await[0];
    assert_eq!(dead.state, WebhookDeliveryState::Dead);
    assert_eq!(dead.attempts, 13);
    assert!(reread(&test, &to).await.active);
    test.advance(SWITCHED_OFF_AFTER).await;
    test.customer_opens(account, Severity::P4).await;
    test.run_due().await;
    let switched_off = reread(&test, &to).await;
    assert!(!switched_off.active);
    let filter = AuditFilter {
        action: Some("webhook.switched_off".to_owned()),
        ..AuditFilter::default()
    };
    let machine = Caller::machine();
    let trail = test
        .app
        .audit_trail(&machine, &filter, PageRequest::first(10));
    let trail = trail.await.unwrap().items;
    assert_eq!(trail.len(), 1);
    assert_eq!(trail[0].subject, to.id.to_string());
    assert!(trail[0].detail.contains("503"), "{}", trail[0].detail);

    // What was on its way is not made any more, and nothing new is queued.
    let count = receiver.tried().len();
    test.customer_opens(account, Severity::P4).await;
    test.advance(SignedDuration::from_hours(1)).await;
    assert_eq!(receiver.tried().len(), count);
    let states: Vec<_> = deliveries(&test, &to)
        .await
        .iter()
        .map(|found| found.state)
        .collect();
    assert_eq!(states, [WebhookDeliveryState::Dead; 2]);

    receiver.answer_always(None);
    let on = |webhook: &mut Webhook| webhook.active = true;
    let on = test
        .app
        .update_webhook(&machine, to.id, &Expected::Any, on)
        .await
        .unwrap();
    assert_eq!(on.failing_since, None);
    test.app
        .resend_webhook_delivery(&machine, to.id, dead.id)
        .await
        .unwrap();
    test.run_due().await;
    let found = test
        .app
        .webhook_delivery(&machine, to.id, dead.id)
        .await
        .unwrap();
    assert_eq!(found.state, WebhookDeliveryState::Delivered);
    test.finish().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_at_once() {
    let (test, receiver) = start().await;
    let to = subscribe(&test, &["ticket.opened"], |_| {}).await;
    receiver.answer_next(WebhookOutcome::Permanent {
        reason: "the receiver answers 410: it wants no more webhooks".to_owned(),
        status: Some(410),
    });
    let account = test.account("Acme", "Enterprise").await;
    test.customer_opens(account, Severity::P4).await;
    test.run_due().await;
    assert!(!reread(&test, &to).await.active);
    assert_eq!(
        deliveries(&test, &to).await[0].state,
        WebhookDeliveryState::Dead
    );
    let refused = test.app.test_webhook(&Caller::machine(), to.id).await;
    assert!(matches!(refused, Err(AppError::Refused(_))), "{refused:?}");
    test.finish().await;
}

#[tokio::test]
async fn what_is_undone_is_not_told() {
    let (test, receiver) = start().await;
    subscribe(&test, &[], |_| {}).await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P4).await;
    test.run_due().await;
    let count = receiver.tried().len();
    let changes = [
        Change::Subject("Else".to_owned()),
        Change::Status("nonsense".into()),
    ];
    let refused = test
        .app
        .change_ticket(&test.agent(), ticket.id, &Expected::Any, &changes)
        .await;
    assert!(refused.is_err());
    test.run_due().await;
    assert_eq!(receiver.tried().len(), count);
    test.finish().await;
}

/// A receiver that takes the connection and says nothing until it is let go.
#[derive(Debug, Default)]
struct Silent {
    asked: Notify,
    released: Notify,
}

#[async_trait]
impl WebhookTransport for Silent {
    async fn deliver(&self, _: &mainstay_channels::webhook::WebhookDelivery<'_>) -> WebhookOutcome {
        self.asked.notify_one();
        self.released.notified().await;
        WebhookOutcome::Delivered { status: 200 }
    }
}

#[tokio::test]
async fn a_slow_receiver_delays_no_clock() {
    let receiver = Arc::new(Silent::default());
    let options = Options {
        webhooks: Some(receiver.clone()),
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "client-scaling", options).await;
    let to = subscribe(&test, &["ticket.opened"], |_| {}).await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    let app = test.app.clone();
    let jobs = tokio::spawn(async move { app.tick_jobs().await });
    receiver.asked.notified().await;
    test.clock.advance(SignedDuration::from_hours(1));
    test.app.tick_due().await.unwrap();
    let clock = test.clock(ticket.id, "first_response").await;
    let recorded = test.ledger(ticket.id).await;
    let missed = |kind: &EventKind| matches!(kind, EventKind::ClockMissed { .. });
    assert!(
        recorded
            .iter()
            .any(|fact| missed(&fact.kind) && Some(fact.at) == clock.due_at)
    );
    receiver.released.notify_one();
    jobs.await.unwrap().unwrap();
    let delivery = &deliveries(&test, &to).await[0];
    assert_eq!(delivery.state, WebhookDeliveryState::Delivered);
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_macros_reply_is_sent_and_told() {
    let (test, receiver) = start().await;
    subscribe(&test, &["ticket.replied", "ticket.noted"], |_| {}).await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P2).await;
    let agent = test.agent();
    let actions = json!([
        { "do": "reply", "text": "Hello {{ account.name }}." },
        { "do": "note", "text": "Done by the book." },
    ]);
    let made = test.app.create_macro(&agent, |made| {
        made.name = "Hello".to_owned();
        made.owner = None;
        made.actions = actions.to_string();
    });
    let made = made.await.unwrap();
    test.app
        .preview_macro(&agent, ticket.id, made.id)
        .await
        .unwrap();
    test.run_due().await;
    assert_eq!(receiver.tried(), []);
    test.app
        .apply_macro(&agent, ticket.id, made.id)
        .await
        .unwrap();
    let clock = test.clock(ticket.id, "first_response").await;
    assert_eq!(clock.state(), ClockState::Met, "the reply stops the clock");
    test.run_due().await;
    let mut told = types(&receiver);
    told.sort();
    assert_eq!(told, ["ticket.noted", "ticket.replied"]);
    test.finish().await;
}

type Received = (Vec<(String, String)>, Bytes);

async fn take(
    State(received): State<UnboundedSender<Received>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let headers = headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    received.send((headers, body)).expect("the test listens");
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn a_real_receiver_can_verify_what_it_is_sent() {
    let (sender, mut received) = unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hook", post(take)).with_state(sender);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let transport = WebhookSender::new(&WebhookSettings {
        destinations: Destinations::Anywhere,
        timeout: Duration::from_secs(30),
        extra_authorities: Vec::new(),
        user_agent: "mainstay/test".to_owned(),
    })
    .unwrap();
    let options = Options {
        webhooks: Some(Arc::new(transport)),
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "client-scaling", options).await;
    let to = subscribe(&test, &["ticket.opened"], |webhook| {
        webhook.url = format!("http://{address}/hook");
    })
    .await;
    let account = test.account("Acme", "Enterprise").await;
    test.customer_opens(account, Severity::P1).await;
    test.app
        .test_webhook(&Caller::machine(), to.id)
        .await
        .unwrap();
    test.run_due().await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let (headers, body) = received.recv().await.unwrap();
        let incoming = IncomingWebhook {
            headers: &headers,
            body: &body,
            url: "",
        };
        let verify = |secret: &str| {
            let secrets = [Secret::new(secret.to_owned())];
            Scheme::StandardWebhooks.verify(&secrets, &incoming, test.app.now())
        };
        assert_eq!(verify(&to.secret), Ok(()));
        assert!(verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        let body: Value = serde_json::from_slice(&body).unwrap();
        told.push(body["type"].clone());
    }
    told.sort_by_key(Value::to_string);
    assert_eq!(told, ["ticket.opened", "webhook.test"]);
    let states: Vec<_> = deliveries(&test, &to)
        .await
        .iter()
        .map(|found| (found.state, found.response_status))
        .collect();
    assert_eq!(states, [(WebhookDeliveryState::Delivered, Some(204)); 2]);
    server.abort();
    test.finish().await;
}
