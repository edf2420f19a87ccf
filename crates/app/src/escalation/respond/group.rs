//! The tickets of several accounts that belong together.

use jiff::Timestamp;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::escalation::trigger::TriggerKind;
use mainstay_domain::escalation::{
    Command, GroupKey, Sighting, Subject, is_to_be_counted, longest_window,
};
use mainstay_domain::event::Actor;
use mainstay_domain::ticket::Scope;
use mainstay_store::{escalation, ticket};

use super::Responder;
use crate::error::Result;
use crate::escalation::EscalationWriter;
use crate::ticket::NewFact;

impl Responder<'_> {
    /// Resolves the escalations of groups of which this was the last ticket that was not done.
    pub(super) async fn resolve_groups(&mut self, actor: Actor) -> Result<()> {
        for writer in &mut self.escalations {
            let Some(state) = writer.state().filter(|state| state.is_open()) else {
                continue;
            };
            let Subject::Group { tickets, .. } = &state.subject else {
                continue;
            };
            let mut all_done = true;
            for id in tickets.iter().filter(|id| **id != self.ticket) {
                let found = ticket::find(self.tx, Scope::Everything, *id).await?;
                all_done &= found.is_none_or(|stored| stored.ticket.facts.status.kind.is_done());
            }
            if all_done {
                let text = "Every ticket of it is done.".to_owned();
                writer.decide(actor, Command::Resolve { text })?;
            }
        }
        Ok(())
    }

    /// The groups that the ticket has come to with a fact: what ladders count accounts by.
    pub(super) fn groups(&self, fact: &NewFact) -> Vec<GroupKey> {
        let known = fact
            .before
            .as_ref()
            .filter(|before| !before.status.kind.is_done() && before.account == fact.after.account)
            .map(|before| self.keys(before))
            .unwrap_or_default();
        let mut keys = self.keys(&fact.after);
        keys.retain(|key| !known.contains(key));
        keys
    }

    fn keys(&self, facts: &TicketFacts) -> Vec<GroupKey> {
        let ladders = self.rules.rules().ladders.values();
        let triggers = ladders.flat_map(|ladder| &ladder.triggers);
        let mut keys: Vec<GroupKey> = triggers
            .filter_map(|trigger| match &trigger.on {
                TriggerKind::AccountsAffected { by, .. } => Some(by.keys(facts)),
                _ => None,
            })
            .flatten()
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Whose tickets have lately come to the same groups; the open escalations of the groups are loaded as well. Of a group that
    /// is escalated already nobody is counted.
    pub(super) async fn sightings(
        &mut self,
        groups: &[GroupKey],
        facts: &TicketFacts,
        at: Timestamp,
    ) -> Result<Vec<Sighting>> {
        let Some(window) = longest_window(self.rules.rules().ladders) else {
            return Ok(Vec::new());
        };
        let from = at.checked_sub(window).unwrap_or(Timestamp::MIN);
        let until = at.checked_add(window).unwrap_or(Timestamp::MAX);
        let mut sightings = Vec::new();
        for key in groups {
            let group = Subject::Group {
                key: key.clone(),
                tickets: Vec::new(),
            };
            let mut open = escalation::open_about(self.tx, &group).await?;
            open.retain(|stored| self.escalations.iter().all(|known| known.id != stored.id));
            let loaded = EscalationWriter::with_facts(self.app, self.tx, open).await?;
            self.escalations.extend(loaded);
            let open: Vec<_> = self
                .escalations
                .iter()
                .filter_map(EscalationWriter::open)
                .collect();
            if is_to_be_counted(key, facts, &open, self.rules.rules().ladders) {
                sightings.extend(escalation::sightings(self.tx, key, from, until).await?);
            }
        }
        Ok(sightings)
    }
}
