//! A demonstration: sixty accounts in all tiers, a year of history, and a day in full swing.
//!
//! Everything is made from one constant seed and one instant, so two demonstrations at the same instant are the same.
//! [`sample`] makes more of the same, in any number, to measure by.

mod cast;
pub mod sample;
mod story;
mod topic;

use jiff::{SignedDuration, Timestamp, ToSpan};
use mainstay_domain::account::{Account, NamedPerson};
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, ContractTerms};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId};
use mainstay_domain::name::{RoleName, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::team::Team;
use mainstay_store::{account, agent, contact, contract, team, ticket};
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use self::cast::{COMPANIES, FAMILY, GIVEN, SERVERS};
use self::story::{Plot, tell};
use self::topic::TOPICS;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::ticket::{Recorded, bring_in};

/// The password of everybody in the demonstration.
pub const PASSWORD: &str = "keep every promise";

const SEED: u64 = 60_365;

/// How many tickets an account of each tier opens in a year, highest tier first.
const TICKETS_A_YEAR: [u32; 4] = [64, 36, 20, 8];

/// How many of ten accounts are in each tier, highest first.
const TIER_OF_TEN: [usize; 10] = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3];

/// Somebody who can sign in to the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoUser {
    /// Who.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Their role.
    pub role: String,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// Those who can sign in, the administrator first.
    pub users: Vec<DemoUser>,
    /// How many accounts there are.
    pub accounts: usize,
    /// How many tickets there are.
    pub tickets: usize,
}

impl App {
    /// Fills an empty store with the demonstration, under the policy in force.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the store holds accounts already.
    pub async fn make_demo(&self, progress: impl Fn(usize, usize)) -> Result<Demo> {
        if account::count(&self.store().read()).await? > 0 {
            return Err(AppError::Refused(
                "The store holds accounts already: a demonstration needs an empty one.".to_owned(),
            ));
        }
        let mut maker = Maker {
            app: self,
            random: ChaCha20Rng::seed_from_u64(SEED),
            now: self.now(),
        };
        let staff = maker.make_staff().await?;
        let customers = maker.make_customers(&staff).await?;
        let tickets = maker.make_tickets(&staff, &customers, progress).await?;
        Ok(Demo {
            users: self.demo_users().await?,
            accounts: customers.len(),
            tickets,
        })
    }
}

impl App {
    /// Those who can sign in to a demonstration that was made before: everybody who serves, and the portal users of the
    /// first account. Nobody in an empty store.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn demo_users(&self) -> Result<Vec<DemoUser>> {
        let reader = self.store().read();
        let mut agents = agent::all(&reader).await?;
        agents.sort_by_key(|agent| SERVERS.iter().position(|server| server.name == agent.name));
        let mut users: Vec<DemoUser> = agents.iter().map(staff_user).collect();
        if let Some(first) = account::find_by_name(&reader, COMPANIES[0].0).await? {
            let mut contacts = contact::of_account(&reader, first.id).await?;
            contacts.sort_by_key(|contact| contact.portal != Some(PortalRole::Administrator));
            users.extend(contacts.iter().take(2).filter_map(portal_user));
        }
        Ok(users)
    }
}

struct Maker<'a> {
    app: &'a App,
    random: ChaCha20Rng,
    now: Timestamp,
}

struct Staff {
    agents: Vec<AgentId>,
    success_managers: Vec<AgentId>,
    team: TeamId,
}

struct Customer {
    account: AccountId,
    contacts: Vec<Contact>,
    terms: ContractTerms,
    tickets_a_year: u32,
}

