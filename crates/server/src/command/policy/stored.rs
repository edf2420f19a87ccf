//! The policy of a store: applying packs, looking back, going back, and looking ahead.

use std::collections::HashMap;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_app::policy::{AppliedVersion, ClockDifference};
use mainstay_app::{App, Caller, PageRequest};
use mainstay_domain::event::Actor;
use mainstay_domain::id::AgentId;
use mainstay_domain::policy::PolicyVersion;
use mainstay_policy::PackSource;
use serde_json::{Value, json};

use super::Output;
use super::source::{check, source_of};
use crate::Failure;
use crate::command::argument::zone;
use crate::command::output::{say, table};
use crate::command::store::StoreFlags;

/// Which pack to apply, and why.
#[derive(Debug, Args)]
pub struct Apply {
    /// A folder of TOML files, or the name of a pack that comes with the program
    pack: String,
    /// Why, for those who look at the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

/// How to print the history.
#[derive(Debug, Args)]
pub struct History {
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

/// Which version to go back to.
#[derive(Debug, Args)]
pub struct Rollback {
    /// Its number, as `mainstay policy history` lists it
    #[arg(value_name = "VERSION")]
    number: u32,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

/// Which pack to look ahead with.
#[derive(Debug, Args)]
pub struct Preview {
    /// A folder of TOML files, the name of a pack that comes with the program, or a version such as @3
    pack: String,
    /// Show instants in this IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: TimeZone,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

impl Apply {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let source = source_of(&self.pack, &self.store)?;
        check(&self.pack, &source)?;
        self.store.open(async |app| {
            let applied = app
                .apply_policy(&Caller::machine(), &source, &self.note)
                .await
                .map_err(|error| Failure::of(&error))?;
            warn(std::slice::from_ref(&applied));
            announce(app, &applied, &source, &self.output).await
        })
    }
}

impl Rollback {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let caller = Caller::machine();
            let version = PolicyVersion(self.number);
            let failed = |error| {
                Failure::of(&error).with_remedy("`mainstay policy history` lists the versions")
            };
            let source = app.policy_source(&caller, version).await.map_err(failed)?;
            let applied = app.roll_back_policy(&caller, version).await;
            let applied = applied.map_err(failed)?;
            warn(std::slice::from_ref(&applied));
            announce(app, &applied, &source, &self.output).await
        })
    }
}

/// Says what is wrong with versions, or probably not meant.
fn warn(versions: &[AppliedVersion]) {
    for warning in versions.iter().flat_map(|version| &version.warnings) {
        eprintln!("{warning}");
    }
}

/// Says which version is in force now, and what is new in it.
async fn announce(
    app: &App,
    applied: &AppliedVersion,
    source: &PackSource,
    output: &Output,
) -> Result<(), Failure> {
    if output.json {
        return say(version_json(applied));
    }
    let now = applied.version.0;
    say(format_args!(
        "{} is in force as version {now}. What was promised before stays as it was.",
        applied.pack
    ))?;
    let Some(before) = now.checked_sub(1).filter(|before| *before > 0) else {
        return Ok(());
    };
    let previous = app
        .policy_source(&Caller::machine(), PolicyVersion(before))
        .await
        .map_err(|error| Failure::of(&error))?;
    let packs = (
        mainstay_policy::load(&previous),
        mainstay_policy::load(source),
    );
    let (Ok(previous), Ok(current)) = packs else {
        return Ok(());
    };
    let changes = match mainstay_policy::diff(&previous, &current).len() {
        0 => return say(format_args!("It promises what version {before} did.")),
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    say(format_args!(
        "{changes} since version {before}: `mainstay policy diff @{before} @{now}` lists them."
    ))
}

impl History {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let caller = Caller::machine();
            let failed = |error| Failure::of(&error);
            let versions = app.policy_history(&caller).await.map_err(failed)?;
            warn(&versions);
            if self.output.json {
                let versions: Vec<Value> = versions.iter().map(version_json).collect();
                return say(Value::Array(versions));
            }
            if versions.is_empty() {
                return say("No policy was applied to this store yet.");
            }
            let agents = app.agents(&caller).await.map_err(failed)?;
            let names: HashMap<AgentId, String> = agents
                .into_iter()
                .map(|agent| (agent.id, agent.name))
                .collect();
            say(history_table(&versions, app.policy().version(), &names))
        })
    }
}

