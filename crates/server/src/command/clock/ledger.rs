//! From a scenario's events to the facts of a ledger.

use std::hash::{DefaultHasher, Hash, Hasher};

use mainstay_domain::event::{
    Actor, CarriedClock, Channel, ContractTerms, Event, EventKind, Origin, Side, Spoken,
    TargetOverride, Visibility,
};
use mainstay_domain::id::{EventId, TeamId, uuid_at};
use mainstay_domain::name::StatusName;
use mainstay_domain::policy::{Policy, PolicyVersion};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};

use super::form::{By, EventForm, Kind, OverrideForm, SideWord, builtin_status};

/// The team of a name: in a scenario, every name is a team's.
pub fn team_of(name: &str) -> TeamId {
    id(name)
}

/// The identifier of a scenario's event, counted from 1.
pub fn event_id(number: usize) -> EventId {
    id(&("event", number))
}

/// The facts, in the order of the scenario, which is the order in which they were recorded.
pub fn events(forms: &[EventForm], policy: &Policy) -> Result<Vec<Event>, String> {
    let mut ledger = Ledger {
        policy,
        status: Status::from(StatusKind::New),
        severity: Severity::P3,
    };
    // What a status or severity was before depends on when things happened, not on when they were recorded.
    let mut order: Vec<usize> = (0..forms.len()).collect();
    order.sort_by_key(|index| forms[*index].at.0);
    refuse_no_history(forms, &order)?;
    let mut events = Vec::with_capacity(forms.len());
    for index in order {
        let form = &forms[index];
        let number = index + 1;
        let event = ledger
            .event(form, number)
            .map_err(|what| format!("event {number}: {what}"))?;
        events.push(event);
    }
    events.sort_by_key(|event| event.sequence);
    Ok(events)
}

/// A history begins with its opening, and nothing is recorded before it happens.
fn refuse_no_history(forms: &[EventForm], order: &[usize]) -> Result<(), String> {
    for (place, index) in order.iter().enumerate() {
        let (form, number) = (&forms[*index], index + 1);
        match (place, form.kind == Kind::Opened) {
            (0, false) => {
                return Err(format!(
                    "event {number} happened first and is not `opened`: a ticket's history begins with its opening"
                ));
            }
            (1.., true) => {
                return Err(format!(
                    "event {number}: the ticket was opened before: a second ticket is a second scenario"
                ));
            }
            _ => {}
        }
        if form
            .recorded_at
            .is_some_and(|recorded| recorded.0 < form.at.0)
        {
            return Err(format!(
                "event {number}: `recorded_at` is before `at`: nothing is recorded before it happens"
            ));
        }
    }
    Ok(())
}

struct Ledger<'a> {
    policy: &'a Policy,
    status: Status,
    severity: Severity,
}

