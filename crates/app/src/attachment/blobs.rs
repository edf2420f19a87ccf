//! The bytes of files, in a folder or in S3.
//!
//! What is kept under its SHA-256 is kept once. It is written before the transaction that names it, so that what the
//! database names is there; what a transaction that failed left behind harms nobody.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mainstay_domain::digest::Digest;
use mainstay_domain::id::{ExportId, UploadId};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWriteExt as _};

use crate::error::{AppError, Result};

/// From this size on a file is written in parts, so that it is never in memory whole.
const PART: usize = 8 << 20;

/// Where the bytes of files are kept. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

/// How to reach a bucket of S3, or of a service that speaks its protocol.
#[derive(Clone, Default)]
pub struct S3Settings {
    /// The bucket.
    pub bucket: String,
    /// What the names of all objects begin with; nothing when empty.
    pub prefix: String,
    /// The service's address, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The access key's identifier and its secret; the machine's own credentials when absent.
    pub credentials: Option<(String, String)>,
    /// How long a request is tried again before it fails.
    pub try_for: Duration,
}

/// A place of its own for bytes that will be removed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Of an upload.
    Upload(UploadId),
    /// Of the archive of an export.
    Export(ExportId),
}

/// Bytes on their way out.
pub struct Contents {
    /// How many there are in all.
    pub size: u64,
    /// Which of them these are.
    pub range: Range<u64>,
    /// These.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.0)
    }
}

impl Blobs {
    /// Kept in memory and gone with the process, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    /// Kept in a folder, which is made when it is not there. A file is on the disk, and its name in the folder, before it
    /// is said to be kept.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the folder cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let refused = |error: Box<dyn std::error::Error + Send + Sync>| {
            AppError::unavailable(
                format!(
                    "The folder {} for attachments cannot be used: {error}.",
                    folder.display()
                ),
                error,
            )
        };
        std::fs::create_dir_all(folder).map_err(|error| refused(error.into()))?;
        let store =
            LocalFileSystem::new_with_prefix(folder).map_err(|error| refused(error.into()))?;
        Ok(Self(Arc::new(store.with_fsync(true))))
    }

    /// Kept in S3.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the settings cannot work.
    pub fn in_s3(settings: S3Settings) -> Result<Self> {
        let retry = RetryConfig {
            retry_timeout: settings.try_for,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_retry(retry);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((id, secret)) = settings.credentials {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        let store = builder
            .build()
            .map_err(|error| AppError::invalid("blobs.url", error.to_string()))?;
        Ok(match settings.prefix.trim_matches('/') {
            "" => Self(Arc::new(store)),
            prefix => Self(Arc::new(PrefixStore::new(store, prefix))),
        })
    }

    /// Keeps bytes and says what they are known by. Bytes that are kept already are left as they are.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when they cannot be written just now.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<Digest> {
        let bytes: Bytes = bytes.into();
        let digest = digest(&bytes);
        if !self.holds(digest).await? {
            self.0
                .put(&path(digest), bytes.into())
                .await
                .map_err(unavailable)?;
        }
        Ok(digest)
    }

    /// Keeps what is read at a place, in parts where it is large. Nothing is there until everything is.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when it cannot be written, or read, just now.
    pub async fn keep_at(
        &self,
        place: Place,
        mut from: impl AsyncRead + Unpin + Send,
    ) -> Result<u64> {
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.0), place.path(), PART);
        match tokio::io::copy(&mut from, &mut writer).await {
            // A writer that failed to end has nothing left that could be taken back.
            Ok(size) => {
                writer.shutdown().await.map_err(does_not_answer)?;
                Ok(size)
            }
            Err(error) => {
                // What cannot be taken back is no part of any file, and the bucket's own rules clear it away.
                let _ = writer.abort().await;
                Err(does_not_answer(error))
            }
        }
    }

    /// Takes the bytes at a place over to what they are known by, where they stay when the place is cleared.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is nothing at the place, [`AppError::Unavailable`].
    pub async fn adopt(&self, place: Place, known_by: Digest) -> Result<()> {
        if self.holds(known_by).await? {
            return Ok(());
        }
        match self.0.copy(&place.path(), &path(known_by)).await {
            Ok(()) => Ok(()),
            Err(Error::NotFound { .. }) => Err(AppError::no_such("file", known_by)),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Clears a place; one that is clear stays so.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when it cannot be cleared just now.
    pub async fn clear(&self, place: Place) -> Result<()> {
        match self.0.delete(&place.path()).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Every file that is kept under its digest, and its size in bytes; not what only waits or is made anew.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the store of attachments does not answer.
    pub async fn list(&self) -> Result<Vec<(Digest, u64)>> {
        let kept: Vec<_> = self.0.list(None).try_collect().await.map_err(unavailable)?;
        let known = kept.into_iter().filter_map(|object| {
            let parts = object.location.parts();
            let name: String = parts.map(|part| part.as_ref().to_owned()).collect();
            Some((name.parse().ok()?, object.size))
        });
        Ok(known.collect())
    }

    /// Every place at which there are bytes: what only waits or was made anew.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn places(&self) -> Result<Vec<Place>> {
        let kept: Vec<_> = self.0.list(None).try_collect().await.map_err(unavailable)?;
        let known = kept.into_iter();
        Ok(known
            .filter_map(|object| Place::parse(object.location.as_ref()))
            .collect())
    }

    /// The bytes that are known by a digest.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there are none, [`AppError::Broken`] when they are not what was kept,
    /// [`AppError::Unavailable`] when they cannot be read just now.
    pub async fn get(&self, known_by: Digest) -> Result<Bytes> {
        let contents = self.open(known_by, None).await?;
        let parts: Vec<Bytes> = contents.bytes.try_collect().await?;
        Ok(parts.concat().into())
    }

    /// The bytes that are known by a digest, one after the other; a part of them where a range is given. The range must lie
    /// within them. Whole files that are not what was kept end in an error instead of their end.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`AppError::Invalid`] for a range that begins beyond the end.
    pub async fn open(&self, known_by: Digest, range: Option<Range<u64>>) -> Result<Contents> {
        let whole = range.is_none();
        let mut contents = self
            .open_path(&path(known_by), range)
            .await?
            .ok_or_else(|| AppError::no_such("file", known_by))?;
        if whole {
            contents.bytes = verified(contents.bytes, known_by);
        }
        Ok(contents)
    }

    /// The bytes at a place, one after the other; nothing when it is clear.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when they cannot be read just now.
    pub async fn open_at(
        &self,
        place: Place,
        range: Option<Range<u64>>,
    ) -> Result<Option<Contents>> {
        self.open_path(&place.path(), range).await
    }

    async fn open_path(
        &self,
        path: &ObjectPath,
        range: Option<Range<u64>>,
    ) -> Result<Option<Contents>> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.0.get_opts(path, options).await {
            Ok(found) => Ok(Some(Contents {
                size: found.meta.size,
                range: found.range.clone(),
                bytes: found.into_stream().map_err(unavailable).boxed(),
            })),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn holds(&self, known_by: Digest) -> Result<bool> {
        match self.0.head(&path(known_by)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path())
    }
}

impl Place {
    /// The place of this name, which is the one that it is shown by.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, id) = name.split_once('/')?;
        match kind {
            "uploads" => Some(Self::Upload(id.parse().ok()?)),
            "exports" => Some(Self::Export(id.strip_suffix(".zip")?.parse().ok()?)),
            _ => None,
        }
    }

    fn path(self) -> ObjectPath {
        match self {
            Self::Upload(id) => ObjectPath::from_iter(["uploads".to_owned(), id.to_string()]),
            Self::Export(id) => ObjectPath::from_iter(["exports".to_owned(), format!("{id}.zip")]),
        }
    }
}

/// The SHA-256 of bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The same bytes, with an error at their end when they are not what they are known by.
fn verified(
    bytes: BoxStream<'static, Result<Bytes>>,
    known_by: Digest,
) -> BoxStream<'static, Result<Bytes>> {
    let begin = Some((bytes, Sha256::new()));
    stream::try_unfold(begin, move |state| async move {
        let Some((mut bytes, mut seen)) = state else {
            return Ok(None);
        };
        match bytes.try_next().await? {
            Some(part) => {
                seen.update(&part);
                Ok(Some((part, Some((bytes, seen)))))
            }
            None if Digest(seen.finalize().into()) == known_by => Ok(None),
            None => Err(AppError::Broken {
                what: format!("The file {known_by} is damaged: restore it from a backup."),
                source: None,
            }),
        }
    })
    .boxed()
}

