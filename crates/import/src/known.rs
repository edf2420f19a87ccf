//! What a map and a file may name: what the policy in force knows.

use mainstay_domain::event::Channel;
use mainstay_domain::policy::Policy;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;

/// The names that are known here, by kind.
pub struct Known {
    statuses: Vec<String>,
    /// None when the policy names no category: then every one is taken.
    categories: Option<Vec<String>>,
    tiers: Vec<String>,
    tier_is_given: bool,
    is_address: fn(&str) -> bool,
}

impl Known {
    /// What a policy knows. `tier_is_given` when the tier of all accounts is said beside the map; `is_address` tells whether
    /// a text is an e-mail address.
    #[must_use]
    pub fn of(policy: &Policy, tier_is_given: bool, is_address: fn(&str) -> bool) -> Self {
        let built_in = StatusKind::ALL.iter().map(|kind| kind.as_str().to_owned());
        let own = policy.statuses.iter().map(|status| status.name.to_string());
        let categories: Vec<String> = policy
            .categories
            .iter()
            .map(|c| c.name.to_string())
            .collect();
        Self {
            statuses: built_in.chain(own).collect(),
            categories: (!categories.is_empty()).then_some(categories),
            tier_is_given,
            is_address,
            tiers: policy
                .tiers
                .iter()
                .map(|tier| tier.name.to_string())
                .collect(),
        }
    }

    /// Whether the tier of all accounts is said beside the map.
    pub(crate) fn tier_is_given(&self) -> bool {
        self.tier_is_given
    }

    /// Whether a text is an e-mail address.
    pub(crate) fn is_address(&self, text: &str) -> bool {
        (self.is_address)(text)
    }

    /// Refuses a name of a kind that is not known.
    ///
    /// # Errors
    /// Says which are.
    pub fn check(&self, what: &str, name: &str) -> Result<(), String> {
        let known: Vec<&str> = match what {
            "status" => self.statuses.iter().map(String::as_str).collect(),
            "severity" => Severity::ALL.map(Severity::as_str).to_vec(),
            "channel" => Channel::ALL.map(Channel::as_str).to_vec(),
            "category" => match &self.categories {
                Some(categories) => categories.iter().map(String::as_str).collect(),
                None => return Ok(()),
            },
            _ => self.tiers.iter().map(String::as_str).collect(),
        };
        if known.contains(&name) {
            return Ok(());
        }
        Err(format!(
            "there is no {what} {name:?} here: expected one of {}",
            known.join(", ")
        ))
    }
}
