//! Writing everything that is kept of one account, as one JSON document. Its form is described in `docs/import.md`.
//!
//! The document is written ticket by ticket, so that its size does not matter to memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::account::Account;
use mainstay_domain::attachment::Attachment;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, Visibility};
use mainstay_domain::id::{AccountId, AgentId, EscalationId, TeamId, TicketId};
use mainstay_domain::mail::{OutgoingMail, RawMail};
use mainstay_domain::message::Message;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::{ClockState, StoredClock};
use mainstay_store::escalation::{self, StoredEscalation, StoredPhase};
use mainstay_store::ticket::{Direction, StoredTicket, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{
    PageRequest, account, agent, clock, contact, contract, ledger, mail, message, team, ticket,
};
use serde_json::{Value, json};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

/// What stands in every export, so that a reader knows what it holds.
pub const FORMAT: &str = "mainstay-account-export/1";

/// How many tickets are read at once.
const PAGE: u32 = 100;

/// What an export held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExportSummary {
    /// How many tickets.
    pub tickets: u64,
    /// How many messages.
    pub messages: u64,
    /// How many facts of the ledger.
    pub facts: u64,
    /// How many mails, received and sent.
    pub mails: u64,
    /// How many escalations.
    pub escalations: u64,
    /// How many attached files could not be read any more: they stand in the export without their bytes.
    pub lost_files: u64,
}

impl App {
    /// The account that somebody means: by its id, by what another system calls it, or by its name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], and [`AppError::NotFound`] when there is none.
    pub async fn find_account(&self, caller: &Caller, text: &str) -> Result<Account> {
        caller.require(Permission::ReadAccounts)?;
        let reader = self.read();
        if let Ok(id) = text.parse::<AccountId>()
            && let Some(found) = account::find(&reader, id).await?
        {
            return Ok(found);
        }
        if let Some(found) = account::find_by_external_id(&reader, text).await? {
            return Ok(found);
        }
        account::find_by_name(&reader, text).await?.ok_or_else(|| {
            AppError::NotFound(format!(
                "There is no account with the id, external id or name {text:?}."
            ))
        })
    }

    /// Writes everything that is kept of an account. A portal administrator is given what the portal shows: no internal
    /// notes, no ledger, no escalations, no raw mails.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], and [`AppError::Unavailable`] when the document cannot be written.
    pub async fn export_account(
        &self,
        caller: &Caller,
        id: AccountId,
        out: &mut (impl Write + Send),
    ) -> Result<ExportSummary> {
        let scope = export_scope(caller, id)?;
        let reader = self.read();
        let account = account::find(&reader, id).await?;
        let account = account.ok_or_else(|| AppError::no_such("account", id))?;
        transact!(self, tx => async {
            let action = Action::new("account.exported", "account", id).of_account(id);
            self.record(tx, caller, action).await
        })?;
        let mut exporter = Exporter {
            app: self,
            scope,
            out,
            names: Names::load(self).await?,
            escalations: BTreeSet::new(),
            summary: ExportSummary::default(),
        };
        exporter.begin(&account).await?;
        exporter.tickets(id).await?;
        exporter.end(id).await?;
        Ok(exporter.summary)
    }
}

/// What the caller may take with them of the account.
fn export_scope(caller: &Caller, id: AccountId) -> Result<Scope> {
    if caller.contact().is_none() {
        caller.require(Permission::ExportAccounts)?;
        return Ok(Scope::Everything);
    }
    caller.require(Permission::PortalExport)?;
    if caller.account == Some(id) {
        Ok(Scope::Account(id))
    } else {
        Err(AppError::no_such("account", id))
    }
}

/// The names of those who serve.
struct Names {
    agents: BTreeMap<AgentId, String>,
    teams: BTreeMap<TeamId, String>,
}

