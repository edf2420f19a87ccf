//! The ladder: what is due when, what may be done, and what holds of every run.

mod climbing;
mod frameworks;
mod grouping;
mod property;
mod raising;
mod recording;
mod situation;
mod telling;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{Calendar, CalendarSpec, TimeOfDay, TimeRange, Weekly};
use uuid::Uuid;

use super::*;
use crate::commitment::Source;
use crate::condition::Condition;
use crate::event::Actor;
use crate::id::{AgentId, TicketId};
use crate::name::{CalendarName, LadderName, RoleName};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(super) fn ticket(number: u128) -> TicketId {
    TicketId::from(Uuid::from_u128(number))
}

pub(super) fn agent(number: u128) -> AgentId {
    AgentId::from(Uuid::from_u128(number))
}

/// A step whose level is its place from 1.
pub(super) fn step(level: u8, after: StepTiming) -> Step {
    Step {
        name: format!("level {level}"),
        level,
        who: vec![Recipient::Role(RoleName::from("manager"))],
        after,
        channels: vec![NotifyChannel::Email],
        respond_within: None,
        wake: false,
        source: Source::default(),
    }
}

pub(super) fn unacknowledged(after: i64) -> StepTiming {
    StepTiming::Unacknowledged {
        after: minutes(after),
        calendar: None,
    }
}

pub(super) fn unresolved(after: i64) -> StepTiming {
    StepTiming::Unresolved {
        after: minutes(after),
        calendar: None,
    }
}

pub(super) fn ladder(name: &str, timings: impl IntoIterator<Item = StepTiming>) -> Ladder {
    Ladder {
        name: LadderName::from(name),
        description: String::new(),
        applies: Condition::Always,
        triggers: Vec::new(),
        steps: (1..)
            .zip(timings)
            .map(|(level, after)| step(level, after))
            .collect(),
        next: None,
        source: Source::default(),
    }
}

pub(super) fn business_hours() -> Calendar {
    let hours = TimeRange::new(
        TimeOfDay::new(9, 0).unwrap(),
        TimeOfDay::new(17, 0).unwrap(),
    );
    Calendar::new(CalendarSpec::new("UTC", Weekly::monday_to_friday(hours))).unwrap()
}

/// One escalation under some ladders.
pub(super) struct Run {
    ladders: Ladders,
    calendars: BTreeMap<CalendarName, Calendar>,
    pub(super) events: Vec<EscalationEvent>,
}

impl Run {
    pub(super) fn of(ladders: impl IntoIterator<Item = Ladder>) -> Self {
        Self {
            ladders: ladders
                .into_iter()
                .map(|ladder| (ladder.name.clone(), ladder))
                .collect(),
            calendars: BTreeMap::from([(CalendarName::from("business"), business_hours())]),
            events: Vec::new(),
        }
    }

    /// Raised by ladder `a`.
    pub(super) fn raised(ladders: impl IntoIterator<Item = Ladder>, now: &str) -> Self {
        let mut run = Self::of(ladders);
        run.does(raise("a"), now).unwrap();
        run
    }

    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            ladders: &self.ladders,
            calendars: &self.calendars,
        }
    }

    pub(super) fn state(&self) -> Escalation {
        Escalation::fold(&self.events).unwrap()
    }

    pub(super) fn due(&self) -> Option<Due> {
        next_due(&self.state(), self.rules()).unwrap()
    }

    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.due().map(|due| due.at)
    }

    /// Decides a command of agent 1 and keeps what follows; says how many facts did.
    pub(super) fn does(&mut self, command: Command, now: &str) -> Result<usize, Refusal> {
        self.does_at(command, at(now))
    }

    pub(super) fn does_at(&mut self, command: Command, now: Timestamp) -> Result<usize, Refusal> {
        let state = Escalation::fold(&self.events);
        let events = decide(
            state.as_ref(),
            self.rules(),
            command,
            Actor::Agent(agent(1)),
            now,
        )?;
        self.events.extend(events.iter().cloned());
        Ok(events.len())
    }

    /// The steps taken, as `ladder/level@time`.
    pub(super) fn climbed(&self) -> Vec<String> {
        let state = self.state();
        state
            .steps
            .iter()
            .map(|taken| {
                let time = taken.at.strftime("%a %H:%M").to_string();
                format!("{}/{} {time}", taken.ladder, taken.level)
            })
            .collect()
    }
}

pub(super) fn raise(ladder: &str) -> Command {
    Command::Raise {
        subject: Subject::Ticket { ticket: ticket(7) },
        ladder: LadderName::from(ladder),
        level: None,
        reason: Reason::ClockMissed {
            commitment: "first_response".into(),
            due_at: "2026-03-02T10:00:00Z".parse().expect("an instant"),
        },
    }
}

pub(super) fn three_accounts() -> Reason {
    Reason::AccountsAffected {
        accounts: 3,
        within: SignedDuration::from_hours(1),
        key: GroupKey::Tag("component:search".into()),
    }
}

pub(super) fn acknowledge() -> Command {
    Command::Acknowledge { step: None }
}

pub(super) fn move_on() -> Command {
    Command::MoveOn {
        level: None,
        reason: "nobody answers".to_owned(),
    }
}

pub(super) fn resolve() -> Command {
    Command::Resolve {
        text: "the index was rebuilt".to_owned(),
    }
}
