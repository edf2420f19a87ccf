//! Tiers: who qualifies and what they are entitled to.

use mainstay_domain::event::Channel;
use mainstay_domain::name::TierName;
use mainstay_domain::policy::{
    AccountManager, AccountManagerKind, Bound, Entitlements, Qualification, Range, Tier,
};

use crate::condition::words;
use crate::names::Definitions;
use crate::place::At;
use crate::problem::Problem;
use crate::reading::{Many, Named, record};
use crate::text::{LanguageText, Name, Percent, Vocabulary as _, Word};

record! {
    /// A tier: what an account can buy.
    struct TierForm as "a tier" {
        /// Its name, as contracts use it.
        name: At<Name>,
        /// Another name that people use for it.
        also_known_as: Option<String>,
        /// What it is, in a sentence.
        description: String,
        /// The calendar of its support hours: what its clocks are counted on where nothing else is said.
        support_hours: At<Name>,
        /// Why no response is promised to it. Without this, a tier needs a `first_response` target.
        no_response_because: Option<At<String>>,
        /// Who belongs in it.
        qualification: Option<QualificationForm>,
        /// What its accounts may expect besides the commitments.
        entitlements: Option<EntitlementsForm>,
    }
}

record! {
    /// Who belongs in a tier.
    struct QualificationForm as "a qualification" {
        /// What an account is worth in a year, in the pack's currency.
        yearly_value: Option<RangeForm>,
        /// What the yearly value measures, such as `revenue`, `ARR` or `ACV`.
        yearly_value_of: Option<String>,
        /// How many people use the product.
        users: Option<RangeForm>,
        /// How many accounts are expected in the tier.
        accounts: Option<RangeForm>,
        /// What it costs on top of the base price, as a share of it.
        price_premium: Option<Percent>,
        /// What it costs on top of the base price in a month, in the pack's currency.
        monthly_price: Option<f64>,
        /// Whatever cannot be said in numbers.
        note: Option<String>,
    }
}

record! {
    /// A range of numbers: at most one lower end (`from`, `above`) and one upper end (`up_to`, `below`).
    struct RangeForm as "a range of numbers" {
        /// This number or more.
        from: Option<f64>,
        /// More than this number.
        above: Option<f64>,
        /// This number or less.
        up_to: Option<f64>,
        /// Less than this number.
        below: Option<f64>,
    }
}

record! {
    /// What the accounts of a tier may expect besides the commitments.
    struct EntitlementsForm as "a tier's entitlements" {
        /// By which ways they may write to us.
        channels: Option<Many<Word<Channel>>>,
        /// What is particular about a channel.
        channel_notes: Option<Named<String>>,
        /// How they are supported, in a sentence.
        support: Option<String>,
        /// The named person who looks after them.
        account_manager: Option<AccountManagerForm>,
        /// Others who are at their disposal.
        team: Option<Many<String>>,
        /// The languages they are served in.
        languages: Option<Many<LanguageText>>,
        /// What they may use of the product.
        features: Option<String>,
        /// How they are brought on board.
        onboarding: Option<String>,
        /// How far the product is adapted to them.
        customisation: Option<String>,
        /// How they are trained.
        training: Option<String>,
        /// Whether somebody watches over them unasked, and how.
        proactive_monitoring: Option<String>,
        /// Which resources are theirs alone.
        dedicated_resources: Option<String>,
        /// How often their progress is reviewed with them.
        reviews: Option<Many<String>>,
        /// How often they get a report.
        reporting: Option<Many<String>>,
        /// How high an escalation of theirs goes.
        escalates_to: Option<String>,
        /// Anything else that was promised, in sentences.
        also: Option<Many<String>>,
    }
}

record! {
    /// The named person who looks after an account.
    struct AccountManagerForm as "an account manager" {
        /// How near the person is.
        kind: Word<AccountManagerKind>,
        /// What the person is called.
        title: Option<String>,
        /// How many accounts one person looks after.
        accounts_per_person: Option<RangeForm>,
    }
}

/// The strings of a list, none when it is absent.
pub(crate) fn strings(list: &Option<Many<String>>) -> Vec<String> {
    list.as_ref().map_or_else(Vec::new, |Many(all)| all.clone())
}

