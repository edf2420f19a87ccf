//! Attachments: the bytes of files, kept under their SHA-256 in a folder or in S3, never in the database.
//!
//! The same bytes are kept once. They are written before the transaction that names them, so that what the database
//! names is there; what a transaction that failed left behind harms nobody.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_domain::digest::Digest;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sha2::Digest as _;

use crate::error::{AppError, Result};

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

    /// Kept in a folder, which is made when it is not there. A file is on the disk before it is said to be kept.
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
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region);
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
        let path = path(digest);
        match self.0.head(&path).await {
            Ok(_) => return Ok(digest),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(unavailable(error)),
        }
        self.0.put(&path, bytes.into()).await.map_err(unavailable)?;
        Ok(digest)
    }

    /// The bytes that are known by a digest.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there are none, [`AppError::Broken`] when they are not what was kept,
    /// [`AppError::Unavailable`] when they cannot be read just now.
    pub async fn get(&self, known_by: Digest) -> Result<Bytes> {
        let found = match self.0.get(&path(known_by)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(AppError::no_such("file", known_by));
            }
            Err(error) => return Err(unavailable(error)),
        };
        let bytes = found.bytes().await.map_err(unavailable)?;
        if digest(&bytes) == known_by {
            return Ok(bytes);
        }
        Err(AppError::Broken {
            what: format!("The file {known_by} is damaged: restore it from a backup."),
            source: None,
        })
    }
}

/// The SHA-256 of bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

/// Two levels, as folders with a million files are slow.
fn path(digest: Digest) -> ObjectPath {
    let name = digest.to_string();
    let (folder, rest) = name.split_at(2);
    ObjectPath::from_iter([folder, rest])
}

fn unavailable(error: object_store::Error) -> AppError {
    AppError::unavailable("The store of attachments does not answer.", error)
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
