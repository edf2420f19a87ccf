//! The randomness of the operating system.

use crate::Failure;

/// Enough random bytes for a key or a seed.
///
/// # Errors
/// Fails when the system gives none.
pub fn bytes() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    #[expect(
        clippy::disallowed_methods,
        reason = "the program asks for randomness here, and nowhere else"
    )]
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}
