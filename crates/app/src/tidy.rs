//! Removing what is not kept for ever.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_store::clock;
use mainstay_store::retention::{Fleeting, prune};

use crate::context::App;
use crate::error::Result;
use crate::job::Job;
use crate::throttle::FORGET;
use crate::transaction::transact;

/// How often it is done.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How long it is remembered at least who wrote mails: one may be read long after it came.
const SENDERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How many rows one transaction removes at most, so that nobody else who writes waits for long.
const AT_ONCE: u32 = 500;

/// How often counts are added up in a row, at most, however fast new ones are appended.
const ROUNDS: usize = 50;

/// How long what is not kept for ever is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Deliveries to webhooks that were made or given up.
    pub webhook_deliveries: Duration,
    /// The feed of changes, from which somebody who was away for a while is told what they missed.
    pub changes: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            webhook_deliveries: Duration::from_secs(30 * 86_400),
            changes: Duration::from_secs(7 * 86_400),
        }
    }
}

impl App {
    /// Asks for tidying from now on, unless it is asked for already.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn keep_tidy(&self) -> Result<()> {
        let now = self.now();
        transact!(self, tx => next(now).queue(self, tx, next_at(now)))
    }

    /// Removes what is over, and asks for the next time.
    pub(crate) async fn tidy(&self) -> Result<()> {
        let now = self.now();
        let next = next(now);
        let at = next_at(now);
        transact!(self, tx => next.queue(self, tx, at))?;
        let mut removed = 0;
        for what in Fleeting::ALL {
            let over_at = self.over_at(what, now);
            loop {
                let batch =
                    transact!(self, tx => async { Ok(prune(tx, what, over_at, AT_ONCE).await?) })?;
                removed += batch;
                if batch < u64::from(AT_ONCE) {
                    break;
                }
            }
        }
        self.add_up_counts().await?;
        if removed > 0 {
            tracing::info!(removed, "removed what is not kept for ever");
        }
        Ok(())
    }

    /// Does what was put off while somebody waited: links the entries of the audit trail, adds counts up where there are many, and lets
    /// the database look into tables that have filled. To be called every few seconds; it costs little where there is nothing.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn catch_up(&self) -> Result<()> {
        let linked = self.link_audit().await;
        for _ in 0..ROUNDS {
            // Where another node holds what there is, it adds it up.
            let is_done =
                !clock::has_counts_to_add_up(&self.read()).await? || !self.add_up_counts().await?;
            if is_done {
                break;
            }
        }
        self.store().learn_of_filled().await;
        linked
    }

    /// Adds up some of the counts; says whether there were any that nobody else adds up.
    async fn add_up_counts(&self) -> Result<bool> {
        transact!(self, tx => async { Ok(clock::add_up_counts(tx).await?) })
    }

    fn over_at(&self, what: Fleeting, now: Timestamp) -> Timestamp {
        let ago = |kept: Duration| {
            let kept = SignedDuration::try_from(kept).unwrap_or(SignedDuration::MAX);
            now.saturating_sub(kept).unwrap_or(Timestamp::MIN)
        };
        let retention = self.options().retention;
        match what {
            Fleeting::Sessions
            | Fleeting::SignInLinks
            | Fleeting::PasskeyChallenges
            | Fleeting::IdempotencyKeys
            | Fleeting::Presence => now,
            Fleeting::Changes => ago(retention.changes),
            Fleeting::WebhookDeliveries => ago(retention.webhook_deliveries),
            Fleeting::SignInFailures => now.saturating_sub(FORGET).unwrap_or(now),
            Fleeting::MailSenders => {
                let kept = self.options().mail.flood.within.max(SENDERS_KEPT);
                now.saturating_sub(kept).unwrap_or(now)
            }
        }
    }
}

/// The next round, known by its instant: several nodes that ask for it ask once.
fn next(now: Timestamp) -> Job {
    Job::Tidy { at: next_at(now) }
}

fn next_at(now: Timestamp) -> Timestamp {
    let every = EVERY.as_secs();
    let second = (now.as_second().div_euclid(every) + 1) * every;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_round_is_at_the_full_hour() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let next = next_at(at("2026-03-02T09:00:00Z"));
        assert_eq!(next, at("2026-03-02T10:00:00Z"));
        assert_eq!(next_at(at("2026-03-02T09:59:59.9Z")), next);
    }
}
