//! Bringing in tickets with their histories from another system's export.
//!
//! A map says what the columns mean. The whole file is read and judged first; then its tickets are written in batches,
//! each with what the other system calls it. Whatever was interrupted can be run again: what is there is not brought in
//! twice, because a ticket and its external id are committed together.

mod party;
mod report;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use mainstay_domain::name::TierName;
use mainstay_domain::policy::Tier;
use mainstay_domain::role::Permission;
use mainstay_import::{Contents, Incoming, Known, SOURCE_NAME, is_source_name};
use mainstay_store::clock::{ClockState, StoredClock};
use mainstay_store::imported::{self, Imported, ImportedKind};
use mainstay_store::{clock, ticket};

use self::party::Parties;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Fault, Result};
use crate::field::is_address;
use crate::ticket::{Recorded, TicketHistory, bring_in};
use crate::transaction::transact;

pub use mainstay_import::{ImportMap, MapProblem};
pub use report::{Comparison, ImportReport, Made, OurVerdicts, Remark, Remarked};

/// How many tickets are committed together.
const BATCH: usize = 200;

/// What may be said of an import beside its map.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The system the tickets come from; the map's name when absent. Two installations of one system need two names.
    pub source: Option<String>,
    /// The tier that new accounts are taken to have bought, whatever the map says.
    pub tier: Option<TierName>,
    /// Bring in no more than so many new tickets.
    pub limit: Option<usize>,
    /// Whether anything is written.
    pub mode: ImportMode,
}

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// It does.
    #[default]
    Write,
    /// It reads and judges the file only.
    Check,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportProgress {
    /// How many of the file's tickets are in the store.
    pub done: usize,
    /// How many the file has.
    pub total: usize,
}

impl App {
    /// Brings in the tickets of a file, under the policy in force. `stopped` is asked between two batches: what was
    /// committed stays, and the next run goes on after it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], and [`AppError::Invalid`] when the file is unreadable as a whole or the map does not fit
    /// it or the policy in force. A row that is wrong is no error: the report says so.
    pub async fn import_tickets(
        &self,
        caller: &Caller,
        map: &ImportMap,
        file: impl Read,
        options: &ImportOptions,
        progress: impl Fn(ImportProgress),
        stopped: impl Fn() -> bool,
    ) -> Result<ImportReport> {
        caller.require(Permission::ImportTickets)?;
        let known = self.check_map(map, options)?;
        let Contents {
            rows,
            tickets,
            remarks,
        } = mainstay_import::read(map, file, &known, self.now()).map_err(whole)?;
        let source = options.source.as_deref().unwrap_or(map.name());
        let importer = Importer {
            app: self,
            source,
            sold: sold(
                &tickets,
                &self.policy().current().tiers,
                options.tier.as_ref(),
            ),
        };
        let mut report = ImportReport {
            rows,
            tickets: tickets.len() as u64,
            remarks,
            ..ImportReport::default()
        };
        let fresh = importer.fresh(&tickets).await?;
        report.known = report.tickets - fresh.len() as u64;
        let wanted = match options.mode {
            ImportMode::Check => 0,
            ImportMode::Write => options.limit.unwrap_or(usize::MAX).min(fresh.len()),
        };
        let total = tickets.len() - (fresh.len() - wanted);
        for batch in fresh[..wanted].chunks(BATCH) {
            progress(ImportProgress {
                done: (report.known + report.imported) as usize,
                total,
            });
            if stopped() {
                break;
            }
            importer.write(batch, &mut report).await?;
        }
        report.left = report.tickets - report.known - report.imported;
        progress(ImportProgress {
            done: (report.known + report.imported) as usize,
            total,
        });
        if report.imported > 0 {
            self.note_import(caller, source, &report).await?;
            self.wake();
            self.store().learn().await;
        }
        report.comparison = importer.compare(map, &tickets).await?;
        Ok(report)
    }

