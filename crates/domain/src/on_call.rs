//! Who is on call: rotas of people who take turns, and the covers that replace them for a while.
//!
//! A [`Rota`] has layers, such as primary and secondary. In each [`Layer`] agents take turns of so many days, and hand
//! over at a time of day in the layer's own zone: at that local time on the day summer time begins or ends, too. At any
//! instant a layer has one person on call at the most.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use mainstay_calendar::Calendar;

use crate::id::{AgentId, CoverId};
use crate::name::CalendarName;

/// The longest turn, in days.
pub const LONGEST_TURN: u32 = 366;

/// How many changes are looked through for the next one that matters.
const LOOKED_THROUGH: usize = 400;

/// Who is on call in a team, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rota {
    /// The layers, the one that is told first first.
    pub layers: Vec<Layer>,
    /// The covers, in the order in which they were added. Of two that overlap, the later one counts.
    pub covers: Vec<Cover>,
}

/// What a layer is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSpec {
    /// Its name, unique in the rota, such as `primary`.
    pub name: String,
    /// Who takes turns, in this order. Somebody may be named twice.
    pub agents: Vec<AgentId>,
    /// The day on which the first of them takes over. Nobody is on call before.
    pub starts_on: Date,
    /// The local time of day at which one hands over to the next.
    pub hand_over: Time,
    /// The IANA time zone of that time.
    pub time_zone: String,
    /// How many days a turn lasts: 1 for daily, 7 for weekly.
    pub turn_days: u32,
    /// The calendar outside of whose hours nobody is on call; every hour counts when absent, or unknown to the policy.
    pub hours: Option<CalendarName>,
}

/// A layer of a rota.
// Invariant: at least one agent, a turn of 1 to LONGEST_TURN days, a zone that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    spec: LayerSpec,
    zone: TimeZone,
}

/// Why something is no layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// Nobody takes turns.
    #[error("a layer needs at least one agent")]
    Nobody,
    /// A turn is too short or too long.
    #[error("a turn lasts 1 to {LONGEST_TURN} days, not {0}")]
    Turn(u32),
    /// There is no such zone.
    #[error("{0:?} is not a time zone: expected one such as Europe/Berlin")]
    TimeZone(String),
}

/// Somebody stands in for whoever has the turn, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Identifies it.
    pub id: CoverId,
    /// The layer's name. A cover of a layer that is gone covers nothing.
    pub layer: String,
    /// Who stands in, outside the layer's hours as well.
    pub agent: AgentId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// Somebody who is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCall {
    /// In which layer.
    pub layer: String,
    /// Who.
    pub agent: AgentId,
    /// The cover by which they are, if they stand in.
    pub cover: Option<CoverId>,
}

/// A turn: who has it, and between which instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub agent: AgentId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A span in which the same person is on call in a layer all the while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutySpan {
    /// The layer.
    pub layer: String,
    /// Who.
    pub agent: AgentId,
    /// The cover by which they are, if they stand in.
    pub cover: Option<CoverId>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Layer {
    /// Makes a layer.
    ///
    /// # Errors
    /// When nobody takes turns, a turn is too short or too long, or the zone is unknown.
    pub fn new(spec: LayerSpec) -> Result<Self, LayerError> {
        if spec.agents.is_empty() {
            return Err(LayerError::Nobody);
        }
        if !(1..=LONGEST_TURN).contains(&spec.turn_days) {
            return Err(LayerError::Turn(spec.turn_days));
        }
        let zone = mainstay_calendar::time_zone(&spec.time_zone)
            .map_err(|_| LayerError::TimeZone(spec.time_zone.clone()))?;
        Ok(Self { spec, zone })
    }

    /// What it was made from.
    #[must_use]
    pub fn spec(&self) -> &LayerSpec {
        &self.spec
    }

    /// The turn in which an instant lies, whatever the hours and covers say; nothing before the first one.
    #[must_use]
    pub fn turn(&self, at: Timestamp) -> Option<Turn> {
        let local = self.zone.to_datetime(at).date();
        let days = (local - self.spec.starts_on).get_days();
        let mut number = i64::from(days).div_euclid(i64::from(self.spec.turn_days));
        // The local day begins before the hand-over, and clocks that go back make it come twice.
        while self.begin(number) > at {
            number -= 1;
        }
        while self.begin(number + 1) <= at {
            number += 1;
        }
        let index = usize::try_from(number).ok()? % self.spec.agents.len();
        Some(Turn {
            agent: *self.spec.agents.get(index)?,
            from: self.begin(number),
            until: self.begin(number + 1),
        })
    }

    /// When a turn begins, from 0: at the local time of the hand-over. A time that is skipped when clocks go forward
    /// means as much later, one that comes twice means the first.
    fn begin(&self, turn: i64) -> Timestamp {
        let end = if turn < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let days = turn.saturating_mul(i64::from(self.spec.turn_days));
        let begin = || {
            let day = Span::new().try_days(days).ok()?;
            let day = self.spec.starts_on.checked_add(day).ok()?;
            let local = day.to_datetime(self.spec.hand_over);
            self.zone.to_ambiguous_timestamp(local).compatible().ok()
        };
        begin().unwrap_or(end)
    }
}

