//! Reading received mails: each is read outside of any transaction, and filed in one, by itself or with others.

use std::num::NonZero;
use std::sync::Arc;

use futures::{StreamExt as _, stream};
use mainstay_domain::attachment::Attachment;
use mainstay_domain::id::{AccountId, RawMailId};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::threading::{Route, thread};
use mainstay_store::{Transaction, mail};

use super::evidence::{Background, gather};
use super::file::{Filing, Strangers, lock};
use super::identity::Identity;
use super::part::{Marks, lanes, runs};
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
    let reading = async move { Box::pin(read_and_file(&of_it, raw)).await };
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

async fn read_and_file(app: &App, raw: RawMail) -> Result<()> {
    let identity = app.mail_identity().await?;
    let mails = vec![Mail::read(app, &identity, raw).await?];
    Box::pin(file_together(app, &Read { identity, mails })).await
}

/// How many mails are read side by side. More than there are processors would only take each other's place in their caches, on threads
/// that each keep memory of their own.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Mails that were read and are to be filed together, in their order.
pub(crate) struct Read {
    identity: Arc<Identity>,
    mails: Vec<Mail>,
}

/// A mail that was read.
struct Mail {
    /// As it was received, but for its bytes, which nobody asks for any more.
    raw: RawMail,
    letter: Letter,
    /// Absent when it is ignored.
    files: Option<Vec<Attachment>>,
    marks: Marks,
}

impl Read {
    /// Which mails they are.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RawMailId> {
        self.mails.iter().map(|mail| mail.raw.id)
    }

    /// The mails in their order, cut into runs of which all is asked at once.
    fn runs(&self) -> Vec<&[Mail]> {
        let mut rest = &self.mails[..];
        let lengths = runs(self.mails.iter().map(|mail| &mail.marks)).into_iter();
        let cut = |length| rest.split_off(..length);
        lengths.filter_map(cut).collect()
    }

    /// Parts them into lanes that can be filed side by side, each in parts of so many that are filed together. Mails that show that they
    /// concern each other are in the same lane, in their order.
    pub(crate) fn into_lanes(self, count: usize, together: usize) -> Vec<Vec<Self>> {
        let marks: Vec<Vec<&str>> = self.mails.iter().map(|mail| mail.marks.all()).collect();
        let lanes = lanes(&marks, count);
        let mut parted: Vec<Vec<Self>> = Vec::new();
        parted.resize_with(count, Vec::new);
        for (mail, lane) in self.mails.into_iter().zip(lanes) {
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
    let identity = app.mail_identity().await?;
    let mut reading = Vec::with_capacity(raws.len());
    for raw in raws {
        reading.push(Mail::read(app, &identity, raw));
    }
    let read: Vec<Result<Mail>> = stream::iter(reading).buffered(at_once()).collect().await;
    // One that cannot be read keeps those after it from nothing: they belong together by what is filed already.
    let mails = read.into_iter().filter_map(Result::ok).collect();
    Ok(Read { identity, mails })
}

/// Files mails that were read, in one transaction. Where that fails each must be read by itself.
pub(crate) async fn file_together(app: &App, read: &Read) -> Result<()> {
    let runs = read.runs();
    transact!(app, tx => async {
        let (batch, strangers) = (Batch::default(), Strangers::default());
        for run in &runs {
            Box::pin(file_run(app, tx, (&batch, &strangers), &read.identity, run)).await?;
        }
        Ok(())
    })?;
    app.wake();
    Ok(())
}

/// Files mails that show nothing in common but a sender: what is asked of one is asked of all at once.
async fn file_run(
    app: &App,
    tx: &Transaction,
    (batch, strangers): (&Batch, &Strangers),
    identity: &Identity,
    run: &[Mail],
) -> Result<()> {
    let raws: Vec<&RawMail> = run.iter().map(|mail| &mail.raw).collect();
    let states = mail::lock_states(tx, &raws).await?;
    // A mail that is still new is as it was read.
    let is_new = |mail: &&Mail| states.get(&mail.raw.id) == Some(&RawMailState::New);
    let new: Vec<&Mail> = run.iter().filter(is_new).collect();
    let asked: Vec<(&RawMail, &Letter)> =
        new.iter().map(|mail| (&mail.raw, &mail.letter)).collect();
    let background = Background::of(app, tx, &asked).await?;
    let mut decided = Vec::with_capacity(new.len());
    for mail in new {
        let of_it = (&mail.raw, &mail.letter);
        let gathered = gather(app, tx, identity, of_it, &background).await?;
        if let Some(from) = &mail.letter.from {
            // For noticing a flood.
            mail::note_sender(tx, &from.address, mail.raw.received_at).await?;
        }
        let decision = thread(&gathered.evidence);
        decided.push((mail, gathered, decision));
    }
    let opening = decided.iter();
    let opening = opening.filter(|(_, _, decision)| matches!(decision.route, Route::Open { .. }));
    let accounts: Vec<Option<AccountId>> =
        opening.map(|(_, gathered, _)| gathered.account).collect();
    batch.ask(tx, accounts.into_iter()).await?;
    let mut outcomes = Vec::with_capacity(decided.len());
    for (mail, gathered, decision) in &decided {
        let filing = Filing {
            app,
            tx,
            identity,
            letter: &mail.letter,
            batch,
            strangers,
            gathered,
            files: mail.files.as_deref(),
            at: mail.raw.received_at,
        };
        outcomes.push(Box::pin(filing.place(&mail.raw, decision)).await?);
    }
    Ok(mail::write_outcomes(tx, &outcomes).await?)
}

impl Mail {
    async fn read(app: &App, identity: &Identity, mut raw: RawMail) -> Result<Self> {
        let letter = read_apart(std::mem::take(&mut raw.bytes)).await?;
        if letter.from.is_none() {
            return Err(AppError::invalid(
                "From",
                "the mail names no sender, so nobody can be answered: file it by hand",
            ));
        }
        Ok(Self {
            files: files_to_keep(app, identity, &raw, &letter).await?,
            marks: Marks::of(identity, &raw, &letter),
            raw,
            letter,
        })
    }
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
    let reader = app.read();
    let background = Background::of(app, &reader, &[(raw, letter)]).await?;
    let gathered = gather(app, &reader, identity, (raw, letter), &background).await?;
    match thread(&gathered.evidence).route {
        Route::Ignore => Ok(None),
        Route::Append(_) | Route::Open { .. } | Route::Hold(_) => {
            Ok(Some(keep_files(app, letter).await?))
        }
    }
}

/// Reads a mail on a thread of its own. Reading never panics by design; if it did, only this mail would fail.
pub(super) async fn read_apart(bytes: Vec<u8>) -> Result<Letter> {
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
