//! Bringing in tickets with their histories from another system's export.
//!
//! A map says what the columns mean. The whole file is read and judged first; then its tickets are written in batches,
//! each with what the other system calls it. Whatever was interrupted can be run again: what is there is not brought in
//! twice, because a ticket and its external id are committed together.

mod document;
mod incoming;
mod map;
mod party;
mod report;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use mainstay_domain::name::{CommitmentName, StatusName, TierName};
use mainstay_domain::role::Permission;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_store::clock::{ClockState, StoredClock};
use mainstay_store::imported::{self, Imported, ImportedKind};
use mainstay_store::{clock, ticket};

use self::document::Document;
use self::incoming::{Contents, Incoming};
use self::map::{Meaning, Table};
use self::party::Parties;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Fault, Result};
use crate::ticket::{Recorded, TicketHistory, bring_in};
use crate::transaction::transact;

pub use map::{ImportMap, MapProblem};
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
        self.check_map(map, options)?;
        let Contents {
            rows,
            tickets,
            remarks,
        } = self.read_file(map, file)?;
        let source = options.source.as_deref().unwrap_or(map.name());
        let importer = Importer {
            app: self,
            source,
            tier: options.tier.as_ref(),
            terms_start: first_days(&tickets),
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
        }
        report.comparison = importer.compare(map, &tickets).await?;
        Ok(report)
    }

    fn read_file(&self, map: &ImportMap, file: impl Read) -> Result<Contents> {
        let form = &map.form;
        let delimiter = form.delimiter.map(|delimiter| delimiter.0);
        let document = Document::read(
            file,
            form.format,
            form.encoding,
            delimiter,
            form.records.as_deref(),
        )
        .map_err(|fault| whole(format!("{fault}.")))?;
        if let Some(header) = document.header() {
            map.check_header(header)
                .map_err(|problem| whole(problem.to_string()))?;
        }
        Ok(incoming::read(&document, form, self.now()))
    }

    /// Refuses a map that names what the policy in force does not have.
    fn check_map(&self, map: &ImportMap, options: &ImportOptions) -> Result<()> {
        if let Some(source) = &options.source
            && !map::is_source_name(source)
        {
            let fault = format!("{source:?} is not a name: expected {}", map::SOURCE_NAME);
            return Err(AppError::invalid("source", fault));
        }
        let policy = self.policy();
        let current = policy.current();
        let statuses: Vec<StatusName> = StatusKind::ALL
            .iter()
            .map(|kind| StatusName::from(kind.as_str()))
            .chain(current.statuses.iter().map(|status| status.name.clone()))
            .collect();
        let tiers: Vec<&str> = current
            .tiers
            .iter()
            .map(|tier| tier.name.as_str())
            .collect();
        let categories: Vec<&str> = current
            .categories
            .iter()
            .map(|category| category.name.as_str())
            .collect();
        if let Some(tier) = &options.tier
            && !tiers.contains(&tier.as_str())
        {
            let fault = format!(
                "the policy in force has no tier {tier}: it has {}",
                tiers.join(", ")
            );
            return Err(AppError::invalid("tier", fault));
        }
        let statuses: Vec<&str> = statuses.iter().map(StatusName::as_str).collect();
        let severities = Severity::ALL.map(Severity::as_str);
        let channels = incoming::channels();
        let channels: Vec<&str> = channels.split(", ").collect();
        let form = &map.form;
        check_table(map, "status", form.status.as_ref(), &statuses)?;
        check_table(map, "severity", form.severity.as_ref(), &severities)?;
        check_table(map, "channel", form.channel.as_ref(), &channels)?;
        if !categories.is_empty() {
            check_table(map, "category", form.category.as_ref(), &categories)?;
        }
        if options.tier.is_none() {
            let advice = |problem: AppError| {
                whole(format!("{problem}\n  Say which tier to take with --tier."))
            };
            check_table(map, "tier", form.tier.as_ref(), &tiers).map_err(advice)?;
        }
        Ok(())
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

/// Refuses a table that gives what is not known here.
fn check_table(
    map: &ImportMap,
    what: &str,
    table: Option<&toml::Spanned<Table>>,
    known: &[&str],
) -> Result<()> {
    let Some(table) = table else {
        return Ok(());
    };
    for meaning in table.get_ref().meanings() {
        if let Meaning::Is(value) = meaning.get_ref()
            && !known.contains(&value.as_str())
        {
            let fault = format!(
                "there is no {what} {value:?} here: expected one of {}",
                known.join(", ")
            );
            return Err(whole(map.problem(meaning.span(), &fault).to_string()));
        }
    }
    Ok(())
}

/// The day on which each account's first ticket was opened, by what the account is known by: its contract begins then.
fn first_days(tickets: &[Incoming]) -> BTreeMap<String, Date> {
    let mut days: BTreeMap<String, Date> = BTreeMap::new();
    for ticket in tickets {
        if let Some(account) = &ticket.account {
            let day = ticket.opened_at.to_zoned(TimeZone::UTC).date();
            let first = days.entry(account.key.clone()).or_insert(day);
            *first = day.min(*first);
        }
    }
    days
}

struct Importer<'a> {
    app: &'a App,
    source: &'a str,
    tier: Option<&'a TierName>,
    terms_start: BTreeMap<String, Date>,
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
                        row: incoming.row,
                        line: incoming.line,
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
        let Some(compare) = &map.form.compare else {
            return Ok(None);
        };
        let mut comparison = Comparison {
            name: compare.name.clone(),
            commitment: CommitmentName::from(compare.commitment.as_str()),
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
