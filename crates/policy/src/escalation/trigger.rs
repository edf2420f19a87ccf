//! What raises a ladder.

use jiff::SignedDuration;
use mainstay_domain::condition::Condition;
use mainstay_domain::escalation::{EscalationTrigger, Grouping, ManualReason, Signs, TriggerKind};
use mainstay_domain::name::CommitmentName;
use mainstay_domain::severity::Severity;

use super::LevelNumber;
use crate::condition::{ConditionForm, tag, words};
use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::{Problem, listed};
use crate::reading::{Many, record};
use crate::text::{Length, Name, TagText, Vocabulary, Word};
use crate::tier::strings;

record! {
    /// What raises a ladder.
    struct LadderTriggerForm as "a ladder's trigger" {
        /// What must be so.
        on: At<Word<TriggerWord>>,
        /// `sla_breached`, `sla_at_risk`: which commitments; any when absent.
        commitments: Option<Many<At<Name>>>,
        /// `severity_is`: which severities.
        severity: Option<Many<Word<Severity>>>,
        /// `accounts_affected`: how many different accounts, from 2.
        accounts: Option<At<u32>>,
        /// `accounts_affected`: within which time.
        window: Option<Length>,
        /// `accounts_affected`: tags that begin with this, such as `component:`, belong together; the category decides
        /// when absent.
        tag_prefix: Option<String>,
        /// `security_incident`, `data_breach`, `data_loss`: in one of these categories.
        categories: Option<Many<At<Name>>>,
        /// … or with one of these tags.
        tags: Option<Many<TagText>>,
        /// … or with one of these words or phrases in the text.
        words: Option<Many<String>>,
        /// `unresolved`: so long after the ticket was opened.
        after: Option<Length>,
        /// `unresolved`: the calendar on which that is counted; every hour counts when absent.
        calendar: Option<At<Name>>,
        /// `manual`: for which reasons; any when absent.
        reasons: Option<Many<Word<ManualReason>>>,
        /// What must hold of the ticket besides.
        when: Option<ConditionForm>,
        /// The level at which the ladder begins; its foot when absent.
        level: Option<At<LevelNumber>>,
    }
}

/// What can raise a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TriggerWord {
    SlaBreached,
    SlaAtRisk,
    SeverityIs,
    AccountsAffected,
    SecurityIncident,
    DataBreach,
    DataLoss,
    Unresolved,
    Manual,
}

impl TriggerWord {
    const ALL: [Self; 9] = [
        Self::SlaBreached,
        Self::SlaAtRisk,
        Self::SeverityIs,
        Self::AccountsAffected,
        Self::SecurityIncident,
        Self::DataBreach,
        Self::DataLoss,
        Self::Unresolved,
        Self::Manual,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::SlaBreached => "sla_breached",
            Self::SlaAtRisk => "sla_at_risk",
            Self::SeverityIs => "severity_is",
            Self::AccountsAffected => "accounts_affected",
            Self::SecurityIncident => "security_incident",
            Self::DataBreach => "data_breach",
            Self::DataLoss => "data_loss",
            Self::Unresolved => "unresolved",
            Self::Manual => "manual",
        }
    }

    /// The keys that say more about it, besides `on`, `when` and `level`.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::SlaBreached | Self::SlaAtRisk => &["commitments"],
            Self::SeverityIs => &["severity"],
            Self::AccountsAffected => &["accounts", "window", "tag_prefix"],
            Self::SecurityIncident | Self::DataBreach | Self::DataLoss => {
                &["categories", "tags", "words"]
            }
            Self::Unresolved => &["after", "calendar"],
            Self::Manual => &["reasons"],
        }
    }
}

impl Vocabulary for TriggerWord {
    const WHAT: &'static str = "something that raises a ladder";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|word| (word.as_str(), word)).to_vec()
    }
}

impl LadderTriggerForm {
    /// The trigger, its names and its level checked.
    pub fn lower(
        &self,
        highest: Option<LevelNumber>,
        names: &mut Definitions<'_>,
    ) -> Option<EscalationTrigger> {
        self.refuse_foreign_keys(names);
        if let (Some(level), Some(highest)) = (&self.level, highest)
            && level.value > highest
        {
            names.report(
                Problem::error(
                    &level.place,
                    format!("the ladder has no level {}", level.value.0),
                )
                .expected(format!("expected a level up to {}", highest.0)),
            );
        }
        Some(EscalationTrigger {
            on: self.kind(names)?,
            when: self
                .when
                .as_ref()
                .map_or(Condition::Always, |when| when.lower(names)),
            level: self.level.as_ref().map(|level| level.value.0),
        })
    }

