//! Exports that somebody asks for and fetches later.

use jiff::SignedDuration;
use mainstay_domain::export::{Export, ExportExtent, ExportState};
use mainstay_domain::id::{AccountId, ExportId, JobId};
use mainstay_domain::ticket::Scope;
use mainstay_store::{export, job};
use tokio_util::io::SyncIoBridge;

use super::{ExportSummary, extent_for};
use crate::attachment::{Contents, Place};
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure};
use crate::transaction::transact;

/// How long an archive can be fetched.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the list remembers what was asked for.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long a worker keeps an export to itself from one look at the lease to the next.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// How often it looks.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// How many bytes of the archive are on their way at once.
const ON_THE_WAY: usize = 1 << 18;

impl App {
    /// Asks for an export of an account. One that is asked for already, by anybody and to the same extent, is not begun
    /// again.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] when there is no such account, or none the caller may know of.
    pub async fn request_export(&self, caller: &Caller, account: AccountId) -> Result<Export> {
        let extent = extent_for(caller, account)?;
        self.exported_account(account).await?;
        let now = self.now();
        let since = now.saturating_sub(REMEMBERED).unwrap_or(now);
        let wanted = Export {
            id: self.new_id(now),
            account,
            extent,
            requested_by: caller.actor,
            requested_at: now,
            state: ExportState::Queued,
            last_error: None,
            finished_at: None,
            expires_at: None,
            size: None,
            lost_files: 0,
        };
        let asked = transact!(self, tx => async {
            let known = export::of_account(tx, Scope::Everything, account, since).await?;
            let waiting = known
                .into_iter()
                .find(|known| known.extent == extent && known.state == ExportState::Queued);
            if let Some(waiting) = waiting {
                return Ok(waiting);
            }
            export::insert(tx, &wanted).await?;
            let write = Job::WriteExport { export: wanted.id };
            write.queue(self, tx, now).await?;
            let action = Action::new("account.export_requested", "export", wanted.id)
                .of_account(account);
            self.record(tx, caller, action).await?;
            Ok(wanted.clone())
        })?;
        self.wake();
        Ok(asked)
    }

    /// The exports of an account that were asked for lately, latest first.
    ///
    /// # Errors
    /// As [`request_export`](Self::request_export).
    pub async fn exports(&self, caller: &Caller, account: AccountId) -> Result<Vec<Export>> {
        let scope = scope_of(caller, account)?;
        self.exported_account(account).await?;
        let now = self.now();
        let since = now.saturating_sub(REMEMBERED).unwrap_or(now);
        Ok(export::of_account(&self.read(), scope, account, since).await?)
    }

    /// An export of an account.
    ///
    /// # Errors
    /// As [`request_export`](Self::request_export), and [`AppError::NotFound`] when there is no such export.
    pub async fn export(
        &self,
        caller: &Caller,
        account: AccountId,
        id: ExportId,
    ) -> Result<Export> {
        let scope = scope_of(caller, account)?;
        export::find(&self.read(), scope, id)
            .await?
            .filter(|export| export.account == account)
            .ok_or_else(|| AppError::no_such("export", id))
    }

    /// The archive of an export. That it was fetched stands in the audit trail.
    ///
    /// # Errors
    /// As [`export`](Self::export), and [`AppError::Refused`] when there is no archive yet, or no more.
    pub async fn fetch_export(
        &self,
        caller: &Caller,
        account: AccountId,
        id: ExportId,
    ) -> Result<Contents> {
        let export = self.export(caller, account, id).await?;
        let over = export.expires_at.is_some_and(|end| end <= self.now());
        let refused = |why: &str| Err(AppError::Refused(format!("The export {id} {why}.")));
        match export.state {
            ExportState::Ready if !over => {}
            ExportState::Queued => return refused("is not written yet: ask for its state"),
            ExportState::Failed => return refused("could not be written: ask for another"),
            ExportState::Ready | ExportState::Expired => {
                return refused("has expired: ask for another");
            }
        }
        let Some(contents) = self.blobs().open_at(Place::Export(id), None).await? else {
            return refused("has lost its archive: ask for another");
        };
        transact!(self, tx => async {
            let action = Action::new("account.exported", "export", id).of_account(account);
            self.record(tx, caller, action).await
        })?;
        Ok(contents)
    }

    /// Writes the archive of an export, while the lease of its job is kept.
    async fn archive_export(
        &self,
        job: JobId,
        export: &Export,
    ) -> Result<(ExportSummary, u64), JobFailure> {
        let account = self.exported_account(export.account).await?;
        let (reading, writing) = tokio::io::duplex(ON_THE_WAY);
        let place = Place::Export(export.id);
        let written = self.write_archive(&account, export.extent, SyncIoBridge::new(writing));
        let kept = self.blobs().keep_at(place, reading);
        let work = async { tokio::try_join!(written, kept) };
        let mut work = std::pin::pin!(work);
        loop {
            let until = self.now() + LEASE;
            let node = &self.options().node;
            let is_held = transact!(self, tx => async {
                Ok(job::extend(tx, job, node, until).await?)
            })?;
            if !is_held {
                return Err(JobFailure::Lost);
            }
            if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
                return Ok(done?);
            }
        }
    }
}

/// Writes an export that was asked for. A second run writes it again, to the same place.
pub(crate) async fn write_export(
    app: &App,
    job: JobId,
    id: ExportId,
    is_last_try: bool,
) -> Result<(), JobFailure> {
    let found = export::find(&app.read(), Scope::Everything, id).await?;
    let mut export = found.ok_or_else(|| JobFailure::Fail(format!("there is no export {id}")))?;
    if export.state != ExportState::Queued {
        return Ok(());
    }
    match app.archive_export(job, &export).await {
        Ok((summary, size)) => {
            let now = app.now();
            let expires_at = now.saturating_add(KEPT).unwrap_or(now);
            export.state = ExportState::Ready;
            export.last_error = None;
            export.finished_at = Some(now);
            export.expires_at = Some(expires_at);
            export.size = Some(size);
            export.lost_files = summary.lost_files;
            transact!(app, tx => async {
                export::update(tx, &export).await?;
                Job::ForgetExport { export: id }.queue(app, tx, expires_at).await
            })?;
            Ok(())
        }
        Err(JobFailure::Lost) => Err(JobFailure::Lost),
        Err(failure) => {
            // Half an archive may stand there, and must not be taken for one.
            app.blobs().clear(Place::Export(id)).await?;
            if let JobFailure::Retry(reason) | JobFailure::Fail(reason) = &failure {
                export.last_error = Some(reason.clone());
            }
            if is_last_try || !matches!(failure, JobFailure::Retry(_)) {
                export.state = ExportState::Failed;
                export.finished_at = Some(app.now());
            }
            transact!(app, tx => async { Ok(export::update(tx, &export).await?) })?;
            Err(failure)
        }
    }
}

/// Removes the archive of an export whose time is over.
pub(crate) async fn forget_export(app: &App, id: ExportId) -> Result<(), JobFailure> {
    app.blobs().clear(Place::Export(id)).await?;
    transact!(app, tx => async {
        if let Some(mut export) = export::find(tx, Scope::Everything, id).await? {
            export.state = ExportState::Expired;
            export::update(tx, &export).await?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Which exports of an account the caller may see.
fn scope_of(caller: &Caller, account: AccountId) -> Result<Scope> {
    Ok(match extent_for(caller, account)? {
        ExportExtent::Everything => Scope::Everything,
        ExportExtent::Portal => Scope::Account(account),
    })
}
