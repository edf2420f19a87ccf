//! Uploading files for messages that are yet to be written.
//!
//! A file is received into a temporary file without a name, which is gone with the process: an upload that breaks off
//! leaves nothing behind. Only when it is there in whole, and known by its SHA-256, is it kept.

use std::collections::BTreeSet;
use std::error::Error;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use mainstay_domain::attachment::{Attachment, Upload, clean_file_name};
use mainstay_domain::digest::Digest;
use mainstay_domain::id::UploadId;
use mainstay_domain::role::Permission;
use mainstay_store::Transaction;
use mainstay_store::upload::{self, Owner};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};

use super::blobs::Place;
use super::kind::{HEAD, media_type};
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Fault, Result};
use crate::job::{Job, JobFailure};
use crate::transaction::transact;

/// How long an upload waits for a message.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The most files that one message takes.
const MOST_FILES: usize = 50;

/// How much may be uploaded, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// The largest file.
    pub file: u64,
    /// The files of one message together. Many mail servers take no mail beyond 25 MiB, and a mail is a third larger than
    /// the files in it.
    pub message: u64,
    /// The uploads of one person that no message took yet, together.
    pub waiting: u64,
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self {
            file: 25 << 20,
            message: 25 << 20,
            waiting: 250 << 20,
        }
    }
}

/// A file that was received in whole, and is not kept yet.
#[derive(Debug)]
pub struct ReceivedFile {
    file: File,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// How many there are.
    pub size: u64,
    /// Its name, cleaned.
    pub file_name: String,
    /// Its media type, as its content says.
    pub content_type: &'static str,
}

impl App {
    /// Receives a file, without keeping it. `announced` is its size where the sender says it beforehand.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who may write no message, [`AppError::TooLarge`], [`AppError::Invalid`] when it
    /// breaks off, [`AppError::Unavailable`] when there is no room for it.
    pub async fn receive_file<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        caller: &Caller,
        file_name: &str,
        announced: Option<u64>,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<ReceivedFile> {
        may_upload(caller)?;
        let most = self.options().attachments.file;
        if announced.is_some_and(|size| size > most) {
            return Err(too_large(most));
        }
        let file = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = file.map_err(no_room)?.map_err(no_room)?;
        let mut out = BufWriter::with_capacity(1 << 16, File::from_std(file));
        let mut seen = Sha256::new();
        let mut head: Vec<u8> = Vec::new();
        let mut size = 0;
        let mut bytes = std::pin::pin!(bytes);
        while let Some(part) = bytes.next().await {
            let part = part.map_err(broke_off)?;
            size += part.len() as u64;
            if size > most {
                return Err(too_large(most));
            }
            let wanted = HEAD.saturating_sub(head.len()).min(part.len());
            head.extend_from_slice(&part[..wanted]);
            seen.update(&part);
            out.write_all(&part).await.map_err(no_room)?;
        }
        out.flush().await.map_err(no_room)?;
        let file_name = clean_file_name(file_name);
        Ok(ReceivedFile {
            file: out.into_inner(),
            digest: Digest(seen.finalize().into()),
            size,
            content_type: media_type(&head, &file_name),
            file_name,
        })
    }

    /// Keeps a file that was received, for a day or until a message takes it. When this returns, its bytes are in place.
    /// Whoever asked may go away meanwhile.
    ///
    /// # Errors
    /// [`AppError::TooLarge`] when the caller has too much waiting, [`AppError::Unavailable`] when it cannot be kept now.
    pub async fn keep_upload(&self, caller: &Caller, file: ReceivedFile) -> Result<Upload> {
        may_upload(caller)?;
        let owner = owner(caller);
        let most = self.options().attachments.waiting;
        let waiting = upload::waiting_bytes(&self.read(), owner.uploader).await?;
        if waiting.saturating_add(file.size) > most {
            return Err(AppError::TooLarge(format!(
                "Your uploads that no message took yet would be larger than {most} bytes together: attach or remove some."
            )));
        }
        let app = self.clone();
        let kept = tokio::spawn(async move { keep(&app, owner, file).await });
        kept.await
            .map_err(|error| AppError::broken("An upload could not be kept.", error))?
    }

    /// An upload of the caller's own.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who may write no message, [`AppError::NotFound`] when there is none.
    pub async fn find_upload(&self, caller: &Caller, id: UploadId) -> Result<Upload> {
        may_upload(caller)?;
        upload::find(&self.read(), owner(caller), id)
            .await?
            .ok_or_else(|| no_such_upload(id))
    }

    /// Removes an upload of the caller's own. What a message took of it stays with the message.
    ///
    /// # Errors
    /// As [`find_upload`](Self::find_upload).
    pub async fn remove_upload(&self, caller: &Caller, id: UploadId) -> Result<()> {
        self.find_upload(caller, id).await?;
        self.blobs().clear(Place::Upload(id)).await?;
        transact!(self, tx => async { Ok(upload::remove(tx, id).await?) })?;
        Ok(())
    }