fn history_table(
    versions: &[AppliedVersion],
    in_force: PolicyVersion,
    names: &HashMap<AgentId, String>,
) -> String {
    let head = ["version", "applied", "pack", "digest", "by", "why"].map(str::to_owned);
    let row = |applied: &AppliedVersion| {
        let mark = if applied.version == in_force { "*" } else { "" };
        vec![
            format!("{}{mark}", applied.version.0),
            instant(applied.applied_at, &TimeZone::UTC),
            applied.pack.clone(),
            applied.digest.to_string().chars().take(12).collect(),
            who(applied.applied_by, names),
            applied.note.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec())
        .chain(versions.iter().rev().map(row))
        .collect();
    format!("{}\n* in force", table(&rows))
}

fn who(actor: Actor, names: &HashMap<AgentId, String>) -> String {
    match actor {
        Actor::Agent(id) => names.get(&id).cloned().unwrap_or_else(|| id.to_string()),
        Actor::Contact(id) => id.to_string(),
        Actor::System => "the program".to_owned(),
    }
}

fn version_json(applied: &AppliedVersion) -> Value {
    let by = match applied.applied_by {
        Actor::Agent(id) => json!(id.to_string()),
        Actor::Contact(id) => json!(id.to_string()),
        Actor::System => Value::Null,
    };
    json!({
        "version": applied.version.0,
        "pack": applied.pack,
        "digest": applied.digest.to_string(),
        "applied_at": applied.applied_at.to_string(),
        "applied_by": by,
        "note": applied.note,
        "warnings": applied.warnings,
    })
}

impl Preview {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let draft = source_of(&self.pack, &self.store)?;
        check(&self.pack, &draft)?;
        let differences = self
            .store
            .open_existing(async |app| look_ahead(app, &draft).await)?;
        if self.output.json {
            let clocks: Vec<Value> = differences.iter().map(difference_json).collect();
            return say(json!({ "clocks": clocks }));
        }
        if differences.is_empty() {
            return say("No running clock would be due at another instant.");
        }
        say(preview_table(&differences, &self.zone))
    }
}

/// Looks at the open tickets a page at a time, and says how far it has come.
async fn look_ahead(app: &App, draft: &PackSource) -> Result<Vec<ClockDifference>, Failure> {
    let caller = Caller::machine();
    let mut page = PageRequest::first(200);
    let (mut tickets, mut clocks) = (0, Vec::new());
    loop {
        let preview = app
            .preview_policy(&caller, draft, page)
            .await
            .map_err(|error| Failure::of(&error))?;
        tickets += preview.tickets;
        clocks.extend(preview.clocks);
        let Some(next) = preview.next else {
            return Ok(clocks);
        };
        eprintln!("{tickets} open tickets were looked at so far …");
        page.after = Some(next);
    }
}

fn preview_table(differences: &[ClockDifference], zone: &TimeZone) -> String {
    let head = ["ticket", "commitment", "due", "would be due"].map(str::to_owned);
    let shown = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| instant(at, zone));
    let row = |difference: &ClockDifference| {
        vec![
            difference.ticket.to_string(),
            difference.commitment.to_string(),
            shown(difference.due_at),
            shown(difference.would_be_due_at),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec())
        .chain(differences.iter().map(row))
        .collect();
    let count = match differences.len() {
        1 => "1 running clock".to_owned(),
        count => format!("{count} running clocks"),
    };
    format!(
        "{}\n\n{count} would be due at another instant, or not at all. Nothing was changed.",
        table(&rows)
    )
}

fn difference_json(difference: &ClockDifference) -> Value {
    json!({
        "ticket": difference.ticket,
        "commitment": difference.commitment.as_str(),
        "due_at": difference.due_at.map(|at| at.to_string()),
        "would_be_due_at": difference.would_be_due_at.map(|at| at.to_string()),
    })
}

/// `2026-03-02 09:00:00 +01:00`, to the second.
fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S %:z")
        .to_string()
}
