//! A company that serves: who answers, who is an engineer and who leads.

use std::sync::Arc;

use jiff::Timestamp;
use mainstay_app::escalation::{EscalationFilter, EscalationView, Record};
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::ticket::{Change, OpenTicket};
use mainstay_app::{Caller, Expected, Options, PageRequest};
use mainstay_domain::escalation::EscalationEventKind;
use mainstay_domain::event::{Channel, Side};
use mainstay_domain::id::{AccountId, AgentId, EscalationId, TeamId, TicketId};
use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::name::Tag;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_tests::TestApp;

/// Ana answers tickets in the team Support, Eva is an engineer, Max leads.
pub struct House {
    pub test: TestApp,
    pub mails: Arc<RecordingTransport>,
    pub account: AccountId,
    pub ana: Caller,
    pub eva: Caller,
    pub max: Caller,
    pub support: TeamId,
}

impl House {
    pub async fn open(pack: &str) -> Self {
        Self::open_on("sqlite::memory:", pack).await
    }

    pub async fn open_on(url: &str, pack: &str) -> Self {
        let mails = Arc::new(RecordingTransport::default());
        let options = Options {
            mail: MailOptions {
                transport: Some(mails.clone()),
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let test = TestApp::start_with(url, pack, options).await;
        let ana = test.serving("Ana", &[BuiltIn::Agent]).await;
        let eva = test.serving("Eva", &[BuiltIn::Engineer]).await;
        let max = test.serving("Max", &[BuiltIn::Manager]).await;
        let team = test
            .app
            .create_team(&max, |team| {
                team.name = "Support".to_owned();
                team.members = vec![ana.agent().unwrap()];
            })
            .await
            .unwrap();
        Self {
            account: test.account("Acme", "Enterprise").await,
            support: team.id,
            test,
            mails,
            ana,
            eva,
            max,
        }
    }

    pub async fn opens(&self, account: AccountId, severity: Severity, tags: &[&str]) -> Ticket {
        let open = OpenTicket {
            subject: "It does not work".to_owned(),
            account: Some(account),
            contact: None,
            channel: Channel::Phone,
            severity: Some(severity),
            category: None,
            team: Some(self.support),
            assignee: Some(self.ana.agent().unwrap()),
            tags: tags.iter().map(|tag| Tag::from(*tag)).collect(),
            message: Some(self.test.says(Side::Customer)),
            at: None,
        };
        let opened = self.test.app.open_ticket(&self.ana, open).await;
        opened.unwrap().ticket
    }

    pub async fn escalations(&self, ticket: TicketId) -> Vec<EscalationView> {
        let filter = EscalationFilter {
            ticket: Some(ticket),
            ..EscalationFilter::default()
        };
        let page = PageRequest::first(100);
        let listed = self.test.app.escalations(&self.max, &filter, page).await;
        let mut views = Vec::new();
        for stored in listed.unwrap().items {
            views.push(self.view(stored.id).await);
        }
        views.reverse();
        views
    }

    pub async fn by_ladder(&self, ticket: TicketId, ladder: &str) -> EscalationView {
        let mut views = self.escalations(ticket).await;
        views.retain(|view| view.escalation.ladder().as_str() == ladder);
        assert_eq!(views.len(), 1, "one escalation by the ladder {ladder}");
        views.remove(0)
    }

    pub async fn view(&self, id: EscalationId) -> EscalationView {
        self.test.app.escalation(&self.max, id).await.unwrap()
    }

    pub async fn records(&self, who: &Caller, id: EscalationId, record: Record) -> EscalationView {
        let outcome = self.test.app.record_escalation(who, id, &record).await;
        outcome.unwrap()
    }

    pub async fn changes(&self, ticket: TicketId, change: Change) {
        self.test
            .app
            .change_ticket(&self.test.agent(), ticket, &Expected::Any, &[change])
            .await
            .unwrap();
    }

    pub fn name(&self, agent: AgentId) -> &str {
        [&self.ana, &self.eva, &self.max]
            .into_iter()
            .find(|caller| caller.agent().ok() == Some(agent))
            .map_or("somebody", |caller| &caller.name)
    }

    pub fn mails_to(&self, who: &Caller) -> Vec<OutgoingMail> {
        let mut mails = self.mails.sent();
        mails.retain(|mail| mail.recipients.contains(&who.email));
        mails
    }

    /// What was recorded of an escalation, a line each.
    pub fn told(&self, view: &EscalationView) -> String {
        let line = |at: Timestamp, kind: &EscalationEventKind| {
            let what = match kind {
                EscalationEventKind::Raised { reason, .. } => format!("raised: {reason}"),
                EscalationEventKind::StepTaken { step, cause, .. } => {
                    format!("step {step} taken: {cause:?}")
                }
                EscalationEventKind::Notified {
                    to,
                    channel,
                    outcome,
                    ..
                } => format!("told {} by {channel}: {outcome:?}", self.name(*to)),
                EscalationEventKind::Acknowledged { step } => format!("acknowledged at {step:?}"),
                EscalationEventKind::Cancelled { reason } => format!("cancelled: {reason}"),
                EscalationEventKind::Resolved { text } => format!("resolved: {text}"),
                other => format!("{other:?}")
                    .split([' ', '('])
                    .next()
                    .unwrap_or("")
                    .to_owned(),
            };
            format!("{} {what}", at.strftime("%H:%M:%S"))
        };
        let lines: Vec<String> = view
            .events
            .iter()
            .map(|event| line(event.at, &event.kind))
            .collect();
        lines.join("\n")
    }
}

/// The subject and text of a mail, without identifiers.
pub fn written(mail: &OutgoingMail) -> String {
    let parser = mail_parser::MessageParser::default();
    let parsed = parser.parse(&mail.bytes).unwrap();
    let text = parsed.body_text(0).unwrap();
    let text: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once('/').map_or(line, |(path, _)| path))
        .collect();
    format!("{}\n\n{}", mail.subject, text.join("\n"))
}
