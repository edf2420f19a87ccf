//! The ledgers of deadlines, as tables for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_domain::clock::{Clock, explain};
use mainstay_domain::event::Event;
use mainstay_report::explanation::{event_words, to_text};

use crate::Failure;

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
