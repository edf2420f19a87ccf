//! Those who are mentioned are told, by mail and in the program.

use jiff::SignedDuration;
use mainstay_app::ticket::MessageText;
use mainstay_domain::agent::Agent;
use mainstay_domain::event::{Side, Visibility};
use mainstay_domain::id::{AgentId, TicketId};
use mainstay_domain::notification::About;
use mainstay_store::notification::{self, ReadState};
use mainstay_store::{PageRequest, agent, change};

use crate::desk::{Desk, Letter};

/// Another agent with these roles.
async fn hires(desk: &Desk, name: &str, role: &str, active: bool) -> AgentId {
    let app = &desk.test.app;
    let now = app.now();
    let hired = Agent {
        phone: None,
        slack: None,
        pager: None,
        id: app.new_id(now),
        email: format!("{}@desk.example", name.to_lowercase()),
        name: name.to_owned(),
        roles: vec![role.into()],
        languages: vec!["en".to_owned()],
        skills: Vec::new(),
        capacity: 0,
        calendar: None,
        time_zone: "UTC".to_owned(),
        active,
        created_at: now,
    };
    let tx = app.store().begin().await.expect("a transaction");
    agent::insert(&tx, &hired).await.expect("an agent");
    tx.commit().await.expect("a commit");
    hired.id
}

async fn notes(desk: &Desk, ticket: TicketId, text: &str, mentions: Vec<AgentId>) {
    let app = &desk.test.app;
    let mut note = MessageText::plain(app, Side::Agent, Visibility::Internal, text);
    note.mentions = mentions;
    app.add_message(&desk.bea, ticket, note, None)
        .await
        .expect("a note");
    desk.test.run_due().await;
}

async fn shown(desk: &Desk, agent: AgentId) -> Vec<About> {
    let reader = desk.test.app.store().read();
    let page = notification::shown(&reader, agent, ReadState::Any, PageRequest::first(50)).await;
    let items = page.expect("a store").items;
    items.into_iter().map(|told| told.about).collect()
}

#[tokio::test]
async fn who_is_mentioned_in_a_note_is_told_by_mail_and_at_once_in_the_program() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let ben = hires(&desk, "Ben", "engineer", true).await;
    let gone = hires(&desk, "Gil", "engineer", false).await;
    let blind = hires(&desk, "Kim", "nobody", true).await;
    let bea = desk.bea.agent().expect("an agent");
    let before = desk.sent().len();
    let reader = desk.test.app.store().read();
    let from = change::latest(&reader).await.expect("a store");
    notes(
        &desk,
        ticket.id,
        "Have you seen this before, Ben?",
        vec![ben, ben, bea, gone, blind],
    )
    .await;
    let told = shown(&desk, ben).await;
    assert!(
        matches!(told.as_slice(), [About::Mentioned { by, .. }] if by == "Bea"),
        "{told:?}"
    );
    for other in [bea, gone, blind] {
        let told = shown(&desk, other).await;
        assert!(
            !told.iter().any(|it| matches!(it, About::Mentioned { .. })),
            "{told:?}"
        );
    }
    let live = change::after(&reader, from, 50).await.expect("a store");
    assert!(live.iter().any(|(_, it)| {
        it.kind == "notification.shown" && it.subject.as_deref() == Some(&ben.to_string())
    }));
    let mails = desk.sent().split_off(before);
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.to, ["ben@desk.example"]);
    assert_eq!(mail.subject, "Bea mentions you on #1: Something is odd");
    assert!(
        mail.text.contains("Have you seen this before, Ben?"),
        "{}",
        mail.text
    );
    // An answer to a colleague must not reach the customer by accident.
    assert_eq!(mail.reply_to, "");
    desk.test.finish().await;
}

#[tokio::test]
async fn a_mention_waits_until_the_person_is_at_work() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let ben = hires(&desk, "Ben", "engineer", true).await;
    // On a Saturday nobody is at work.
    let saturday = "2026-03-07T12:00:00Z".parse().expect("an instant");
    let now = desk.test.app.now();
    desk.test.clock.advance(now.duration_until(saturday));
    desk.test.run_due().await;
    notes(&desk, ticket.id, "It can wait.", vec![ben]).await;
    let mentions = || {
        let sent = desk.sent();
        let to_ben = sent.iter().filter(|mail| mail.to == ["ben@desk.example"]);
        to_ben
            .filter(|mail| mail.text.contains("It can wait."))
            .count()
    };
    assert_eq!(mentions(), 0);
    let told = shown(&desk, ben).await;
    let is_mention = |about: &&About| matches!(about, About::Mentioned { .. });
    assert_eq!(
        told.iter().filter(is_mention).count(),
        1,
        "it is there for whoever looks"
    );
    desk.test.clock.advance(SignedDuration::from_hours(46));
    desk.test.run_due().await;
    assert_eq!(mentions(), 1);
    desk.test.finish().await;
}
