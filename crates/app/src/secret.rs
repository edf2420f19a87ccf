//! Secrets that machines carry: made here, shown once, and kept only as digests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_domain::digest::Digest;
use sha2::{Digest as _, Sha256};

use crate::context::App;

impl App {
    /// A new secret of 256 bits after a prefix that says what it is for, so that a leaked one can be recognised.
    pub(crate) fn new_secret(&self, prefix: &str) -> String {
        format!(
            "{prefix}{}",
            URL_SAFE_NO_PAD.encode(self.random_bytes::<32>())
        )
    }
}

impl App {
    /// A password made up for somebody: 96 bits in letters, digits, `-` and `_`.
    #[must_use]
    pub fn new_password(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random_bytes::<12>())
    }
}

/// The SHA-256 digest of some bytes. Enough to keep a secret of 256 bits, which nobody can guess by trying.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// A number that changes when a thing changes, for things that carry no version. It serves to notice that somebody
/// else changed the thing in between; it is not stored, so a new release may compute it differently.
#[must_use]
pub fn fingerprint(thing: &impl std::fmt::Debug) -> u64 {
    let Digest(bytes) = digest(format!("{thing:?}").as_bytes());
    let (first, _) = bytes.split_at(8);
    first
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
