//! Identifiers: UUIDv7 behind a type of its own for each noun, so that one cannot be taken for another.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
/// What identifiers are made of.
pub use uuid::Uuid;

/// Where identifiers come from: time and randomness are given, so that a test can repeat a run exactly.
pub trait IdSource {
    /// Ten random bytes.
    fn random(&mut self) -> [u8; 10];

    /// A new identifier that sorts by `now`, to the millisecond.
    fn new_id<I: From<Uuid>>(&mut self, now: Timestamp) -> I
    where
        Self: Sized,
    {
        I::from(uuid_at(now, self.random()))
    }
}

/// Builds a version 7 UUID (RFC 9562, section 5.7) from an instant and ten random bytes.
#[must_use]
pub fn uuid_at(now: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// A text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} does not identify any {noun}: expected a UUID like 0190163d-8694-739b-aea5-966c26f8ad91"
)]
pub struct InvalidId {
    noun: &'static str,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The UUID inside.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| InvalidId { noun: $noun, text: text.to_owned() })
            }
        }
    )*};
}

ids! {
    /// Identifies an account: a customer organisation.
    AccountId = "account";
    /// Identifies a contract.
    ContractId = "contract";
    /// Identifies a contact: a person at an account.
    ContactId = "contact";
    /// Identifies an agent: a person who serves.
    AgentId = "agent";
    /// Identifies a team of agents.
    TeamId = "team";
    /// Identifies a ticket.
    TicketId = "ticket";
    /// Identifies a message: a public reply or an internal note.
    MessageId = "message";
    /// Identifies a fact in the ledger.
    EventId = "event";
    /// Identifies an escalation.
    EscalationId = "escalation";
    /// Identifies a notification to one person by one channel.
    NotificationId = "notification";
    /// Identifies a short message on its way to one person, by another channel than e-mail.
    DispatchId = "dispatch";
    /// Identifies a cover: somebody who stands in on call.
    CoverId = "cover";
    /// Identifies a mail as it was received, before it was parsed.
    RawMailId = "raw mail";
    /// Identifies a mail to be sent.
    OutgoingMailId = "outgoing mail";
    /// Identifies a job in the queue.
    JobId = "job";
    /// Identifies a session of somebody signed in.
    SessionId = "session";
    /// Identifies a link that was asked for to sign in or to set a password.
    SignInLinkId = "sign-in link";
    /// Identifies somebody's authenticator.
    AuthenticatorId = "authenticator";
    /// Identifies a passkey.
    PasskeyId = "passkey";
    /// Identifies the challenge of a ceremony with a passkey.
    PasskeyChallengeId = "passkey challenge";
    /// Identifies a recovery code.
    RecoveryCodeId = "recovery code";
    /// Identifies an API token.
    TokenId = "token";
    /// Identifies a webhook subscription.
    WebhookId = "webhook";
    /// Identifies one event on its way to one webhook.
    WebhookDeliveryId = "webhook delivery";
    /// Identifies a mailbox that was set up.
    MailboxId = "mailbox";
    /// Identifies a saved view.
    ViewId = "view";
    /// Identifies a macro.
    MacroId = "macro";
    /// Identifies a file that was uploaded, before and after a message takes it.
    UploadId = "upload";
    /// Identifies an export of an account.
    ExportId = "export";
}
