//! Reading received mails: each is read outside of any transaction, and filed in one, by itself or with others.

use std::sync::Arc;

use futures::future::join_all;
use mainstay_domain::attachment::Attachment;
use mainstay_domain::id::RawMailId;
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::threading::{Route, thread};
use mainstay_store::{Transaction, mail};

use super::evidence::gather;
use super::file::{Filing, lock};
use super::identity::Identity;
use super::part::{lanes, marks as marks_of};
use super::reading::{self, Letter};
use crate::apart::apart;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::JobFailure;
use crate::ticket::Batch;
use crate::transaction::transact;

/// Reads a mail and files it. `is_last_try` says that nobody will try again: then a mail that cannot be filed is marked
/// as failed, for people to see.
pub(crate) async fn read_mail(
    app: &App,
    id: RawMailId,
    is_last_try: bool,
) -> Result<(), JobFailure> {
    let raw = mail::find_received(&app.read(), id)
        .await?
        .ok_or_else(|| JobFailure::Fail(format!("there is no received mail {id}")))?;
    if raw.state != RawMailState::New {
        return Ok(());
    }
    let of_it = app.clone();
    let reading = async move { Box::pin(read_and_file(&of_it, &raw)).await };
    let failure = match apart("Filing the mail", reading).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let reason = failure.to_string();
    match JobFailure::from(failure) {
        JobFailure::Retry(reason) if !is_last_try => Err(JobFailure::Retry(reason)),
        _ => {
            tracing::warn!(%id, "a received mail could not be filed");
            note_failure(app, id, reason).await?;
            Ok(())
        }
    }
}

async fn read_and_file(app: &App, raw: &RawMail) -> Result<()> {
    let identity = app.mail_identity().await?;
    let read = read_whole(app, &identity, raw).await?;
    transact!(app, tx => async {
        Box::pin(file_once(app, tx, &Batch::default(), &identity, raw, &read)).await
    })?;
    app.wake();
    Ok(())
}

/// Mails that were read and are to be filed together, in their order.
pub(crate) struct Read {
    identity: Arc<Identity>,
    mails: Vec<(RawMail, Whole)>,
}

impl Read {
    /// Which mails they are.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RawMailId> {
        self.mails.iter().map(|(raw, _)| raw.id)
    }

    /// Parts them into lanes that can be filed side by side, each in parts of so many that are filed together. Mails that show that they
    /// concern each other are in the same lane, in their order.
    pub(crate) fn into_lanes(self, count: usize, together: usize) -> Vec<Vec<Self>> {
        let marks = self.mails.iter();
        let marks = marks.map(|(raw, whole)| marks_of(&self.identity, raw, &whole.letter));
        let marks: Vec<Vec<String>> = marks.collect();
        let mut parted: Vec<Vec<Self>> = Vec::new();
        parted.resize_with(count, Vec::new);
        for (mail, lane) in self.mails.into_iter().zip(lanes(&marks, count)) {
            let parts = &mut parted[lane];
            match parts.last_mut().filter(|last| last.mails.len() < together) {
                Some(last) => last.mails.push(mail),
                None => parts.push(Self {
                    identity: Arc::clone(&self.identity),
                    mails: vec![mail],
                }),
            }
        }
        parted.retain(|parts| !parts.is_empty());
        parted
    }
}

/// Reads several mails that are to be filed together. Those that cannot be read are not among them.
pub(crate) async fn read_together(app: &App, ids: &[RawMailId]) -> Result<Read> {
    let mut raws = mail::find_received_many(&app.read(), ids).await?;
    raws.sort_by_key(|raw| ids.iter().position(|id| *id == raw.id));
    let identity = Arc::new(app.mail_identity().await?);
    let mut reading = Vec::with_capacity(raws.len());
    for raw in &raws {
        reading.push(read_whole(app, &identity, raw));
    }
    let outcomes = join_all(reading).await;
    // One that cannot be read keeps those after it from nothing: they belong together by what is filed already.
    let read = raws.into_iter().zip(outcomes);
    let mails = read
        .filter_map(|(raw, outcome)| Some((raw, outcome.ok()?)))
        .collect();
    Ok(Read { identity, mails })
}

