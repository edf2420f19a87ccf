//! What the portal tells a customer about how they are served.

use jiff::tz::TimeZone;
use mainstay_domain::commitment::Target;
use mainstay_domain::event::TargetOverride;
use mainstay_domain::name::{CalendarName, CommitmentName};
use mainstay_domain::policy::{CategoryDefinition, Policy, SeverityDefinition, Title};
use mainstay_domain::severity::Severity;
use mainstay_policy::promises;
use mainstay_store::{account, agent, contract};

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// By what a customer recognises us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branding {
    /// Our name.
    pub name: String,
    /// Our logo as a `data:` address; the product's own mark when absent.
    pub logo: Option<String>,
    /// Our colour as `#rrggbb`; the product's own when absent.
    pub colour: Option<String>,
}

/// How an account is served.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalService {
    /// What each severity means, worst first.
    pub severities: Vec<SeverityDefinition>,
    /// What a request may be about.
    pub categories: Vec<CategoryDefinition>,
    /// The tier that was sold, where a contract is in force.
    pub tier: Option<PortalTier>,
    /// What is promised, in the pack's order.
    pub promises: Vec<PortalPromise>,
    /// Who looks after the account.
    pub people: Vec<PortalPerson>,
}

/// The tier of an account, as its people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalTier {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// When its people are served.
    pub support_hours: String,
}

/// A time that is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalPromise {
    /// By which commitment.
    pub commitment: CommitmentName,
    /// What people call it.
    pub title: Title,
    /// What it promises, in a sentence.
    pub description: String,
    /// For which severity.
    pub severity: Severity,
    /// Within which time, in seconds.
    pub target_seconds: i64,
    /// When that time counts, in words.
    pub calendar: String,
}

/// Somebody who looks after an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalPerson {
    /// In which role, such as `success_manager`.
    pub role: String,
    /// Their name.
    pub name: String,
    /// Where to write to them.
    pub email: String,
}

impl App {
    /// How the caller's own account is served.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for anybody but a contact of an account.
    pub async fn portal_service(&self, caller: &Caller) -> Result<PortalService> {
        let Some(own) = caller.account.filter(|_| caller.contact().is_some()) else {
            return Err(AppError::Forbidden(
                "Only somebody at a customer is served by way of the portal.".to_owned(),
            ));
        };
        caller.scope()?;
        let on = self.read();
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let contract = contract::in_force(&on, own, today).await?;
        let account = account::find(&on, own)
            .await?
            .ok_or_else(|| AppError::no_such("account", own))?;
        let mut people = Vec::new();
        for named in account.people {
            let agent = agent::find(&on, named.agent).await?;
            people.extend(
                agent
                    .filter(|agent| agent.active)
                    .map(|agent| PortalPerson {
                        role: named.role.into(),
                        name: agent.name,
                        email: agent.email,
                    }),
            );
        }
        let policy = self.policy();
        let policy = policy.current();
        let hidden = self.hidden_from(caller);
        let sold = contract.as_ref().map(|contract| &contract.tier);
        let tier = policy.tiers.iter().find(|tier| sold == Some(&tier.name));
        Ok(PortalService {
            severities: policy.severities.clone(),
            categories: policy.categories.clone(),
            tier: tier.map(|tier| PortalTier {
                name: tier.name.to_string(),
                description: tier.description.clone(),
                support_hours: in_words(policy, &tier.support_hours),
            }),
            promises: contract.map_or_else(Vec::new, |contract| {
                promises(policy)
                    .into_iter()
                    .filter(|promise| *promise.tier == contract.tier && is_plain(promise.target))
                    .filter(|promise| !hidden.contains(&promise.commitment.name))
                    .filter_map(|promise| {
                        let severity = promise.severity?;
                        let says = |has: fn(&TargetOverride) -> bool| {
                            agreed(&contract.overrides, &promise.commitment.name, severity, has)
                        };
                        let time = says(|o| o.target.is_some()).and_then(|o| o.target);
                        let calendar =
                            says(|o| o.calendar.is_some()).and_then(|o| o.calendar.as_ref());
                        Some(PortalPromise {
                            commitment: promise.commitment.name.clone(),
                            title: promise.commitment.title.clone(),
                            description: promise.commitment.description.clone(),
                            severity,
                            target_seconds: time.unwrap_or(promise.target.duration).as_secs(),
                            calendar: in_words(policy, calendar.unwrap_or(promise.calendar)),
                        })
                    })
                    .collect()
            }),
            people,
        })
    }
}

/// A promise to every ticket of the tier and severity, not an exception for some of them.
fn is_plain(target: &Target) -> bool {
    target.category.is_none() && target.channel.is_none() && target.tag.is_none()
}

/// What the contract says instead: its word about the severity before its word about all.
fn agreed<'a>(
    overrides: &'a [TargetOverride],
    commitment: &CommitmentName,
    severity: Severity,
    has: fn(&TargetOverride) -> bool,
) -> Option<&'a TargetOverride> {
    overrides
        .iter()
        .filter(|o| o.commitment == *commitment && has(o))
        .filter(|o| o.severity.is_none_or(|only| only == severity))
        .max_by_key(|o| o.severity.is_some())
}

/// A calendar as the pack describes it, or by its name where it does not.
fn in_words(policy: &Policy, name: &CalendarName) -> String {
    policy
        .calendar_definitions
        .iter()
        .find(|defined| defined.name == *name)
        .map(|defined| defined.description.clone())
        .filter(|words| !words.is_empty())
        .unwrap_or_else(|| name.to_string())
}
