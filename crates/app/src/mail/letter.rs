//! Writing a mail to a customer: the template of the policy in force, filled in, in their language.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_channels::compose::Correspondent;
use mainstay_channels::template::{
    Language, MessageTemplate, RenderedMessage, TemplateError, Templates,
};
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::CommitmentName;
use mainstay_domain::policy;
use mainstay_domain::team::Team;
use mainstay_domain::ticket::Ticket;
use mainstay_store::clock::{ClockState, StoredClock};
use mainstay_store::{Connection, account, clock, contact};
use serde_json::{Value, json};

use super::identity::Identity;
use crate::company::Company;
use crate::context::App;
use crate::error::Result;

/// Everybody and everything a mail about a ticket may speak of.
pub(super) struct Subject {
    pub ticket: Ticket,
    pub account: Option<Account>,
    pub contact: Option<Contact>,
    pub manager: Option<Agent>,
    pub agent: Option<Agent>,
    pub team: Option<Team>,
    /// Where the customer rates how the ticket was handled, when they are asked.
    pub rating: Option<RatingLinks>,
    clocks: Vec<StoredClock>,
    /// Our own name, and what holds where the customer says nothing.
    company: Company,
}

/// The links of the two ratings.
pub(super) struct RatingLinks {
    pub good: String,
    pub bad: String,
}

impl Subject {
    /// Loads what a mail about a ticket may speak of; `writer` is the agent who writes it.
    pub async fn load(
        app: &App,
        on: &impl Connection,
        ticket: Ticket,
        writer: Option<AgentId>,
    ) -> Result<Self> {
        let loading = Loading::of(on, &[&ticket]).await?;
        loading.subject(app, on, ticket, writer).await
    }

    /// The language to write in: the contact's, else the account's, else the one they wrote in, else ours, else English.
    pub fn language(&self, written_in: Option<&str>) -> Language {
        let contact = self.contact.as_ref().and_then(|c| c.language.as_deref());
        let account = self.account.as_ref().and_then(|a| a.language.as_deref());
        [
            contact,
            account,
            written_in,
            self.company.language.as_deref(),
        ]
        .into_iter()
        .flatten()
        .find_map(Language::from_code)
        .unwrap_or(Language::English)
    }

    /// Who the mail comes from: the team's own address where it has one.
    pub fn sender(&self, identity: &Identity) -> Correspondent {
        let name = match &self.agent {
            Some(agent) => agent.name.clone(),
            None => self.company_name().to_owned(),
        };
        let team = self.team.as_ref().and_then(|team| team.email.clone());
        Correspondent::named(name, team.unwrap_or_else(|| identity.from.clone()))
    }

    /// What the variables of a template stand for.
    pub fn context(&self, app: &App, identity: &Identity, message: Option<&Said<'_>>) -> Value {
        let policy = app.policy();
        let policy = policy.current();
        let options = app.options();
        let facts = &self.ticket.facts;
        let title = policy
            .severities
            .iter()
            .find(|severity| severity.severity == facts.severity)
            .map(|severity| severity.title.clone());
        let contact = self.contact.as_ref();
        let company = self.company_name();
        let team = self.team.as_ref().map(|team| team.name.clone());
        json!({
            "ticket": {
                "number": self.ticket.number,
                "subject": self.ticket.subject,
                "severity": facts.severity.as_str(),
                "severity_title": title.unwrap_or_default(),
                "status": facts.status.name.as_str(),
                "category": facts.category.as_ref().map_or("", |category| category.as_str()),
                "url": format!("{}/tickets/{}", options.public_url, self.ticket.number),
                "opened_at": self.local(self.ticket.opened_at),
            },
            "account": {
                "name": self.account.as_ref().map_or("", |account| &account.name),
                "tier": facts.terms.tier.as_ref().map_or("", |tier| tier.as_str()),
                "manager": self.manager.as_ref().map_or("", |agent| &agent.name),
            },
            "contact": {
                "name": contact.map_or("", |contact| &contact.name),
                "email": contact.and_then(|c| c.addresses.first()).map_or("", String::as_str),
            },
            "agent": { "name": self.agent.as_ref().map_or("", |agent| &agent.name) },
            "team": { "name": team.unwrap_or_else(|| company.to_owned()) },
            "company": {
                "name": company,
                "product": company,
                "url": options.public_url,
                "support_address": identity.from,
            },
            "message": {
                "text": message.map_or("", |said| said.text),
                "quoted": message.map_or("", |said| said.quoted),
            },
            "rating": {
                "good_url": self.rating.as_ref().map(|links| &links.good),
                "bad_url": self.rating.as_ref().map(|links| &links.bad),
            },
            "first_response": { "due_at": self.first_response_due(&app.policy().book().internal()) },
        })
    }

