//! How values are kept in columns.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use mainstay_domain::account::NamedPerson;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::{Actor, Channel, Origin, Side, TargetOverride, Visibility};
use mainstay_domain::id::{
    AccountId, AgentId, AuthenticatorId, ContactId, ContractId, CoverId, DispatchId, EscalationId,
    EventId, ExportId, JobId, MacroId, MailboxId, MessageId, NotificationId, OutgoingMailId,
    PasskeyChallengeId, PasskeyId, RawMailId, RecoveryCodeId, SessionId, SignInLinkId, TeamId,
    TicketId, TokenId, UploadId, ViewId, WebhookDeliveryId, WebhookId,
};
use mainstay_domain::mailbox::{Incoming, MailServer};
use mainstay_domain::name::{
    CalendarName, CategoryName, CommitmentName, LadderName, RoleName, StatusName, Tag, TeamName,
    TierName,
};
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::rating::Rating;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Link;
use sea_orm::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::StoreError;
use crate::row::{self, Row};

/// A value that is kept in one column that is never null.
pub(crate) trait Scalar: Sized {
    /// What the engine keeps.
    type Base: row::Base;

    fn to_base(&self) -> Self::Base;

    /// Reads what [`to_base`](Self::to_base) wrote; what is wrong with anything else.
    fn from_base(base: Self::Base) -> Result<Self, String>;
}

/// A value that is kept in one column: a scalar, or none.
pub(crate) trait Field: Sized {
    fn to_value(&self) -> Value;

    fn read(row: &Row, index: usize) -> Result<Self, StoreError>;
}

impl<T: Scalar> Field for T {
    fn to_value(&self) -> Value {
        self.to_base().into()
    }

    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Option::read(row, index)?
            .ok_or_else(|| StoreError::Corrupt(format!("nothing in column {index}")))
    }
}

impl<T: Scalar> Field for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref()
            .map_or_else(<T::Base as sea_orm::sea_query::Nullable>::null, |value| {
                value.to_base().into()
            })
    }

    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        row.get::<T::Base>(index)?
            .map(T::from_base)
            .transpose()
            .map_err(StoreError::Corrupt)
    }
}

/// Kept as they are.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            type Base = Self;

            fn to_base(&self) -> Self {
                self.clone()
            }

            fn from_base(base: Self) -> Result<Self, String> {
                Ok(base)
            }
        }
    )*};
}
plain!(i64, bool, Uuid, Vec<u8>);

impl Scalar for String {
    type Base = Self;

    /// PostgreSQL cannot keep the character NUL in a text. It is replaced on both engines, that they agree.
    fn to_base(&self) -> Self {
        if self.contains('\0') {
            self.replace('\0', "\u{fffd}")
        } else {
            self.clone()
        }
    }

    fn from_base(base: Self) -> Result<Self, String> {
        Ok(base)
    }
}

impl Scalar for Timestamp {
    type Base = i64;

    fn to_base(&self) -> i64 {
        self.as_microsecond()
    }

    fn from_base(base: i64) -> Result<Self, String> {
        Self::from_microsecond(base).map_err(|error| error.to_string())
    }
}

/// Kept as integers.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            type Base = i64;

            /// Nothing that is counted here comes near the limit; a number beyond it is kept as the limit.
            fn to_base(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }

            fn from_base(base: i64) -> Result<Self, String> {
                Self::try_from(base).map_err(|_| format!("the number {base} is out of range"))
            }
        }
    )*};
}
integers!(u64, u32);

impl Scalar for PolicyVersion {
    type Base = i64;

    fn to_base(&self) -> i64 {
        i64::from(self.0)
    }

    fn from_base(base: i64) -> Result<Self, String> {
        u32::from_base(base).map(Self)
    }
}

/// Kept as 1 to 4, so that it sorts.
impl Scalar for Severity {
    type Base = i64;

    fn to_base(&self) -> i64 {
        match self {
            Self::P1 => 1,
            Self::P2 => 2,
            Self::P3 => 3,
            Self::P4 => 4,
        }
    }

    fn from_base(base: i64) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.to_base() == base)
            .ok_or_else(|| format!("{base} is not a severity"))
    }
}

macro_rules! ids {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            type Base = Uuid;

            fn to_base(&self) -> Uuid {
                self.uuid()
            }

            fn from_base(base: Uuid) -> Result<Self, String> {
                Ok(Self::from(base))
            }
        }
    )*};
}
ids!(
    AccountId,
    AgentId,
    AuthenticatorId,
    ContactId,
    ContractId,
    CoverId,
    DispatchId,
    EscalationId,
    EventId,
    JobId,
    MacroId,
    MailboxId,
    UploadId,
    ExportId,
    MessageId,
    NotificationId,
    OutgoingMailId,
    PasskeyChallengeId,
    PasskeyId,
    RawMailId,
    RecoveryCodeId,
    SessionId,
    SignInLinkId,
    TeamId,
    TicketId,
    TokenId,
    ViewId,
    WebhookDeliveryId,
    WebhookId
);

