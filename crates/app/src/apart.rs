//! Doing something on a task of its own, so that it breaks off nothing else.

use std::future::Future;

use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::error::{AppError, Result};

/// Does something on a task of its own, which another processor may take. It ends when nobody waits for it any more.
///
/// # Errors
/// As what is done; [`AppError::Broken`], with what it was, when it panics, and [`AppError::Unavailable`] when the program ends.
pub(crate) async fn apart<T: Send + 'static>(
    what: &'static str,
    doing: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let doing = AbortOnDropHandle::new(tokio::spawn(doing.in_current_span()));
    doing.await.unwrap_or_else(|error| {
        let what = format!("{what} broke off.");
        Err(match error.is_cancelled() {
            true => AppError::unavailable(what, error),
            false => AppError::broken(what, error),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_panics_breaks_off_nothing_else() {
        let done = apart("Counting", async { Ok(2) }).await;
        assert_eq!(done.unwrap(), 2);
        let broken: Result<u8> = apart("Counting", async { panic!("too many") }).await;
        let broken = broken.unwrap_err();
        assert!(matches!(&broken, AppError::Broken { .. }), "{broken:?}");
        assert_eq!(broken.to_string(), "Counting broke off.");
    }
}