    fn first_response_due(&self, internal: &BTreeSet<CommitmentName>) -> String {
        let running = self.clocks.iter().find(|clock| {
            clock.commitment.as_str() == "first_response"
                && clock.state == ClockState::Running
                && !internal.contains(&clock.commitment)
        });
        running
            .and_then(|clock| clock.due_at)
            .map(|due| self.local(due))
            .unwrap_or_default()
    }

    fn company_name(&self) -> &str {
        self.company.name.as_deref().unwrap_or_default()
    }

    /// An instant in the account's time zone, else in ours: `2026-03-02 11:00 CET`.
    pub fn local(&self, at: jiff::Timestamp) -> String {
        let zone = self
            .account
            .as_ref()
            .and_then(|account| account.time_zone.as_deref())
            .or(self.company.time_zone.as_deref())
            .and_then(|name| jiff::tz::TimeZone::get(name).ok())
            .unwrap_or(jiff::tz::TimeZone::UTC);
        at.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// Fills in a template. One that does not work is told to the log and replaced by the program's own, so that a slip
    /// in a pack keeps no customer from their answer.
    pub fn render(
        &self,
        app: &App,
        identity: &Identity,
        name: &str,
        language: Language,
        said: Option<&Said<'_>>,
    ) -> Result<RenderedMessage, TemplateError> {
        let context = self.context(app, identity, said);
        let policy = app.policy();
        let rendered = templates(&policy.current().templates, name)
            .and_then(|templates| templates.render(name, language, &context));
        match rendered {
            Ok(rendered) => Ok(rendered),
            Err(error) => {
                if policy
                    .current()
                    .templates
                    .iter()
                    .any(|t| t.name.as_str() == name)
                {
                    tracing::warn!(%error, "a template does not work, and the program's own is used");
                }
                last_resort(name)?.render(name, Language::English, &context)
            }
        }
    }
}

/// What mails about several tickets may speak of, asked for at once.
pub(super) struct Loading {
    accounts: BTreeMap<AccountId, Account>,
    contacts: BTreeMap<ContactId, Contact>,
    clocks: BTreeMap<TicketId, Vec<StoredClock>>,
}

impl Loading {
    /// Asks what mails about these tickets may speak of.
    pub async fn of(on: &impl Connection, tickets: &[&Ticket]) -> Result<Self> {
        let of_tickets: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
        let accounts: BTreeSet<AccountId> =
            tickets.iter().filter_map(|it| it.facts.account).collect();
        let accounts = account::find_many(on, &Vec::from_iter(accounts)).await?;
        let contacts: BTreeSet<ContactId> = tickets.iter().filter_map(|it| it.contact).collect();
        let contacts = contact::find_many(on, &Vec::from_iter(contacts)).await?;
        let mut clocks: BTreeMap<TicketId, Vec<StoredClock>> = BTreeMap::new();
        for clock in clock::of_tickets(on, &of_tickets).await? {
            clocks.entry(clock.ticket).or_default().push(clock);
        }
        Ok(Self {
            accounts: accounts.into_iter().map(|it| (it.id, it)).collect(),
            contacts: contacts.into_iter().map(|it| (it.id, it)).collect(),
            clocks,
        })
    }

