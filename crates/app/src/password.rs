//! Passwords: kept as Argon2id, and compared in the same time whether somebody is known or not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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

/// How many passwords are hashed at once, since each takes 19 MiB.
const AT_ONCE: usize = 4;

/// Bounds how many passwords are hashed at once, and keeps the memory in which that is done. An allocator that hands out so
/// much to one thread after the other keeps it for each of them: two hundred people who sign in would cost hundreds of MiB.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    /// Memory that nobody uses now; no more than the places.
    spare: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            spare: Arc::default(),
        }
    }
}

impl Passwords {
    fn spare(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works in memory that was used before, where there is some.
    fn with_memory<T>(&self, work: impl FnOnce(&mut Vec<Block>) -> T) -> T {
        let mut memory = self.spare().pop().unwrap_or_default();
        let done = work(&mut memory);
        self.spare().push(memory);
        done
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
        self.in_turn(move |memory| {
            hash(&password, &salt, memory)
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
        self.in_turn(move |memory| {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&hash).map_err(|error| {
                AppError::broken("a stored password cannot be read", error.to_string())
            })?;
            let right = is_of(&hash, &password, memory).unwrap_or(false);
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
        work: impl FnOnce(&mut Vec<Block>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
            AppError::broken("a password cannot be hashed", error)
        };
        let passwords = self.passwords().clone();
        let places = passwords.places.clone();
        let place = places
            .acquire_owned()
            .await
            .map_err(|error| broken(error.into()))?;
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also where whoever asked has gone meanwhile.
            let _place = place;
            passwords.with_memory(work)
        })
        .await
        .map_err(|error| broken(error.into()))?
    }
}

/// The hash of a password that is made today.
fn hash(
    password: &str,
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> std::result::Result<PasswordHash, Error> {
    let (cost, passes, lanes) = PARAMETERS;
    let params = Params::new(cost, passes, lanes, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(salt)?),
        hash: Some(digest(&argon2, password, salt, memory)?),
    })
}

/// Whether a hash is that of a password.
fn is_of(
    hash: &PasswordHash,
    password: &str,
    memory: &mut Vec<Block>,
) -> std::result::Result<bool, Error> {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Ok(false);
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash
        .version
        .map(Version::try_from)
        .transpose()?
        .unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
    // The comparison of outputs takes the same time wherever they differ.
    Ok(digest(&argon2, password, salt, memory)? == *expected)
}

fn digest(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> std::result::Result<Output, Error> {
    let params = argon2.params();
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut buffer = [0; Output::MAX_LENGTH];
    let output = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
    // What is left of the password before is overwritten by the first pass.
    memory.resize(params.block_count(), Block::new());
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut *output, memory)?;
    Ok(Output::new(output)?)
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
    fn memory_that_was_used_before_changes_no_hash() {
        use argon2::PasswordVerifier as _;
        let passwords = Passwords::default();
        for (password, salt) in [("correct horse", [1; 16]), ("battery staple", [2; 16])] {
            let made = passwords.with_memory(|memory| hash(password, &salt, memory).unwrap());
            assert_eq!(
                Argon2::default().verify_password(password.as_bytes(), &made),
                Ok(()),
                "the library finds {password} in {made}"
            );
            for (typed, right) in [(password, true), ("wrong horse", false)] {
                let found = passwords.with_memory(|memory| is_of(&made, typed, memory));
                assert_eq!(found, Ok(right), "{typed} for {password}");
            }
        }
        assert_eq!(
            passwords.spare().iter().map(Vec::len).collect::<Vec<_>>(),
            [19 * 1024],
            "one memory served all"
        );
        let made = PasswordHash::new(NOBODY).unwrap();
        let weaker = PasswordHash::new(&NOBODY.replace("m=19456", "m=8192")).unwrap();
        for hash in [weaker, made] {
            let found = passwords.with_memory(|memory| is_of(&hash, "correct horse", memory));
            assert_eq!(found, Ok(false), "{hash}");
        }
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
