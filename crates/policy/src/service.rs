//! What is promised of the service itself: uptime, speed, recovery.

use mainstay_domain::policy::{
    PerformancePromise, RecoveryPromise, Statistic, UptimeCommitment, monthly_allowance,
};
use schemars::{Schema, json_schema};

use crate::names::Definitions;
use crate::place::At;
use crate::problem::Problem;
use crate::reading::{Named, Text, record, text_value};
use crate::text::{Length, Name, Percent, Vocabulary, Word, length_text};
use crate::words::statistic_text;

record! {
    /// A promise of uptime to a tier, measured over a month.
    struct UptimeForm as "a promise of uptime" {
        /// To whom.
        tier: At<Name>,
        /// Which share of the time the service is up.
        target: At<Percent>,
        /// The downtime that is allowed, as the framework writes it; computed from the share when absent.
        allowance: Option<At<Length>>,
        /// In which time the allowance is; a month when absent. A yearly one is divided by twelve.
        allowance_per: Option<Word<AllowancePeriod>>,
        /// What is owed when the promise is missed, as a share of the month's price.
        credit: Option<Percent>,
        /// What is owed, where that is no number.
        credit_note: Option<String>,
    }
}

/// In which time downtime is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AllowancePeriod {
    Month,
    Year,
}

impl Vocabulary for AllowancePeriod {
    const WHAT: &'static str = "the time in which downtime is allowed";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("month", Self::Month), ("year", Self::Year)]
    }
}

record! {
    /// A promise of speed: one measure, and a limit for each tier.
    struct PerformanceForm as "a promise of speed" {
        /// What is measured, such as `api_response_time`.
        measure: At<Name>,
        /// How many measurements are condensed into one figure.
        statistic: StatisticText,
        /// The figure stays below this, by tier.
        below: Named<At<Length>>,
    }
}

/// `average`, `maximum`, or a percentile such as `p95`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatisticText(Statistic);

text_value!(StatisticText);

impl Text for StatisticText {
    const WHAT: &'static str =
        "a statistic: \"average\", \"maximum\", or a percentile such as \"p95\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let percentile = || {
            text.strip_prefix('p')
                .and_then(|number| number.parse::<f64>().ok())
                .filter(|share| *share > 0.0 && *share < 100.0)
        };
        match text {
            "average" => Ok(Self(Statistic::Average)),
            "maximum" => Ok(Self(Statistic::Maximum)),
            _ => percentile()
                .map(|share| Self(Statistic::Percentile(share)))
                .ok_or_else(|| (format!("`{text}` is no statistic"), None)),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(average|maximum|p[0-9]{1,2}(\\.[0-9]+)?)$" })
    }
}

record! {
    /// A promise of recovery after a failure.
    struct RecoveryForm as "a promise of recovery" {
        /// To whom.
        tier: At<Name>,
        /// The service is back within this time.
        recovery_time: Length,
        /// No more than what was written in this time before the failure is lost.
        data_loss: Length,
    }
}

/// How far an allowance may lie from the one computed from the share before it is called a contradiction.
const TOLERATED_DEVIATION: f64 = 0.01;

impl UptimeForm {
    /// To whom.
    pub fn tier(&self) -> &At<Name> {
        &self.tier
    }

    /// The promise, its names and its arithmetic checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> UptimeCommitment {
        let target_percent = self.target.value.0;
        if !(0.0..100.0).contains(&target_percent) || target_percent == 0.0 {
            names.report(
                Problem::error(&self.target.place, "no service can promise this uptime")
                    .expected("expected more than 0% and less than 100%"),
            );
        }
        let computed = monthly_allowance(target_percent);
        let allowance = match &self.allowance {
            Some(allowance) => {
                let written = allowance.value.0;
                let yearly = matches!(self.allowance_per, Some(Word(AllowancePeriod::Year)));
                let monthly = if yearly { written / 12 } else { written };
                let deviation =
                    (monthly.as_secs_f64() - computed.as_secs_f64()).abs() / computed.as_secs_f64();
                if deviation > TOLERATED_DEVIATION {
                    names.report(
                        Problem::warning(
                            &allowance.place,
                            format!(
                                "the allowance does not fit the share: {target_percent}% leaves {} a month",
                                length_text(computed)
                            ),
                        )
                        .related(&self.target.place, "the share")
                        .help("correct the one that is wrong, or leave the allowance out"),
                    );
                }
                monthly
            }
            None => computed,
        };
        UptimeCommitment {
            tier: names.tier(&self.tier),
            target_percent,
            allowance,
            credit_percent: self.credit.map(|Percent(credit)| credit),
            credit_note: self.credit_note.clone(),
            source: self.place.source(),
        }
    }
}

impl PerformanceForm {
    /// What must be said once only: measure, statistic and tier together.
    pub fn names(&self) -> impl Iterator<Item = At<Name>> {
        let measure = &self.measure.value.0;
        let statistic = statistic_text(self.statistic.0);
        self.below.0.iter().map(move |(tier, _)| At {
            value: Name(format!("{measure} ({statistic}) of {}", tier.value)),
            place: tier.place.clone(),
        })
    }

    /// One promise for each tier, its name checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Vec<PerformancePromise> {
        let promises = self.below.0.iter().map(|(tier, below)| {
            let name = At {
                value: Name(tier.value.clone()),
                place: tier.place.clone(),
            };
            PerformancePromise {
                tier: names.tier(&name),
                measure: self.measure.value.0.clone(),
                statistic: self.statistic.0,
                below: below.value.0,
                source: below.place.source(),
            }
        });
        promises.collect()
    }
}

impl RecoveryForm {
    /// To whom.
    pub fn tier(&self) -> &At<Name> {
        &self.tier
    }

    /// The promise, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> RecoveryPromise {
        RecoveryPromise {
            tier: names.tier(&self.tier),
            recovery_time: self.recovery_time.0,
            data_loss: self.data_loss.0,
            source: self.place.source(),
        }
    }
}
