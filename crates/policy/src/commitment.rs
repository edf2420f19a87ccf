//! Commitments about tickets: what is promised, when its clock runs, what follows.

mod cell;

use mainstay_domain::commitment::{
    Commitment, Consequence, Reopen, Repeat, Target, Trigger, Warning, WarningPoint,
};
use mainstay_domain::condition::Condition;
use mainstay_domain::event::Channel;
use mainstay_domain::name::{CalendarName, CategoryName, CommitmentName, Tag, TierName};
use mainstay_domain::severity::Severity;

use self::cell::CellForm;
use crate::condition::{ConditionForm, TriggerForm, tag};
use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::reading::{Many, Named, record};
use crate::text::{Length, Name, Percent, TagText, Vocabulary, Word, length_text};
use crate::title::TitleForm;

record! {
    /// A commitment: a promise about tickets, and the clock that measures it.
    struct CommitmentForm as "a commitment" {
        /// Its name: `first_response`, `next_response`, `update`, `resolution`, or one of the pack's own.
        name: At<Name>,
        /// What people call it: a text, or one for each language, such as `{ en = "Resolution", es = "Resolución" }`.
        title: Option<TitleForm>,
        /// What it promises, in a sentence for people.
        description: String,
        /// Whether it is a promise among ourselves, of which customers are told nothing; false when absent.
        internal: Option<bool>,
        /// The tickets it is about; all of them when absent.
        applies: Option<ConditionForm>,
        /// What starts its clock.
        start: Many<TriggerForm>,
        /// While this holds, the clock is paused.
        pause_while: Option<ConditionForm>,
        /// What keeps the promise.
        stop: Option<Many<TriggerForm>>,
        /// What keeps the promise and promises again.
        reset: Option<Many<TriggerForm>>,
        /// What makes the promise void.
        cancel: Option<Many<TriggerForm>>,
        /// Whether a start after the clock has stopped makes a new cycle: `once` (the default) or `each_start`.
        repeat: Option<Word<Repeat>>,
        /// What reopening the ticket does to a clock that had stopped: `ignore` (the default), `resume`, `restart` or
        /// `new_cycle`.
        reopen: Option<Word<Reopen>>,
        /// The calendar its time is counted on; the tier's support hours when absent.
        calendar: Option<At<Name>>,
        /// The promised times: tier, then severity. The tier `*` is every tier.
        targets: Option<Named<TargetRow>>,
        /// Promised times with other selectors. The one that names most selectors wins.
        target: Option<Vec<TargetForm>>,
        /// When to warn before the clock is due, and whom.
        warn: Option<Many<WarnForm>>,
        /// What follows when the promise is missed.
        missed: Option<Many<ConsequenceForm>>,
    }
}

impl Vocabulary for Repeat {
    const WHAT: &'static str = "a way to repeat";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("once", Self::Once), ("each_start", Self::EachStart)]
    }
}

impl Vocabulary for Reopen {
    const WHAT: &'static str = "what reopening does";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("ignore", Self::Ignore),
            ("resume", Self::Resume),
            ("restart", Self::Restart),
            ("new_cycle", Self::NewCycle),
        ]
    }
}

record! {
    /// The promised times of a tier, by severity.
    struct TargetRow as "promised times by severity" {
        /// Critical.
        P1: Option<At<CellForm>>,
        /// High.
        P2: Option<At<CellForm>>,
        /// Medium.
        P3: Option<At<CellForm>>,
        /// Low.
        P4: Option<At<CellForm>>,
        /// Whatever the severity; a time for a severity wins over it.
        any: Option<At<CellForm>>,
        /// The calendar on which these times are counted.
        calendar: Option<At<Name>>,
    }
}

record! {
    /// A promised time, for the tickets that fit every selector. A list in a selector stands for one time each.
    struct TargetForm as "a target" {
        /// Only accounts in this tier.
        tier: Option<Many<At<Name>>>,
        /// Only tickets of this severity.
        severity: Option<Many<Word<Severity>>>,
        /// Only tickets of this category.
        category: Option<Many<At<Name>>>,
        /// Only tickets that came by this way.
        channel: Option<Many<Word<Channel>>>,
        /// Only tickets that bear this tag.
        tag: Option<Many<TagText>>,
        /// The promised time.
        within: At<Length>,
        /// The calendar on which it is counted.
        calendar: Option<At<Name>>,
    }
}

record! {
    /// When to warn: exactly one of `used` and `left`.
    struct WarnForm as "a warning" {
        /// When this share of the target is used.
        used: Option<At<Percent>>,
        /// When this much of the target is left.
        left: Option<At<Length>>,
        /// Whom to tell: `assignee`, `team`, or a role.
        notify: Option<Many<At<Name>>>,
        /// Which ladder to raise.
        escalate: Option<Many<At<Name>>>,
    }
}

record! {
    /// What follows.
    struct ConsequenceForm as "a consequence" {
        /// Whom to tell: `assignee`, `team`, or a role.
        notify: Option<Many<At<Name>>>,
        /// Which ladder to raise.
        escalate: Option<Many<At<Name>>>,
    }
}

