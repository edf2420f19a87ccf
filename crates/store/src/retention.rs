//! Removing what nobody needs any more, a small batch at a time, so that no other writer waits for long.

use jiff::Timestamp;

use crate::connection::Transaction;
use crate::error::StoreError;
use crate::sql::Sql;

/// What is not kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fleeting {
    /// Sessions that have ended.
    Sessions,
    /// Idempotency keys that have expired.
    IdempotencyKeys,
    /// The feed of changes for those who look at the program live.
    Changes,
    /// Deliveries to webhooks that were made or given up.
    WebhookDeliveries,
    /// Who was at a ticket.
    Presence,
    /// Wrong passwords.
    SignInFailures,
    /// Links by which somebody could have signed in.
    SignInLinks,
    /// Who wrote mails, for noticing a flood.
    MailSenders,
    /// Challenges to which no passkey answered.
    PasskeyChallenges,
}

impl Fleeting {
    /// Everything that is not kept for ever.
    pub const ALL: [Self; 9] = [
        Self::Sessions,
        Self::IdempotencyKeys,
        Self::Changes,
        Self::WebhookDeliveries,
        Self::Presence,
        Self::SignInFailures,
        Self::SignInLinks,
        Self::MailSenders,
        Self::PasskeyChallenges,
    ];

    /// The table, its key, and the condition up to the instant.
    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sessions => ("session", "id", "expires_at <= "),
            Self::IdempotencyKeys => ("idempotency", "actor, key", "expires_at <= "),
            Self::Changes => ("change", "id", "at <= "),
            Self::WebhookDeliveries => (
                "webhook_delivery",
                "id",
                "state IN ('delivered', 'dead') AND created_at <= ",
            ),
            Self::Presence => ("presence", "ticket, agent", "until <= "),
            Self::SignInLinks => ("sign_in_link", "id", "expires_at <= "),
            Self::MailSenders => ("mail_sender", "address_key, at", "at <= "),
            Self::PasskeyChallenges => ("passkey_challenge", "id", "expires_at <= "),
            Self::SignInFailures => ("sign_in_failure", "name", "last <= "),
        }
    }
}

/// Removes at most `limit` of what was over at an instant, and says how many.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn prune(
    tx: &Transaction,
    what: Fleeting,
    over_at: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let (table, key, condition) = what.row();
    let sql = Sql::new(format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition}"
    ))
    .with("", &over_at)
    .with(" LIMIT ", &i64::from(limit))
    .then(")");
    tx.execute(sql).await
}