impl Ledger<'_> {
    fn event(&mut self, form: &EventForm, number: usize) -> Result<Event, String> {
        refuse_unused(form)?;
        let by = form.by.unwrap_or(match form.kind {
            Kind::Opened | Kind::CustomerMessage | Kind::AutomaticReply => By::Customer,
            Kind::Bounce | Kind::Escalated | Kind::ClockMissed => By::System,
            _ => By::Agent,
        });
        Ok(Event {
            id: event_id(number),
            at: form.at.0,
            recorded_at: form.recorded_at.unwrap_or(form.at).0,
            sequence: number as u64,
            actor: match by {
                By::Customer => Actor::Contact(id("contact")),
                By::Agent => Actor::Agent(id("agent")),
                By::System => Actor::System,
            },
            policy: PolicyVersion(1),
            kind: self.kind(form, by)?,
        })
    }

    fn kind(&mut self, form: &EventForm, by: By) -> Result<EventKind, String> {
        let to = || form.to.as_deref().ok_or("needs `to`");
        let number = || {
            form.ticket
                .ok_or("needs `ticket`, the other ticket's number")
        };
        let tags = || -> Result<Vec<_>, &str> {
            let tags = form.tags.iter().flatten().map(|tag| tag.as_str().into());
            Some(tags.collect())
                .filter(|tags: &Vec<_>| !tags.is_empty())
                .ok_or("needs `tags`")
        };
        Ok(match form.kind {
            Kind::Opened => self.opened(form)?,
            Kind::CustomerMessage => message(By::Customer, Visibility::Public, Origin::Person),
            Kind::AgentReply => message(By::Agent, Visibility::Public, Origin::Person),
            Kind::InternalNote => message(by, Visibility::Internal, Origin::Person),
            Kind::AutomaticReply => message(by, Visibility::Public, Origin::Automatic),
            Kind::Bounce => message(by, Visibility::Public, Origin::Bounce),
            Kind::Status => {
                let to = self.find_status(to()?)?;
                let from = std::mem::replace(&mut self.status, to.clone());
                EventKind::StatusChanged { from, to }
            }
            Kind::Severity => {
                let to = to()?.parse().map_err(|error| format!("{error}"))?;
                let from = std::mem::replace(&mut self.severity, to);
                EventKind::SeverityChanged {
                    from,
                    to,
                    reason: None,
                }
            }
            Kind::Category => EventKind::CategoryChanged {
                to: form.to.as_deref().map(Into::into),
            },
            Kind::Terms => EventKind::TermsChanged {
                terms: self.terms(form)?,
                reason: "the scenario".into(),
            },
            Kind::Team => EventKind::TeamChanged {
                to: form.to.as_deref().map(id),
            },
            Kind::Assigned => EventKind::AssigneeChanged {
                to: Some(id(form.to.as_deref().unwrap_or("agent"))),
                reason: None,
                because: None,
            },
            Kind::TagsAdded => EventKind::TagsAdded { tags: tags()? },
            Kind::TagsRemoved => EventKind::TagsRemoved { tags: tags()? },
            Kind::Escalated => EventKind::EscalationRaised {
                escalation: id("escalation"),
                ladder: form.to.as_deref().unwrap_or("ladder").into(),
                reason: "the scenario".into(),
            },
            Kind::Acknowledged => EventKind::EscalationAcknowledged {
                escalation: id("escalation"),
            },
            Kind::MergedInto => EventKind::MergedInto {
                ticket: id(&number()?),
                number: number()?,
            },
            Kind::MergedFrom => EventKind::MergedFrom {
                ticket: id(&number()?),
                number: number()?,
                clocks: self.carried(form)?,
                messages: said_there(form),
            },
            Kind::SplitFrom => EventKind::SplitFrom {
                ticket: id(&number()?),
                number: number()?,
                message: id("message"),
            },
            Kind::ClockMissed => EventKind::ClockMissed {
                commitment: self
                    .find_commitment(form.clock.as_deref().ok_or("needs `clock`")?)?
                    .into(),
                cycle: form.cycle.unwrap_or(1),
                due_at: form.due_at.unwrap_or(form.at).0,
            },
        })
    }

    fn opened(&mut self, form: &EventForm) -> Result<EventKind, String> {
        if let Some(name) = &form.status {
            self.status = self.find_status(name)?;
        }
        if let Some(severity) = form.severity {
            self.severity = severity.0;
        }
        Ok(EventKind::Opened {
            account: Some(id("account")),
            contact: Some(id("contact")),
            channel: form.channel.map_or(Channel::Email, |channel| channel.0),
            severity: self.severity,
            category: form.category.as_deref().map(Into::into),
            status: self.status.clone(),
            team: form.team.as_deref().map(id),
            assignee: None,
            terms: self.terms(form)?,
            tags: form
                .tags
                .iter()
                .flatten()
                .map(|tag| tag.as_str().into())
                .collect(),
        })
    }

    fn terms(&self, form: &EventForm) -> Result<ContractTerms, String> {
        if let Some(tier) = &form.tier {
            let known = self.policy.tiers.iter().map(|known| known.name.as_str());
            find(tier, known.collect(), "tier")?;
        }
        let overrides = form.overrides.iter().flatten().zip(1..);
        Ok(ContractTerms {
            tier: form.tier.as_deref().map(Into::into),
            overrides: overrides
                .map(|(form, number)| self.target_override(form, number))
                .collect::<Result<_, _>>()?,
        })
    }

    fn target_override(&self, form: &OverrideForm, number: u32) -> Result<TargetOverride, String> {
        if let Some(calendar) = &form.calendar {
            let known = self.policy.calendars.keys().map(|name| name.as_str());
            find(calendar, known.collect(), "calendar")?;
        }
        if form.within.is_none() && form.calendar.is_none() {
            return Err(format!(
                "override {number} changes nothing: it needs `within`, `calendar` or both"
            ));
        }
        Ok(TargetOverride {
            commitment: self.find_commitment(&form.commitment)?.into(),
            severity: form.severity.map(|severity| severity.0),
            target: form.within.map(|within| within.0),
            calendar: form.calendar.as_deref().map(Into::into),
            clause: form
                .clause
                .clone()
                .unwrap_or_else(|| format!("override {number}")),
        })
    }

    fn carried(&self, form: &EventForm) -> Result<Vec<CarriedClock>, String> {
        form.clocks
            .iter()
            .flatten()
            .map(|clock| {
                Ok(CarriedClock {
                    commitment: self.find_commitment(&clock.commitment)?.into(),
                    started_at: clock.started_at.0,
                    used: clock.used.0,
                })
            })
            .collect()
    }

    fn find_commitment<'n>(&self, name: &'n str) -> Result<&'n str, String> {
        let commitments = self.policy.commitments.iter();
        let known = commitments.map(|commitment| commitment.name.as_str());
        find(name, known.collect(), "commitment").map(|()| name)
    }

    fn find_status(&self, name: &str) -> Result<Status, String> {
        if let Some(kind) = builtin_status(name) {
            return Ok(Status::from(kind));
        }
        let own = &self.policy.statuses;
        if let Some(status) = own.iter().find(|status| status.name.as_str() == name) {
            return Ok(Status {
                name: StatusName::from(name),
                kind: status.kind,
            });
        }
        let known = StatusKind::ALL.map(StatusKind::as_str).into_iter();
        let known = known.chain(own.iter().map(|status| status.name.as_str()));
        find(name, known.collect(), "status")?;
        Err(format!("unknown status `{name}`"))
    }
}

