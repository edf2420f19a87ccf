//! People are reached by every channel that a ladder names, told by e-mail where one fails, and answer by a link.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use mainstay_app::escalation::{EscalationFilter, EscalationView, LinkStanding, Record};
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::notification::{MOST_TRIES, NotifyTransport};
use mainstay_app::policy::PolicyInForce;
use mainstay_app::ticket::OpenTicket;
use mainstay_app::{AppError, Caller, Expected, Options, PageRequest};
use mainstay_channels::notify::{
    Gateway, Notifier, NotifySettings, Pager, Slack, Telephone, Twilio,
};
use mainstay_channels::secret::Secret;
use mainstay_channels::webhook::Destinations;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::event::{Channel, Side};
use mainstay_domain::id::{EscalationId, TeamId, TicketId};
use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::notification::{Notification, NotificationState};
use mainstay_domain::on_call::LayerSpec;
use mainstay_domain::policy::{Policy, PolicyBook};
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_tests::TestApp;
use serde_json::{Value, json};

/// A server on loopback that keeps what it is sent and answers as it is told, 200 otherwise.
struct Sink {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<(String, String)>>,
    answers: Mutex<VecDeque<(u16, Option<u32>, &'static str)>>,
    always: Mutex<Option<u16>>,
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    shared.received.lock().unwrap().push((path, body));
    if let Some((status, wait, body)) = shared.answers.lock().unwrap().pop_front() {
        let status = StatusCode::from_u16(status).unwrap();
        return match wait {
            Some(wait) => (status, [("retry-after", wait.to_string())], body).into_response(),
            None => (status, body).into_response(),
        };
    }
    let always = shared.always.lock().unwrap().unwrap_or(200);
    (
        StatusCode::from_u16(always).unwrap(),
        r#"{"ok":true,"sid":"SM1"}"#,
    )
        .into_response()
}

impl Sink {
    async fn open() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            shared,
            server,
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn answer_next(&self, status: u16, wait: Option<u32>, body: &'static str) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.push_back((status, wait, body));
    }

    fn answer_always(&self, status: u16) {
        *self.shared.always.lock().unwrap() = Some(status);
    }

    /// What arrived whose path ends so.
    fn at(&self, ending: &str) -> Vec<String> {
        let received = self.shared.received.lock().unwrap();
        received
            .iter()
            .filter(|(path, _)| path.ends_with(ending))
            .map(|(_, body)| body.clone())
            .collect()
    }

    fn notifier(&self, destinations: Destinations) -> Notifier {
        Notifier::new(NotifySettings {
            destinations,
            timeout: Duration::from_secs(30),
            extra_authorities: Vec::new(),
            user_agent: "mainstay/test".to_owned(),
            slack: Some(Slack::Bot {
                base_url: self.url(),
                token: Secret::new("xoxb-1"),
                channel: None,
            }),
            sms: Some(Telephone::Twilio(Twilio {
                base_url: self.url(),
                account: "AC1".to_owned(),
                token: Secret::new("secret"),
                from: "+15005550006".to_owned(),
            })),
            voice: Some(Telephone::Gateway(
                Gateway::new(
                    Secret::new(format!("{}/call", self.url())),
                    "application/json",
                    Vec::new(),
                    None,
                )
                .unwrap(),
            )),
            pager: Some(Pager::PagerDuty {
                base_url: self.url(),
                key: None,
            }),
        })
        .unwrap()
    }
}

/// One engineer, Eva, whom the ladder `critical` tells by the channels of the test as soon as it is raised.
struct House {
    test: TestApp,
    sink: Sink,
    mails: Arc<RecordingTransport>,
    eva: Caller,
    ticket: Ticket,
}

impl House {
    async fn open(channels: &[NotifyChannel]) -> Self {
        Self::with(channels, Destinations::Anywhere, true).await
    }

