//! The tickets of several accounts that belong together.

use jiff::Timestamp;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::escalation::trigger::{Grouping, TriggerKind};
use mainstay_domain::escalation::{Command, GroupKey, Sighting, Subject, longest_window};
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
        let mut keys = Vec::new();
        for ladder in self.rules.rules().ladders.values() {
            for trigger in &ladder.triggers {
                match &trigger.on {
                    TriggerKind::AccountsAffected {
                        by: Grouping::Tag { prefix },
                        ..
                    } => keys.extend(
                        facts
                            .tags
                            .iter()
                            .filter(|tag| tag.as_str().starts_with(prefix.as_str()))
                            .cloned()
                            .map(GroupKey::Tag),
                    ),
                    TriggerKind::AccountsAffected {
                        by: Grouping::Category,
                        ..
                    } => keys.extend(facts.category.iter().cloned().map(GroupKey::Category)),
                    _ => {}
                }
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }

    /// Whose tickets have lately come to the same groups; the open escalations of the groups are loaded as well.
    pub(super) async fn sightings(
        &mut self,
        groups: &[GroupKey],
        at: Timestamp,
    ) -> Result<Vec<Sighting>> {
        let Some(window) = longest_window(self.rules.rules().ladders) else {
            return Ok(Vec::new());
        };
        let from = at.checked_sub(window).unwrap_or(Timestamp::MIN);
        let until = at.checked_add(window).unwrap_or(Timestamp::MAX);
        let mut sightings = Vec::new();
        for key in groups {
            sightings.extend(escalation::sightings(self.tx, key, from, until).await?);
            let group = Subject::Group {
                key: key.clone(),
                tickets: Vec::new(),
            };
            let mut open = escalation::open_about(self.tx, &group).await?;
            open.retain(|stored| self.escalations.iter().all(|known| known.id != stored.id));
            let loaded = EscalationWriter::with_facts(self.app, self.tx, open).await?;
            self.escalations.extend(loaded);
        }
        Ok(sightings)
    }
}
