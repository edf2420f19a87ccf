//! Roles and permissions: what each person may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::event::Side;
use crate::name::RoleName;

/// A role: a named set of permissions. A person may bear several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name, unique in the pack.
    pub name: RoleName,
    /// What the role is, in a sentence for people.
    pub description: String,
    /// What it permits.
    pub permissions: BTreeSet<Permission>,
}

impl Role {
    /// The side whose people may bear the role; nothing for a role that permits nothing, or things of both sides. The
    /// policy crate refuses a role that mixes sides, so that no portal user gains a permission of those who serve.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        let first = self.permissions.first()?.side();
        self.permissions
            .iter()
            .all(|permission| permission.side() == first)
            .then_some(first)
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $side:ident, [$($role:ident)*];)*) => {
        /// Something a person may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The permission's name in packs and in the scopes of tokens, `noun.verb`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The side whose people may have it.
            #[must_use]
            pub fn side(self) -> Side {
                match self {
                    $(Self::$name => Side::$side,)*
                }
            }

            /// The built-in roles that permit it, beside the administrator, who may do everything on our side.
            fn built_in(self) -> &'static [BuiltIn] {
                match self {
                    $(Self::$name => &[$(BuiltIn::$role,)*],)*
                }
            }
        }
    };
}

permissions! {
    /// See every account's tickets and conversations.
    ReadTickets = "ticket.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// Open a ticket, for a customer or on one's own.
    CreateTickets = "ticket.create", Agent, [Manager Agent Engineer SuccessManager];
    /// Write a public reply.
    ReplyToTickets = "ticket.reply", Agent, [Manager Agent Engineer SuccessManager];
    /// Write an internal note, mention and follow.
    NoteTickets = "ticket.note", Agent, [Manager Agent Engineer SuccessManager];
    /// Change subject, status, category, tags, fields and links.
    UpdateTickets = "ticket.update", Agent, [Manager Agent Engineer SuccessManager];
    /// Change the severity.
    PrioritiseTickets = "ticket.prioritise", Agent, [Manager Agent Engineer SuccessManager];
    /// Assign a ticket to an agent or a team.
    AssignTickets = "ticket.assign", Agent, [Manager Agent Engineer];
    /// Merge and split tickets, and undo how a message was threaded.
    MergeTickets = "ticket.merge", Agent, [Manager Agent];
    /// Change many tickets at once.
    BulkTickets = "ticket.bulk", Agent, [Manager Agent];
    /// File a ticket under another account.
    MoveTickets = "ticket.move", Agent, [Manager Agent];
    /// See clocks and explain deadlines.
    ReadClocks = "clock.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// See escalations.
    ReadEscalations = "escalation.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// Escalate by hand.
    RaiseEscalations = "escalation.raise", Agent, [Manager Agent Engineer SuccessManager];
    /// Acknowledge an escalation.
    AcknowledgeEscalations = "escalation.acknowledge", Agent, [Manager Agent Engineer SuccessManager];
    /// Assess, decide, allocate resources, move on, note progress, resolve and verify.
    HandleEscalations = "escalation.handle", Agent, [Manager Engineer SuccessManager];
    /// Cancel an escalation, and write its review.
    ReviewEscalations = "escalation.review", Agent, [Manager];
    /// See accounts, their contacts and named people.
    ReadAccounts = "account.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// Create and change accounts and their named people.
    UpdateAccounts = "account.update", Agent, [Manager SuccessManager];
    /// Create and change contacts, and give them access to the portal.
    UpdateContacts = "contact.update", Agent, [Manager Agent SuccessManager];
    /// See contracts: tier, term, value, overrides.
    ReadContracts = "contract.read", Agent, [Manager Agent SuccessManager Viewer];
    /// Create and change contracts.
    UpdateContracts = "contract.update", Agent, [Manager SuccessManager];
    /// Take an account's data out.
    ExportAccounts = "account.export", Agent, [Manager];
    /// See agents, teams and who is on call.
    ReadAgents = "agent.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// Change teams, hours, capacity, skills and who is on call.
    UpdateTeams = "team.update", Agent, [Manager];
    /// Create, change and disable agents, and say which roles they bear.
    UpdateAgents = "agent.update", Agent, [];
    /// See the policy in force and its history.
    ReadPolicy = "policy.read", Agent, [Manager Agent Engineer SuccessManager Viewer];
    /// Apply a policy pack, and roll one back.
    ApplyPolicy = "policy.apply", Agent, [];
    /// Keep macros for everybody.
    UpdateMacros = "macro.update", Agent, [Manager];
    /// Keep views for everybody; views of one's own need no permission.
    ShareViews = "view.share", Agent, [Manager];
    /// See who did what.
    ReadAudit = "audit.read", Agent, [Manager];
    /// See mail that could not be read or delivered.
    ReadMail = "mail.read", Agent, [Manager Agent];
    /// Send dead mail again, replay received mail.
    ResendMail = "mail.resend", Agent, [Manager];
    /// Create tokens for programs, and withdraw anybody's.
    UpdateTokens = "token.update", Agent, [];
    /// Create and change outgoing webhooks.
    UpdateWebhooks = "webhook.update", Agent, [];
    /// Bring in tickets from another system.
    ImportTickets = "ticket.import", Agent, [];
    /// See the settings in force and the program's health.
    ReadSettings = "settings.read", Agent, [];
    /// Change mailboxes and other settings; advance the time of a demonstration.
    UpdateSettings = "settings.update", Agent, [];

    /// In the portal: see one's own tickets.
    PortalReadOwn = "portal.read_own", Customer, [PortalContact PortalAdministrator];
    /// In the portal: open tickets and answer on those one may see.
    PortalWrite = "portal.write", Customer, [PortalContact PortalAdministrator];
    /// In the portal: ask for an escalation of a ticket one may see.
    PortalEscalate = "portal.escalate", Customer, [PortalContact PortalAdministrator];
    /// In the portal: see every ticket of one's account.
    PortalReadAccount = "portal.read_account", Customer, [PortalAdministrator];
    /// In the portal: see what the account was promised and how it was kept.
    PortalReadPromises = "portal.read_promises", Customer, [PortalAdministrator];
    /// In the portal: invite and remove the account's contacts.
    PortalUpdateContacts = "portal.update_contacts", Customer, [PortalAdministrator];
    /// In the portal: take the account's data out.
    PortalExport = "portal.export", Customer, [PortalAdministrator];
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no permission: expected a noun and a verb such as ticket.read")]
pub struct UnknownPermission(String);

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == text)
            .ok_or_else(|| UnknownPermission(text.to_owned()))
    }
}