/// Refuses a field that this kind of event does not have, so that a slip of the pen is not read as nothing.
fn refuse_unused(form: &EventForm) -> Result<(), String> {
    let kind = form.kind;
    let is = |kinds: &[Kind]| kinds.contains(&kind);
    let terms = is(&[Kind::Opened, Kind::Terms]);
    let fields = [
        (
            "to",
            form.to.is_some(),
            is(&[
                Kind::Status,
                Kind::Severity,
                Kind::Category,
                Kind::Team,
                Kind::Assigned,
                Kind::Escalated,
            ]),
        ),
        ("severity", form.severity.is_some(), is(&[Kind::Opened])),
        ("status", form.status.is_some(), is(&[Kind::Opened])),
        ("channel", form.channel.is_some(), is(&[Kind::Opened])),
        ("category", form.category.is_some(), is(&[Kind::Opened])),
        ("team", form.team.is_some(), is(&[Kind::Opened])),
        ("tier", form.tier.is_some(), terms),
        ("overrides", form.overrides.is_some(), terms),
        (
            "tags",
            form.tags.is_some(),
            is(&[Kind::Opened, Kind::TagsAdded, Kind::TagsRemoved]),
        ),
        (
            "ticket",
            form.ticket.is_some(),
            is(&[Kind::MergedInto, Kind::MergedFrom, Kind::SplitFrom]),
        ),
        ("clocks", form.clocks.is_some(), is(&[Kind::MergedFrom])),
        ("messages", form.messages.is_some(), is(&[Kind::MergedFrom])),
        ("clock", form.clock.is_some(), is(&[Kind::ClockMissed])),
        ("cycle", form.cycle.is_some(), is(&[Kind::ClockMissed])),
        ("due_at", form.due_at.is_some(), is(&[Kind::ClockMissed])),
    ];
    match fields.iter().find(|(_, given, known)| *given && !known) {
        Some((name, ..)) => Err(format!("an event of this type has no `{name}`")),
        None => Ok(()),
    }
}

/// What was said in the ticket that is merged into this one.
fn said_there(form: &EventForm) -> Vec<Spoken> {
    let mut messages: Vec<Spoken> = form
        .messages
        .iter()
        .flatten()
        .map(|spoken| Spoken {
            at: spoken.at.0,
            side: match spoken.by {
                SideWord::Customer => Side::Customer,
                SideWord::Agent => Side::Agent,
            },
        })
        .collect();
    messages.sort_by_key(|spoken| spoken.at);
    messages
}

/// Refuses a name that the pack does not know.
fn find(name: &str, known: Vec<&str>, what: &str) -> Result<(), String> {
    if known.contains(&name) {
        return Ok(());
    }
    Err(match known.is_empty() {
        true => format!("unknown {what} `{name}`: the pack has none"),
        false => format!("unknown {what} `{name}`: the pack has {}", known.join(", ")),
    })
}

fn message(by: By, visibility: Visibility, origin: Origin) -> EventKind {
    EventKind::MessageAdded {
        message: id("message"),
        side: match by {
            By::Agent => Side::Agent,
            By::Customer | By::System => Side::Customer,
        },
        visibility,
        origin,
        channel: Channel::Email,
    }
}

/// An identifier made of a name: the same name is the same team, ticket or person.
fn id<I: From<mainstay_domain::id::Uuid>>(name: &(impl Hash + ?Sized)) -> I {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let mut random = [0; 10];
    for (place, byte) in random.iter_mut().zip(hasher.finish().to_be_bytes()) {
        *place = byte;
    }
    I::from(uuid_at(jiff::Timestamp::UNIX_EPOCH, random))
}
