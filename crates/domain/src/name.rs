//! Names that a policy pack gives to things.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of a file of a pack, such as `commitments.toml`.
    FileName;
    /// The name of a tier, such as `Enterprise`.
    TierName;
    /// The name of a commitment, such as `first_response`.
    CommitmentName;
    /// The name of a calendar, such as `business-hours`.
    CalendarName;
    /// The name of a ticket category, such as `technical`.
    CategoryName;
    /// The name of a status, such as `pending_customer` or one that a pack adds.
    StatusName;
    /// The name of an escalation ladder.
    LadderName;
    /// The name of a role, such as `agent` or one that a pack adds.
    RoleName;
    /// The name of a message template.
    TemplateName;
    /// A tag.
    Tag;
    /// The name of a team, as packs write it; the store knows which team bears it.
    TeamName;
    /// The address by which an agent signs in; a pack names people by it, because it cannot know their identifiers.
    AgentAddress;
    /// Something an agent is good at, such as `sso` or `billing`.
    Skill;
    /// A language, as an ISO 639-1 code in lower case, such as `es`.
    Language;
}

impl Default for FileName {
    /// That of no file.
    fn default() -> Self {
        Self::from("")
    }
}