    /// What a mail about one of these tickets may speak of; `writer` is the agent who writes it.
    pub async fn subject(
        &self,
        app: &App,
        on: &impl Connection,
        ticket: Ticket,
        writer: Option<AgentId>,
    ) -> Result<Subject> {
        let account = ticket
            .facts
            .account
            .and_then(|id| self.accounts.get(&id))
            .cloned();
        let contact = ticket
            .contact
            .and_then(|id| self.contacts.get(&id))
            .cloned();
        let manager = account
            .as_ref()
            .and_then(|account| account.people.first())
            .map(|person| person.agent);
        let team = match ticket.facts.team {
            Some(id) => app.known_team(on, id).await?,
            None => None,
        };
        Ok(Subject {
            manager: find_agent(app, on, manager).await?,
            agent: find_agent(app, on, writer).await?,
            clocks: self.clocks.get(&ticket.id).cloned().unwrap_or_default(),
            company: Company {
                name: Some(app.company_in_mail(on).await?),
                ..app.company(on).await?
            },
            rating: None,
            account,
            contact,
            team,
            ticket,
        })
    }
}

/// What a mail carries.
pub(super) struct Said<'a> {
    pub text: &'a str,
    pub quoted: &'a str,
}

async fn find_agent(app: &App, on: &impl Connection, id: Option<AgentId>) -> Result<Option<Agent>> {
    Ok(match id {
        Some(id) => app.known_agent(on, id).await?,
        None => None,
    })
}

/// The templates of one name among `all`, in every language they are in.
pub(crate) fn templates(
    all: &[policy::MessageTemplate],
    name: &str,
) -> Result<Templates, TemplateError> {
    let mut templates = Templates::new();
    for template in all {
        if template.name.as_str() != name {
            continue;
        }
        if let Some(language) = Language::from_code(&template.language) {
            let template = MessageTemplate {
                subject: template.subject.clone(),
                text: template.body.clone(),
                html: None,
            };
            templates.add(name, language, template)?;
        }
    }
    Ok(templates)
}

fn last_resort(name: &str) -> Result<Templates, TemplateError> {
    let (subject, text) = match name {
        "acknowledgement" => (
            "[#{{ ticket.number }}] {{ ticket.subject }}",
            "Your message has arrived. Its number is {{ ticket.number }}.\n",
        ),
        "resolved" => (
            "[#{{ ticket.number }}] {{ ticket.subject }}",
            "We believe that this is resolved. {{ rating.good_url }} {{ rating.bad_url }}\n",
        ),
        _ => (
            "Re: [#{{ ticket.number }}] {{ ticket.subject }}",
            "{{ message.text }}\n\n{{ agent.name }}\n",
        ),
    };
    let mut templates = Templates::new();
    let template = MessageTemplate {
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: None,
    };
    templates.add(name, Language::English, template)?;
    Ok(templates)
}

/// A plain text that stands for a message's HTML while a template is filled in, and occurs in no text.
const PLACE: &str = "\u{e000}message\u{e000}";

impl Subject {
    /// The HTML beside a rendered reply: the template as text around the HTML of the message. Nothing when the message
    /// has none.
    pub fn render_html(
        &self,
        app: &App,
        identity: &Identity,
        message: &Message,
        language: Language,
        quoted: &str,
    ) -> Option<String> {
        let html = message.html.as_ref()?;
        let said = Said {
            text: PLACE,
            quoted,
        };
        let rendered = self.render(app, identity, "reply", language, Some(&said));
        let text = rendered.ok()?.text;
        let escaped: String = text.trim().chars().map(escape).collect();
        let around = escaped.replace('\n', "<br>\n");
        Some(around.replace(PLACE, html))
    }
}

fn escape(letter: char) -> String {
    match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}
