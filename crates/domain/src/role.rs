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
    /// Hand over mail for the program to receive, as a mail server does: whoever may can write in anybody's name.
    ReceiveMail = "mail.receive", Agent, [];
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
    /// The built-in roles and a pack's own.
    ///
    /// A pack's role of the same name takes the place of a built-in one, with two exceptions: one that names no
    /// permissions only describes the built-in role, which keeps its own; and the administrator keeps every permission
    /// of our side, so that no pack can lock everybody out.
    #[must_use]
    pub fn with(pack: impl IntoIterator<Item = Role>) -> Self {
        let mut roles: BTreeMap<RoleName, Role> = BuiltIn::ALL
            .into_iter()
            .map(BuiltIn::role)
            .map(|role| (role.name.clone(), role))
            .collect();
        for mut role in pack {
            if let Some(before) = roles.get(&role.name)
                && (role.permissions.is_empty()
                    || role.name.as_str() == BuiltIn::Administrator.as_str())
            {
                role.permissions.extend(&before.permissions);
            }
            roles.insert(role.name.clone(), role);
        }
        Self(roles)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of what each built-in role may do: a change of a permission shows here.
    #[test]
    fn the_table_of_roles() {
        let roles = Roles::default();
        let table: Vec<String> = Permission::ALL
            .iter()
            .map(|permission| {
                let marks: String = BuiltIn::ALL
                    .into_iter()
                    .map(|role| {
                        let held = [RoleName::from(role.as_str())];
                        if roles.allows(&held, *permission) {
                            " x"
                        } else {
                            " ."
                        }
                    })
                    .collect();
                format!("{:<24}{marks}", permission.as_str())
            })
            .collect();
        // Administrator, manager, agent, engineer, success manager, viewer, portal contact, portal administrator.
        insta::assert_snapshot!(table.join("\n"), @"
        ticket.read              x x x x x x . .
        ticket.create            x x x x x . . .
        ticket.reply             x x x x x . . .
        ticket.note              x x x x x . . .
        ticket.update            x x x x x . . .
        ticket.prioritise        x x x x x . . .
        ticket.assign            x x x x . . . .
        ticket.merge             x x x . . . . .
        ticket.bulk              x x x . . . . .
        ticket.move              x x x . . . . .
        clock.read               x x x x x x . .
        escalation.read          x x x x x x . .
        escalation.raise         x x x x x . . .
        escalation.acknowledge   x x x x x . . .
        escalation.handle        x x . x x . . .
        escalation.review        x x . . . . . .
        account.read             x x x x x x . .
        account.update           x x . . x . . .
        contact.update           x x x . x . . .
        contract.read            x x x . x x . .
        contract.update          x x . . x . . .
        account.export           x x . . . . . .
        agent.read               x x x x x x . .
        team.update              x x . . . . . .
        agent.update             x . . . . . . .
        policy.read              x x x x x x . .
        policy.apply             x . . . . . . .
        macro.update             x x . . . . . .
        view.share               x x . . . . . .
        audit.read               x x . . . . . .
        mail.read                x x x . . . . .
        mail.receive             x . . . . . . .
        mail.resend              x x . . . . . .
        token.update             x . . . . . . .
        webhook.update           x . . . . . . .
        ticket.import            x . . . . . . .
        settings.read            x . . . . . . .
        settings.update          x . . . . . . .
        portal.read_own          . . . . . . x x
        portal.write             . . . . . . x x
        portal.escalate          . . . . . . x x
        portal.read_account      . . . . . . . x
        portal.read_promises     . . . . . . . x
        portal.update_contacts   . . . . . . . x
        portal.export            . . . . . . . x
        ");
    }

    #[test]
    fn built_in_roles_stand_on_one_side_and_permissions_have_names_of_their_own() {
        for role in BuiltIn::ALL {
            assert!(role.role().side().is_some(), "{}", role.as_str());
        }
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        assert!("ticket.reed".parse::<Permission>().is_err());
    }

    #[test]
    fn a_role_that_mixes_sides_has_none() {
        let role = Role {
            name: RoleName::from("both"),
            description: String::new(),
            permissions: BTreeSet::from([Permission::ReadTickets, Permission::PortalWrite]),
        };
        assert_eq!(role.side(), None);
    }

    #[test]
    fn several_roles_add_up_and_an_unknown_one_permits_nothing() {
        let on_call = Role {
            name: RoleName::from("on_call"),
            description: "Takes escalations at night.".to_owned(),
            permissions: BTreeSet::from([Permission::HandleEscalations]),
        };
        let roles = Roles::with([on_call]);
        let held = |names: &[&str]| -> Vec<RoleName> {
            names.iter().copied().map(RoleName::from).collect()
        };
        let permission = Permission::HandleEscalations;
        assert!(!roles.allows(&held(&["agent"]), permission));
        assert!(roles.allows(&held(&["agent", "on_call"]), permission));
        assert!(!roles.allows(&held(&["director"]), permission));
        assert!(!roles.allows(&[], Permission::ReadTickets));
    }

    #[test]
    fn a_role_of_the_pack_takes_the_place_of_a_built_in_one() {
        let narrow = Role {
            name: RoleName::from("viewer"),
            description: "Sees nothing but clocks.".to_owned(),
            permissions: BTreeSet::from([Permission::ReadClocks]),
        };
        let roles = Roles::with([narrow]);
        let held = [RoleName::from("viewer")];
        assert!(roles.allows(&held, Permission::ReadClocks));
        assert!(!roles.allows(&held, Permission::ReadTickets));
    }

    #[test]
    fn a_pack_that_only_describes_a_built_in_role_or_narrows_the_administrator_takes_nothing_away()
    {
        let role = |name: &str, permissions| Role {
            name: RoleName::from(name),
            description: "As the framework says.".to_owned(),
            permissions,
        };
        let roles = Roles::with([
            role("engineer", BTreeSet::new()),
            role("administrator", BTreeSet::from([Permission::ReadTickets])),
        ]);
        let held = |name: &str| [RoleName::from(name)];
        assert!(roles.allows(&held("engineer"), Permission::HandleEscalations));
        assert!(roles.allows(&held("administrator"), Permission::ApplyPolicy));
        let engineer = roles.get(&RoleName::from("engineer")).unwrap();
        assert_eq!(engineer.description, "As the framework says.");
    }
}