impl Names {
    async fn load(app: &App) -> Result<Self> {
        let reader = app.read();
        let agents = agent::all(&reader)
            .await?
            .into_iter()
            .map(|agent| (agent.id, agent.name))
            .collect();
        let teams = team::all(&reader)
            .await?
            .into_iter()
            .map(|team| (team.id, team.name))
            .collect();
        Ok(Self { agents, teams })
    }
}

struct Exporter<'a, W> {
    app: &'a App,
    scope: Scope,
    out: &'a mut W,
    names: Names,
    escalations: BTreeSet<EscalationId>,
    summary: ExportSummary,
}

impl<W: Write + Send> Exporter<'_, W> {
    fn is_whole(&self) -> bool {
        self.scope == Scope::Everything
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(unwritable)
    }

    fn value(&mut self, value: &Value) -> Result<()> {
        serde_json::to_writer(&mut *self.out, value).map_err(|error| unwritable(error.into()))
    }

    /// A member of the document, with a comma after it.
    fn member(&mut self, name: &str, value: &Value) -> Result<()> {
        self.text(&format!("\n\"{name}\": "))?;
        self.value(value)?;
        self.text(",")
    }

    async fn begin(&mut self, account: &Account) -> Result<()> {
        let reader = self.app.read();
        let contracts = contract::of_account(&reader, account.id).await?;
        let contacts = contact::of_account(&reader, account.id).await?;
        self.text("{")?;
        self.member("format", &json!(FORMAT))?;
        self.member("exported_at", &json!(self.app.now()))?;
        self.member(
            "scope",
            &json!(if self.is_whole() {
                "everything"
            } else {
                "portal"
            }),
        )?;
        let account = self.account_value(account);
        self.member("account", &account)?;
        self.member("contracts", &contracts.iter().map(contract_value).collect())?;
        self.member("contacts", &contacts.iter().map(contact_value).collect())
    }

    fn account_value(&self, account: &Account) -> Value {
        let mut value = json!({
            "id": account.id,
            "name": account.name,
            "external_id": account.external_id,
            "language": account.language,
            "time_zone": account.time_zone,
            "domains": account.domains,
            "fields": account.fields,
            "created_at": account.created_at,
            "archived_at": account.archived_at,
            "people": account.people.iter().map(|person| json!({
                "role": person.role.as_str(),
                "agent": person.agent,
                "name": self.names.agents.get(&person.agent),
            })).collect::<Value>(),
        });
        if self.is_whole() {
            value["notes"] = json!(account.notes);
        }
        value
    }

    async fn tickets(&mut self, id: AccountId) -> Result<()> {
        let filter = TicketFilter {
            accounts: vec![Some(id)],
            ..TicketFilter::default()
        };
        let sort = TicketSort {
            key: TicketKey::Number,
            direction: Direction::Ascending,
        };
        let mut page = PageRequest::first(PAGE);
        self.text("\n\"tickets\": [")?;
        loop {
            let found = ticket::list(&self.app.read(), self.scope, &filter, sort, page).await?;
            let ids: Vec<TicketId> = found.items.iter().map(|stored| stored.ticket.id).collect();
            let mut clocks: BTreeMap<TicketId, Vec<StoredClock>> = BTreeMap::new();
            for clock in clock::of_tickets(&self.app.read(), &ids).await? {
                clocks.entry(clock.ticket).or_default().push(clock);
            }
            for stored in &found.items {
                let clocks = clocks.remove(&stored.ticket.id).unwrap_or_default();
                let value = self.ticket_value(stored, &clocks).await?;
                self.text(if self.summary.tickets == 0 {
                    "\n"
                } else {
                    ",\n"
                })?;
                self.value(&value)?;
                self.summary.tickets += 1;
            }
            let Some(next) = found.next else {
                return self.text("\n]");
            };
            page.after = Some(next);
        }
    }

    async fn ticket_value(
        &mut self,
        stored: &StoredTicket,
        clocks: &[StoredClock],
    ) -> Result<Value> {
        let ticket = &stored.ticket;
        let facts = &ticket.facts;
        let reader = self.app.read();
        let mut messages = message::of_ticket(&reader, self.scope, ticket.id).await?;
        if !self.is_whole() {
            messages.retain(|message| message.visibility == Visibility::Public);
        }
        self.summary.messages += messages.len() as u64;
        let mut message_values = Vec::with_capacity(messages.len());
        for message in &messages {
            message_values.push(self.message_value(message).await?);
        }
        let mut value = json!({
            "id": ticket.id,
            "number": ticket.number,
            "subject": ticket.subject,
            "contact": ticket.contact,
            "channel": facts.channel.as_str(),
            "severity": facts.severity,
            "category": facts.category,
            "status": facts.status,
            "team": facts.team,
            "team_name": facts.team.and_then(|team| self.names.teams.get(&team)),
            "assignee": facts.assignee,
            "assignee_name": facts.assignee.and_then(|agent| self.names.agents.get(&agent)),
            "terms": facts.terms,
            "tags": facts.tags,
            "fields": ticket.fields,
            "links": ticket.links.iter().map(|link| json!({ "to": link.to, "relation": link.relation })).collect::<Value>(),
            "merged_into": ticket.merged_into,
            "opened_at": ticket.opened_at,
            "resolved_at": ticket.resolved_at,
            "closed_at": ticket.closed_at,
            "updated_at": ticket.updated_at,
            "messages": message_values,
            "clocks": clocks.iter().map(clock_value).collect::<Value>(),
        });
        if self.is_whole() {
            let facts = ledger::load(&reader, ticket.id).await?;
            let received = mail::received_of_ticket(&reader, ticket.id).await?;
            let sent = mail::of_ticket(&reader, ticket.id).await?;
            let raised = escalation::of_ticket(&reader, ticket.id).await?;
            self.summary.facts += facts.len() as u64;
            self.summary.mails += (received.len() + sent.len()) as u64;
            self.escalations
                .extend(raised.iter().map(|escalation| escalation.id));
            value["facts"] = json!(facts);
            value["followers"] = json!(ticket.followers);
            value["mails_received"] = received.iter().map(received_value).collect();
            value["mails_sent"] = sent.iter().map(sent_value).collect();
            value["escalations"] = raised
                .iter()
                .map(|escalation| json!(escalation.id))
                .collect();
        }
        Ok(value)
    }

    async fn message_value(&mut self, message: &Message) -> Result<Value> {
        let mut attachments = Vec::with_capacity(message.attachments.len());
        for attachment in &message.attachments {
            attachments.push(self.attachment_value(attachment).await?);
        }
        let author = match message.author {
            Actor::Contact(id) => json!({ "contact": id }),
            Actor::Agent(id) => json!({ "agent": id, "name": self.names.agents.get(&id) }),
            Actor::System => json!("system"),
        };
        Ok(json!({
            "id": message.id,
            "at": message.at,
            "author": author,
            "sender": message.sender,
            "visibility": message.visibility,
            "origin": message.origin,
            "channel": message.channel.as_str(),
            "language": message.language,
            "text": message.text,
            "html": message.html,
            "quoted": message.quoted,
            "mentions": if self.is_whole() { json!(message.mentions) } else { json!([]) },
            "attachments": attachments,
        }))
    }

    /// A file with its bytes; without them where they are lost, so that one lost file does not keep the rest back.
    async fn attachment_value(&mut self, attachment: &Attachment) -> Result<Value> {
        let bytes = match self.app.blobs().get(attachment.digest).await {
            Ok(bytes) => Some(STANDARD.encode(&bytes)),
            Err(AppError::NotFound(_) | AppError::Broken { .. }) => {
                self.summary.lost_files += 1;
                None
            }
            Err(error) => return Err(error),
        };
        Ok(json!({
            "file_name": attachment.file_name,
            "content_type": attachment.content_type,
            "size": attachment.size,
            "sha256": attachment.digest.to_string(),
            "content_id": attachment.content_id,
            "base64": bytes,
        }))
    }

    async fn end(&mut self, account: AccountId) -> Result<()> {
        if self.is_whole() {
            let reader = self.app.read();
            let mut escalations = Vec::new();
            for id in std::mem::take(&mut self.escalations) {
                if let Some(stored) = escalation::find(&reader, id).await? {
                    let facts = escalation::load(&reader, id).await?;
                    self.summary.facts += facts.len() as u64;
                    escalations.push(escalation_value(&stored, &json!(facts)));
                }
            }
            self.summary.escalations = escalations.len() as u64;
            self.text(",\n\"escalations\": ")?;
            self.value(&Value::Array(escalations))?;
            let facts = ledger::account_facts(&reader, account).await?;
            self.summary.facts += facts.len() as u64;
            self.text(",\n\"facts\": ")?;
            self.value(&facts.iter().map(|fact| json!({
                "id": fact.id,
                "at": fact.at,
                "recorded_at": fact.recorded_at,
                "actor": fact.actor,
                "policy": fact.policy.0,
                "kind": fact.kind,
                "payload": serde_json::from_str::<Value>(&fact.payload).unwrap_or_else(|_| json!(fact.payload)),
            })).collect())?;
        }
        self.text("\n}\n")?;
        self.out.flush().map_err(unwritable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unwritable(error: std::io::Error) -> AppError {
    AppError::Refused(format!("The export cannot be written: {error}."))
}

fn contract_value(contract: &Contract) -> Value {
    json!({
        "id": contract.id,
        "tier": contract.tier,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "renews_on": contract.renews_on,
        "value": contract.value,
        "currency": contract.currency,
        "overrides": contract.overrides,
        "created_at": contract.created_at,
    })
}

fn contact_value(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "addresses": contact.addresses,
        "language": contact.language,
        "phone": contact.phone,
        "portal": contact.portal.map(|role| match role {
            PortalRole::Contact => "contact",
            PortalRole::Administrator => "administrator",
        }),
        "active": contact.active,
        "created_at": contact.created_at,
    })
}

