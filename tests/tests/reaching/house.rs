//! A house with one engineer who is told by the channels of the test.

use std::sync::Arc;

use mainstay_app::escalation::{EscalationFilter, EscalationView};
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::notification::NotifyTransport;
use mainstay_app::policy::PolicyInForce;
use mainstay_app::ticket::OpenTicket;
use mainstay_app::{Caller, Expected, Options, PageRequest, Vault, VaultKey};

use mainstay_channels::webhook::Destinations;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::event::{Channel, Side};
use mainstay_domain::id::{EscalationId, TicketId};

use mainstay_domain::notification::Notification;

use mainstay_domain::policy::{Policy, PolicyBook};
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_tests::TestApp;

use crate::sink::Sink;

/// One engineer, Eva, whom the ladder `critical` tells by the channels of the test as soon as it is raised.
pub struct House {
    pub test: TestApp,
    pub sink: Sink,
    pub mails: Arc<RecordingTransport>,
    pub eva: Caller,
    pub ticket: Ticket,
}

impl House {
    pub async fn open(channels: &[NotifyChannel]) -> Self {
        Self::with(channels, Destinations::Anywhere, true).await
    }

    pub async fn with(channels: &[NotifyChannel], to: Destinations, is_known: bool) -> Self {
        let sink = Sink::open().await;
        let notify: Arc<dyn NotifyTransport> = Arc::new(sink.notifier(to));
        let mails = Arc::new(RecordingTransport::default());
        let options = Options {
            notify: Some(notify),
            // What is kept sealed must still reach people.
            vault: Vault::new(vec![VaultKey::new([7; 32])]),
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
        let ticket = test.app.open_ticket(&eva, open).await.unwrap().ticket;
        test.run_due().await;
        Self {
            test,
            sink,
            mails,
            eva,
            ticket,
        }
    }

    pub async fn view(&self) -> EscalationView {
        self.by_ladder(self.ticket.id).await
    }

    pub async fn by_ladder(&self, ticket: TicketId) -> EscalationView {
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
    pub async fn told(&self, channel: NotifyChannel) -> Notification {
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

    pub fn mails(&self) -> usize {
        self.mails.sent().len()
    }

    pub fn token(&self, text: &str) -> String {
        let root = format!("{}/a/", self.test.app.options().public_url);
        let after = text.split(&root).nth(1).unwrap();
        after.chars().take(48).collect()
    }

    pub async fn finish(self) {
        self.sink.close();
        self.test.finish().await;
    }
}

/// Lets the first step of the ladder `critical` tell every engineer by these channels.
pub fn tell_by(test: &TestApp, channels: &[NotifyChannel]) {
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

pub fn put_in_force(test: &TestApp, policy: Policy) {
    let version = test.app.policy().version();
    let policy = Arc::new(policy);
    let mut book = PolicyBook::default();
    book.insert(version, policy.clone());
    test.app
        .put_in_force(PolicyInForce::new(version, policy, book));
}

pub const EVERYWHERE: [NotifyChannel; 4] = [
    NotifyChannel::Slack,
    NotifyChannel::Sms,
    NotifyChannel::Voice,
    NotifyChannel::Pager,
];

pub fn another(house: &House) -> OpenTicket {
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
