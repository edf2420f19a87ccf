//! The accounts, contacts, teams and agents that a batch of tickets names: found here, or made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, ContractTerms};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId};
use mainstay_domain::name::{RoleName, TierName};
use mainstay_domain::team::Team;
use mainstay_store::imported::{self, ImportedKind};
use mainstay_store::{Transaction, account, agent, contact, contract, team};
use uuid::Uuid;

use super::report::Made;
use super::{Importer, Sold};
use crate::error::Result;
use mainstay_import::{Incoming, Party};

/// Everybody whom the tickets of a batch name, by what the file knows them by.
#[derive(Debug, Default)]
pub(super) struct Parties {
    accounts: BTreeMap<String, AccountId>,
    contracts: BTreeMap<AccountId, Vec<Contract>>,
    contacts: BTreeMap<String, ContactId>,
    teams: BTreeMap<String, TeamId>,
    agents: BTreeMap<String, AgentId>,
    /// What accounts are taken to have where no contract says so.
    tiers: BTreeMap<AccountId, TierName>,
    pub made: Made,
}

impl Parties {
    /// Looks everybody up, and makes those who are not there.
    pub async fn find_or_make(
        importer: &Importer<'_>,
        tx: &Transaction,
        batch: &[&Incoming],
    ) -> Result<Self> {
        let mut maker = Maker {
            importer,
            tx,
            now: importer.app.now(),
            parties: Self::default(),
        };
        maker.accounts(batch).await?;
        maker.contacts(batch).await?;
        maker.teams(batch).await?;
        maker.agents(batch).await?;
        Ok(maker.parties)
    }

    pub fn account(&self, party: Option<&Party>) -> Option<AccountId> {
        self.accounts.get(&party?.key).copied()
    }

    pub fn contact(&self, party: Option<&Party>) -> Option<ContactId> {
        self.contacts.get(&party?.key).copied()
    }

    pub fn team(&self, party: Option<&Party>) -> Option<TeamId> {
        self.teams.get(&party?.key).copied()
    }

    pub fn agent(&self, party: Option<&Party>) -> Option<AgentId> {
        self.agents.get(&party?.key).copied()
    }

    /// What the account was sold when the ticket was opened: by its contract of that day, else by the map.
    pub fn terms(&self, account: Option<AccountId>, incoming: &Incoming) -> ContractTerms {
        let Some(account) = account else {
            return ContractTerms::default();
        };
        let day = incoming.opening.opened_at.to_zoned(TimeZone::UTC).date();
        let contracts = self.contracts.get(&account).map_or(&[][..], Vec::as_slice);
        let in_force = contracts.iter().find(|contract| contract.is_in_force(day));
        in_force.map_or_else(
            || ContractTerms {
                tier: self.tiers.get(&account).cloned(),
                overrides: Vec::new(),
            },
            Contract::terms,
        )
    }
}

struct Maker<'a> {
    importer: &'a Importer<'a>,
    tx: &'a Transaction,
    now: Timestamp,
    parties: Parties,
}