/// A target and its place, which checks point at.
#[derive(Debug, Clone)]
pub(crate) struct PlacedTarget {
    pub target: Target,
    pub place: Place,
}

/// A commitment and the places of what checks point at.
#[derive(Debug, Clone)]
pub(crate) struct PlacedCommitment {
    pub commitment: Commitment,
    /// In the order of the commitment's targets.
    pub targets: Vec<Place>,
    /// In the order of the commitment's warnings.
    pub warnings: Vec<Place>,
    /// Rows and cells that say "none": tier (none for every tier) and severity (none for every severity).
    pub none: Vec<(Option<TierName>, Option<Severity>)>,
}

impl CommitmentForm {
    /// The commitment, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> PlacedCommitment {
        let mut none = Vec::new();
        let mut targets = Vec::new();
        for (tier, row) in self.targets.iter().flat_map(|Named(rows)| rows) {
            row.lower(tier, &mut targets, &mut none, names);
        }
        for form in self.target.iter().flatten() {
            form.lower(&mut targets, names);
        }
        let (warnings, warning_places) = self.lower_warnings(names);
        let stop = triggers(&self.stop, names);
        let reset = triggers(&self.reset, names);
        if stop.is_empty() && reset.is_empty() {
            names.report(
                Problem::error(
                    &self.name.place,
                    format!("nothing can keep the promise `{}`", self.name.value.0),
                )
                .expected("expected `stop`, `reset`, or both")
                .help("for example stop = \"agent_reply\""),
            );
        }
        let commitment = Commitment {
            name: CommitmentName::from(self.name.value.0.as_str()),
            title: self
                .title
                .as_ref()
                .map(TitleForm::lower)
                .unwrap_or_default(),
            description: self.description.clone(),
            internal: self.internal.unwrap_or(false),
            applies: self
                .applies
                .as_ref()
                .map_or(Condition::Always, |applies| applies.lower(names)),
            start: triggers_of(&self.start, names),
            pause: self
                .pause_while
                .as_ref()
                .map_or(Condition::Never, |pause| pause.lower(names)),
            stop,
            reset,
            cancel: triggers(&self.cancel, names),
            repeat: self.repeat.map_or(Repeat::Once, |Word(repeat)| repeat),
            reopen: self.reopen.map_or(Reopen::Ignore, |Word(reopen)| reopen),
            calendar: self.calendar.as_ref().map(|name| names.calendar(name)),
            targets: targets.iter().map(|placed| placed.target.clone()).collect(),
            warnings,
            on_missed: self
                .missed
                .iter()
                .flat_map(|Many(forms)| forms)
                .flat_map(|form| consequences(&form.notify, &form.escalate, names))
                .collect(),
            source: self.place.source(),
        };
        PlacedCommitment {
            commitment,
            targets: targets.into_iter().map(|placed| placed.place).collect(),
            warnings: warning_places,
            none,
        }
    }

    fn lower_warnings(&self, names: &mut Definitions<'_>) -> (Vec<Warning>, Vec<Place>) {
        let mut warnings = Vec::new();
        let mut places = Vec::new();
        for form in self.warn.iter().flat_map(|Many(forms)| forms) {
            let Some((at, place)) = form.point(names) else {
                continue;
            };
            warnings.push(Warning {
                at,
                consequences: consequences(&form.notify, &form.escalate, names),
                source: form.place.source(),
            });
            places.push(place);
        }
        (warnings, places)
    }
}

fn triggers_of(Many(forms): &Many<TriggerForm>, names: &mut Definitions<'_>) -> Vec<Trigger> {
    forms.iter().filter_map(|form| form.lower(names)).collect()
}

fn triggers(forms: &Option<Many<TriggerForm>>, names: &mut Definitions<'_>) -> Vec<Trigger> {
    forms
        .as_ref()
        .map(|forms| triggers_of(forms, names))
        .unwrap_or_default()
}

fn consequences(
    notify: &Option<Many<At<Name>>>,
    escalate: &Option<Many<At<Name>>>,
    names: &mut Definitions<'_>,
) -> Vec<Consequence> {
    let mut consequences = Vec::new();
    for name in notify.iter().flat_map(|Many(all)| all) {
        consequences.push(match name.value.0.as_str() {
            "assignee" => Consequence::NotifyAssignee,
            "team" => Consequence::NotifyTeam,
            _ => Consequence::NotifyRole(names.role_to_notify(name)),
        });
    }
    for name in escalate.iter().flat_map(|Many(all)| all) {
        consequences.push(Consequence::Escalate(names.ladder(name)));
    }
    consequences
}

