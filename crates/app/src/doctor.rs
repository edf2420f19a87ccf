//! The check-up: what must agree in a store, and what to do where it does not.

use std::collections::BTreeSet;

use mainstay_domain::clock::fold;
use mainstay_domain::event::Event;
use mainstay_domain::id::TicketId;
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::StoredClock;
use mainstay_store::due::DueSubject;
use mainstay_store::{Connection, PageRequest, clock, due, job, ledger, mail, message, ticket};

use crate::audit::AuditVerdict;
use crate::context::App;
use crate::error::Result;
use crate::job::Job;
use crate::ticket::{TicketWriter, stored_clocks};
use crate::transaction::transact;

/// How many tickets are looked at between two questions for more.
const AT_ONCE: u32 = 500;

/// Whether what is found is only told, or also mended where nothing can be lost by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Nothing is changed.
    Look,
    /// Clocks are folded again, and work that was asked for is queued.
    Repair,
}

/// What a check-up saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckUp {
    /// How many tickets were compared with their ledgers.
    pub tickets: u64,
    /// How many files are kept.
    pub files: u64,
    /// How many entries of the audit trail are chained.
    pub audit_entries: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

impl CheckUp {
    /// Whether something is left that needs a person.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.findings
            .iter()
            .all(|found| found.mended || found.kind == Kind::OrphanedFile)
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of what kind.
    pub kind: Kind,
    /// Which ticket, file, job or mail.
    pub subject: String,
    /// What is wrong with it.
    pub what: String,
    /// Whether it was mended.
    pub mended: bool,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ledger lacks a fact.
    Ledger,
    /// What is kept of a ticket's clocks is not what its ledger says.
    Clocks,
    /// A file that a message names is not kept.
    MissingFile,
    /// A file is kept that no message names; it takes room and does no harm.
    OrphanedFile,
    /// A job was given up.
    Job,
    /// A mail waits, and nothing is to be done about it.
    StuckMail,
    /// The audit trail was changed past the program.
    Audit,
}

impl Kind {
    /// The kind in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Clocks => "clocks",
            Self::MissingFile => "missing_file",
            Self::OrphanedFile => "orphaned_file",
            Self::Job => "job",
            Self::StuckMail => "stuck_mail",
            Self::Audit => "audit",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Ledger => "restore a backup: a fact cannot be made up",
            Self::Clocks => "run again with --repair: the clocks are folded from the ledger",
            Self::MissingFile => "put it back from a backup",
            Self::OrphanedFile => "nothing: it may belong to a message that is just being written",
            Self::Job => "see to its reason, then run again with --repair: it is queued again",
            Self::StuckMail => "run again with --repair: it is queued again",
            Self::Audit => "keep a copy of the store as evidence, and restore a backup",
        }
    }
}

impl App {
    /// Looks at everything that must agree: facts and their places, clocks and the ledger they are folded from, files and
    /// the messages that name them, mails and the jobs that move them, the audit trail and its chain. It may be done while
    /// the service runs. With [`Treatment::Repair`], what can be made again is.
    ///
    /// # Errors
    /// Fails when the store or the files cannot be read.
    pub async fn check_up(&self, treatment: Treatment) -> Result<CheckUp> {
        let mut seen = CheckUp::default();
        self.check_tickets(treatment, &mut seen).await?;
        self.check_files(&mut seen).await?;
        self.check_work(treatment, &mut seen).await?;
        match self.verify_audit().await? {
            AuditVerdict::Whole { entries, .. } => seen.audit_entries = entries,
            AuditVerdict::Broken { place, what, .. } => {
                seen.note(Kind::Audit, format!("entry {place}"), what, false);
            }
        }
        if seen.findings.iter().any(|found| found.mended) {
            self.wake();
        }
        Ok(seen)
    }