impl Rota {
    /// Whether there is nobody to take turns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Who is on call at an instant: one person for each layer at the most, the first layer's first.
    #[must_use]
    pub fn on_call(&self, hours: &BTreeMap<CalendarName, Calendar>, at: Timestamp) -> Vec<OnCall> {
        self.layers
            .iter()
            .filter_map(|layer| self.on_call_in(layer, hours, at))
            .collect()
    }

    fn on_call_in(
        &self,
        layer: &Layer,
        hours: &BTreeMap<CalendarName, Calendar>,
        at: Timestamp,
    ) -> Option<OnCall> {
        let name = layer.spec.name.clone();
        let covering = self.covers_of(layer).rfind(|cover| cover.covers(at));
        if let Some(cover) = covering {
            return Some(OnCall {
                layer: name,
                agent: cover.agent,
                cover: Some(cover.id),
            });
        }
        let is_open = hours_of(layer, hours).is_none_or(|hours| hours.is_open(at));
        let turn = layer.turn(at).filter(|_| is_open)?;
        Some(OnCall {
            layer: name,
            agent: turn.agent,
            cover: None,
        })
    }

    /// Who is on call when between two instants, layer by layer, the first layer's first: spans in the order of time that
    /// touch, unless nobody is on call between them.
    #[must_use]
    pub fn spans(
        &self,
        hours: &BTreeMap<CalendarName, Calendar>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<DutySpan> {
        self.layers
            .iter()
            .flat_map(|layer| self.spans_in(layer, hours, from, until))
            .collect()
    }

    fn spans_in(
        &self,
        layer: &Layer,
        hours: &BTreeMap<CalendarName, Calendar>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<DutySpan> {
        let mut spans: Vec<DutySpan> = Vec::new();
        let mut at = from;
        while at < until {
            let next = self
                .next_change(layer, hours, at)
                .map_or(until, |next| next.min(until));
            if let Some(found) = self.on_call_in(layer, hours, at) {
                match spans.last_mut() {
                    Some(last)
                        if last.until == at
                            && last.agent == found.agent
                            && last.cover == found.cover =>
                    {
                        last.until = next;
                    }
                    _ => spans.push(DutySpan {
                        layer: found.layer,
                        agent: found.agent,
                        cover: found.cover,
                        from: at,
                        until: next,
                    }),
                }
            }
            at = next;
        }
        spans
    }

    /// When somebody else is on call in a layer than at an instant, or nobody; nothing when that is not foreseen.
    #[must_use]
    pub fn next_hand_over(
        &self,
        layer: &str,
        hours: &BTreeMap<CalendarName, Calendar>,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let layer = self.layers.iter().find(|known| known.spec.name == layer)?;
        let person = |at| self.on_call_in(layer, hours, at).map(|found| found.agent);
        let now = person(at);
        let mut after = at;
        for _ in 0..LOOKED_THROUGH {
            after = self.next_change(layer, hours, after)?;
            if person(after) != now {
                return Some(after);
            }
        }
        None
    }

    /// The next instant at which anything changes that says who is on call.
    fn next_change(
        &self,
        layer: &Layer,
        hours: &BTreeMap<CalendarName, Calendar>,
        after: Timestamp,
    ) -> Option<Timestamp> {
        let turn = layer
            .turn(after)
            .map_or_else(|| layer.begin(0), |turn| turn.until);
        let opening = hours_of(layer, hours).and_then(|hours| {
            if hours.is_open(after) {
                hours.next_close(after)
            } else {
                hours.next_open(after)
            }
        });
        self.covers_of(layer)
            .flat_map(|cover| [cover.from, cover.until])
            .chain([turn])
            .chain(opening)
            .filter(|change| *change > after && *change < Timestamp::MAX)
            .min()
    }

    fn covers_of<'a>(&'a self, layer: &'a Layer) -> impl DoubleEndedIterator<Item = &'a Cover> {
        self.covers
            .iter()
            .filter(|cover| cover.layer == layer.spec.name)
    }
}

impl Cover {
    /// Whether it covers an instant.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

fn hours_of<'a>(
    layer: &Layer,
    hours: &'a BTreeMap<CalendarName, Calendar>,
) -> Option<&'a Calendar> {
    hours.get(layer.spec.hours.as_ref()?)
}

#[cfg(test)]
mod tests;
