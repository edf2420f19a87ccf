//! Passwords: kept as Argon2id, and compared in the same time whether somebody is known or not.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::context::App;
use crate::error::{AppError, Result};

/// Memory in KiB, passes and lanes: the least that OWASP's Password Storage Cheat Sheet recommends for Argon2id. One
/// comparison takes 20 to 40 ms of one core.
const PARAMETERS: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The shortest and the longest password, in characters and in bytes.
const SHORTEST: usize = 10;
const LONGEST: usize = 1024;

/// The hash of a password nobody has, of the same cost as a real one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWFpbnN0YXktbm9ib2R5$nGOT7TBg1/HoeMVxEzUzTkCEYHZAmpXpHHHK3v4rlJk";

/// Bounds how many passwords are hashed at once, since each takes 19 MiB.
#[derive(Debug, Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(4)))
    }
}

/// Checks that a new password is long enough, and not so long that hashing it becomes a burden.
///
/// # Errors
/// Returns [`AppError::Invalid`] for the field `password`.
pub fn check(password: &str) -> Result<()> {
    if password.chars().count() < SHORTEST {
        let detail = format!("a password has at least {SHORTEST} characters");
        return Err(AppError::invalid("password", detail));
    }
    if password.len() > LONGEST {
        let detail = format!("a password has at most {LONGEST} bytes");
        return Err(AppError::invalid("password", detail));
    }
    Ok(())
}

impl App {
    /// Hashes a password for the store.
    ///
    /// # Errors
    /// Returns [`AppError::Invalid`] for one that is too short or too long.
    pub async fn hash_password(&self, password: String) -> Result<String> {
        check(&password)?;
        let salt: [u8; 16] = self.random_bytes();
        self.in_turn(move || {
            use argon2::PasswordHasher as _;
            argon2()?
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| AppError::broken("a password cannot be hashed", error.to_string()))
        })
        .await
    }

    /// Whether a password is right. Takes as long for somebody who has none.
    pub(crate) async fn is_password(&self, password: String, hash: Option<String>) -> Result<bool> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        self.in_turn(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&hash).map_err(|error| {
                AppError::broken("a stored password cannot be read", error.to_string())
            })?;
            let right = argon2()?
                .verify_password(password.as_bytes(), &hash)
                .is_ok();
            Ok(known && right)
        })
        .await
    }

    /// The hash of a password that was just found right, where the stored one is weaker than those made today.
    pub(crate) async fn stronger_hash(
        &self,
        password: &str,
        stored: &str,
    ) -> Result<Option<String>> {
        // One from before the rules of today may be too short to be hashed anew: it stays until it is changed.
        if !is_weaker(stored) || check(password).is_err() {
            return Ok(None);
        }
        self.hash_password(password.to_owned()).await.map(Some)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
            AppError::broken("a password cannot be hashed", error)
        };
        let _turn = self
            .passwords()
            .0
            .acquire()
            .await
            .map_err(|error| broken(error.into()))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| broken(error.into()))?
    }
}

/// Whether a stored hash costs a guesser less than one that is made today.
fn is_weaker(stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else {
        return false;
    };
    let Ok(params) = Params::try_from(&hash) else {
        return true;
    };
    let (memory, passes, _) = PARAMETERS;
    hash.algorithm.as_str() != "argon2id" || params.m_cost() < memory || params.t_cost() < passes
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = PARAMETERS;
    let parameters = Params::new(memory, passes, lanes, None)
        .map_err(|error| AppError::broken("a password cannot be hashed", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        let (memory, passes, lanes) = PARAMETERS;
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (memory, passes, lanes)
        );
        assert_eq!(hash.algorithm.as_str(), "argon2id");
    }

    #[test]
    fn a_hash_of_less_work_is_weaker() {
        assert!(!is_weaker(NOBODY));
        assert!(is_weaker(&NOBODY.replace("m=19456", "m=8192")));
        assert!(is_weaker(&NOBODY.replace("t=2", "t=1")));
        assert!(is_weaker(&NOBODY.replace("argon2id", "argon2i")));
        assert!(!is_weaker(&NOBODY.replace("m=19456", "m=65536")));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(check("123456789").is_err());
        assert!(check("ééééééééé").is_err());
        assert!(check(&"x".repeat(1025)).is_err());
        assert!(check("correct horse").is_ok());
    }
}
