//! What follows from the time that has passed.

use jiff::Timestamp;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::escalation::{Demand, Fact, Situation, next_unresolved};
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::name::LadderName;

use super::Responder;
use crate::error::Result;
use crate::ticket::TicketWriter;

impl Responder<'_> {
    /// Follows the time that has passed: the instants at which ladders ask whether the ticket is resolved. Each is
    /// answered from the record, so that asking again changes nothing.
    pub(super) fn follow_time(&mut self, writer: &TicketWriter<'_>) -> Result<()> {
        let (now, opened_at) = (self.app.now(), writer.ticket.opened_at);
        let facts = writer.ticket.facts.clone();
        let mut after = opened_at;
        loop {
            let next = next_unresolved(&facts, opened_at, after, self.rules.rules());
            let Some(until) = next.ok().flatten().filter(|until| *until <= now) else {
                return Ok(());
            };
            if !was_done(writer.events(), until) {
                self.ask_unresolved(&facts, opened_at, after, until)?;
            }
            after = until;
        }
    }

    fn ask_unresolved(
        &mut self,
        facts: &TicketFacts,
        opened_at: Timestamp,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<()> {
        let demanded = self.demanded(&Situation {
            ticket: self.ticket,
            before: Some(facts),
            after: facts,
            opened_at,
            fact: Fact::Elapsed { after, until },
            at: until,
            consequences: &[],
            open: &[],
            sightings: &[],
        });
        for demand in demanded {
            if let Demand::Raise { ladder, .. } = &demand
                && self.was_asked(ladder, until)
            {
                continue;
            }
            self.meet(Actor::System, until.max(self.known_since), demand)?;
        }
        Ok(())
    }

    /// Whether an escalation by the ladder was open at the instant or later: the question was answered then.
    fn was_asked(&self, ladder: &LadderName, at: Timestamp) -> bool {
        self.over.iter().any(|stored| {
            stored.ladder == *ladder && stored.ended_at.is_some_and(|ended| ended >= at)
        })
    }
}

/// Whether the ticket was done at an instant.
fn was_done(events: &[Event], at: Timestamp) -> bool {
    let mut changes: Vec<(Timestamp, bool)> = events
        .iter()
        .filter(|event| event.at <= at)
        .filter_map(|event| match &event.kind {
            EventKind::StatusChanged { to, .. } => Some((event.at, to.kind.is_done())),
            _ => None,
        })
        .collect();
    changes.sort_by_key(|(at, _)| *at);
    changes.last().is_some_and(|(_, done)| *done)
}
