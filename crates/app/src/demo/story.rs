//! How a ticket of the demonstration goes: opened, answered, asked about, resolved, sometimes too late.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::clock::Terms;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::event::{Actor, Channel, ContractTerms, Origin, Visibility};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::{CategoryName, StatusName, Tag};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::{Command, NewTicket};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha20Rng;
use uuid::Uuid;

use super::topic::Topic;
use crate::context::App;
use crate::error::Result;
use crate::ticket::TicketHistory;

/// Who takes part, and when it began.
pub(super) struct Plot<'a> {
    pub number: u64,
    pub account: AccountId,
    pub contact: ContactId,
    pub agent: AgentId,
    pub team: TeamId,
    pub terms: ContractTerms,
    pub topic: &'a Topic,
    /// Whether somebody has put its category and tag on it.
    pub is_sorted: bool,
    pub subject: String,
    pub severity: Severity,
    pub opened_at: Timestamp,
}

impl Plot<'_> {
    fn category(&self) -> Option<CategoryName> {
        self.is_sorted
            .then(|| CategoryName::from(self.topic.category))
    }

    fn tags(&self) -> Vec<Tag> {
        let tag = self.is_sorted.then(|| Tag::from(self.topic.tag));
        tag.into_iter().collect()
    }
}

/// How often the customer is told how it goes, at most.
const MOST_UPDATES: usize = 24;

/// What the customer is told meanwhile.
const UPDATES: [&str; 4] = [
    "We are still on it, and will be back with the next step.",
    "Our engineers can repeat it now. We are testing a correction.",
    "The correction is being reviewed; we expect it in the next release.",
    "No news yet, but it has not been forgotten.",
];

/// How often in a hundred a promise is missed.
const MISSED: u32 = 7;

/// Tells a ticket's story as far as `until`: what would come later has not happened yet.
pub(super) fn tell(
    app: &App,
    random: &mut ChaCha20Rng,
    plot: &Plot<'_>,
    until: Timestamp,
) -> Result<TicketHistory> {
    let mut teller = Teller::begin(app, plot, until)?;
    let answered = teller.promised(random, "first_response", SignedDuration::from_hours(8));
    let asks = random.random_ratio(1, 2);
    let answer = if asks {
        plot.topic.question
    } else {
        plot.topic.answer
    };
    teller.agent_says(answered, answer)?;
    let mut last = answered;
    if asks {
        teller.becomes(answered, "pending_customer")?;
        last += hours(random, 1, 20);
        teller.customer_says(last, plot.topic.detail)?;
        last = teller.answered(random, last);
        teller.agent_says(last, plot.topic.answer)?;
    }
    let promised = teller.promised(random, "resolution", SignedDuration::from_hours(48));
    let resolved = promised.max(last + SignedDuration::from_mins(10));
    teller.keeps_informed(random, last, resolved)?;
    teller.becomes(resolved, "resolved")?;
    if random.random_ratio(1, 18) {
        let back = resolved + hours(random, 2, 30);
        teller.customer_says(back, "It has come back, I am afraid.")?;
        let again = teller.answered(random, back);
        teller.agent_says(
            again,
            "Sorry about that. It is corrected for good now, and we have added a check.",
        )?;
        teller.becomes(again, "resolved")?;
        teller.becomes(again + SignedDuration::from_hours(72), "closed")?;
    } else {
        teller.becomes(resolved + SignedDuration::from_hours(72), "closed")?;
    }
    Ok(teller.history)
}

/// What holds of a ticket when it is opened, as far as promises depend on it.
pub(super) fn facts_of(plot: &Plot<'_>) -> TicketFacts {
    TicketFacts {
        account: Some(plot.account),
        channel: Channel::Email,
        severity: plot.severity,
        category: plot.category(),
        team: Some(plot.team),
        assignee: Some(plot.agent),
        terms: plot.terms.clone(),
        tags: plot.tags(),
        ..TicketFacts::unopened()
    }
}

struct Teller<'a> {
    app: &'a App,
    plot: &'a Plot<'a>,
    until: Timestamp,
    history: TicketHistory,
}