macro_rules! names {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            type Base = String;

            fn to_base(&self) -> String {
                self.as_str().to_owned().to_base()
            }

            fn from_base(base: String) -> Result<Self, String> {
                Ok(Self::from(base))
            }
        }
    )*};
}
names!(
    CalendarName,
    CategoryName,
    CommitmentName,
    LadderName,
    RoleName,
    StatusName,
    Tag,
    TierName
);

impl Scalar for Date {
    type Base = String;

    fn to_base(&self) -> String {
        self.to_string()
    }

    fn from_base(base: String) -> Result<Self, String> {
        base.parse().map_err(|_| format!("{base:?} is not a date"))
    }
}

impl Scalar for Time {
    type Base = String;

    fn to_base(&self) -> String {
        self.to_string()
    }

    fn from_base(base: String) -> Result<Self, String> {
        base.parse()
            .map_err(|_| format!("{base:?} is not a time of day"))
    }
}

impl Scalar for Digest {
    type Base = Vec<u8>;

    fn to_base(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn from_base(base: Vec<u8>) -> Result<Self, String> {
        base.try_into()
            .map(Self)
            .map_err(|bytes: Vec<u8>| format!("a digest of {} bytes", bytes.len()))
    }
}

/// Kept as `agent:…`, `contact:…` and `system`.
impl Scalar for Actor {
    type Base = String;

    fn to_base(&self) -> String {
        match self {
            Self::Contact(id) => format!("contact:{id}"),
            Self::Agent(id) => format!("agent:{id}"),
            Self::System => "system".to_owned(),
        }
    }

    fn from_base(base: String) -> Result<Self, String> {
        let actor = match base.split_once(':') {
            Some(("contact", id)) => id.parse().ok().map(Self::Contact),
            Some(("agent", id)) => id.parse().ok().map(Self::Agent),
            None if base == "system" => Some(Self::System),
            _ => None,
        };
        actor.ok_or_else(|| format!("{base:?} is nobody"))
    }
}

/// An enumeration that is kept by its names.
macro_rules! named {
    ($type:ty { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $crate::column::Scalar for $type {
            type Base = String;

            fn to_base(&self) -> String {
                match self {
                    $(Self::$variant => $name,)*
                }
                .to_owned()
            }

            fn from_base(base: String) -> Result<Self, String> {
                match base.as_str() {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("{base:?} is not one of {:?}", [$($name),*])),
                }
            }
        }
    };
}
pub(crate) use named;

named!(StatusKind {
    New = "new",
    Open = "open",
    PendingCustomer = "pending_customer",
    OnHold = "on_hold",
    Resolved = "resolved",
    Closed = "closed",
});
named!(Channel {
    Email = "email",
    Portal = "portal",
    Api = "api",
    Phone = "phone",
    Chat = "chat",
    Slack = "slack",
    Alert = "alert",
    Import = "import",
});
named!(Side {
    Customer = "customer",
    Agent = "agent",
});
named!(Visibility {
    Public = "public",
    Internal = "internal",
});
named!(Origin {
    Person = "person",
    Automatic = "automatic",
    Bounce = "bounce",
});

/// Kept as JSON.
macro_rules! json {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            type Base = String;

            fn to_base(&self) -> String {
                to_json(self)
            }

            fn from_base(base: String) -> Result<Self, String> {
                from_json(&base)
            }
        }
    )*};
}
json!(
    Vec<String>,
    Vec<Tag>,
    Vec<RoleName>,
    Vec<AgentId>,
    Vec<TargetOverride>,
    Rating,
    Incoming,
    MailServer,
    BTreeMap<String, String>,
    BTreeMap<TeamName, TeamId>
);

/// Kept as JSON, by way of tuples: these nouns have no serialized form of their own.
impl Scalar for Vec<NamedPerson> {
    type Base = String;

    fn to_base(&self) -> String {
        to_json(
            &self
                .iter()
                .map(|person| (&person.role, person.agent))
                .collect::<Vec<_>>(),
        )
    }

    fn from_base(base: String) -> Result<Self, String> {
        let people: Vec<(RoleName, AgentId)> = from_json(&base)?;
        Ok(people
            .into_iter()
            .map(|(role, agent)| NamedPerson { role, agent })
            .collect())
    }
}

impl Scalar for Vec<Link> {
    type Base = String;

    fn to_base(&self) -> String {
        to_json(
            &self
                .iter()
                .map(|link| (link.to, &link.relation))
                .collect::<Vec<_>>(),
        )
    }

    fn from_base(base: String) -> Result<Self, String> {
        let links: Vec<(TicketId, String)> = from_json(&base)?;
        Ok(links
            .into_iter()
            .map(|(to, relation)| Link { to, relation })
            .collect())
    }
}

/// JSON of values that always have a JSON form: no map with keys that are no texts, no failing serialization.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|_| "null".to_owned())
        .to_base()
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{text:?}: {error}"))
}