fn clock_value(clock: &StoredClock) -> Value {
    json!({
        "commitment": clock.commitment,
        "cycle": clock.cycle,
        "state": match clock.state {
            ClockState::Running => "running",
            ClockState::Paused => "paused",
            ClockState::Met => "met",
            ClockState::Missed => "missed",
            ClockState::Cancelled => "cancelled",
        },
        "policy": clock.policy.0,
        "calendar": clock.calendar,
        "target_seconds": clock.target.map(|target| target.as_secs()),
        "started_at": clock.started_at,
        "promised_due_at": clock.promised_due_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "missed_at": clock.missed_at,
        "cancelled_at": clock.cancelled_at,
    })
}

fn received_value(mail: &RawMail) -> Value {
    json!({
        "id": mail.id,
        "message_id": mail.message_id,
        "source": mail.source,
        "received_at": mail.received_at,
        "message": mail.message,
        "base64": STANDARD.encode(&mail.bytes),
    })
}

fn sent_value(mail: &OutgoingMail) -> Value {
    json!({
        "id": mail.id,
        "message_id": mail.message_id,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "subject": mail.subject,
        "message": mail.message,
        "created_at": mail.created_at,
        "sent_at": mail.sent_at,
        "base64": STANDARD.encode(&mail.bytes),
    })
}

fn escalation_value(stored: &StoredEscalation, facts: &Value) -> Value {
    json!({
        "id": stored.id,
        "ladder": stored.ladder,
        "phase": match stored.phase {
            StoredPhase::Open => "open",
            StoredPhase::Resolved => "resolved",
            StoredPhase::Cancelled => "cancelled",
        },
        "level": stored.level,
        "reason": stored.reason,
        "raised_at": stored.raised_at,
        "acknowledged_at": stored.acknowledged_at,
        "ended_at": stored.ended_at,
        "facts": facts,
    })
}