    /// Takes the bytes of uploads over to where attachments are kept, before the transaction that names them.
    pub(crate) async fn adopt_uploads(
        &self,
        caller: &Caller,
        ids: &[UploadId],
    ) -> Result<Vec<Attachment>> {
        let distinct: BTreeSet<UploadId> = ids.iter().copied().collect();
        if distinct.len() < ids.len() {
            return Err(AppError::invalid("attachments", "names an upload twice"));
        }
        if ids.len() > MOST_FILES {
            return Err(AppError::invalid(
                "attachments",
                format!("a message takes at most {MOST_FILES} files"),
            ));
        }
        let reader = self.read();
        let mut found = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let upload = upload::find(&reader, owner(caller), *id).await?;
            let free = upload.filter(|upload| upload.attached_at.is_none());
            found.push(free.ok_or_else(|| gone(index, *id))?);
        }
        let together: u64 = found.iter().map(|upload| upload.size).sum();
        let most = self.options().attachments.message;
        if together > most {
            return Err(AppError::TooLarge(format!(
                "The files of a message are at most {most} bytes together; these are {together}."
            )));
        }
        for (index, upload) in found.iter().enumerate() {
            let adopted = self.blobs().adopt(Place::Upload(upload.id), upload.digest);
            match adopted.await {
                Err(AppError::NotFound(_)) => return Err(gone(index, upload.id)),
                outcome => outcome?,
            }
        }
        Ok(found.iter().map(Upload::attachment).collect())
    }
}

/// Marks uploads as taken, in the transaction that writes the message.
pub(crate) async fn attach_uploads(
    app: &App,
    tx: &Transaction,
    caller: &Caller,
    ids: &[UploadId],
) -> Result<()> {
    for (index, id) in ids.iter().enumerate() {
        if !upload::attach(tx, owner(caller), *id, app.now()).await? {
            return Err(gone(index, *id));
        }
    }
    Ok(())
}

/// Removes what is left of an upload when its day is over.
pub(crate) async fn forget_upload(app: &App, id: UploadId) -> Result<(), JobFailure> {
    app.blobs().clear(Place::Upload(id)).await?;
    transact!(app, tx => async { Ok(upload::remove(tx, id).await?) })?;
    Ok(())
}

/// Keeps a file. The job that removes it is queued first, so that nothing stays behind if the program ends between.
async fn keep(app: &App, owner: Owner, mut file: ReceivedFile) -> Result<Upload> {
    let now = app.now();
    let id: UploadId = app.new_id(now);
    let expires_at = expiry(now);
    let forget = Job::ForgetUpload { upload: id };
    transact!(app, tx => forget.queue(app, tx, expires_at))?;
    file.file.rewind().await.map_err(no_room)?;
    app.blobs().keep_at(Place::Upload(id), file.file).await?;
    let upload = Upload {
        id,
        uploader: owner.uploader,
        account: owner.account,
        digest: file.digest,
        file_name: file.file_name,
        content_type: file.content_type.to_owned(),
        size: file.size,
        attached_at: None,
        created_at: now,
        expires_at,
    };
    transact!(app, tx => async { Ok(upload::insert(tx, &upload).await?) })?;
    Ok(upload)
}

fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(KEPT).unwrap_or(now)
}

fn owner(caller: &Caller) -> Owner {
    Owner {
        uploader: caller.actor,
        account: caller.contact().and(caller.account),
    }
}

/// Whoever may write a message of any kind may bring files for it.
fn may_upload(caller: &Caller) -> Result<()> {
    if caller.contact().is_some() {
        return caller.require(Permission::PortalWrite);
    }
    let writes = [
        Permission::NoteTickets,
        Permission::CreateTickets,
        Permission::ReplyToTickets,
    ];
    if writes.iter().any(|permission| caller.may(*permission)) {
        return Ok(());
    }
    caller.require(Permission::ReplyToTickets)
}

fn too_large(most: u64) -> AppError {
    AppError::TooLarge(format!(
        "The file is larger than {most} bytes, which is the most this server accepts (attachments.max_size)."
    ))
}

fn no_such_upload(id: UploadId) -> AppError {
    AppError::no_such("upload of yours", id)
}

fn gone(index: usize, id: UploadId) -> AppError {
    AppError::Invalid(vec![Fault {
        path: vec!["attachments".to_owned(), index.to_string()],
        detail: format!(
            "there is no upload {id} of yours that waits for a message: a message may have taken it, or its day is over; upload the file again"
        ),
    }])
}

fn broke_off(error: impl Into<Box<dyn Error + Send + Sync>>) -> AppError {
    tracing::debug!(error = %error.into(), "an upload broke off");
    AppError::Invalid(vec![Fault {
        path: Vec::new(),
        detail: "the file broke off before its end: send it again".to_owned(),
    }])
}

fn no_room(error: impl Into<Box<dyn Error + Send + Sync>>) -> AppError {
    AppError::unavailable(
        "There is no room for the file just now: the folder for temporary files cannot be written.",
        error,
    )
}