    fn kind(&self, names: &mut Definitions<'_>) -> Option<TriggerKind> {
        Some(match self.on.value.0 {
            TriggerWord::SlaBreached => TriggerKind::SlaBreached {
                commitments: self.commitment_names(names),
            },
            TriggerWord::SlaAtRisk => TriggerKind::SlaAtRisk {
                commitments: self.commitment_names(names),
            },
            TriggerWord::SeverityIs => {
                let severities = words(&self.severity);
                TriggerKind::SeverityIs(self.required("severity", severities, names)?)
            }
            TriggerWord::AccountsAffected => self.accounts_affected(names)?,
            TriggerWord::SecurityIncident => TriggerKind::SecurityIncident(self.signs(names)?),
            TriggerWord::DataBreach => TriggerKind::DataBreach(self.signs(names)?),
            TriggerWord::DataLoss => TriggerKind::DataLoss(self.signs(names)?),
            TriggerWord::Unresolved => {
                let after = self.after.map(|Length(after)| after);
                TriggerKind::Unresolved {
                    after: self.required("after", after, names)?,
                    calendar: self.calendar.as_ref().map(|name| names.calendar(name)),
                }
            }
            TriggerWord::Manual => TriggerKind::Manual {
                reasons: words(&self.reasons).unwrap_or_default(),
            },
        })
    }

    fn commitment_names(&self, names: &mut Definitions<'_>) -> Vec<CommitmentName> {
        self.commitments
            .iter()
            .flat_map(|Many(all)| all)
            .map(|name| names.commitment(name))
            .collect()
    }

    fn accounts_affected(&self, names: &mut Definitions<'_>) -> Option<TriggerKind> {
        let window: Option<SignedDuration> = self.window.map(|Length(window)| window);
        let count = self.required("accounts", self.accounts.as_ref(), names);
        let window = self.required("window", window, names);
        let (count, window) = (count?, window?);
        if count.value < 2 {
            names.report(
                Problem::error(&count.place, "one account is affected by every ticket")
                    .expected("expected 2 or more"),
            );
        }
        Some(TriggerKind::AccountsAffected {
            count: count.value,
            window,
            by: self
                .tag_prefix
                .as_ref()
                .map_or(Grouping::Category, |prefix| Grouping::Tag {
                    prefix: prefix.clone(),
                }),
        })
    }

    fn signs(&self, names: &mut Definitions<'_>) -> Option<Signs> {
        let signs = Signs {
            categories: self
                .categories
                .iter()
                .flat_map(|Many(all)| all)
                .map(|name| names.category(name))
                .collect(),
            tags: self
                .tags
                .iter()
                .flat_map(|Many(all)| all)
                .map(tag)
                .collect(),
            words: strings(&self.words),
        };
        let some = (signs != Signs::default()).then_some(signs);
        self.required("categories` or `tags` or `words", some, names)
    }

    fn required<T>(&self, key: &str, value: Option<T>, names: &mut Definitions<'_>) -> Option<T> {
        if value.is_none() {
            names.report(missing(self.on.value.0, key, &self.on.place));
        }
        value
    }

    /// A key that belongs to another kind of trigger would be ignored in silence, so it is refused.
    fn refuse_foreign_keys(&self, names: &mut Definitions<'_>) {
        let given = [
            ("commitments", self.commitments.is_some()),
            ("severity", self.severity.is_some()),
            ("accounts", self.accounts.is_some()),
            ("window", self.window.is_some()),
            ("tag_prefix", self.tag_prefix.is_some()),
            ("categories", self.categories.is_some()),
            ("tags", self.tags.is_some()),
            ("words", self.words.is_some()),
            ("after", self.after.is_some()),
            ("calendar", self.calendar.is_some()),
            ("reasons", self.reasons.is_some()),
        ];
        let on = self.on.value.0;
        for (key, is_given) in given {
            if is_given && !on.keys().contains(&key) {
                names.report(
                    Problem::error(
                        &self.on.place,
                        format!("`{key}` says nothing about `{}`", on.as_str()),
                    )
                    .expected(format!("expected only {}", listed(on.keys()))),
                );
            }
        }
    }
}

fn missing(on: TriggerWord, key: &str, place: &Place) -> Problem {
    Problem::error(place, format!("`{}` needs `{key}`", on.as_str()))
        .expected(format!("expected `{key}` beside it"))
}