    /// Refuses a map that names what the policy in force does not have.
    fn check_map(&self, map: &ImportMap, options: &ImportOptions) -> Result<Known> {
        if let Some(source) = &options.source
            && !is_source_name(source)
        {
            let fault = format!("{source:?} is not a name: expected {SOURCE_NAME}");
            return Err(AppError::invalid("source", fault));
        }
        let known = Known::of(self.policy().current(), options.tier.is_some(), is_address);
        if let Some(tier) = &options.tier {
            known
                .check("tier", tier.as_str())
                .map_err(|fault| AppError::invalid("tier", fault))?;
        }
        map.check(&known)
            .map_err(|problem| whole(problem.to_string()))?;
        if options.tier.is_none() {
            map.check_tiers(&known).map_err(|problem| {
                whole(format!("{problem}\n  Say which tier to take with --tier."))
            })?;
        }
        Ok(known)
    }

    async fn note_import(
        &self,
        caller: &Caller,
        source: &str,
        report: &ImportReport,
    ) -> Result<()> {
        let detail = serde_json::json!({
            "rows": report.rows,
            "imported": report.imported,
            "known": report.known,
            "rejected": report.count(Remark::Rejected),
        });
        transact!(self, tx => async {
            let action = Action::new("tickets.imported", "import", source).with(detail.clone());
            self.record(tx, caller, action).await
        })
    }
}

/// An error of the file or the map as a whole.
fn whole(detail: String) -> AppError {
    AppError::Invalid(vec![Fault {
        path: Vec::new(),
        detail,
    }])
}

/// What an account is taken to have been sold, where nothing is known of its contract.
#[derive(Debug, Clone)]
struct Sold {
    /// The day on which its first ticket was opened.
    since: Date,
    /// The highest tier that any of its tickets gives.
    tier: Option<TierName>,
}

/// What each account is taken to have been sold, by what the account is known by. The whole file is asked, so that it
/// does not matter which ticket comes first.
fn sold(tickets: &[Incoming], tiers: &[Tier], given: Option<&TierName>) -> BTreeMap<String, Sold> {
    let rank = |tier: &TierName| tiers.iter().position(|known| known.name == *tier);
    let mut accounts: BTreeMap<String, Sold> = BTreeMap::new();
    for ticket in tickets {
        let Some(account) = &ticket.opening.account else {
            continue;
        };
        let since = ticket.opening.opened_at.to_zoned(TimeZone::UTC).date();
        let tier = given.or(ticket.opening.tier.as_ref());
        let sold = accounts
            .entry(account.key.clone())
            .or_insert_with(|| Sold { since, tier: None });
        sold.since = since.min(sold.since);
        let is_higher = match (tier, &sold.tier) {
            (Some(tier), Some(before)) => rank(tier) < rank(before),
            (tier, before) => tier.is_some() && before.is_none(),
        };
        if is_higher {
            sold.tier = tier.cloned();
        }
    }
    accounts
}

struct Importer<'a> {
    app: &'a App,
    source: &'a str,
    sold: BTreeMap<String, Sold>,
}

