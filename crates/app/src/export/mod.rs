//! Taking out everything that is kept of one account, as a ZIP archive. Its form is described in `docs/import.md`.
//!
//! `account.json` is written first, ticket by ticket; then the bytes of files and mails, one after the other, each in a
//! file of its own. So the archive's size does not matter to memory.

mod account;
mod archive;
mod message;
mod names;
mod request;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use futures::TryStreamExt as _;
use mainstay_domain::account::Account;
use mainstay_domain::digest::Digest;
use mainstay_domain::export::ExportExtent;
use mainstay_domain::id::{AccountId, EscalationId, OutgoingMailId, RawMailId, TicketId};
use mainstay_domain::name::CommitmentName;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::StoredClock;
use mainstay_store::escalation as escalations;
use mainstay_store::ticket::{Direction, StoredTicket, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, clock, contact, contract, ledger, mail};
use serde_json::{Value, json};

use self::account::{account_value, contact_value, contract_value, fact_value};
use self::archive::{Archive, Packed};
use self::message::{
    file_path, message_value, received_path, received_value, sent_path, sent_value,
};
use self::names::Names;
use self::ticket::{escalation_value, ticket_value};
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

pub use mainstay_domain::export::Export;

pub(crate) use request::{forget_export, write_export};

/// What stands in every export, so that a reader knows what it holds.
pub const FORMAT: &str = "mainstay-account-export/2";

/// The file of the archive that tells of everything and names the others.
pub const DOCUMENT: &str = "account.json";

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
    /// How many attached files could not be read any more: they are missing from the archive.
    pub lost_files: u64,
}

impl App {
    /// The account that somebody means: by its id, by what another system calls it, or by its name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], and [`AppError::NotFound`] when there is none.
    pub async fn find_account(&self, caller: &Caller, text: &str) -> Result<Account> {
        use mainstay_store::account;
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
    /// notes, no promises among ourselves, no ledger, no escalations, no raw mails.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], and [`AppError::Refused`] when the archive cannot be written.
    pub async fn export_account(
        &self,
        caller: &Caller,
        id: AccountId,
        out: impl Write + Send + 'static,
    ) -> Result<ExportSummary> {
        let extent = extent_for(caller, id)?;
        let account = self.exported_account(id).await?;
        transact!(self, tx => async {
            let action = Action::new("account.exported", "account", id).of_account(id);
            self.record(tx, caller, action).await
        })?;
        self.write_archive(&account, extent, out).await
    }

    async fn exported_account(&self, id: AccountId) -> Result<Account> {
        let found = mainstay_store::account::find(&self.read(), id).await?;
        found.ok_or_else(|| AppError::no_such("account", id))
    }

    async fn write_archive(
        &self,
        account: &Account,
        extent: ExportExtent,
        out: impl Write + Send + 'static,
    ) -> Result<ExportSummary> {
        let mut exporter = Exporter {
            app: self,
            scope: match extent {
                ExportExtent::Everything => Scope::Everything,
                ExportExtent::Portal => Scope::Account(account.id),
            },
            hidden: match extent {
                ExportExtent::Everything => BTreeSet::new(),
                ExportExtent::Portal => self.policy().book().internal(),
            },
            archive: Archive::begin(out, self.now()),
            names: Names::load(self).await?,
            escalations: BTreeSet::new(),
            files: BTreeMap::new(),
            received: Vec::new(),
            sent: Vec::new(),
            summary: ExportSummary::default(),
        };
        exporter.document(account).await?;
        exporter.files().await?;
        exporter.mails().await?;
        exporter.archive.end().await?;
        Ok(exporter.summary)
    }
}

/// How much the caller may take with them of the account.
fn extent_for(caller: &Caller, id: AccountId) -> Result<ExportExtent> {
    if caller.contact().is_none() {
        caller.require(Permission::ExportAccounts)?;
        return Ok(ExportExtent::Everything);
    }
    caller.require(Permission::PortalExport)?;
    if caller.account == Some(id) {
        Ok(ExportExtent::Portal)
    } else {
        Err(AppError::no_such("account", id))
    }
}

struct Exporter<'a> {
    app: &'a App,
    scope: Scope,
    /// The commitments that are kept from the reader.
    hidden: BTreeSet<CommitmentName>,
    archive: Archive,
    names: Names,
    escalations: BTreeSet<EscalationId>,
    /// The files that messages name, by where they stand in the archive.
    files: BTreeMap<String, Digest>,
    received: Vec<RawMailId>,
    sent: Vec<OutgoingMailId>,
    summary: ExportSummary,
}