/// Files mails that were read, in one transaction. Where that fails each must be read by itself.
pub(crate) async fn file_together(app: &App, read: &Read) -> Result<()> {
    transact!(app, tx => async {
        let batch = Batch::default();
        for (raw, whole) in &read.mails {
            Box::pin(file_once(app, tx, &batch, &read.identity, raw, whole)).await?;
        }
        Ok(())
    })?;
    app.wake();
    Ok(())
}

/// A mail that was read, with its files.
struct Whole {
    letter: Letter,
    /// Absent when it is ignored.
    files: Option<Vec<Attachment>>,
}

async fn read_whole(app: &App, identity: &Identity, raw: &RawMail) -> Result<Whole> {
    let letter = read_apart(raw).await?;
    if letter.from.is_none() {
        return Err(AppError::invalid(
            "From",
            "the mail names no sender, so nobody can be answered: file it by hand",
        ));
    }
    let files = files_to_keep(app, identity, raw, &letter).await?;
    Ok(Whole { letter, files })
}

/// Keeps the files of a mail, if it has any and is to be filed; of one that is ignored nothing is kept.
async fn files_to_keep(
    app: &App,
    identity: &Identity,
    raw: &RawMail,
    letter: &Letter,
) -> Result<Option<Vec<Attachment>>> {
    if letter.attachments.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let gathered = gather(app, &app.read(), identity, raw, letter).await?;
    match thread(&gathered.evidence).route {
        Route::Ignore => Ok(None),
        Route::Append(_) | Route::Open { .. } | Route::Hold(_) => {
            Ok(Some(keep_files(app, letter).await?))
        }
    }
}

/// Reads a mail on a thread of its own. Reading never panics by design; if it did, only this mail would fail.
pub(super) async fn read_apart(raw: &RawMail) -> Result<Letter> {
    let bytes = raw.bytes.clone();
    tokio::task::spawn_blocking(move || reading::read(&bytes))
        .await
        .map_err(|error| AppError::broken("The mail could not be read.", error))
}

/// Keeps the files of a mail, before the transaction that names them.
pub(super) async fn keep_files(app: &App, letter: &Letter) -> Result<Vec<Attachment>> {
    let mut files = Vec::with_capacity(letter.attachments.len());
    for (index, file) in letter.attachments.iter().enumerate() {
        let digest = app.blobs().put(file.bytes.clone()).await?;
        files.push(Attachment {
            digest,
            file_name: file
                .filename
                .clone()
                .unwrap_or_else(|| format!("attachment-{}", index + 1)),
            content_type: file.content_type.clone(),
            size: file.bytes.len() as u64,
            content_id: file.content_id.clone(),
        });
    }
    Ok(files)
}

async fn file_once(
    app: &App,
    tx: &Transaction,
    batch: &Batch,
    identity: &Identity,
    raw: &RawMail,
    whole: &Whole,
) -> Result<()> {
    let letter = &whole.letter;
    // A mail that is still new is as it was read.
    if mail::lock_state(tx, raw).await? != Some(RawMailState::New) {
        return Ok(());
    }
    let gathered = gather(app, tx, identity, raw, letter).await?;
    if let Some(from) = &letter.from {
        // For noticing a flood.
        mail::note_sender(tx, &from.address, raw.received_at).await?;
    }
    let decision = thread(&gathered.evidence);
    let filing = Filing {
        app,
        tx,
        identity,
        letter,
        batch,
        gathered: &gathered,
        files: whole.files.as_deref(),
        at: raw.received_at,
    };
    Box::pin(filing.file(raw.clone(), &decision)).await?;
    Ok(())
}

async fn note_failure(app: &App, id: RawMailId, error: String) -> Result<()> {
    transact!(app, tx => async {
        let mut raw = lock(tx, id).await?;
        if raw.state == RawMailState::New {
            raw.state = RawMailState::Failed;
            raw.error = Some(error.clone());
            mail::update_received(tx, &raw).await?;
        }
        Ok(())
    })
}