/// The roles that every pack has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltIn {
    /// May do everything on our side.
    Administrator,
    /// Leads those who serve.
    Manager,
    /// Answers tickets.
    Agent,
    /// Works on what agents cannot answer.
    Engineer,
    /// Looks after accounts.
    SuccessManager,
    /// Sees, and changes nothing.
    Viewer,
    /// A person at the customer who writes and reads their own tickets.
    PortalContact,
    /// A person at the customer who sees the whole account's tickets and its people.
    PortalAdministrator,
}

impl BuiltIn {
    /// Every built-in role.
    pub const ALL: [Self; 8] = [
        Self::Administrator,
        Self::Manager,
        Self::Agent,
        Self::Engineer,
        Self::SuccessManager,
        Self::Viewer,
        Self::PortalContact,
        Self::PortalAdministrator,
    ];

    /// The role's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Engineer => "engineer",
            Self::SuccessManager => "success_manager",
            Self::Viewer => "viewer",
            Self::PortalContact => "portal_contact",
            Self::PortalAdministrator => "portal_administrator",
        }
    }

    /// What the role is.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Administrator => "May do everything: people, policy, settings and all the rest.",
            Self::Manager => {
                "Leads those who serve: assigns, reviews escalations, keeps teams and accounts."
            }
            Self::Agent => "Answers tickets.",
            Self::Engineer => "Works on what agents cannot answer, and takes escalations.",
            Self::SuccessManager => "Looks after accounts, their contracts and their escalations.",
            Self::Viewer => "Sees tickets, accounts and clocks, and changes nothing.",
            Self::PortalContact => "A person at the customer: writes and reads their own tickets.",
            Self::PortalAdministrator => {
                "A person at the customer: sees all tickets of the account and keeps its people."
            }
        }
    }

    /// The role with its permissions.
    #[must_use]
    pub fn role(self) -> Role {
        let permits = |permission: &Permission| {
            permission.built_in().contains(&self)
                || (self == Self::Administrator && permission.side() == Side::Agent)
        };
        Role {
            name: RoleName::from(self.as_str()),
            description: self.description().to_owned(),
            permissions: Permission::ALL.iter().copied().filter(permits).collect(),
        }
    }
}

/// The roles of a policy: the built-in ones and those the pack adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeMap<RoleName, Role>);

impl Default for Roles {
    /// The built-in roles.
    fn default() -> Self {
        Self::with([])
    }
}

impl Roles {
    /// The built-in roles and a pack's own; a pack's role of the same name takes the place of a built-in one.
    #[must_use]
    pub fn with(pack: impl IntoIterator<Item = Role>) -> Self {
        Self(
            BuiltIn::ALL
                .into_iter()
                .map(BuiltIn::role)
                .chain(pack)
                .map(|role| (role.name.clone(), role))
                .collect(),
        )
    }

    /// A role by its name.
    #[must_use]
    pub fn get(&self, name: &RoleName) -> Option<&Role> {
        self.0.get(name)
    }

    /// Every role, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.0.values()
    }

    /// Whether somebody who bears these roles may do this. A role that is not defined permits nothing.
    #[must_use]
    pub fn allows(&self, held: &[RoleName], permission: Permission) -> bool {
        held.iter()
            .filter_map(|name| self.0.get(name))
            .any(|role| role.permissions.contains(&permission))
    }
}