/// The language tags of a list, none when it is absent.
pub(crate) fn languages(list: &Option<Many<LanguageText>>) -> Vec<String> {
    list.iter()
        .flat_map(|Many(all)| all)
        .map(|language| language.0.clone())
        .collect()
}

impl TierForm {
    /// The tier, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Tier {
        Tier {
            name: TierName::from(self.name.value.0.as_str()),
            also_known_as: self.also_known_as.clone(),
            description: self.description.clone(),
            qualification: self
                .qualification
                .as_ref()
                .map(|form| form.lower(names))
                .unwrap_or_default(),
            entitlements: self
                .entitlements
                .as_ref()
                .map(|form| form.lower(names))
                .unwrap_or_default(),
            support_hours: names.calendar(&self.support_hours),
            no_response_because: self
                .no_response_because
                .as_ref()
                .map(|reason| reason.value.clone()),
            source: self.place.source(),
        }
    }
}

impl QualificationForm {
    fn lower(&self, names: &mut Definitions<'_>) -> Qualification {
        let mut range = |form: &Option<RangeForm>| form.as_ref().map(|form| form.lower(names));
        Qualification {
            yearly_value: range(&self.yearly_value),
            yearly_value_of: self.yearly_value_of.clone(),
            users: range(&self.users),
            accounts: range(&self.accounts),
            price_premium_percent: self.price_premium.map(|Percent(percent)| percent),
            monthly_price: self.monthly_price,
            note: self.note.clone(),
        }
    }
}

impl RangeForm {
    /// The range; an end that is given twice and an empty range are reported.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Range {
        let mut end = |inclusive: Option<f64>, exclusive: Option<f64>, words: &str| {
            if inclusive.is_some() && exclusive.is_some() {
                names.report(
                    Problem::error(&self.place, "an end of the range is given twice")
                        .expected(format!("expected one of {words}")),
                );
            }
            let bound = |value, inclusive| Bound { value, inclusive };
            inclusive
                .map(|value| bound(value, true))
                .or(exclusive.map(|value| bound(value, false)))
        };
        let range = Range {
            lower: end(self.from, self.above, "`from` and `above`"),
            upper: end(self.up_to, self.below, "`up_to` and `below`"),
        };
        let reversed = range
            .lower
            .zip(range.upper)
            .is_some_and(|(lower, upper)| lower.value > upper.value);
        if reversed || (range.lower.is_none() && range.upper.is_none()) {
            names.report(
                Problem::error(&self.place, "no number lies in this range")
                    .expected("expected a lower end, an upper end, or both in order")
                    .help("for example { from = 10000, below = 50000 } or { above = 1000 }"),
            );
        }
        range
    }
}

impl EntitlementsForm {
    fn lower(&self, names: &mut Definitions<'_>) -> Entitlements {
        let mut channel_notes = Vec::new();
        for (name, note) in self.channel_notes.iter().flat_map(|Named(notes)| notes) {
            match Channel::words()
                .iter()
                .find(|(word, _)| *word == name.value)
            {
                Some((_, channel)) => channel_notes.push((*channel, note.clone())),
                None => names.report(unknown_channel(name)),
            }
        }
        Entitlements {
            channels: words(&self.channels).unwrap_or_default(),
            channel_notes,
            support: self.support.clone(),
            account_manager: self.account_manager.as_ref().map(|form| AccountManager {
                kind: form.kind.0,
                title: form.title.clone(),
                accounts_per_person: form
                    .accounts_per_person
                    .as_ref()
                    .map(|range| range.lower(names)),
            }),
            team: strings(&self.team),
            languages: languages(&self.languages),
            features: self.features.clone(),
            onboarding: self.onboarding.clone(),
            customisation: self.customisation.clone(),
            training: self.training.clone(),
            proactive_monitoring: self.proactive_monitoring.clone(),
            dedicated_resources: self.dedicated_resources.clone(),
            reviews: strings(&self.reviews),
            reporting: strings(&self.reporting),
            escalates_to: self.escalates_to.clone(),
            also: strings(&self.also),
        }
    }
}

fn unknown_channel(name: &At<String>) -> Problem {
    let known: Vec<&str> = Channel::words().into_iter().map(|(word, _)| word).collect();
    Problem::error(&name.place, format!("`{}` is not a channel", name.value))
        .expected("expected a channel")
        .maybe_help(crate::problem::suggestion(&name.value, &known))
}
