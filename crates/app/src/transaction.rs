//! Transactions that are tried again.

use crate::error::{AppError, Result};

/// How often a use case is tried when somebody else was first or the database was busy.
pub(crate) const TRIES: u32 = 5;

/// Whether the same use case may succeed when it loads and decides again. Never where it may have been done already.
pub(crate) fn is_worth_another_try(error: &AppError) -> bool {
    matches!(error, AppError::Conflict(_) | AppError::Unavailable { .. })
}

/// Says what an attempt yields, so that the block of [`transact!`] need not.
pub(crate) async fn attempt<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    work.await
}

/// Runs a block of a use case in a transaction, and once more from its start when another writer was first.
///
/// `transact!(app, tx => future)` commits when the future yields `Ok`, and undoes everything otherwise. The future is
/// written out anew for each attempt.
///
/// `transact!(app, begin_looking, tx => future)` begins it by that.
macro_rules! transact {
    ($app:expr, $tx:ident => $work:expr) => {
        $crate::transaction::transact!($app, begin, $tx => $work)
    };
    ($app:expr, $begin:ident, $tx:ident => $work:expr) => {{
        let mut tries = $crate::transaction::TRIES;
        let began = $crate::measure::Stopwatch::start();
        loop {
            tries -= 1;
            let outcome: $crate::Result<_> = async {
                let transaction = $app.store().$begin().await?;
                let $tx = &transaction;
                let value = $crate::transaction::attempt($work).await?;
                transaction.commit().await?;
                Ok(value)
            }
            .await;
            match outcome {
                Err(error) if tries > 0 && $crate::transaction::is_worth_another_try(&error) => {
                    metrics::counter!($crate::measure::TRANSACTION_RETRIES).increment(1);
                }
                outcome => {
                    $crate::measure::note_transaction(began, outcome.is_ok());
                    break outcome;
                }
            }
        }
    }};
}
pub(crate) use transact;

#[cfg(test)]
mod tests {
    use mainstay_store::StoreError;

    use super::*;

    #[test]
    fn what_may_have_been_done_is_not_tried_again() {
        let lost = || "the connection was lost".to_owned();
        assert!(is_worth_another_try(
            &StoreError::Unavailable(lost()).into()
        ));
        assert!(!is_worth_another_try(&StoreError::InDoubt(lost()).into()));
    }
}
