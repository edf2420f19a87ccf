//! A promise is in danger, then missed; the right people are told, one after the other, until somebody takes it on.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::escalation::{EscalationFilter, EscalationView, RaiseEscalation, Record};
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::notification::ReadState;
use mainstay_app::ticket::{Change, OpenTicket};
use mainstay_app::{App, AppError, Caller, Expected, Options, PageRequest, Tick};
use mainstay_channels::smtp::SmtpFailure;
use mainstay_domain::escalation::{
    EscalationEventKind, ManualReason, NotifyChannel, Phase, Review, Subject, Verdict,
};
use mainstay_domain::event::{Channel, EventKind, Side};
use mainstay_domain::id::{AccountId, AgentId, EscalationId, TeamId, TicketId};
use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::name::Tag;
use mainstay_domain::notification::NotificationState;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{Store, StoreOptions};
use mainstay_testing::{PostgresServer, require};
use mainstay_tests::{TestApp, instant};

/// Ana answers tickets in the team Support, Eva is an engineer, Max leads.
struct House {
    test: TestApp,
    mails: Arc<RecordingTransport>,
    account: AccountId,
    ana: Caller,
    eva: Caller,
    max: Caller,
    support: TeamId,
}

impl House {
    async fn open(pack: &str) -> Self {
        Self::open_on("sqlite::memory:", pack).await
    }

