//! Policies over time: teams that packs name, and packs that a later program does not accept.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::SignedDuration;
use mainstay_app::policy::PackSource;
use mainstay_app::ticket::Change;
use mainstay_app::{Caller, Expected};
use mainstay_domain::clock::ClockState;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TeamId;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::policy::{self, AppliedPack};
use mainstay_tests::TestApp;

const PACK: &str = r#"
name = "two-teams"
title = "Two teams"
version = "1"
description = "Two teams with times of their own"
default_calendar = "24/7"

[[calendar]]
name = "24/7"
description = "Always"
always = true

[[tier]]
name = "Enterprise"
description = "Everybody"
support_hours = "24/7"

[[commitment]]
name = "first_response"
description = "Answered"
start = "opened"
stop = "agent_reply"
targets = { "*" = { any = "4h" } }

[[commitment]]
name = "desk"
description = "The desk takes it up"
applies = { team = "Desk" }
start = "team_changed"
stop = "assigned"
repeat = "each_start"
targets = { "*" = { any = "1h" } }

[[commitment]]
name = "engineering"
description = "Engineering takes it up"
applies = { team = "Engineering" }
start = "team_changed"
stop = "assigned"
repeat = "each_start"
targets = { "*" = { any = "3h" } }
"#;

fn pack(text: &str) -> PackSource {
    PackSource::new(BTreeMap::from([("pack.toml".to_owned(), text.to_owned())]))
}

async fn team(test: &TestApp, admin: &Caller, name: &str) -> TeamId {
    let made = test
        .app
        .create_team(admin, |team| team.name = name.to_owned());
    made.await.unwrap().id
}

