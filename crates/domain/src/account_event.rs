//! The facts of an account's own ledger: what became of it, of its contracts and of its people.
//!
//! They are derived from what stood before and what stands after a change, each rule once, and written in the
//! transaction that changes it. The stored form is the serialization of these types: a variant or field, once released,
//! keeps its name. Of people a fact holds no more than which: a ledger is never changed, and a person may ask to be
//! forgotten.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::contact::{Contact, PortalRole};
use crate::contract::Contract;
use crate::id::{AccountId, ContactId, ContractId};
use crate::name::TierName;

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccountEvent {
    /// It was created.
    AccountCreated {
        /// Its name.
        name: String,
    },
    /// Some of its properties were changed.
    AccountChanged {
        /// Which, with what they were and what they are, where that can be said in a line.
        changes: Vec<FieldChange>,
    },
    /// It was archived.
    AccountArchived,
    /// It was taken out of the archive.
    AccountRestored,
    /// A contract was recorded.
    ContractBegun {
        /// Which.
        contract: ContractId,
        /// The tier it sells.
        tier: TierName,
        /// The first day of its term.
        starts_on: Date,
        /// The last day of its term, where it has one.
        ends_on: Option<Date>,
    },
    /// Some of a contract's properties were changed.
    ContractChanged {
        /// Which contract.
        contract: ContractId,
        /// Which properties.
        changes: Vec<FieldChange>,
    },
    /// A contract was given an end.
    ContractEnded {
        /// Which.
        contract: ContractId,
        /// The last day of its term.
        ends_on: Date,
    },
    /// A contract sells another tier than before.
    TierChanged {
        /// Which contract.
        contract: ContractId,
        /// Before.
        from: TierName,
        /// After.
        to: TierName,
    },
    /// A contact was added.
    ContactAdded {
        /// Who.
        contact: ContactId,
    },
    /// A contact came from another account, or from none.
    ContactCame {
        /// Who.
        contact: ContactId,
        /// From where.
        from: Option<AccountId>,
    },
    /// A contact went to another account, or to none.
    ContactWent {
        /// Who.
        contact: ContactId,
        /// Where to.
        to: Option<AccountId>,
    },
    /// What a contact may do was changed.
    ContactChanged {
        /// Who.
        contact: ContactId,
        /// What changed, without what of a person must be forgotten when they ask for it.
        changes: Vec<FieldChange>,
    },
}

/// A property that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which.
    pub field: String,
    /// Before; absent where there was none, or where it is not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// After; absent where there is none, or where it is not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl AccountEvent {
    /// The kind's name, as it is stored.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "account_created",
            Self::AccountChanged { .. } => "account_changed",
            Self::AccountArchived => "account_archived",
            Self::AccountRestored => "account_restored",
            Self::ContractBegun { .. } => "contract_begun",
            Self::ContractChanged { .. } => "contract_changed",
            Self::ContractEnded { .. } => "contract_ended",
            Self::TierChanged { .. } => "tier_changed",
            Self::ContactAdded { .. } => "contact_added",
            Self::ContactCame { .. } => "contact_came",
            Self::ContactWent { .. } => "contact_went",
            Self::ContactChanged { .. } => "contact_changed",
        }
    }
}

/// What happened to an account that now is `after`.
#[must_use]
pub fn account_events(before: Option<&Account>, after: &Account) -> Vec<AccountEvent> {
    let Some(before) = before else {
        return vec![AccountEvent::AccountCreated {
            name: after.name.clone(),
        }];
    };
    let mut changes = Changes::default();
    changes.note("name", &before.name, &after.name);
    changes.maybe("external_id", &before.external_id, &after.external_id);
    changes.maybe("language", &before.language, &after.language);
    changes.maybe("time_zone", &before.time_zone, &after.time_zone);
    changes.note(
        "domains",
        &before.domains.join(", "),
        &after.domains.join(", "),
    );
    changes.unsaid("people", before.people != after.people);
    changes.unsaid("fields", before.fields != after.fields);
    changes.unsaid("notes", before.notes != after.notes);
    let mut events = changes.event(|changes| AccountEvent::AccountChanged { changes });
    match (before.archived_at, after.archived_at) {
        (None, Some(_)) => events.push(AccountEvent::AccountArchived),
        (Some(_), None) => events.push(AccountEvent::AccountRestored),
        _ => {}
    }
    events
}

