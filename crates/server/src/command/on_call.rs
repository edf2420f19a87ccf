//! `mainstay on-call`: who is on call.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_app::on_call::Duty;
use mainstay_app::{App, Caller};
use mainstay_domain::agent::Agent;
use mainstay_domain::id::AgentId;
use mainstay_domain::team::Team;
use serde_json::{Value, json};

use super::argument::{instant, zone};
use super::output::{say, table};
use super::store::StoreFlags;
use crate::Failure;

/// What can be done with rotas.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show who is on call in a team, until when, and the rota behind it
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
}

/// Which team to show, and when.
#[derive(Debug, Args)]
pub struct Show {
    /// The team's name
    team: String,
    /// Show who is on call at this instant instead of now, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// Show instants in this IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: TimeZone,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

const SHOW_EXAMPLES: &str = "\
Examples:
  mainstay on-call show Support
  mainstay on-call show Support --at 2026-12-24T18:00:00Z --zone Europe/Madrid
  mainstay on-call show Support --json | jq -r '.on_call[].email'";

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(),
        }
    }
}

impl Show {
    fn run(&self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let caller = Caller::machine();
            let failed = |error| Failure::of(&error);
            let team = self.find(app, &caller).await?;
            let duty = app.on_call(&caller, team.id, self.at).await;
            let agents = app.agents(&caller).await.map_err(failed)?;
            let duty = duty.map_err(failed)?;
            match self.json {
                true => say(as_json(&duty, &agents)),
                false => say(as_text(&duty, &agents, &self.zone)),
            }
        })
    }

    async fn find(&self, app: &App, caller: &Caller) -> Result<Team, Failure> {
        let mut teams = app
            .teams(caller)
            .await
            .map_err(|error| Failure::of(&error))?;
        let names: Vec<String> = teams.iter().map(|team| team.name.clone()).collect();
        let found = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(&self.team));
        match found {
            Some(index) => Ok(teams.swap_remove(index)),
            None => {
                let failure = Failure::new(format!("there is no team {:?}", self.team));
                Err(match names.is_empty() {
                    true => failure.with_remedy("nobody has made a team yet"),
                    false => failure.with_remedy(format!("there are {}", names.join(", "))),
                })
            }
        }
    }
}

fn as_json(duty: &Duty, agents: &[Agent]) -> Value {
    let on_call: Vec<Value> = duty
        .on_call
        .iter()
        .map(|found| {
            let agent = agents.iter().find(|agent| agent.id == found.agent);
            json!({
                "layer": found.layer,
                "agent": found.agent.to_string(),
                "name": agent.map(|agent| &agent.name),
                "email": agent.map(|agent| &agent.email),
                "cover": found.cover.map(|cover| cover.to_string()),
                "until": found.until.map(|until| until.to_string()),
            })
        })
        .collect();
    json!({ "team": duty.team.name, "at": duty.at.to_string(), "on_call": on_call })
}

fn as_text(duty: &Duty, agents: &[Agent], zone: &TimeZone) -> String {
    let name = |id: AgentId| {
        let agent = agents.iter().find(|agent| agent.id == id);
        agent.map_or_else(|| id.to_string(), |agent| agent.name.clone())
    };
    let local = |at: Timestamp| {
        let at = at.to_zoned(zone.clone());
        at.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
    };
    let mut text = format!("{}, {}\n", duty.team.name, local(duty.at));
    if duty.on_call.is_empty() {
        text.push_str("\nNobody is on call: a ladder tells the whole team.\n");
    }
    let mut rows = Vec::new();
    for found in &duty.on_call {
        let layer = found.layer.as_deref().unwrap_or("on call");
        let until = found
            .until
            .map_or_else(String::new, |until| format!("until {}", local(until)));
        let how = match found.cover {
            Some(_) => "covers",
            None => "",
        };
        rows.push(vec![
            layer.to_owned(),
            name(found.agent),
            until,
            how.to_owned(),
        ]);
    }
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(&rows));
        text.push('\n');
    }
    for layer in &duty.rota.layers {
        let spec = layer.spec();
        let people: Vec<String> = spec.agents.iter().map(|agent| name(*agent)).collect();
        let turn = match spec.turn_days {
            1 => "every day".to_owned(),
            7 => "every week".to_owned(),
            days => format!("every {days} days"),
        };
        let hours = spec
            .hours
            .as_ref()
            .map_or_else(String::new, |hours| format!(", in the hours of {hours}"));
        text.push_str(&format!(
            "\n{}: {}; {turn} from {} at {} {}{hours}",
            spec.name,
            people.join(", "),
            spec.starts_on,
            spec.hand_over.strftime("%H:%M"),
            spec.time_zone,
        ));
    }
    let coming = duty
        .rota
        .covers
        .iter()
        .filter(|cover| cover.until > duty.at);
    for cover in coming {
        text.push_str(&format!(
            "\n{} covers {} from {} until {}{}",
            name(cover.agent),
            cover.layer,
            local(cover.from),
            local(cover.until),
            match cover.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            }
        ));
    }
    text.trim_end().to_owned()
}