async fn hand(test: &TestApp, ticket: &Ticket, team: TeamId) {
    test.app
        .change_ticket(
            &test.agent(),
            ticket.id,
            &Expected::Any,
            &[Change::Team(Some(team))],
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn each_team_has_its_own_time_and_keeps_it_under_another_name() {
    let test = TestApp::start("mainstay").await;
    let admin = test.serving("Max", &[BuiltIn::Administrator]).await;
    let desk = team(&test, &admin, "Desk").await;
    let engineering = team(&test, &admin, "Engineering").await;
    let machine = Caller::machine();
    let applied = test
        .app
        .apply_policy(&machine, &pack(PACK), "")
        .await
        .unwrap();
    assert_eq!(applied.warnings, Vec::<String>::new());
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P2).await;
    hand(&test, &ticket, desk).await;
    let at_desk = test.clock(ticket.id, "desk").await;
    let started = at_desk.started_at;
    assert_eq!(
        at_desk.due_at,
        Some(started + SignedDuration::from_hours(1))
    );

    // What is decided stays as it is when the team is renamed, and a pack that names it as before still means it.
    test.app
        .update_team(&admin, engineering, &Expected::Any, |team| {
            team.name = "Platform".to_owned();
        })
        .await
        .unwrap();
    hand(&test, &ticket, engineering).await;
    let at_engineering = test.clock(ticket.id, "engineering").await;
    let due = at_engineering.started_at + SignedDuration::from_hours(3);
    assert_eq!(at_engineering.due_at, Some(due));
    assert_eq!(
        test.clock(ticket.id, "desk").await.state(),
        ClockState::Cancelled
    );
    let longer = pack(&PACK.replace("\"3h\"", "\"5h\""));
    let applied = test.app.apply_policy(&machine, &longer, "").await.unwrap();
    assert_eq!(applied.warnings, Vec::<String>::new());
    test.run_due().await;
    hand(&test, &ticket, desk).await;
    hand(&test, &ticket, engineering).await;
    let again = test.clock(ticket.id, "engineering").await;
    assert_eq!(
        again.due_at,
        Some(again.started_at + SignedDuration::from_hours(5))
    );
    test.finish().await;
}

/// Writes a version into the store that this program would not have applied.
async fn applied_elsewhere(test: &TestApp, version: u32, text: &str) {
    let source = pack(text);
    let tx = test.app.store().begin().await.unwrap();
    let applied = AppliedPack {
        version: PolicyVersion(version),
        pack: "two-teams".to_owned(),
        digest: source.digest().parse().unwrap(),
        files: [("pack.toml".to_owned(), text.to_owned())].into(),
        teams: BTreeMap::new(),
        applied_at: test.app.now(),
        applied_by: Actor::System,
        note: String::new(),
    };
    policy::apply(&tx, &applied).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_pack_that_is_refused_today_goes_on_as_it_was_applied() {
    let test = TestApp::start("mainstay").await;
    // A ladder that is not there: the names are checked, and everything that is said can be read.
    let refused = PACK.replace(
        "stop = \"agent_reply\"",
        "stop = \"agent_reply\"\nmissed = { escalate = \"nowhere\" }",
    );
    applied_elsewhere(&test, 9, &refused).await;
    test.app.load_policy().await.unwrap();
    let in_force = test.app.policy();
    assert_eq!(in_force.version(), PolicyVersion(9));
    assert_eq!(in_force.current().pack, "two-teams");
    let told = in_force.told_faults().join("\n");
    assert!(told.contains("would refuse version 9"), "{told}");
    assert!(told.contains("`mainstay policy check @9`"), "{told}");
    let history = test.app.policy_history(&Caller::machine()).await.unwrap();
    let warnings = history.last().unwrap().warnings.join("\n");
    assert!(warnings.contains("unknown ladder `nowhere`"), "{warnings}");
    test.finish().await;
}

#[tokio::test]
async fn a_pack_that_cannot_be_read_keeps_no_service_from_working() {
    let test = TestApp::start("mainstay").await;
    let machine = Caller::machine();
    let applied = test.app.apply_policy(&machine, &pack(PACK), "").await;
    let readable = applied.unwrap().version;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P2).await;
    let before = test.clock(ticket.id, "first_response").await;
    applied_elsewhere(&test, readable.0 + 1, "this is no pack").await;
    test.app.load_policy().await.unwrap();
    let told = test.app.policy().told_faults().join("\n");
    let stands_in = format!("version {} stands in for it", readable.0);
    assert!(told.contains(&stands_in), "{told}");
    assert_eq!(test.app.policy().version(), readable);

    // Clocks go on, new tickets are promised what the version that stands in says, and time passes as ever.
    let another = test.customer_opens(account, Severity::P2).await;
    test.advance(SignedDuration::from_hours(5)).await;
    let after = test.clock(ticket.id, "first_response").await;
    assert_eq!(
        (after.due_at, after.missed_at),
        (before.due_at, before.due_at)
    );
    let promised = test.clock(another.id, "first_response").await;
    assert_eq!(promised.state(), ClockState::Missed);

    let mended = pack(&PACK.replace("\"4h\"", "\"6h\""));
    let applied = test.app.apply_policy(&machine, &mended, "").await.unwrap();
    assert_eq!(applied.version, PolicyVersion(readable.0 + 2));
    assert_eq!(test.app.policy().version(), PolicyVersion(readable.0 + 2));
    test.run_due().await;
    test.finish().await;
}

/// Reading packs takes a while; whoever shares the thread with it goes on meanwhile.
#[tokio::test]
async fn reading_packs_keeps_nobody_waiting() {
    let app = TestApp::start("mainstay").await;
    let caller = Caller::machine();
    let (before, after) = (
        mainstay_policy::builtin("premium-support").unwrap(),
        mainstay_policy::builtin("mainstay").unwrap(),
    );
    let went_on = Cell::new(0);
    let other = async || went_on.set(went_on.get() + 1);
    tokio::join!(
        biased;
        async {
            let changes = app.app.compare_packs(&caller, &before, &after).await;
            assert!(!changes.unwrap().is_empty());
            assert_eq!(went_on.get(), 1, "comparing packs kept another waiting");
        },
        other(),
    );
    tokio::join!(
        biased;
        async {
            assert!(app.app.known_packs(&caller).await.unwrap().len() > 1);
            assert_eq!(went_on.get(), 2, "listing packs kept another waiting");
        },
        other(),
    );
    app.finish().await;
}
