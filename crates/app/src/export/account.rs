//! How an account, its contracts and its contacts stand in an export.

use mainstay_domain::account::Account;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::contract::Contract;
use mainstay_store::ledger::AccountFact;
use serde_json::{Value, json};

use super::names::Names;

pub(super) fn account_value(account: &Account, names: &Names) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "external_id": account.external_id,
        "language": account.language,
        "time_zone": account.time_zone,
        "domains": account.domains,
        "fields": account.fields,
        "created_at": account.created_at,
        "archived_at": account.archived_at,
        "people": account.people.iter().map(|person| json!({
            "role": person.role.as_str(),
            "agent": person.agent,
            "name": names.agent(person.agent),
        })).collect::<Value>(),
    })
}

pub(super) fn contract_value(contract: &Contract) -> Value {
    json!({
        "id": contract.id,
        "tier": contract.tier,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "renews_on": contract.renews_on,
        "value": contract.value,
        "currency": contract.currency,
        "overrides": contract.overrides,
        "created_at": contract.created_at,
    })
}

pub(super) fn contact_value(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "addresses": contact.addresses,
        "language": contact.language,
        "phone": contact.phone,
        "portal": contact.portal.map(|role| match role {
            PortalRole::Contact => "contact",
            PortalRole::Administrator => "administrator",
        }),
        "active": contact.active,
        "created_at": contact.created_at,
    })
}

pub(super) fn fact_value(fact: &AccountFact) -> Value {
    json!({
        "id": fact.id,
        "at": fact.at,
        "recorded_at": fact.recorded_at,
        "actor": fact.actor,
        "policy": fact.policy.0,
        "kind": fact.kind,
        "payload": serde_json::from_str::<Value>(&fact.payload).unwrap_or_else(|_| json!(fact.payload)),
    })
}
