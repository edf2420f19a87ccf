//! The rules of a ticket: from a command to facts, or to a refusal.

use super::{Command, NewMessage, NewTicket, Ticket, UNDO_WITHIN};
use crate::event::{EventKind, Origin, Side, Spoken, Visibility};
use crate::id::TicketId;
use crate::name::StatusName;
use crate::rating::Rating;
use crate::status::{Status, StatusKind};

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The ticket lives on in another one.
    #[error("ticket was merged into another one; write to that one instead")]
    Merged(TicketId),
    /// A closed ticket is over.
    #[error("ticket is closed; open a follow-up that is linked to it, or reopen it first")]
    Closed,
    /// The ticket is open already.
    #[error("ticket has been opened already")]
    AlreadyOpened,
    /// The policy names no such status.
    #[error("status {0:?} is unknown: the policy in force names {1}")]
    UnknownStatus(String, String),
    /// A ticket cannot be merged into or linked with itself.
    #[error("a ticket cannot be {0} itself")]
    Itself(&'static str),
    /// Two customers never share a conversation.
    #[error(
        "tickets of different accounts cannot be merged: the customers would read each other's messages"
    )]
    DifferentAccounts,
    /// There is nothing to split off.
    #[error("no message was named that could be split off")]
    NothingToSplit,
    /// Only what is done can be rated.
    #[error("ticket is not resolved yet; it can be rated when it is")]
    NotDone,
    /// A rating cannot be changed any more.
    #[error("ticket was rated long ago, and the rating cannot be changed any more")]
    RatedForGood,
    /// A text is missing.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// What is to be undone is no change that the one who asks has made.
    #[error("only a change that you have made yourself can be undone")]
    UndoOfOthers,
    /// A change is too old.
    #[error("a change can be undone for {} seconds; change it back by hand", UNDO_WITHIN.as_secs())]
    UndoTooLate,
    /// Somebody has changed the same since.
    #[error("the {0} was changed since; what was done since stays")]
    UndoOvertaken(&'static str),
    /// A change is of a kind that cannot be undone.
    #[error("what was recorded as {0} cannot be undone")]
    NotUndoable(&'static str),
}

impl Ticket {
    /// What follows from a command. An empty list means that everything is so already.
    ///
    /// `statuses` are those of the policy in force.
    ///
    /// # Errors
    /// The refusal, if a rule forbids the command.
    pub fn decide(
        &self,
        command: Command<'_>,
        statuses: &[Status],
    ) -> Result<Vec<EventKind>, Refusal> {
        if let Command::Open(new) = command {
            return self.open(new);
        }
        if let Some(other) = self.merged_into {
            return Err(Refusal::Merged(other));
        }
        match command {
            Command::AddMessage { message, then } => self.add_message(message, then, statuses),
            Command::SetStatus(name) => Ok(self.change_status(find_status(&name, statuses)?)),
            Command::MergeInto(other) => self.merge_into(other),
            Command::TakeOver {
                ticket,
                number,
                clocks,
                messages,
            } => {
                let mut events = self.follow_conversation(&messages);
                events.push(EventKind::MergedFrom {
                    ticket,
                    number,
                    clocks,
                    messages,
                });
                Ok(events)
            }
            Command::SplitInto {
                ticket,
                number,
                messages,
            } if !messages.is_empty() => Ok(vec![EventKind::SplitInto {
                ticket,
                number,
                messages,
            }]),
            Command::SplitInto { .. } => Err(Refusal::NothingToSplit),
            other => self.change_property(other),
        }
    }

    fn open(&self, new: NewTicket) -> Result<Vec<EventKind>, Refusal> {
        if self.version > 0 {
            return Err(Refusal::AlreadyOpened);
        }
        Ok(vec![EventKind::Opened {
            account: new.account,
            contact: new.contact,
            channel: new.channel,
            severity: new.severity,
            category: new.category,
            status: Status::from(StatusKind::New),
            team: new.team,
            assignee: new.assignee,
            terms: new.terms,
            tags: new.tags,
        }])
    }

    /// A person's public message moves the status: the customer's makes a waiting or resolved ticket open again, ours
    /// takes a new ticket up. A machine's message and a note move nothing.
    fn add_message(
        &self,
        message: NewMessage,
        then: Option<StatusName>,
        statuses: &[Status],
    ) -> Result<Vec<EventKind>, Refusal> {
        let is_conversation =
            message.visibility == Visibility::Public && message.origin == Origin::Person;
        let kind = self.facts.status.kind;
        if is_conversation && kind == StatusKind::Closed {
            return Err(Refusal::Closed);
        }
        let mut events = vec![EventKind::MessageAdded {
            message: message.message,
            side: message.side,
            visibility: message.visibility,
            origin: message.origin,
            channel: message.channel,
        }];
        let status = match then {
            Some(name) => Some(find_status(&name, statuses)?),
            None if !is_conversation || self.facts.last_message_at.is_none() => None,
            None => match (message.side, kind) {
                (
                    Side::Customer,
                    StatusKind::PendingCustomer | StatusKind::OnHold | StatusKind::Resolved,
                )
                | (Side::Agent, StatusKind::New) => Some(Status::from(StatusKind::Open)),
                _ => None,
            },
        };
        if let Some(status) = status {
            events.extend(self.change_status(status));
        }
        Ok(events)
    }

    fn change_status(&self, to: Status) -> Vec<EventKind> {
        let from = self.facts.status.clone();
        unless(from == to, EventKind::StatusChanged { from, to })
    }

    fn merge_into(&self, other: &Self) -> Result<Vec<EventKind>, Refusal> {
        if other.id == self.id {
            return Err(Refusal::Itself("merged into"));
        }
        if let Some(third) = other.merged_into {
            return Err(Refusal::Merged(third));
        }
        if let (Some(ours), Some(theirs)) = (self.facts.account, other.facts.account)
            && ours != theirs
        {
            return Err(Refusal::DifferentAccounts);
        }
        let mut events = vec![EventKind::MergedInto {
            ticket: other.id,
            number: other.number,
        }];
        events.extend(self.change_status(Status::from(StatusKind::Closed)));
        Ok(events)
    }

    /// What the conversation of a ticket merged into this one does to the status: a reply given there has taken this one
    /// up, and what the customer wrote there since brings it back. Nothing that was asked is lost in a ticket that is done.
    fn follow_conversation(&self, messages: &[Spoken]) -> Vec<EventKind> {
        let is_answered = messages.iter().any(|spoken| spoken.side == Side::Agent);
        let is_asked = messages.last().is_some_and(|last| {
            last.side == Side::Customer && self.facts.last_message_at < Some(last.at)
        });
        let is_open = match self.facts.status.kind {
            StatusKind::New => is_answered,
            StatusKind::Open => false,
            _ => is_asked,
        };
        if is_open {
            self.change_status(Status::from(StatusKind::Open))
        } else {
            Vec::new()
        }
    }

    fn change_property(&self, command: Command<'_>) -> Result<Vec<EventKind>, Refusal> {
        let facts = &self.facts;
        Ok(match command {
            Command::SetSeverity { to, reason } => unless(
                to == facts.severity,
                EventKind::SeverityChanged {
                    from: facts.severity,
                    to,
                    reason,
                },
            ),
            Command::SetCategory(to) => {
                unless(to == facts.category, EventKind::CategoryChanged { to })
            }
            Command::SetAccount { to, terms } => unless(
                to == facts.account && terms == facts.terms,
                EventKind::AccountChanged { to, terms },
            ),
            Command::SetTerms { terms, reason } => unless(
                terms == facts.terms,
                EventKind::TermsChanged { terms, reason },
            ),
            Command::SetContact(to) => unless(to == self.contact, EventKind::ContactChanged { to }),
            Command::SetTeam(to) => unless(to == facts.team, EventKind::TeamChanged { to }),
            Command::Assign { to, because } => unless(
                to == facts.assignee,
                EventKind::AssigneeChanged {
                    to,
                    reason: because.as_ref().map(ToString::to_string),
                    because,
                },
            ),
            Command::AddTags(mut tags) => {
                tags.retain(|tag| !facts.tags.contains(tag));
                unless(tags.is_empty(), EventKind::TagsAdded { tags })
            }
            Command::RemoveTags(mut tags) => {
                tags.retain(|tag| facts.tags.contains(tag));
                unless(tags.is_empty(), EventKind::TagsRemoved { tags })
            }
            Command::SetSubject(to) if to.trim().is_empty() => {
                return Err(Refusal::Empty("the subject"));
            }
            Command::SetSubject(to) => unless(to == self.subject, EventKind::SubjectChanged { to }),
            Command::SetField { field, to } => unless(
                self.fields.get(&field) == to.as_ref(),
                EventKind::FieldChanged { field, to },
            ),
            Command::Follow(agent) => unless(
                self.followers.contains(&agent),
                EventKind::FollowerAdded { agent },
            ),
            Command::Unfollow(agent) => unless(
                !self.followers.contains(&agent),
                EventKind::FollowerRemoved { agent },
            ),
            Command::Link { to, .. } if to == self.id => {
                return Err(Refusal::Itself("linked with"));
            }
            Command::Link { to, relation } => unless(
                self.links
                    .iter()
                    .any(|link| link.to == to && link.relation == relation),
                EventKind::Linked { to, relation },
            ),
            Command::Unlink(to) => unless(
                !self.links.iter().any(|link| link.to == to),
                EventKind::Unlinked { to },
            ),
            Command::Rate { score, comment, at } => {
                self.may_be_rated(at)?;
                let is_so = |rating: &Rating| rating.score == score && rating.comment == comment;
                unless(
                    self.rating.as_ref().is_some_and(is_so),
                    EventKind::Rated { score, comment },
                )
            }
            Command::NoteUndone { changed, restored } => vec![EventKind::ChangeUndone {
                first: changed.before + 1,
                last: changed.after,
                restored,
            }],
            Command::NoteSplitFrom {
                ticket,
                number,
                message,
            } => vec![EventKind::SplitFrom {
                ticket,
                number,
                message,
            }],
            Command::NoteEscalation {
                escalation,
                ladder,
                reason,
            } => vec![EventKind::EscalationRaised {
                escalation,
                ladder,
                reason,
            }],
            Command::NoteAcknowledgement(escalation) => {
                vec![EventKind::EscalationAcknowledged { escalation }]
            }
            Command::NoteEscalationResolved(escalation) => {
                vec![EventKind::EscalationResolved { escalation }]
            }
            Command::Open(_)
            | Command::AddMessage { .. }
            | Command::SetStatus(_)
            | Command::MergeInto(_)
            | Command::TakeOver { .. }
            | Command::SplitInto { .. } => Vec::new(),
        })
    }
}

/// The event, unless everything is so already.
fn unless(is_so: bool, event: EventKind) -> Vec<EventKind> {
    if is_so { Vec::new() } else { vec![event] }
}

/// A status by its name: one of the policy's, or one of the built-in ones.
fn find_status(name: &StatusName, statuses: &[Status]) -> Result<Status, Refusal> {
    let built_in = StatusKind::ALL.map(Status::from);
    statuses
        .iter()
        .chain(&built_in)
        .find(|status| status.name == *name)
        .cloned()
        .ok_or_else(|| {
            let known: Vec<&str> = built_in
                .iter()
                .chain(statuses)
                .map(|status| status.name.as_str())
                .collect();
            Refusal::UnknownStatus(name.to_string(), known.join(", "))
        })
}