/// What happened to the account of a contract that now is `after`.
#[must_use]
pub fn contract_events(before: Option<&Contract>, after: &Contract) -> Vec<AccountEvent> {
    let contract = after.id;
    let Some(before) = before else {
        return vec![AccountEvent::ContractBegun {
            contract,
            tier: after.tier.clone(),
            starts_on: after.starts_on,
            ends_on: after.ends_on,
        }];
    };
    let mut changes = Changes::default();
    changes.note("starts_on", &before.starts_on, &after.starts_on);
    changes.maybe("ends_on", &before.ends_on, &after.ends_on);
    changes.maybe("renews_on", &before.renews_on, &after.renews_on);
    changes.note("value", &before.value, &after.value);
    changes.note("currency", &before.currency, &after.currency);
    changes.unsaid("overrides", before.overrides != after.overrides);
    let mut events = changes.event(|changes| AccountEvent::ContractChanged { contract, changes });
    if before.tier != after.tier {
        events.push(AccountEvent::TierChanged {
            contract,
            from: before.tier.clone(),
            to: after.tier.clone(),
        });
    }
    if let (None, Some(ends_on)) = (before.ends_on, after.ends_on) {
        events.push(AccountEvent::ContractEnded { contract, ends_on });
    }
    events
}

/// What happened to which accounts when a contact became `after`.
#[must_use]
pub fn contact_events(before: Option<&Contact>, after: &Contact) -> Vec<(AccountId, AccountEvent)> {
    let contact = after.id;
    let (from, to) = (before.and_then(|before| before.account), after.account);
    let Some(before) = before else {
        let added = AccountEvent::ContactAdded { contact };
        return to.map(|account| (account, added)).into_iter().collect();
    };
    let mut events = Vec::new();
    if from != to {
        events.extend(from.map(|from| (from, AccountEvent::ContactWent { contact, to })));
        events.extend(to.map(|to| (to, AccountEvent::ContactCame { contact, from })));
    }
    let Some(account) = to else {
        return events;
    };
    let mut changes = Changes::default();
    changes.unsaid("name", before.name != after.name);
    changes.unsaid("addresses", before.addresses != after.addresses);
    changes.maybe("language", &before.language, &after.language);
    changes.unsaid("phone", before.phone != after.phone);
    let role = |contact: &Contact| {
        contact.portal.map(|role| match role {
            PortalRole::Contact => "contact",
            PortalRole::Administrator => "administrator",
        })
    };
    changes.maybe("portal", &role(before), &role(after));
    changes.note("active", &before.active, &after.active);
    let changed = changes.event(|changes| AccountEvent::ContactChanged { contact, changes });
    events.extend(changed.into_iter().map(|event| (account, event)));
    events
}

#[derive(Default)]
struct Changes(Vec<FieldChange>);

impl Changes {
    fn note<T: PartialEq + ToString>(&mut self, field: &str, before: &T, after: &T) {
        if before != after {
            self.push(field, Some(before.to_string()), Some(after.to_string()));
        }
    }

    fn maybe<T: PartialEq + ToString>(
        &mut self,
        field: &str,
        before: &Option<T>,
        after: &Option<T>,
    ) {
        if before != after {
            let text = |value: &Option<T>| value.as_ref().map(ToString::to_string);
            self.push(field, text(before), text(after));
        }
    }

    fn unsaid(&mut self, field: &str, has_changed: bool) {
        if has_changed {
            self.push(field, None, None);
        }
    }

    fn push(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        self.0.push(FieldChange {
            field: field.to_owned(),
            from,
            to,
        });
    }