    async fn with(channels: &[NotifyChannel], to: Destinations, is_known: bool) -> Self {
        let sink = Sink::open().await;
        let notify: Arc<dyn NotifyTransport> = Arc::new(sink.notifier(to));
        let mails = Arc::new(RecordingTransport::default());
        let options = Options {
            notify: Some(notify),
            mail: MailOptions {
                transport: Some(mails.clone()),
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let test = TestApp::start_with("sqlite::memory:", "mainstay", options).await;
        let eva = test.serving("Eva", &[BuiltIn::Engineer]).await;
        if is_known {
            let known = |agent: &mut Agent| {
                agent.phone = Some("+34600000000".to_owned());
                agent.slack = Some("U012AB3CD".to_owned());
                agent.pager = Some("0123456789abcdef".to_owned());
            };
            let id = eva.agent().unwrap();
            test.app
                .update_agent(&eva, id, &Expected::Any, known)
                .await
                .unwrap();
        }
        tell_by(&test, channels);
        let account = test.account("Acme", "Enterprise").await;
        let open = OpenTicket {
            subject: "It does not work".to_owned(),
            account: Some(account),
            contact: None,
            channel: Channel::Phone,
            severity: Some(Severity::P1),
            category: None,
            team: None,
            assignee: None,
            tags: Vec::new(),
            message: Some(test.says(Side::Customer)),
            at: None,
        };
        let ticket = test.app.open_ticket(&eva, open).await.unwrap();
        test.run_due().await;
        Self {
            test,
            sink,
            mails,
            eva,
            ticket,
        }
    }

    async fn view(&self) -> EscalationView {
        self.by_ladder(self.ticket.id).await
    }

    async fn by_ladder(&self, ticket: TicketId) -> EscalationView {
        let filter = EscalationFilter {
            ticket: Some(ticket),
            ..EscalationFilter::default()
        };
        let page = PageRequest::first(10);
        let app = &self.test.app;
        let listed = app.escalations(&self.eva, &filter, page).await.unwrap();
        let critical = |stored: &&mainstay_app::escalation::StoredEscalation| {
            stored.ladder.as_str() == "critical"
        };
        let id: EscalationId = listed.items.iter().find(critical).unwrap().id;
        app.escalation(&self.eva, id).await.unwrap()
    }

    /// What Eva was told by a channel.
    async fn told(&self, channel: NotifyChannel) -> Notification {
        let view = self.view().await;
        let eva = self.eva.agent().unwrap();
        let mut told: Vec<_> = view
            .notifications
            .into_iter()
            .filter(|told| told.channel == channel && told.recipient == eva)
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    fn mails(&self) -> usize {
        self.mails.sent().len()
    }

    fn token(&self, text: &str) -> String {
        let root = format!("{}/a/", self.test.app.options().public_url);
        let after = text.split(&root).nth(1).unwrap();
        after.chars().take(48).collect()
    }

    async fn finish(self) {
        self.sink.server.abort();
        self.test.finish().await;
    }
}

/// Lets the first step of the ladder `critical` tell every engineer by these channels.
fn tell_by(test: &TestApp, channels: &[NotifyChannel]) {
    let mut policy: Policy = test.app.policy().current().as_ref().clone();
    let ladder = policy
        .ladders
        .iter_mut()
        .find(|ladder| ladder.name.as_str() == "critical")
        .unwrap();
    ladder.steps.truncate(1);
    ladder.next = None;
    ladder.steps[0].who = vec![mainstay_domain::escalation::Recipient::Role(
        BuiltIn::Engineer.as_str().into(),
    )];
    ladder.steps[0].channels = channels.to_vec();
    put_in_force(test, policy);
}

fn put_in_force(test: &TestApp, policy: Policy) {
    let version = test.app.policy().version();
    let policy = Arc::new(policy);
    let mut book = PolicyBook::default();
    book.insert(version, policy.clone());
    test.app
        .put_in_force(PolicyInForce::new(version, policy, book));
}

const EVERYWHERE: [NotifyChannel; 4] = [
    NotifyChannel::Slack,
    NotifyChannel::Sms,
    NotifyChannel::Voice,
    NotifyChannel::Pager,
];

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
    let ticket = ticket.unwrap().id;
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

fn another(house: &House) -> OpenTicket {
    OpenTicket {
        subject: "Nor does this".to_owned(),
        account: house.ticket.facts.account,
        contact: None,
        channel: Channel::Phone,
        severity: Some(Severity::P1),
        category: None,
        team: None,
        assignee: None,
        tags: Vec::new(),
        message: Some(house.test.says(Side::Customer)),
        at: None,
    }
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
    let ticket = ticket.unwrap().id;
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
    let ticket = ticket.unwrap().id;
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
        by: "Eva".to_owned(),
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
        let view = house.by_ladder(ticket.unwrap().id).await;
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
