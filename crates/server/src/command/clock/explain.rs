//! The ledgers of deadlines: `mainstay clock explain`, and the tables it prints.

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_app::{App, AppError, Caller, Clock as _, ManualClock, PageRequest};
use mainstay_domain::clock::{Clock, Explanation, explain};
use mainstay_domain::event::Event;
use mainstay_domain::id::{EventId, TicketId};
use mainstay_report::explanation::{event_words, rows, to_text};
use serde_json::{Value, json};

use super::wire;
use crate::Failure;
use crate::command::argument::{instant, zone};
use crate::command::output::say;
use crate::command::store::StoreFlags;
use crate::service::clock_of;
use crate::time::WallClock;

/// How many facts are read at once.
const AT_ONCE: u32 = 500;

/// Which deadlines to explain, and how to print them.
#[derive(Debug, Args)]
pub struct Explain {
    /// The ticket: its number or its identifier
    ticket: String,
    /// Only the clocks of this commitment, such as first_response
    commitment: Option<String>,
    /// Show instants in this IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: TimeZone,
    /// Explain as of this instant instead of now, such as 2026-03-02T09:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

impl Explain {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let clock = Arc::new(ManualClock::at(self.at.unwrap_or_else(|| WallClock.now())));
        self.store.open_existing_at(clock.clone(), async |app| {
            let caller = Caller::machine();
            let failed = |error| Failure::of(&error);
            let ticket = self.find(app, &caller).await?;
            let events = history(app, &caller, ticket.id).await.map_err(failed)?;
            if self.at.is_none() {
                // A demonstration has a time of its own, and nodes that share a store have its.
                let now = clock_of(app.store(), Arc::new(WallClock)).await?.now();
                let latest = events.iter().map(|event| event.recorded_at).max();
                clock.set(latest.unwrap_or(now).max(now));
            }
            let clocks = app.clocks(&caller, ticket.id).await.map_err(failed)?;
            let clocks = match &self.commitment {
                Some(name) => of_commitment(clocks, name)?,
                None => clocks,
            };
            self.print(&ticket, clocks, &events, app.now())
        })
    }

    async fn find(&self, app: &App, caller: &Caller) -> Result<Named, Failure> {
        let unknown = || {
            Failure::new(format!("there is no ticket {}", self.ticket))
                .with_remedy("name a ticket by its number, such as 4711, or by its identifier")
        };
        let found = if let Ok(number) = self.ticket.trim_start_matches('#').parse() {
            app.ticket_by_number(caller, number).await
        } else {
            let id: TicketId = self.ticket.parse().map_err(|_| unknown())?;
            app.ticket(caller, id).await
        };
        match found {
            Ok(stored) => Ok(Named {
                id: stored.ticket.id,
                number: stored.ticket.number,
                subject: stored.ticket.subject,
            }),
            Err(AppError::NotFound(_)) => Err(unknown()),
            Err(error) => Err(Failure::of(&error)),
        }
    }

    fn print(
        &self,
        ticket: &Named,
        clocks: Vec<Clock>,
        events: &[Event],
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.json {
            let clocks: Vec<Value> = clocks
                .into_iter()
                .filter_map(|clock| explain(clock, now))
                .map(|explanation| as_json(&explanation, events))
                .collect();
            return say(json!({
                "ticket": ticket.number,
                "id": ticket.id.to_string(),
                "at": now.to_string(),
                "clocks": clocks,
            }));
        }
        say(format_args!("#{} {}\n", ticket.number, ticket.subject))?;
        match tables(clocks, events, now, &self.zone) {
            tables if tables.is_empty() => say("Nothing was promised about this ticket."),
            tables => say(tables.trim_end()),
        }
    }
}

/// Every fact of a ticket.
async fn history(app: &App, caller: &Caller, ticket: TicketId) -> Result<Vec<Event>, AppError> {
    let mut facts = Vec::new();
    let mut part = PageRequest::first(AT_ONCE);
    loop {
        let page = app.ticket_history(caller, ticket, part).await?;
        facts.extend(page.items);
        let Some(next) = page.next else {
            return Ok(facts);
        };
        part.after = Some(next);
    }
}

/// A ticket as it is announced.
struct Named {
    id: TicketId,
    number: u64,
    subject: String,
}

fn as_json(explanation: &Explanation, events: &[Event]) -> Value {
    let event = |id: EventId| {
        let what = events.iter().find(|event| event.id == id).map(event_words);
        json!({ "id": id.to_string(), "what": what })
    };
    let rows = rows(explanation);
    let mut entry = wire::clock(&explanation.clock);
    entry["policy"] = json!(explanation.clock.policy.0);
    entry["counted_seconds"] = rows
        .iter()
        .map(|row| row.counted_seconds)
        .sum::<i64>()
        .into();
    entry["total_seconds"] = rows.iter().map(|row| row.seconds).sum::<i64>().into();
    entry["spans"] = wire::spans(explanation, event);
    entry
}

/// The tables of clocks that were folded from these events at `now`, with instants in a zone.
#[must_use]
pub fn tables(clocks: Vec<Clock>, events: &[Event], now: Timestamp, zone: &TimeZone) -> String {
    let describe = |id| events.iter().find(|event| event.id == id).map(event_words);
    let tables: Vec<String> = clocks
        .into_iter()
        .filter_map(|clock| explain(clock, now))
        .map(|explanation| to_text(&explanation, zone, describe))
        .collect();
    tables.join("\n")
}

/// The clocks of a commitment, all its cycles.
///
/// # Errors
/// Says which commitments the ticket has clocks of, if it has none of this one.
pub fn of_commitment(clocks: Vec<Clock>, name: &str) -> Result<Vec<Clock>, Failure> {
    let (chosen, others): (Vec<Clock>, Vec<Clock>) = clocks
        .into_iter()
        .partition(|clock| clock.commitment.as_str() == name);
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let mut known: Vec<&str> = others
        .iter()
        .map(|clock| clock.commitment.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    let failure = Failure::new(format!("the ticket has no clock `{name}`"));
    Err(match known.is_empty() {
        true => failure.with_remedy("nothing was promised about this ticket"),
        false => failure.with_remedy(format!("it has {}", known.join(", "))),
    })
}
