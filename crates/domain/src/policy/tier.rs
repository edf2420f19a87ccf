//! Tiers: what an account can buy, who qualifies for it, and what it is entitled to.

use crate::commitment::Source;
use crate::event::Channel;
use crate::name::{CalendarName, TierName};

/// A tier of the pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its name, as contracts use it.
    pub name: TierName,
    /// Another name that people use for it, such as `Platinum`.
    pub also_known_as: Option<String>,
    /// What it is, in a sentence.
    pub description: String,
    /// Who belongs in it.
    pub qualification: Qualification,
    /// What its accounts may expect besides the commitments.
    pub entitlements: Entitlements,
    /// The calendar of its support hours.
    pub support_hours: CalendarName,
    /// Why no response is promised to it, where the pack promises none.
    pub no_response_because: Option<String>,
    /// Where the pack says so.
    pub source: Source,
}

/// Who belongs in a tier. A bound that is absent does not matter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Qualification {
    /// What an account is worth in a year, in the pack's currency.
    pub yearly_value: Option<Range>,
    /// What the yearly value is a measure of, such as `revenue`, `ARR` or `ACV`.
    pub yearly_value_of: Option<String>,
    /// How many people use the product.
    pub users: Option<Range>,
    /// How many accounts are expected in the tier.
    pub accounts: Option<Range>,
    /// What the tier costs on top of the base price, in percent.
    pub price_premium_percent: Option<f64>,
    /// What the tier costs on top of the base price in a month, in the pack's currency.
    pub monthly_price: Option<f64>,
    /// Whatever cannot be said in numbers.
    pub note: Option<String>,
}

/// A range of numbers, open or closed at either end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// The lower end.
    pub lower: Option<Bound>,
    /// The upper end.
    pub upper: Option<Bound>,
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The number.
    pub value: f64,
    /// Whether the number itself belongs to the range.
    pub inclusive: bool,
}

impl Range {
    /// Whether a number lies in the range.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        let above = self
            .lower
            .is_none_or(|bound| number > bound.value || (bound.inclusive && number >= bound.value));
        let below = self
            .upper
            .is_none_or(|bound| number < bound.value || (bound.inclusive && number <= bound.value));
        above && below
    }
}

/// What the accounts of a tier may expect besides the commitments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entitlements {
    /// By which ways they may write to us.
    pub channels: Vec<Channel>,
    /// What is particular about a channel, such as `direct to level 2`.
    pub channel_notes: Vec<(Channel, String)>,
    /// How they are supported, in a sentence.
    pub support: Option<String>,
    /// The named person who looks after them.
    pub account_manager: Option<AccountManager>,
    /// Others who are at their disposal, by role name.
    pub team: Vec<String>,
    /// The languages they are served in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// What they may use of the product.
    pub features: Option<String>,
    /// How they are brought on board.
    pub onboarding: Option<String>,
    /// How far the product is adapted to them.
    pub customisation: Option<String>,
    /// How they are trained.
    pub training: Option<String>,
    /// Whether somebody watches over them unasked, and how.
    pub proactive_monitoring: Option<String>,
    /// Which resources are theirs alone.
    pub dedicated_resources: Option<String>,
    /// How often their progress is reviewed with them.
    pub reviews: Vec<String>,
    /// How often they get a report.
    pub reporting: Vec<String>,
    /// How high an escalation of theirs goes.
    pub escalates_to: Option<String>,
    /// Anything else that was promised, in sentences.
    pub also: Vec<String>,
}

/// The named person who looks after an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountManager {
    /// How near that person is.
    pub kind: AccountManagerKind,
    /// What the person is called, such as `Success Manager`.
    pub title: Option<String>,
    /// How many accounts one person looks after, at most.
    pub accounts_per_person: Option<Range>,
}

/// How near the person is who looks after an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountManagerKind {
    /// A person of their own.
    Dedicated,
    /// A person they share with other accounts.
    Shared,
    /// They help themselves, with what we publish.
    SelfService,
    /// The community helps them.
    Community,
    /// Nobody.
    None,
}

impl AccountManagerKind {
    /// Every kind, nearest first.
    pub const ALL: [Self; 5] = [
        Self::Dedicated,
        Self::Shared,
        Self::SelfService,
        Self::Community,
        Self::None,
    ];

    /// The kind's name in packs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dedicated => "dedicated",
            Self::Shared => "shared",
            Self::SelfService => "self_service",
            Self::Community => "community",
            Self::None => "none",
        }
    }
}