impl Exporter<'_> {
    fn is_whole(&self) -> bool {
        self.scope == Scope::Everything
    }

    async fn text(&mut self, text: &str) -> Result<()> {
        self.archive
            .text(|out| out.extend_from_slice(text.as_bytes()))
            .await
    }

    async fn value(&mut self, value: &Value) -> Result<()> {
        let text = value.to_string();
        self.text(&text).await
    }

    /// A member of the document, with a comma after it.
    async fn member(&mut self, name: &str, value: &Value) -> Result<()> {
        self.text(&format!("\n\"{name}\": {value},")).await
    }

    async fn document(&mut self, account: &Account) -> Result<()> {
        self.archive.file(DOCUMENT, Packed::Smaller).await?;
        self.begin(account).await?;
        self.tickets(account.id).await?;
        if self.is_whole() {
            self.end(account.id).await?;
        }
        self.text("\n}\n").await
    }

    async fn begin(&mut self, account: &Account) -> Result<()> {
        let reader = self.app.read();
        let contracts = contract::of_account(&reader, account.id).await?;
        let contacts = contact::of_account(&reader, account.id).await?;
        let mut told = account_value(account, &self.names);
        let mut scope = "portal";
        if self.is_whole() {
            told["notes"] = json!(account.notes);
            scope = "everything";
        }
        self.text("{").await?;
        self.member("format", &json!(FORMAT)).await?;
        self.member("exported_at", &json!(self.app.now())).await?;
        self.member("scope", &json!(scope)).await?;
        self.member("account", &told).await?;
        let contracts = contracts.into_iter().map(|mut contract| {
            (contract.overrides).retain(|own| !self.hidden.contains(&own.commitment));
            contract_value(&contract)
        });
        let contracts = contracts.collect();
        self.member("contracts", &contracts).await?;
        let contacts = contacts.iter().map(contact_value).collect();
        self.member("contacts", &contacts).await
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
        self.text("\n\"tickets\": [").await?;
        loop {
            let reader = self.app.read();
            let found =
                mainstay_store::ticket::list(&reader, self.scope, &filter, sort, page).await?;
            let ids: Vec<TicketId> = found.items.iter().map(|stored| stored.ticket.id).collect();
            let mut clocks: BTreeMap<TicketId, Vec<StoredClock>> = BTreeMap::new();
            let all = clock::of_tickets(&reader, &ids).await?;
            let is_shown = |clock: &StoredClock| !self.hidden.contains(&clock.commitment);
            for clock in all.into_iter().filter(is_shown) {
                clocks.entry(clock.ticket).or_default().push(clock);
            }
            for mut stored in found.items {
                let terms = &mut stored.ticket.facts.terms;
                (terms.overrides).retain(|own| !self.hidden.contains(&own.commitment));
                let clocks = clocks.remove(&stored.ticket.id).unwrap_or_default();
                let first = self.summary.tickets == 0;
                self.text(if first { "\n" } else { ",\n" }).await?;
                let told = self.ticket(&stored, &clocks).await?;
                self.value(&told).await?;
                self.summary.tickets += 1;
            }
            let Some(next) = found.next else {
                return self.text("\n]").await;
            };
            page.after = Some(next);
        }
    }

    async fn ticket(&mut self, stored: &StoredTicket, clocks: &[StoredClock]) -> Result<Value> {
        let ticket = &stored.ticket;
        let reader = self.app.read();
        let messages = mainstay_store::message::of_ticket(&reader, self.scope, ticket.id).await?;
        self.summary.messages += messages.len() as u64;
        for attachment in messages.iter().flat_map(|message| &message.attachments) {
            self.files.insert(file_path(attachment), attachment.digest);
        }
        let mut value = ticket_value(stored, clocks, &self.names);
        value["messages"] = messages
            .iter()
            .map(|message| message_value(message, &self.names))
            .collect();
        if self.is_whole() {
            let facts = ledger::load(&reader, ticket.id).await?;
            let received = mail::received_of_ticket(&reader, ticket.id).await?;
            let sent = mail::of_ticket(&reader, ticket.id).await?;
            let raised = escalations::of_ticket(&reader, ticket.id).await?;
            self.summary.facts += facts.len() as u64;
            self.summary.mails += (received.len() + sent.len()) as u64;
            let raised: Vec<EscalationId> = raised.iter().map(|escalation| escalation.id).collect();
            value["facts"] = json!(facts);
            value["followers"] = json!(ticket.followers);
            value["mails_received"] = received.iter().map(received_value).collect();
            value["mails_sent"] = sent.iter().map(sent_value).collect();
            value["escalations"] = json!(raised);
            self.received.extend(received.iter().map(|mail| mail.id));
            self.sent.extend(sent.iter().map(|mail| mail.id));
            self.escalations.extend(raised);
        }
        Ok(value)
    }

    /// What no single ticket tells.
    async fn end(&mut self, account: AccountId) -> Result<()> {
        let reader = self.app.read();
        self.text(",\n\"escalations\": [").await?;
        for id in std::mem::take(&mut self.escalations) {
            let Some(stored) = escalations::find(&reader, id).await? else {
                continue;
            };
            let facts = escalations::load(&reader, id).await?;
            let first = self.summary.escalations == 0;
            self.text(if first { "\n" } else { ",\n" }).await?;
            self.value(&escalation_value(&stored, &json!(facts)))
                .await?;
            self.summary.facts += facts.len() as u64;
            self.summary.escalations += 1;
        }
        let facts = ledger::account_facts(&reader, account).await?;
        self.summary.facts += facts.len() as u64;
        self.text("\n],\n\"facts\": ").await?;
        self.value(&facts.iter().map(fact_value).collect()).await
    }

    /// The bytes of attached files. One that is lost does not keep the rest back.
    async fn files(&mut self) -> Result<()> {
        for (path, digest) in std::mem::take(&mut self.files) {
            let mut contents = match self.app.blobs().open(digest, None).await {
                Ok(contents) => contents.bytes,
                Err(AppError::NotFound(_)) => {
                    self.summary.lost_files += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.archive.file(path, Packed::AsItIs).await?;
            loop {
                match contents.try_next().await {
                    Ok(Some(bytes)) => self.archive.bytes(bytes).await?,
                    Ok(None) => break,
                    Err(AppError::Broken { .. }) => {
                        self.summary.lost_files += 1;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// The bytes of mails, as they were on the wire.
    async fn mails(&mut self) -> Result<()> {
        let reader = self.app.read();
        for id in std::mem::take(&mut self.received) {
            if let Some(mail) = mail::find_received(&reader, id).await? {
                let path = received_path(&mail);
                self.archive.file(path, Packed::Smaller).await?;
                self.archive.bytes(mail.bytes.into()).await?;
            }
        }
        for id in std::mem::take(&mut self.sent) {
            if let Some(mail) = mail::find(&reader, id).await? {
                self.archive.file(sent_path(&mail), Packed::Smaller).await?;
                self.archive.bytes(mail.bytes.into()).await?;
            }
        }
        Ok(())
    }
}