    fn event(self, of: impl FnOnce(Vec<FieldChange>) -> AccountEvent) -> Vec<AccountEvent> {
        if self.0.is_empty() {
            return Vec::new();
        }
        vec![of(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn contact(account: Option<u128>) -> Contact {
        Contact {
            id: ContactId::from(Uuid::from_u128(7)),
            account: account.map(|id| AccountId::from(Uuid::from_u128(id))),
            name: "Casey".to_owned(),
            addresses: vec!["casey@customer.example".to_owned()],
            language: None,
            phone: None,
            portal: None,
            active: true,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn names(events: &[(AccountId, AccountEvent)]) -> Vec<(u128, &str)> {
        events
            .iter()
            .map(|(account, event)| (account.uuid().as_u128(), event.name()))
            .collect()
    }

    #[test]
    fn whoever_moves_goes_and_comes() {
        let (one, other) = (contact(Some(1)), contact(Some(2)));
        let moved = contact_events(Some(&one), &other);
        assert_eq!(names(&moved), [(1, "contact_went"), (2, "contact_came")]);
        let placed = contact_events(Some(&contact(None)), &one);
        assert_eq!(names(&placed), [(1, "contact_came")]);
        let left = contact_events(Some(&one), &contact(None));
        assert_eq!(names(&left), [(1, "contact_went")]);
        assert_eq!(names(&contact_events(None, &one)), [(1, "contact_added")]);
        assert_eq!(contact_events(None, &contact(None)), []);
        assert_eq!(contact_events(Some(&one), &one), []);
    }

    #[test]
    fn a_fact_about_a_person_does_not_hold_what_must_be_forgotten() {
        let before = contact(Some(1));
        let mut after = before.clone();
        after.name = "Robin".to_owned();
        after.addresses = vec!["robin@customer.example".to_owned()];
        after.portal = Some(PortalRole::Administrator);
        let events = contact_events(Some(&before), &after);
        let text = serde_json::to_string(&events[0].1).unwrap();
        assert_eq!(
            text,
            r#"{"kind":"contact_changed","contact":"00000000-0000-0000-0000-000000000007","changes":[{"field":"name"},{"field":"addresses"},{"field":"portal","to":"administrator"}]}"#
        );
        assert_eq!(
            serde_json::from_str::<AccountEvent>(&text).unwrap(),
            events[0].1
        );
    }

    #[test]
    fn an_account_is_changed_and_archived_and_restored() {
        let before = Account {
            id: AccountId::from(Uuid::from_u128(1)),
            name: "One".to_owned(),
            external_id: None,
            language: None,
            time_zone: None,
            domains: Vec::new(),
            people: Vec::new(),
            fields: BTreeMap::new(),
            notes: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            archived_at: None,
        };
        let mut after = before.clone();
        after.name = "Two".to_owned();
        after.archived_at = Some(Timestamp::UNIX_EPOCH);
        let named = |before, after| -> Vec<&'static str> {
            account_events(before, after)
                .iter()
                .map(AccountEvent::name)
                .collect()
        };
        assert_eq!(named(None, &before), ["account_created"]);
        assert_eq!(
            named(Some(&before), &after),
            ["account_changed", "account_archived"]
        );
        assert_eq!(
            named(Some(&after), &before),
            ["account_changed", "account_restored"]
        );
        assert_eq!(named(Some(&after), &after), [""; 0]);
    }

    #[test]
    fn a_contract_that_sells_another_tier_and_ends_says_so() {
        let before = Contract {
            id: ContractId::from(Uuid::from_u128(3)),
            account: AccountId::from(Uuid::from_u128(1)),
            tier: TierName::from("Standard"),
            starts_on: jiff::civil::date(2026, 1, 1),
            ends_on: None,
            renews_on: None,
            value: 100,
            currency: "EUR".to_owned(),
            overrides: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let mut after = before.clone();
        after.tier = TierName::from("Enterprise");
        after.ends_on = Some(jiff::civil::date(2026, 12, 31));
        let named: Vec<&str> = contract_events(Some(&before), &after)
            .iter()
            .map(AccountEvent::name)
            .collect();
        assert_eq!(
            named,
            ["contract_changed", "tier_changed", "contract_ended"]
        );
        after.ends_on = None;
        let only = contract_events(Some(&before), &after);
        assert_eq!(only.len(), 1, "{only:?}");
        assert_eq!(contract_events(None, &before)[0].name(), "contract_begun");
    }
}