impl<'a> Teller<'a> {
    fn begin(app: &'a App, plot: &'a Plot<'a>, until: Timestamp) -> Result<Self> {
        let opening = NewTicket {
            account: Some(plot.account),
            contact: Some(plot.contact),
            channel: Channel::Email,
            severity: plot.severity,
            category: plot.category(),
            team: Some(plot.team),
            assignee: Some(plot.agent),
            terms: plot.terms.clone(),
            tags: plot.tags(),
        };
        let actor = Actor::Contact(plot.contact);
        let history = TicketHistory::open(
            app,
            plot.number,
            &plot.subject,
            plot.opened_at,
            actor,
            opening,
        )?;
        let mut teller = Self {
            app,
            plot,
            until,
            history,
        };
        teller.customer_says(plot.opened_at, plot.topic.request)?;
        Ok(teller)
    }

    /// An instant before the promised one, or, now and then, after it.
    fn promised(
        &self,
        random: &mut ChaCha20Rng,
        commitment: &str,
        otherwise: SignedDuration,
    ) -> Timestamp {
        let share = share_of_target(random);
        let terms = self.terms(commitment);
        let opened = self.plot.opened_at;
        terms
            .and_then(|terms| terms.calendar.add(opened, terms.target.mul_f64(share)).ok())
            .unwrap_or_else(|| opened + otherwise.mul_f64(share))
    }

    /// What is promised about the ticket as it stands.
    fn terms(&self, commitment: &str) -> Option<Terms> {
        let policy = self.app.policy();
        let policy = policy.current();
        let commitment = policy
            .commitments
            .iter()
            .find(|c| c.name.as_str() == commitment)?;
        Terms::select(policy, commitment, &self.history.ticket.facts)
    }

    /// When a message of the customer's is answered.
    fn answered(&self, random: &mut ChaCha20Rng, message: Timestamp) -> Timestamp {
        let share = share_of_target(random);
        self.terms("next_response")
            .and_then(|terms| {
                terms
                    .calendar
                    .add(message, terms.target.mul_f64(share))
                    .ok()
            })
            .unwrap_or_else(|| message + SignedDuration::from_hours(4).mul_f64(share))
    }

    /// Tells the customer how it goes while the work lasts, mostly as often as was promised.
    fn keeps_informed(
        &mut self,
        random: &mut ChaCha20Rng,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<()> {
        let Some(terms) = self.terms("update") else {
            return Ok(());
        };
        let mut last = from;
        for _ in 0..MOST_UPDATES {
            let share = share_of_target(random);
            let next = terms.calendar.add(last, terms.target.mul_f64(share));
            match next {
                Ok(next) if next < until => last = next,
                _ => break,
            }
            let text = UPDATES.choose(random).unwrap_or(&UPDATES[0]);
            self.agent_says(last, text)?;
        }
        Ok(())
    }

    fn customer_says(&mut self, at: Timestamp, text: &str) -> Result<()> {
        self.says(at, Actor::Contact(self.plot.contact), text)
    }

    fn agent_says(&mut self, at: Timestamp, text: &str) -> Result<()> {
        self.says(at, Actor::Agent(self.plot.agent), text)
    }

    fn says(&mut self, at: Timestamp, author: Actor, text: &str) -> Result<()> {
        if at > self.until {
            return Ok(());
        }
        let message = Message {
            id: self.app.new_id(at),
            ticket: TicketId::from(Uuid::nil()),
            author,
            sender: None,
            visibility: Visibility::Public,
            origin: Origin::Person,
            channel: Channel::Email,
            text: text.to_owned(),
            html: None,
            quoted: None,
            language: Some("en".to_owned()),
            mentions: Vec::new(),
            attachments: Vec::new(),
            raw_mail: None,
            at,
        };
        self.history.say(self.app, message)
    }

    fn becomes(&mut self, at: Timestamp, status: &str) -> Result<()> {
        if at > self.until {
            return Ok(());
        }
        let actor = Actor::Agent(self.plot.agent);
        let command = Command::SetStatus(StatusName::from(status));
        self.history.decide(self.app, actor, at, command)
    }
}

/// How much of a promised time is taken: mostly less than all of it.
fn share_of_target(random: &mut ChaCha20Rng) -> f64 {
    if random.random_ratio(MISSED, 100) {
        random.random_range(1.05..1.6)
    } else {
        random.random_range(0.08..0.92)
    }
}

fn hours(random: &mut ChaCha20Rng, least: i64, most: i64) -> SignedDuration {
    SignedDuration::from_mins(random.random_range(least * 60..=most * 60))
}