impl Maker<'_> {
    async fn make_staff(&mut self) -> Result<Staff> {
        let began = self.year_ago();
        let hash = self.app.hash_password(PASSWORD.to_owned()).await?;
        let agents: Vec<Agent> = SERVERS
            .iter()
            .map(|server| Agent {
                id: self.app.new_id(began),
                email: address(server.name, "mainstay.example"),
                name: server.name.to_owned(),
                roles: vec![RoleName::from(server.role)],
                languages: owned(server.languages),
                skills: owned(server.skills),
                capacity: 40,
                calendar: None,
                time_zone: "Etc/UTC".to_owned(),
                phone: None,
                slack: None,
                pager: None,
                active: true,
                created_at: began,
            })
            .collect();
        let bearing = |role: &str| -> Vec<AgentId> {
            let role = RoleName::from(role);
            let bears = agents.iter().filter(|agent| agent.roles.contains(&role));
            bears.map(|agent| agent.id).collect()
        };
        let serving = [bearing("agent"), bearing("engineer")].concat();
        let support = Team {
            id: self.app.new_id(began),
            name: "Support".to_owned(),
            email: None,
            calendar: None,
            members: serving.clone(),
            on_call: Vec::new(),
            created_at: began,
        };
        let tx = self.app.store().begin().await?;
        agent::insert_many(&tx, &agents).await?;
        for agent in &agents {
            agent::set_password_hash(&tx, agent.id, Some(&hash)).await?;
        }
        team::insert(&tx, &support).await?;
        tx.commit().await?;
        Ok(Staff {
            success_managers: bearing("success_manager"),
            agents: serving,
            team: support.id,
        })
    }

    async fn make_customers(&mut self, staff: &Staff) -> Result<Vec<Customer>> {
        let began = self.year_ago();
        let tiers: Vec<TierName> = {
            let policy = self.app.policy();
            policy
                .current()
                .tiers
                .iter()
                .map(|tier| tier.name.clone())
                .collect()
        };
        let hash = self.app.hash_password(PASSWORD.to_owned()).await?;
        let mut customers = Vec::new();
        let (mut accounts, mut contracts) = (Vec::new(), Vec::new());
        for (index, (name, language, zone)) in COMPANIES.iter().enumerate() {
            let place = TIER_OF_TEN[index % TIER_OF_TEN.len()];
            let id: AccountId = self.app.new_id(began);
            let domain = format!("{}.example", slug(name));
            accounts.push(Account {
                id,
                name: (*name).to_owned(),
                external_id: Some(format!("C-{:04}", index + 1)),
                language: Some((*language).to_owned()),
                time_zone: Some((*zone).to_owned()),
                domains: vec![domain.clone()],
                people: self.success_manager(staff, index),
                fields: std::collections::BTreeMap::new(),
                notes: String::new(),
                created_at: began,
                archived_at: None,
            });
            if let Some(tier) = tiers.get(place.min(tiers.len().saturating_sub(1))) {
                contracts.push(self.contract(id, tier.clone(), place));
            }
            customers.push(Customer {
                account: id,
                contacts: self.contacts(id, &domain, language),
                terms: contracts
                    .last()
                    .filter(|contract| contract.account == id)
                    .map(Contract::terms)
                    .unwrap_or_default(),
                tickets_a_year: TICKETS_A_YEAR[place],
            });
        }
        let tx = self.app.store().begin().await?;
        account::insert_many(&tx, &accounts).await?;
        contract::insert_many(&tx, &contracts).await?;
        let mut facts = self.app.facts(Actor::System);
        for account in &accounts {
            facts = facts.account(None, account)?;
        }
        for contract in &contracts {
            facts = facts.contract(None, contract)?;
        }
        for customer in &customers {
            contact::insert_many(&tx, &customer.contacts).await?;
            for contact in &customer.contacts {
                facts = facts.contact(None, contact)?;
            }
        }
        facts.write(&tx).await?;
        for contact in customers
            .iter()
            .take(1)
            .flat_map(|customer| &customer.contacts)
        {
            contact::set_password_hash(&tx, contact.id, Some(&hash)).await?;
        }
        tx.commit().await?;
        Ok(customers)
    }

    fn success_manager(&self, staff: &Staff, index: usize) -> Vec<NamedPerson> {
        let managers = &staff.success_managers;
        managers
            .get(index % managers.len().max(1))
            .map(|agent| NamedPerson {
                role: RoleName::from("success_manager"),
                agent: *agent,
            })
            .into_iter()
            .collect()
    }

    fn contract(&mut self, account: AccountId, tier: TierName, place: usize) -> Contract {
        let today = self.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let starts_on = today.saturating_sub(self.random.random_range(370..720).days());
        let ends_on = today.saturating_add(self.random.random_range(20..360).days());
        let thousands: i64 = [120, 32, 8, 1][place];
        Contract {
            id: self.app.new_id(self.year_ago()),
            account,
            tier,
            starts_on,
            ends_on: Some(ends_on),
            renews_on: Some(ends_on),
            value: thousands * 100_000 + self.random.random_range(0..50_000) * 100,
            currency: "USD".to_owned(),
            overrides: Vec::new(),
            created_at: self.year_ago(),
        }
    }

    fn contacts(&mut self, account: AccountId, domain: &str, language: &str) -> Vec<Contact> {
        let count = self.random.random_range(2..=4);
        let given = GIVEN.iter().choose_multiple(&mut self.random, count);
        given
            .into_iter()
            .enumerate()
            .map(|(index, given)| {
                let family = FAMILY.choose(&mut self.random).unwrap_or(&FAMILY[0]);
                let name = format!("{given} {family}");
                Contact {
                    id: self.app.new_id(self.year_ago()),
                    account: Some(account),
                    addresses: vec![address(&name, domain)],
                    name,
                    language: Some(language.to_owned()),
                    phone: None,
                    portal: Some(if index == 0 {
                        PortalRole::Administrator
                    } else {
                        PortalRole::Contact
                    }),
                    active: true,
                    created_at: self.year_ago(),
                }
            })
            .collect()
    }

    /// A year of tickets, spread evenly, and as many again in the last day, so that there is something to watch.
    async fn make_tickets(
        &mut self,
        staff: &Staff,
        customers: &[Customer],
        progress: impl Fn(usize, usize),
    ) -> Result<usize> {
        let mut opened: Vec<(Timestamp, usize)> = Vec::new();
        for (index, customer) in customers.iter().enumerate() {
            for _ in 0..customer.tickets_a_year {
                opened.push((
                    self.instant_within(SignedDuration::from_hours(365 * 24)),
                    index,
                ));
            }
            let today = 1 + customer.tickets_a_year / 24;
            for _ in 0..today {
                opened.push((self.instant_within(SignedDuration::from_hours(20)), index));
            }
        }
        opened.sort_unstable();
        let total = opened.len();
        let mut done = 0;
        for part in opened.chunks(200) {
            let tx = self.app.store().begin().await?;
            let count = u32::try_from(part.len()).unwrap_or(u32::MAX);
            let numbers = ticket::next_numbers(&tx, count).await?;
            let mut histories = Vec::with_capacity(part.len());
            for ((opened_at, customer), number) in part.iter().zip(numbers) {
                let plot = self.plot(staff, &customers[*customer], *opened_at, number);
                histories.push(tell(self.app, &mut self.random, &plot, self.now)?);
            }
            bring_in(self.app, &tx, &histories, Recorded::WhenItHappened).await?;
            tx.commit().await?;
            done += part.len();
            progress(done, total);
        }
        Ok(total)
    }

    fn plot(
        &mut self,
        staff: &Staff,
        customer: &Customer,
        opened_at: Timestamp,
        number: u64,
    ) -> Plot<'static> {
        let topic = TOPICS.choose(&mut self.random).unwrap_or(&TOPICS[0]);
        // An outage hits few; most of what is written is less urgent than that.
        let severity = match topic.severity {
            Severity::P1 if self.random.random_ratio(2, 3) => Severity::P2,
            severity => severity,
        };
        let contact: Option<ContactId> = customer
            .contacts
            .choose(&mut self.random)
            .map(|contact| contact.id);
        let agent = staff.agents.choose(&mut self.random).copied();
        Plot {
            number,
            account: customer.account,
            contact: contact.unwrap_or_else(|| self.app.new_id(opened_at)),
            agent: agent.unwrap_or_else(|| self.app.new_id(opened_at)),
            team: staff.team,
            terms: customer.terms.clone(),
            subject: topic.subject.to_owned(),
            topic,
            is_sorted: true,
            severity,
            opened_at,
        }
    }

    fn instant_within(&mut self, last: SignedDuration) -> Timestamp {
        let seconds = self.random.random_range(60..last.as_secs());
        self.now - SignedDuration::from_secs(seconds)
    }

    fn year_ago(&self) -> Timestamp {
        self.now - SignedDuration::from_hours(366 * 24)
    }
}

fn staff_user(agent: &Agent) -> DemoUser {
    let role = agent.roles.first();
    DemoUser {
        actor: Actor::Agent(agent.id),
        name: agent.name.clone(),
        email: agent.email.clone(),
        role: role.map(ToString::to_string).unwrap_or_default(),
    }
}

fn portal_user(contact: &Contact) -> Option<DemoUser> {
    Some(DemoUser {
        actor: Actor::Contact(contact.id),
        name: contact.name.clone(),
        email: contact.addresses.first()?.clone(),
        role: match contact.portal? {
            PortalRole::Administrator => "portal_administrator",
            PortalRole::Contact => "portal_contact",
        }
        .to_owned(),
    })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// `Inês Paiva` at a domain: `ines.paiva@…`.
fn address(name: &str, domain: &str) -> String {
    let parts: Vec<String> = name.split_whitespace().map(slug).collect();
    format!("{}@{domain}", parts.join("."))
}

/// Lower-case letters and digits, without accents.
fn slug(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' | 'ã' | 'â' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'ô' => 'o',
            'ú' => 'u',
            c => c,
        })
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