impl Maker<'_> {
    /// Those who were brought in before, by what the file knows them by.
    async fn known(
        &self,
        kind: ImportedKind,
        parties: &BTreeMap<&str, &Party>,
    ) -> Result<BTreeMap<String, Uuid>> {
        let keys: Vec<String> = parties.keys().map(|key| (*key).to_owned()).collect();
        Ok(imported::find_many(self.tx, self.importer.source, kind, &keys).await?)
    }

    async fn remember(&self, kind: ImportedKind, names: &[(String, Uuid)]) -> Result<()> {
        let rows: Vec<_> = names
            .iter()
            .map(|(key, id)| self.importer.named(kind, key, *id))
            .collect();
        Ok(imported::insert_many(self.tx, &rows).await?)
    }

    async fn accounts(&mut self, batch: &[&Incoming]) -> Result<()> {
        let wanted = distinct(
            batch
                .iter()
                .filter_map(|ticket| ticket.opening.account.as_ref()),
        );
        let known = self.known(ImportedKind::Account, &wanted).await?;
        let (mut names, mut accounts, mut contracts) = (Vec::new(), Vec::new(), Vec::new());
        for (key, party) in &wanted {
            let found = match known.get(*key) {
                Some(id) => Some(AccountId::from(*id)),
                None => self.find_account(party).await?,
            };
            let id = found.unwrap_or_else(|| self.importer.app.new_id(self.now));
            self.parties.accounts.insert((*key).to_owned(), id);
            if !known.contains_key(*key) {
                names.push(((*key).to_owned(), id.uuid()));
            }
            let sold = self.importer.sold.get(*key);
            if let Some(tier) = sold.and_then(|sold| sold.tier.as_ref()) {
                self.parties.tiers.insert(id, tier.clone());
            }
            if found.is_none() {
                accounts.push(self.account(id, party));
                contracts.extend(sold.and_then(|sold| self.contract(id, sold)));
            }
        }
        account::insert_many(self.tx, &accounts).await?;
        contract::insert_many(self.tx, &contracts).await?;
        let mut facts = self.importer.app.facts(Actor::System);
        for account in &accounts {
            facts = facts.account(None, account)?;
        }
        for contract in &contracts {
            facts = facts.contract(None, contract)?;
        }
        facts.write(self.tx).await?;
        self.parties.made.accounts = accounts.len() as u64;
        self.remember(ImportedKind::Account, &names).await?;
        let ids: BTreeSet<AccountId> = self.parties.accounts.values().copied().collect();
        for id in ids {
            let contracts = contract::of_account(self.tx, id).await?;
            self.parties.contracts.insert(id, contracts);
        }
        Ok(())
    }

    async fn find_account(&self, party: &Party) -> Result<Option<AccountId>> {
        let by_id = account::find_by_external_id(self.tx, &party.key).await?;
        if let Some(found) = by_id {
            return Ok(Some(found.id));
        }
        let by_name = account::find_by_name(self.tx, &party.name).await?;
        // An account of the same name that bears another system's id is another account.
        let same =
            by_name.filter(|account| party.key == party.name || account.external_id.is_none());
        Ok(same.map(|account| account.id))
    }

    fn account(&self, id: AccountId, party: &Party) -> Account {
        Account {
            id,
            name: party.name.clone(),
            // The name alone is no identifier that another system gave.
            external_id: (party.key != party.name).then(|| party.key.clone()),
            language: None,
            time_zone: None,
            domains: Vec::new(),
            people: Vec::new(),
            fields: BTreeMap::new(),
            notes: String::new(),
            created_at: self.now,
            archived_at: None,
        }
    }

    /// A contract of no value from the day of the account's first ticket: the file says nothing of contracts.
    fn contract(&self, account: AccountId, sold: &Sold) -> Option<Contract> {
        Some(Contract {
            id: self.importer.app.new_id(self.now),
            account,
            tier: sold.tier.clone()?,
            starts_on: sold.since,
            ends_on: None,
            renews_on: None,
            value: 0,
            currency: "USD".to_owned(),
            overrides: Vec::new(),
            created_at: self.now,
        })
    }

    async fn contacts(&mut self, batch: &[&Incoming]) -> Result<()> {
        let wanted = distinct(
            batch
                .iter()
                .filter_map(|ticket| ticket.opening.contact.as_ref()),
        );
        let known = self.known(ImportedKind::Contact, &wanted).await?;
        let mut of_account: BTreeMap<&str, Option<AccountId>> = BTreeMap::new();
        for ticket in batch {
            if let Some(contact) = &ticket.opening.contact {
                let account = self.parties.account(ticket.opening.account.as_ref());
                of_account.entry(contact.key.as_str()).or_insert(account);
            }
        }
        let (mut names, mut contacts) = (Vec::new(), Vec::<Contact>::new());
        for (key, party) in &wanted {
            let found = match (known.get(*key), &party.email) {
                (Some(id), _) => Some(ContactId::from(*id)),
                (None, Some(email)) => {
                    let made = contacts
                        .iter()
                        .find(|made| made.addresses.iter().any(|a| a.eq_ignore_ascii_case(email)));
                    match made {
                        Some(made) => Some(made.id),
                        None => contact::find_by_address(self.tx, email)
                            .await?
                            .map(|contact| contact.id),
                    }
                }
                (None, None) => None,
            };
            let id = found.unwrap_or_else(|| self.importer.app.new_id(self.now));
            self.parties.contacts.insert((*key).to_owned(), id);
            if !known.contains_key(*key) {
                names.push(((*key).to_owned(), id.uuid()));
            }
            if found.is_none() {
                contacts.push(Contact {
                    id,
                    account: of_account.get(key).copied().flatten(),
                    name: party.name.clone(),
                    addresses: party.email.iter().cloned().collect(),
                    language: None,
                    phone: None,
                    portal: None,
                    active: true,
                    created_at: self.now,
                });
            }
        }
        contact::insert_many(self.tx, &contacts).await?;
        let mut facts = self.importer.app.facts(Actor::System);
        for contact in &contacts {
            facts = facts.contact(None, contact)?;
        }
        facts.write(self.tx).await?;
        self.parties.made.contacts = contacts.len() as u64;
        self.remember(ImportedKind::Contact, &names).await
    }

    async fn teams(&mut self, batch: &[&Incoming]) -> Result<()> {
        let wanted = distinct(
            batch
                .iter()
                .flat_map(|ticket| &ticket.snapshots)
                .filter_map(|s| s.team.as_ref()),
        );
        let known = self.known(ImportedKind::Team, &wanted).await?;
        let mut names = Vec::new();
        for (key, party) in &wanted {
            let found = match known.get(*key) {
                Some(id) => Some(TeamId::from(*id)),
                None => team::find_by_name(self.tx, &party.name)
                    .await?
                    .map(|team| team.id),
            };
            let id = found.unwrap_or_else(|| self.importer.app.new_id(self.now));
            self.parties.teams.insert((*key).to_owned(), id);
            if !known.contains_key(*key) {
                names.push(((*key).to_owned(), id.uuid()));
            }
            if found.is_none() {
                self.parties.made.teams += 1;
                let team = Team {
                    id,
                    name: party.name.clone(),
                    email: None,
                    calendar: None,
                    members: Vec::new(),
                    on_call: Vec::new(),
                    created_at: self.now,
                };
                team::insert(self.tx, &team).await?;
            }
        }
        self.remember(ImportedKind::Team, &names).await
    }

    /// Agents who are made may not sign in and are given no work: nobody has said yet who they are.
    async fn agents(&mut self, batch: &[&Incoming]) -> Result<()> {
        let wanted = distinct(
            batch
                .iter()
                .flat_map(|ticket| &ticket.snapshots)
                .filter_map(|s| s.assignee.as_ref()),
        );
        let known = self.known(ImportedKind::Agent, &wanted).await?;
        if known.len() == wanted.len() {
            self.parties.agents = known
                .into_iter()
                .map(|(key, id)| (key, AgentId::from(id)))
                .collect();
            return Ok(());
        }
        let mut everybody = agent::all(self.tx).await?;
        let before = everybody.len();
        let mut names = Vec::new();
        for (key, party) in &wanted {
            let found = known.get(*key).map(|id| AgentId::from(*id));
            let id = found.unwrap_or_else(|| self.find_or_make_agent(&mut everybody, key, party));
            if found.is_none() {
                names.push(((*key).to_owned(), id.uuid()));
            }
            self.parties.agents.insert((*key).to_owned(), id);
        }
        agent::insert_many(self.tx, &everybody[before..]).await?;
        self.parties.made.agents = (everybody.len() - before) as u64;
        self.remember(ImportedKind::Agent, &names).await
    }

    fn find_or_make_agent(&self, everybody: &mut Vec<Agent>, key: &str, party: &Party) -> AgentId {
        // A domain that cannot exist (RFC 2606), so that no mail ever goes there.
        let stand_in = || {
            let local = Uuid::from_bytes(short_digest(&[self.importer.source, key])).simple();
            format!("{local}@import.invalid")
        };
        let email = party.email.clone().unwrap_or_else(stand_in);
        let found = everybody.iter().find(|agent| {
            agent.email.eq_ignore_ascii_case(&email)
                || (party.email.is_none() && agent.name == party.name)
        });
        if let Some(found) = found {
            return found.id;
        }
        let id = self.importer.app.new_id(self.now);
        everybody.push(Agent {
            id,
            email,
            name: party.name.clone(),
            roles: vec![RoleName::from("agent")],
            languages: Vec::new(),
            skills: Vec::new(),
            capacity: 0,
            calendar: None,
            time_zone: "UTC".to_owned(),
            phone: None,
            slack: None,
            pager: None,
            active: false,
            created_at: self.now,
        });
        id
    }
}

/// The first half of a digest of texts.
fn short_digest(texts: &[&str]) -> [u8; 16] {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digest = hash.finalize();
    std::array::from_fn(|index| digest[index])
}

/// Each once, by what it is known by.
fn distinct<'a>(parties: impl Iterator<Item = &'a Party>) -> BTreeMap<&'a str, &'a Party> {
    let mut distinct = BTreeMap::new();
    for party in parties {
        distinct.entry(party.key.as_str()).or_insert(party);
    }
    distinct
}