/// Two levels, as folders with a million files are slow.
fn path(digest: Digest) -> ObjectPath {
    let name = digest.to_string();
    let (folder, rest) = name.split_at(2);
    ObjectPath::from_iter([folder, rest])
}

fn unavailable(error: Error) -> AppError {
    does_not_answer(error)
}

fn does_not_answer(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
    AppError::unavailable(
        "The store of attachments does not answer: try again.",
        error,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_are_kept_once_by_their_digest() {
        let blobs = Blobs::in_memory();
        let kept = blobs.put("hello").await.unwrap();
        assert_eq!(
            kept.to_string(),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
        assert_eq!(blobs.put("hello").await.unwrap(), kept);
        assert_eq!(blobs.get(kept).await.unwrap(), "hello");
        assert!(matches!(
            blobs.get(Digest([0; 32])).await,
            Err(AppError::NotFound(_))
        ));
    }

    #[test]
    fn a_place_is_known_by_its_name() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let places = [
            Place::Upload(id.parse().unwrap()),
            Place::Export(id.parse().unwrap()),
        ];
        for place in places {
            assert_eq!(Place::parse(&place.to_string()), Some(place));
        }
        for other in ["2c/f24dba", "uploads/x", "exports/x.zip", "uploads", ""] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_noticed() {
        let blobs = Blobs::in_memory();
        let kept = blobs.put("hello").await.unwrap();
        blobs.0.put(&path(kept), "hullo".into()).await.unwrap();
        assert!(matches!(
            blobs.get(kept).await,
            Err(AppError::Broken { .. })
        ));
    }
}
