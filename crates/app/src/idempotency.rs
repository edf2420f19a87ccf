//! Idempotency keys: who asked what under which key, and what was answered.

use jiff::SignedDuration;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_store::idempotency::{self, Known};
use sha2::{Digest as _, Sha256};

use crate::context::App;
use crate::error::Result;

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A key, whose it is, and the request it stands for.
#[derive(Debug, Clone)]
pub struct Key {
    actor: Actor,
    key: String,
    request: Digest,
}

impl Key {
    /// A key of somebody's for a request given by its parts.
    #[must_use]
    pub fn new(actor: Actor, key: &str, request: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in request {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        Self {
            actor,
            key: key.to_owned(),
            request: Digest(digest.finalize().into()),
        }
    }
}

pub use mainstay_store::idempotency::Answer;

/// Whether a request may go ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the first with its key.
    Ours,
    /// It was answered before.
    Answered(Answer),
    /// The first one is not answered yet, or its process died: whether it had its effect is not known.
    Underway,
    /// The key stands for another request.
    Reused,
}

impl App {
    /// Claims a key for a request.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn claim(&self, key: &Key) -> Result<Claim> {
        let now = self.now();
        let expires_at = now.checked_add(KEPT).unwrap_or(now);
        let tx = self.begin().await?;
        let (actor, name) = (key.actor, key.key.as_str());
        let known = idempotency::take(&tx, actor, name, key.request, now, expires_at).await?;
        tx.commit().await?;
        Ok(match known {
            Known::New => Claim::Ours,
            Known::InProgress => Claim::Underway,
            Known::Answered(answer) => Claim::Answered(answer),
            Known::OtherRequest => Claim::Reused,
        })
    }

    /// Keeps the answer to a claimed key.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn answer(&self, key: &Key, answer: &Answer) -> Result<()> {
        let tx = self.begin().await?;
        idempotency::answer(&tx, key.actor, &key.key, answer).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a claimed key back, because nothing was done.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn release(&self, key: &Key) -> Result<()> {
        let tx = self.begin().await?;
        idempotency::release(&tx, key.actor, &key.key).await?;
        Ok(tx.commit().await?)
    }
}