impl Importer<'_> {
    /// The tickets that were not brought in before.
    async fn fresh<'t>(&self, tickets: &'t [Incoming]) -> Result<Vec<&'t Incoming>> {
        let ids: Vec<String> = tickets
            .iter()
            .map(|ticket| ticket.external_id.clone())
            .collect();
        let known =
            imported::find_many(&self.app.read(), self.source, ImportedKind::Ticket, &ids).await?;
        Ok(tickets
            .iter()
            .filter(|ticket| !known.contains_key(&ticket.external_id))
            .collect())
    }

    /// Writes a batch in one transaction. Whatever another import has brought in meanwhile is left out.
    async fn write(&self, batch: &[&Incoming], report: &mut ImportReport) -> Result<()> {
        let (written, made, refused) = transact!(self.app, tx => async {
            let ids: Vec<String> = batch.iter().map(|ticket| ticket.external_id.clone()).collect();
            let known = imported::find_many(tx, self.source, ImportedKind::Ticket, &ids).await?;
            let batch: Vec<&Incoming> = batch
                .iter()
                .copied()
                .filter(|ticket| !known.contains_key(&ticket.external_id))
                .collect();
            let parties = Parties::find_or_make(self, tx, &batch).await?;
            let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
            let numbers = ticket::next_numbers(tx, count).await?;
            let mut histories: Vec<TicketHistory> = Vec::with_capacity(batch.len());
            let mut names = Vec::with_capacity(batch.len());
            let mut refused = Vec::new();
            for (incoming, number) in batch.iter().zip(numbers) {
                match story::tell(self.app, number, incoming, &parties) {
                    Ok(history) => {
                        names.push(self.named(ImportedKind::Ticket, &incoming.external_id, history.ticket.id.uuid()));
                        histories.push(history);
                    }
                    Err(refusal) => refused.push(Remarked {
                        row: incoming.opening.row,
                        line: incoming.opening.line,
                        external_id: Some(incoming.external_id.clone()),
                        remark: Remark::Rejected,
                        reason: refusal.to_string(),
                    }),
                }
            }
            bring_in(self.app, tx, &histories, Recorded::Now).await?;
            imported::insert_many(tx, &names).await?;
            Ok((histories.len() as u64, parties.made, refused))
        })?;
        report.imported += written;
        report.known += batch.len() as u64 - written - refused.len() as u64;
        report.tickets -= refused.len() as u64;
        report.remarks.extend(refused);
        report.made.accounts += made.accounts;
        report.made.contacts += made.contacts;
        report.made.teams += made.teams;
        report.made.agents += made.agents;
        Ok(())
    }

    fn named(&self, kind: ImportedKind, external_id: &str, id: uuid::Uuid) -> Imported {
        Imported {
            source: self.source.to_owned(),
            kind,
            external_id: external_id.to_owned(),
            id,
        }
    }

    /// Puts the file's verdicts beside ours, for every ticket of the file that is in the store.
    async fn compare(&self, map: &ImportMap, tickets: &[Incoming]) -> Result<Option<Comparison>> {
        let Some((name, commitment)) = map.comparison() else {
            return Ok(None);
        };
        let mut comparison = Comparison {
            name: name.to_owned(),
            commitment,
            theirs_met: OurVerdicts::default(),
            theirs_missed: OurVerdicts::default(),
            theirs_unknown: OurVerdicts::default(),
        };
        let reader = self.app.read();
        for part in tickets.chunks(2_000) {
            let ids: Vec<String> = part
                .iter()
                .map(|ticket| ticket.external_id.clone())
                .collect();
            let known =
                imported::find_many(&reader, self.source, ImportedKind::Ticket, &ids).await?;
            let here: Vec<_> = known
                .values()
                .map(|id| mainstay_domain::id::TicketId::from(*id))
                .collect();
            let mut clocks: BTreeMap<_, Vec<StoredClock>> = BTreeMap::new();
            for clock in clock::of_tickets(&reader, &here).await? {
                if clock.commitment == comparison.commitment {
                    clocks.entry(clock.ticket.uuid()).or_default().push(clock);
                }
            }
            for ticket in part {
                let Some(id) = known.get(&ticket.external_id) else {
                    continue;
                };
                let ours = match ticket.verdict {
                    Some(true) => &mut comparison.theirs_met,
                    Some(false) => &mut comparison.theirs_missed,
                    None => &mut comparison.theirs_unknown,
                };
                count_verdict(ours, clocks.get(id).map_or(&[], Vec::as_slice));
            }
        }
        Ok(Some(comparison))
    }
}

/// Our verdict on a ticket: missed when any cycle of the promise was, met when all that ended were.
fn count_verdict(ours: &mut OurVerdicts, clocks: &[StoredClock]) {
    let states: BTreeSet<&str> = clocks
        .iter()
        .map(|clock| match clock.state {
            ClockState::Missed => "missed",
            ClockState::Met => "met",
            ClockState::Running | ClockState::Paused | ClockState::Cancelled => "open",
        })
        .collect();
    if states.contains("missed") {
        ours.missed += 1;
    } else if states.contains("open") {
        ours.open += 1;
    } else if states.contains("met") {
        ours.met += 1;
    } else {
        ours.none += 1;
    }
}