impl TargetRow {
    fn lower(
        &self,
        tier: &At<String>,
        targets: &mut Vec<PlacedTarget>,
        none: &mut Vec<(Option<TierName>, Option<Severity>)>,
        names: &mut Definitions<'_>,
    ) {
        let tier = (tier.value != "*").then(|| {
            names.tier(&At {
                value: Name(tier.value.clone()),
                place: tier.place.clone(),
            })
        });
        let row_calendar = self.calendar.as_ref().map(|name| names.calendar(name));
        let cells = [
            (Some(Severity::P1), &self.P1),
            (Some(Severity::P2), &self.P2),
            (Some(Severity::P3), &self.P3),
            (Some(Severity::P4), &self.P4),
            (None, &self.any),
        ];
        for (severity, cell) in cells {
            let Some(cell) = cell else { continue };
            let (length, own_calendar) = match &cell.value {
                CellForm::None => {
                    none.push((tier.clone(), severity));
                    continue;
                }
                CellForm::Within(length) => (*length, None),
                CellForm::Table(table) => (
                    table.within,
                    table.calendar.as_ref().map(|name| names.calendar(name)),
                ),
            };
            refuse_zero(length, &cell.place, names);
            targets.push(PlacedTarget {
                target: Target {
                    tier: tier.clone(),
                    severity,
                    category: None,
                    channel: None,
                    tag: None,
                    duration: length.0,
                    calendar: own_calendar.or_else(|| row_calendar.clone()),
                    source: cell.place.source(),
                },
                place: cell.place.clone(),
            });
        }
    }
}

fn refuse_zero(length: Length, place: &Place, names: &mut Definitions<'_>) {
    if !length.0.is_positive() {
        names.report(
            Problem::error(place, "nobody can keep a promise within no time at all")
                .expected("expected a time longer than zero")
                .help("write \"none\" where nothing is promised"),
        );
    }
}

/// The values of a selector: each of the list, or one that selects nothing.
fn selected<T, U>(list: &Option<Many<T>>, mut read: impl FnMut(&T) -> U) -> Vec<Option<U>> {
    match list {
        Some(Many(values)) => values.iter().map(|value| Some(read(value))).collect(),
        None => vec![None],
    }
}

/// How many targets a commitment may have: ten tiers, four severities and twenty-five categories. Every two of them are
/// compared, so that there must be an end.
const MOST_TARGETS: usize = 1000;

impl TargetForm {
    fn lower(&self, targets: &mut Vec<PlacedTarget>, names: &mut Definitions<'_>) {
        let calendar: Option<CalendarName> =
            self.calendar.as_ref().map(|name| names.calendar(name));
        let tiers: Vec<Option<TierName>> = selected(&self.tier, |name| names.tier(name));
        let severities = selected(&self.severity, |Word(severity)| *severity);
        let categories: Vec<Option<CategoryName>> =
            selected(&self.category, |name| names.category(name));
        let channels = selected(&self.channel, |Word(channel)| *channel);
        let tags: Vec<Option<Tag>> = selected(&self.tag, tag);
        refuse_zero(self.within.value, &self.within.place, names);
        let expanded = [
            tiers.len(),
            severities.len(),
            categories.len(),
            channels.len(),
            tags.len(),
        ]
        .into_iter()
        .fold(1, usize::saturating_mul);
        if expanded.saturating_add(targets.len()) > MOST_TARGETS {
            names.report(
                Problem::error(
                    &self.place,
                    "the lists of this target stand for too many times",
                )
                .expected(format!("expected at most {MOST_TARGETS} in a commitment"))
                .help("leave a selector out where every value is meant"),
            );
            return;
        }
        for tier in &tiers {
            for severity in &severities {
                for category in &categories {
                    for channel in &channels {
                        for tag in &tags {
                            targets.push(PlacedTarget {
                                target: Target {
                                    tier: tier.clone(),
                                    severity: *severity,
                                    category: category.clone(),
                                    channel: *channel,
                                    tag: tag.clone(),
                                    duration: self.within.value.0,
                                    calendar: calendar.clone(),
                                    source: self.within.place.source(),
                                },
                                place: self.within.place.clone(),
                            });
                        }
                    }
                }
            }
        }
    }
}

impl WarnForm {
    fn point(&self, names: &mut Definitions<'_>) -> Option<(WarningPoint, Place)> {
        match (&self.used, &self.left) {
            (Some(used), None) => {
                let share = used.value.0;
                if share <= 0.0 || share >= 100.0 {
                    names.report(
                        Problem::error(
                            &used.place,
                            format!("a warning at {share}% lies outside the target"),
                        )
                        .expected("expected more than 0% and less than 100%")
                        .help("what follows a miss is said by `missed`"),
                    );
                }
                Some((WarningPoint::Used(share), used.place.clone()))
            }
            (None, Some(left)) => {
                if !left.value.0.is_positive() {
                    names.report(
                        Problem::error(
                            &left.place,
                            format!(
                                "a warning with {} left lies outside the target",
                                length_text(left.value.0)
                            ),
                        )
                        .expected("expected a time longer than zero")
                        .help("what follows a miss is said by `missed`"),
                    );
                }
                Some((WarningPoint::Left(left.value.0), left.place.clone()))
            }
            _ => {
                names.report(
                    Problem::error(&self.place, "a warning is given at exactly one point")
                        .expected("expected one of `used` and `left`")
                        .help("for example { used = \"75%\", notify = \"assignee\" }"),
                );
                None
            }
        }
    }
}