    async fn check_tickets(&self, treatment: Treatment, seen: &mut CheckUp) -> Result<()> {
        let mut after = None;
        loop {
            let request = PageRequest {
                after,
                limit: AT_ONCE,
            };
            let page = ledger::tickets(&self.read(), request).await?;
            for (id, number) in page.items {
                seen.tickets += 1;
                if self.faults_of(&self.read(), id).await?.is_empty() {
                    continue;
                }
                // Somebody may have changed it between two readings: only what one transaction sees is so.
                let faults = transact!(self, tx => async {
                    let faults = self.faults_of(tx, id).await?;
                    if treatment == Treatment::Repair && faults.iter().any(|(kind, _)| *kind == Kind::Clocks) {
                        TicketWriter::load(self, tx, id).await?.refresh().await?;
                    }
                    Ok(faults)
                })?;
                for (kind, what) in faults {
                    let mended = treatment == Treatment::Repair && kind == Kind::Clocks;
                    seen.note(kind, format!("ticket {number}"), what, mended);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn faults_of(
        &self,
        on: &impl Connection,
        id: TicketId,
    ) -> Result<Vec<(Kind, &'static str)>> {
        let Some(found) = ticket::find(on, Scope::Everything, id).await? else {
            return Ok(Vec::new());
        };
        let events = ledger::load(on, id).await?;
        let kept = clock::of_ticket(on, id).await?;
        let due = due::next_of(on, DueSubject::Ticket(id)).await?;
        let mut faults = Vec::new();
        let places = events.iter().map(|event| event.sequence);
        if !places.eq(1..=found.ticket.version) {
            faults.push((Kind::Ledger, "the ledger lacks facts"));
        }
        if kept != self.folded(id, &events, &kept) {
            faults.push((Kind::Clocks, "its clocks are not what its ledger says"));
        }
        let next = kept.iter().filter_map(|clock| clock.next_at).min();
        if next.is_some_and(|next| due.is_none_or(|due| due > next)) {
            faults.push((
                Kind::Clocks,
                "nothing wakes the worker when its clocks are due",
            ));
        }
        Ok(faults)
    }

    /// The clocks as they were when they were kept: what has come due since then is the worker's to do.
    fn folded(&self, id: TicketId, events: &[Event], kept: &[StoredClock]) -> Vec<StoredClock> {
        let now = self.now();
        let next = kept.iter().filter_map(|clock| clock.next_at).min();
        let before_next = next.map(|next| next - jiff::SignedDuration::from_micros(1));
        let last = events.iter().map(|event| event.at).max();
        let at = before_next
            .map_or(now, |before| before.min(now))
            .max(last.unwrap_or(now));
        let policy = self.policy();
        let mut clocks = stored_clocks(id, &fold(events, policy.book(), at));
        clocks.sort_by(|a, b| {
            (a.started_at, &a.commitment, a.cycle).cmp(&(b.started_at, &b.commitment, b.cycle))
        });
        clocks
    }

    async fn check_files(&self, seen: &mut CheckUp) -> Result<()> {
        // A file is kept before a row names it: what the rows name is there when the files are listed after them.
        let named = message::named_files(&self.read()).await?;
        let kept: BTreeSet<_> = self
            .blobs()
            .list()
            .await?
            .into_iter()
            .map(|(digest, _)| digest)
            .collect();
        seen.files = kept.len() as u64;
        for digest in named.iter().filter(|digest| !kept.contains(digest)) {
            seen.note(
                Kind::MissingFile,
                digest.to_string(),
                "it is named and not kept",
                false,
            );
        }
        for digest in kept.iter().filter(|digest| !named.contains(digest)) {
            seen.note(
                Kind::OrphanedFile,
                digest.to_string(),
                "no message names it",
                false,
            );
        }
        Ok(())
    }

    async fn check_work(&self, treatment: Treatment, seen: &mut CheckUp) -> Result<()> {
        let repairs = treatment == Treatment::Repair;
        let mut part = PageRequest::first(AT_ONCE);
        let mut given_up = Vec::new();
        loop {
            let page = job::dead(&self.read(), part).await?;
            given_up.extend(page.items);
            match page.next {
                Some(next) => part.after = Some(next),
                None => break,
            }
        }
        for dead in given_up {
            let now = self.now();
            let mended = repairs
                && transact!(self, tx => async { Ok(job::requeue(tx, dead.id, now).await?) })?;
            let reason = dead.last_error.as_deref().unwrap_or("no reason is known");
            seen.note(
                Kind::Job,
                format!("{} {}", dead.kind, dead.id),
                reason,
                mended,
            );
        }
        // Without a mail server they wait for one, and are queued when there is.
        let waiting = self.sendable_mails().await?;
        let waiting = waiting.into_iter().map(|mail| Job::SendMail { mail });
        let unread = mail::unread(&self.read()).await?;
        let unread = unread
            .into_iter()
            .map(|raw_mail| Job::ReadMail { raw_mail });
        for work in waiting.chain(unread) {
            let key = work.key()?;
            let is_stuck = transact!(self, tx => async {
                let is_stuck = !job::is_queued(tx, &key).await?;
                if is_stuck && repairs {
                    work.queue(self, tx, self.now()).await?;
                }
                Ok(is_stuck)
            })?;
            if is_stuck {
                seen.note(
                    Kind::StuckMail,
                    key,
                    "it waits, and no job is to move it",
                    repairs,
                );
            }
        }
        Ok(())
    }
}

impl CheckUp {
    fn note(&mut self, kind: Kind, subject: impl Into<String>, what: &str, mended: bool) {
        self.findings.push(Finding {
            kind,
            subject: subject.into(),
            what: what.to_owned(),
            mended,
        });
    }
}