    async fn open_on(url: &str, pack: &str) -> Self {
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

    async fn opens(&self, account: AccountId, severity: Severity, tags: &[&str]) -> Ticket {
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
        self.test.app.open_ticket(&self.ana, open).await.unwrap()
    }

    async fn escalations(&self, ticket: TicketId) -> Vec<EscalationView> {
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

    async fn by_ladder(&self, ticket: TicketId, ladder: &str) -> EscalationView {
        let mut views = self.escalations(ticket).await;
        views.retain(|view| view.escalation.ladder().as_str() == ladder);
        assert_eq!(views.len(), 1, "one escalation by the ladder {ladder}");
        views.remove(0)
    }

    async fn view(&self, id: EscalationId) -> EscalationView {
        self.test.app.escalation(&self.max, id).await.unwrap()
    }

    async fn records(&self, who: &Caller, id: EscalationId, record: Record) -> EscalationView {
        let outcome = self.test.app.record_escalation(who, id, &record).await;
        outcome.unwrap()
    }

    async fn changes(&self, ticket: TicketId, change: Change) {
        self.test
            .app
            .change_ticket(&self.test.agent(), ticket, &Expected::Any, &[change])
            .await
            .unwrap();
    }

    fn name(&self, agent: AgentId) -> &str {
        [&self.ana, &self.eva, &self.max]
            .into_iter()
            .find(|caller| caller.agent().ok() == Some(agent))
            .map_or("somebody", |caller| &caller.name)
    }

    fn mails_to(&self, who: &Caller) -> Vec<OutgoingMail> {
        let mut mails = self.mails.sent();
        mails.retain(|mail| mail.recipients.contains(&who.email));
        mails
    }

    /// What was recorded of an escalation, a line each.
    fn told(&self, view: &EscalationView) -> String {
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
fn written(mail: &OutgoingMail) -> String {
    let parser = mail_parser::MessageParser::default();
    let parsed = parser.parse(&mail.bytes).unwrap();
    let text = parsed.body_text(0).unwrap();
    let text: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once('/').map_or(line, |(path, _)| path))
        .collect();
    format!("{}\n\n{}", mail.subject, text.join("\n"))
}

async fn main_story(house: House) {
    let test = &house.test;
    let ticket = house.opens(house.account, Severity::P2, &[]).await;

    // Half of the hour to the first response is used: whoever has the ticket is told.
    test.advance(SignedDuration::from_mins(30)).await;
    let shown = test
        .app
        .notifications(&house.ana, ReadState::Unread, PageRequest::first(10))
        .await
        .unwrap();
    assert!(
        shown.items.iter().any(|told| told
            .title
            .contains("first_response is due at 2026-03-02 10:00 UTC")),
        "{shown:?}"
    );
    let subjects = |mails: Vec<OutgoingMail>| -> Vec<String> {
        mails.into_iter().map(|mail| mail.subject).collect()
    };
    assert_eq!(
        subjects(house.mails_to(&house.ana)),
        ["2 alerts since 2026-03-02 09:30 UTC"]
    );
    let ladders: Vec<_> = house
        .escalations(ticket.id)
        .await
        .iter()
        .map(|view| view.escalation.ladder().to_string())
        .collect();
    assert_eq!(ladders, ["at-risk"]);

    // It is missed, and nobody takes it on; an hour later the engineer is told.
    test.advance(SignedDuration::from_mins(100)).await;
    let breach = house.by_ladder(ticket.id, "breach").await;
    let next = breach.next.clone().unwrap();
    assert_eq!(
        (next.at, next.name.as_deref(), next.level),
        (instant("2026-03-02T13:00:00Z"), Some("Management"), Some(3))
    );
    let id = breach.stored.id;
    let mails: Vec<String> = house.mails_to(&house.eva).iter().map(written).collect();
    insta::allow_duplicates! {
        insta::assert_snapshot!(mails.join("---"), @"
        Escalation: #1 (P2, Acme), Engineering and success manager

        Eva, you are told because of: first_response was due at 2026-03-02 10:00 UTC and was missed.

        It does not work
        Acme (Enterprise), P2, new
        Please respond within 1h.
        Acknowledge it here: http://localhost:8080/a
        ");
    }
    let raised = test.ledger(ticket.id).await.into_iter().find(|event| {
        matches!(&event.kind, EventKind::EscalationRaised { escalation, .. } if *escalation == id)
    });
    assert_eq!(raised.unwrap().at, instant("2026-03-02T10:00:00Z"));

    // She takes it on: nobody else is told, whatever time passes.
    let view = house.records(&house.eva, id, Record::Acknowledge).await;
    assert_eq!(view.escalation.acknowledged.unwrap().step, Some(1));
    assert_eq!(view.next, None);
    test.advance(SignedDuration::from_hours(4)).await;
    assert_eq!(house.by_ladder(ticket.id, "breach").await.stored.level, 2);
    let before = house.mails_to(&house.max).len();

    house
        .records(&house.eva, id, Record::Assess("One account.".into()))
        .await;
    house
        .records(&house.eva, id, Record::Decide("Roll back.".into()))
        .await;
    let resources = Record::AllocateResources {
        agents: vec![house.eva.agent().unwrap()],
        text: "The rest of the day.".into(),
    };
    house.records(&house.eva, id, resources).await;
    house
        .records(&house.eva, id, Record::NoteProgress("Rolled back.".into()))
        .await;
    house
        .records(
            &house.eva,
            id,
            Record::Resolve("The release was at fault.".into()),
        )
        .await;
    let verify = Record::Verify {
        verdict: Verdict::Holds,
        text: "Acme is content.".into(),
    };
    let view = house.records(&house.eva, id, verify).await;
    let parts: Vec<String> = view
        .unrecorded
        .iter()
        .map(|part| format!("{part:?}"))
        .collect();
    assert_eq!(parts, ["Review"]);
    let review = Record::Review(Review {
        what_happened: "A release broke the import.".into(),
        cause: "No test of large files.".into(),
        changes: "There is one now.".into(),
    });
    let refused = test.app.record_escalation(&house.eva, id, &review).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    let view = house.records(&house.max, id, review).await;
    assert_eq!(view.unrecorded, []);
    assert!(matches!(view.escalation.phase, Phase::Resolved { .. }));
    assert_eq!(house.mails_to(&house.max).len(), before);
    // Whoever was told was told once, and each telling ended in one delivery.
    for told in &view.notifications {
        assert_eq!(told.state, NotificationState::Delivered, "{told:?}");
    }
    insta::allow_duplicates! {
        insta::assert_snapshot!(house.told(&view), @"
        10:00:00 raised: first_response was due at 2026-03-02 10:00 UTC and was missed
        10:00:00 step 0 taken: Raised
        10:00:00 told Ana by in_app: Sent
        10:00:00 told Ana by email: Sent
        11:00:00 step 1 taken: Unacknowledged
        11:00:00 told Eva by in_app: Sent
        11:00:00 told Eva by email: Sent
        11:10:00 acknowledged at Some(1)
        15:10:00 Assessed
        15:10:00 Decided
        15:10:00 ResourcesAllocated
        15:10:00 Progressed
        15:10:00 resolved: The release was at fault.
        15:10:00 Verified
        15:10:00 Reviewed
        ");
    }

    test.advance(SignedDuration::from_hours(1)).await;
    house.test.finish().await;
}

#[tokio::test]
async fn nobody_answers_until_somebody_does() {
    main_story(House::open("mainstay").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_until_somebody_does_on_postgres() {
    let Some(server) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&server);
    main_story(House::open_on(&server.fresh_database(), "mainstay").await).await;
}

#[tokio::test]
async fn a_critical_ticket_is_escalated_at_once() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert_eq!(view.escalation.raised_at, house.test.app.now());
    assert_eq!(view.escalation.reason, "the severity is P1");
    let pending = view
        .notifications
        .iter()
        .filter(|told| told.channel == NotifyChannel::Email);
    assert_eq!(pending.count(), 1);
    house.test.run_due().await;
    let view = house.by_ladder(ticket.id, "critical").await;
    insta::assert_snapshot!(house.told(&view), @"
    09:00:00 raised: the severity is P1
    09:00:00 step 0 taken: Raised
    09:00:00 step 1 taken: Together
    09:00:00 told Ana by in_app: Sent
    09:00:00 told Ana by email: Sent
    ");
    // Nothing more follows from looking again.
    house.test.run_due().await;
    assert_eq!(
        house.by_ladder(ticket.id, "critical").await.events,
        view.events
    );
    house.test.finish().await;
}

#[tokio::test]
async fn what_was_slept_through_is_caught_up_with_its_own_instants() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P2, &[]).await;
    house.test.run_due().await;
    house.test.clock.advance(SignedDuration::from_mins(150));
    house.test.run_due().await;
    let view = house.by_ladder(ticket.id, "breach").await;
    let steps: Vec<_> = view.escalation.steps.iter().map(|step| step.at).collect();
    assert_eq!(
        steps,
        [
            instant("2026-03-02T10:00:00Z"),
            instant("2026-03-02T11:00:00Z")
        ]
    );
    house.test.finish().await;
}

#[tokio::test]
async fn three_accounts_on_one_component_are_one_escalation() {
    let house = House::open("mainstay").await;
    let test = &house.test;
    let mut tickets = Vec::new();
    for name in ["Acme", "Bolt", "Core", "Dune"] {
        let account = test.account(name, "Standard").await;
        tickets.push(
            house
                .opens(account, Severity::P3, &["component:mail"])
                .await,
        );
        let again = house.opens(account, Severity::P3, &["other"]).await;
        assert_eq!(house.escalations(again.id).await, []);
        test.advance(SignedDuration::from_mins(10)).await;
        let raised = house.escalations(tickets[0].id).await.len();
        assert_eq!(raised, usize::from(tickets.len() >= 3), "after {name}");
    }
    let view = house.by_ladder(tickets[3].id, "critical").await;
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    assert!(
        matches!(&view.escalation.subject, Subject::Group { tickets, .. } if *tickets == ids),
        "{:?}",
        view.escalation.subject
    );
    assert_eq!(view.escalation.steps[0].level, 3);
    assert_eq!(house.mails_to(&house.max).len(), 1);
    for id in &ids {
        let ledger = test.ledger(*id).await;
        let raised = ledger
            .iter()
            .filter(|event| matches!(event.kind, EventKind::EscalationRaised { .. }));
        assert_eq!(raised.count(), 1);
    }
    // It ends with the last of its tickets.
    for id in &ids {
        let open = house.view(view.stored.id).await.escalation.is_open();
        assert!(open);
        house.changes(*id, Change::Status("resolved".into())).await;
    }
    assert!(!house.view(view.stored.id).await.escalation.is_open());
    test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn accounts_apart_in_time_are_no_group() {
    let house = House::open("mainstay").await;
    for name in ["Acme", "Bolt", "Core"] {
        let account = house.test.account(name, "Standard").await;
        let ticket = house
            .opens(account, Severity::P4, &["component:mail"])
            .await;
        assert_eq!(house.escalations(ticket.id).await, []);
        house.test.advance(SignedDuration::from_mins(40)).await;
    }
    house.test.finish().await;
}

#[tokio::test]
async fn what_is_not_resolved_in_a_day_moves_up_once() {
    let house = House::open("mainstay").await;
    let starter = house.test.account("Small", "Starter").await;
    let ticket = house.opens(starter, Severity::P4, &[]).await;
    house.test.advance(SignedDuration::from_hours(1)).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    // Twenty-four business hours, nine to five, from Monday nine o'clock.
    let due = instant("2026-03-04T17:00:00Z");
    house
        .test
        .advance(due.duration_since(house.test.app.now()) - SignedDuration::from_secs(1))
        .await;
    assert_eq!(house.escalations(ticket.id).await, []);
    house.test.advance(SignedDuration::from_secs(1)).await;
    let view = house.by_ladder(ticket.id, "breach").await;
    assert_eq!((view.escalation.raised_at, view.stored.level), (due, 2));
    assert_eq!(
        view.escalation.reason,
        "not resolved 24h after it was opened"
    );

    // Cancelled, it is not raised again by the next word; nor resolved and written to.
    let cancel = Record::Cancel("A wish, not a fault.".into());
    house.records(&house.max, view.stored.id, cancel).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    house.test.advance(SignedDuration::from_hours(30)).await;
    assert_eq!(house.escalations(ticket.id).await.len(), 1);
    house.test.finish().await;
}

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
async fn a_ticket_that_is_merged_away_takes_its_escalation_with_it() {
    let house = House::open("mainstay").await;
    let from = house.opens(house.account, Severity::P1, &[]).await;
    let into = house.opens(house.account, Severity::P2, &[]).await;
    house.test.run_due().await;
    house
        .test
        .app
        .merge_ticket(&house.test.agent(), from.id, into.id)
        .await
        .unwrap();
    let view = house.by_ladder(from.id, "critical").await;
    assert!(matches!(view.escalation.phase, Phase::Cancelled { .. }));
    assert_eq!(
        view.escalation.cancelled_because.as_deref(),
        Some("The ticket was merged into #2.")
    );
    house.test.advance(SignedDuration::from_mins(29)).await;
    assert_eq!(house.mails_to(&house.eva).len(), 0);
    house.test.finish().await;
}

#[tokio::test]
async fn a_ticket_that_is_done_ends_its_escalation() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    house
        .changes(ticket.id, Change::Severity(Severity::P2, None))
        .await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(view.escalation.is_open());
    assert_eq!(
        view.escalation.progress[0].text,
        "The severity changed from P1 to P2."
    );
    house
        .changes(ticket.id, Change::Status("resolved".into()))
        .await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(matches!(view.escalation.phase, Phase::Resolved { .. }));
    house.test.advance(SignedDuration::from_hours(2)).await;
    assert_eq!(house.by_ladder(ticket.id, "critical").await.stored.level, 1);
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
async fn a_customer_asks_for_escalation() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    let customer = house.test.contact_of(house.account);
    let app = &house.test.app;
    app.ask_for_escalation(&customer, ticket.id, "We lose money.")
        .await
        .unwrap();
    let view = house.by_ladder(ticket.id, "breach").await;
    assert_eq!(view.escalation.manual, Some(ManualReason::CustomerRequest));
    assert_eq!(view.escalation.raised_by, customer.actor);
    assert!(view.escalation.reason.contains("We lose money."));
    // Asking again raises nothing more, and is not lost.
    app.ask_for_escalation(&customer, ticket.id, "Every hour.")
        .await
        .unwrap();
    let view = house.by_ladder(ticket.id, "breach").await;
    assert!(view.escalation.progress[0].text.contains("Every hour."));

    let other = house.test.account("Other", "Standard").await;
    let stranger = house.test.contact_of(other);
    let refused = app
        .ask_for_escalation(&stranger, ticket.id, "Me too.")
        .await;
    assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
    let refused = app.escalation(&customer, view.stored.id).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    house.test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn words_of_the_customer_raise_a_ladder() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    assert_eq!(house.escalations(ticket.id).await, []);
    let mut message = house.test.says(Side::Customer);
    message.text = "We have LOST DATA since yesterday.".to_owned();
    house.test.adds(&ticket, message).await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(
        view.escalation.reason.contains("lost data"),
        "{}",
        view.escalation.reason
    );
    assert_eq!(view.stored.level, 2);
    house.test.run_due().await;
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
async fn a_new_policy_asks_about_what_is_open() {
    let house = House::open("client-scaling").await;
    let starter = house.test.account("Small", "Starter").await;
    let ticket = house.opens(starter, Severity::P4, &[]).await;
    house.test.advance(SignedDuration::from_hours(80)).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    let is_asked = |view: &EscalationView| view.escalation.reason.starts_with("not resolved 24h");
    assert!(!house.escalations(ticket.id).await.iter().any(is_asked));
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let machine = Caller::machine();
    house
        .test
        .app
        .apply_policy(&machine, &pack, "")
        .await
        .unwrap();
    house.test.run_due().await;
    let views = house.escalations(ticket.id).await;
    let raised: Vec<_> = views.iter().filter(|view| is_asked(view)).collect();
    assert_eq!(raised.len(), 1);
    // It is raised when it became known, not in a past in which nobody could have acted.
    assert_eq!(raised[0].escalation.raised_at, house.test.app.now());
    house.test.run_due().await;
    assert_eq!(house.escalations(ticket.id).await.len(), views.len());
    house.test.finish().await;
}

/// Several programs share a database: each step and each mail happens once.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_a_database_tell_everybody_once() {
    let Some(server) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&server);
    let url = server.fresh_database();
    let house = House::open_on(&url, "mainstay").await;
    for _ in 0..20 {
        house.opens(house.account, Severity::P1, &[]).await;
    }
    let mut others = Vec::new();
    for number in 0..3_u8 {
        let options = Options {
            node: format!("other {number}"),
            mail: MailOptions {
                transport: Some(house.mails.clone()),
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let clock = house.test.clock.clone();
        let app = App::new(store, clock, [number + 50; 32], options);
        app.load_policy().await.unwrap();
        others.push(app);
    }
    // Twenty minutes on, the engineer is told of each ticket, too.
    for _ in 0..20 {
        house.test.clock.advance(SignedDuration::from_mins(1));
        let mut working = tokio::task::JoinSet::new();
        for app in others.iter().cloned().chain([house.test.app.clone()]) {
            working.spawn(async move { while app.tick().await.unwrap() == Tick::More {} });
        }
        while let Some(outcome) = working.join_next().await {
            outcome.unwrap();
        }
    }
    house.test.run_due().await;
    let page = PageRequest::first(100);
    let listed = house
        .test
        .app
        .escalations(&house.max, &EscalationFilter::default(), page)
        .await
        .unwrap();
    let critical: Vec<_> = listed
        .items
        .iter()
        .filter(|stored| stored.ladder.as_str() == "critical")
        .collect();
    assert_eq!(critical.len(), 20);
    let mut deliveries = std::collections::BTreeSet::new();
    for stored in critical {
        let view = house.view(stored.id).await;
        let steps: Vec<usize> = view
            .escalation
            .steps
            .iter()
            .map(|taken| taken.step)
            .collect();
        assert_eq!(steps, [0, 1, 2]);
        let mails = view
            .notifications
            .iter()
            .filter(|told| told.channel == NotifyChannel::Email);
        let told: Vec<_> = mails
            .clone()
            .map(|told| house.name(told.recipient))
            .collect();
        assert_eq!(told, ["Ana", "Eva"]);
        for mail in mails {
            assert_eq!(mail.state, NotificationState::Delivered);
            deliveries.insert((mail.recipient, mail.delivery));
        }
    }
    let eva = house.eva.agent().unwrap();
    let to_eva = deliveries.iter().filter(|(to, _)| *to == eva).count();
    let sent = house.mails_to(&house.eva).len();
    assert_eq!(to_eva, sent, "each mail was sent once");
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
async fn a_strangers_words_wake_nobody_until_somebody_knows_who_they_are() {
    let house = House::open("mainstay").await;
    let open = OpenTicket {
        subject: "Production is down".to_owned(),
        account: None,
        contact: None,
        channel: Channel::Email,
        severity: None,
        category: None,
        team: None,
        assignee: None,
        tags: Vec::new(),
        message: Some(house.test.says(Side::Customer)),
        at: None,
    };
    let ticket = house.test.app.open_ticket(&house.ana, open).await.unwrap();
    assert_eq!(ticket.facts.severity, Severity::P1, "proposed by its words");
    house.test.advance(SignedDuration::from_hours(1)).await;
    let critical = |views: Vec<EscalationView>| {
        let mut ladders = views.into_iter();
        ladders.any(|view| view.escalation.ladder().as_str() == "critical")
    };
    assert!(!critical(house.escalations(ticket.id).await));

    let account = Change::Account(Some(house.account));
    house.changes(ticket.id, account).await;
    assert!(critical(house.escalations(ticket.id).await));
    house.test.run_due().await;
    house.test.finish().await;
}
