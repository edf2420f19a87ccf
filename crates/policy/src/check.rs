//! What only the whole pack can show: promises that contradict each other, cannot be kept, or are missing.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::Calendar;
use mainstay_domain::commitment::{Target, WarningPoint};
use mainstay_domain::name::{CalendarName, TierName};
use mainstay_domain::policy::{Policy, StatusDefinition, Tier};
use mainstay_domain::severity::Severity;

use crate::commitment::PlacedCommitment;
use crate::definition::StatusForm;
use crate::escalation::LadderForm;
use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::text::length_text;

/// What the checks look at, with the places that they point at.
pub(crate) struct Checked {
    /// The tiers and where their names stand.
    pub tiers: Vec<(Tier, Place)>,
    /// The commitments.
    pub commitments: Vec<PlacedCommitment>,
}

/// The commitment that every tier needs.
const FIRST_RESPONSE: &str = "first_response";

/// Checks the commitments against each other, the tiers and the calendars.
pub(crate) fn commitments(checked: &Checked, policy: &Policy, names: &mut Definitions<'_>) {
    responses(checked, names);
    for placed in &checked.commitments {
        ambiguities(placed, names);
        attainability(placed, checked, policy, names);
        warnings(placed, names);
        severity_order(placed, checked, names);
    }
}

/// Every tier is promised a first response, or says why not.
fn responses(checked: &Checked, names: &mut Definitions<'_>) {
    let response = checked
        .commitments
        .iter()
        .find(|placed| placed.commitment.name.as_str() == FIRST_RESPONSE);
    for (tier, place) in &checked.tiers {
        let promised = |severity: Option<Severity>| {
            response.is_some_and(|placed| {
                placed.commitment.targets.iter().any(|target| {
                    fits_tier(target, &tier.name)
                        && (severity.is_none()
                            || target.severity.is_none()
                            || target.severity == severity)
                })
            })
        };
        match (&tier.no_response_because, promised(None)) {
            // The commitment or its targets may be among what could not be read.
            (None, _) if names.lost.any() => {}
            (None, false) => names.report(
                Problem::error(
                    place,
                    format!("nobody promises the tier `{}` a response", tier.name),
                )
                .expected("expected a target for it in the commitment `first_response`")
                .help("say why in `no_response_because = \"…\"` if that is meant"),
            ),
            (Some(_), true) => names.report(
                Problem::error(
                    place,
                    format!(
                        "the tier `{}` says that no response is promised, yet one is",
                        tier.name
                    ),
                )
                .expected("expected no target for it in the commitment `first_response`")
                .help("remove `no_response_because`, or the target"),
            ),
            (None, true) => {
                let missing: Vec<&str> = Severity::ALL
                    .into_iter()
                    .filter(|severity| !promised(Some(*severity)))
                    .filter(|severity| !says_none(response, &tier.name, *severity))
                    .map(Severity::as_str)
                    .collect();
                if !missing.is_empty() {
                    names.report(
                        Problem::warning(
                            place,
                            format!(
                                "the tier `{}` is promised no first response for {}",
                                tier.name,
                                crate::problem::listed(&missing)
                            ),
                        )
                        .help(format!(
                            "add the times, or write {} = \"none\" if that is meant",
                            missing[0]
                        )),
                    );
                }
            }
            (Some(_), false) => {}
        }
    }
}

fn says_none(response: Option<&PlacedCommitment>, tier: &TierName, severity: Severity) -> bool {
    response.is_some_and(|placed| {
        placed.none.iter().any(|(of_tier, of_severity)| {
            of_tier.as_ref().is_none_or(|other| other == tier)
                && of_severity.is_none_or(|other| other == severity)
        })
    })
}

fn fits_tier(target: &Target, tier: &TierName) -> bool {
    target.tier.as_ref().is_none_or(|other| other == tier)
}

/// Two targets of equal precedence must not fit the same ticket, unless a more specific one decides between them.
fn ambiguities(placed: &PlacedCommitment, names: &mut Definitions<'_>) {
    let targets = &placed.commitment.targets;
    for (index, second) in targets.iter().enumerate() {
        for (earlier, first) in targets[..index].iter().enumerate() {
            if first.specificity() != second.specificity() {
                continue;
            }
            let Some(meeting) = Meeting::of(first, second) else {
                continue;
            };
            let decided = targets.iter().any(|other| {
                other.specificity() > first.specificity() && meeting.is_covered_by(other)
            });
            if !decided {
                let name = &placed.commitment.name;
                names.report(
                    Problem::error(
                        &placed.targets[index],
                        format!(
                            "two targets of `{name}` with equal precedence fit the same ticket"
                        ),
                    )
                    .expected(format!("this one is for {}", selectors(second)))
                    .related(
                        &placed.targets[earlier],
                        format!("this one is for {}", selectors(first)),
                    )
                    .help(
                        "name another selector in one of them, or add a target for their overlap",
                    ),
                );
                // One message for each target is enough to mend it.
                break;
            }
        }
    }
}

fn selectors(target: &Target) -> String {
    let parts: Vec<String> = [
        target.tier.as_ref().map(|tier| format!("tier {tier}")),
        target
            .severity
            .map(|severity| format!("severity {severity}")),
        target
            .category
            .as_ref()
            .map(|category| format!("category {category}")),
        target
            .channel
            .map(|channel| format!("channel {}", channel.as_str())),
        target.tag.as_ref().map(|tag| format!("tag {tag}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "every ticket".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The tickets that two targets both fit.
struct Meeting<'a> {
    first: &'a Target,
    second: &'a Target,
}

impl<'a> Meeting<'a> {
    /// Nothing when no ticket fits both. A ticket has one tier, severity, category and channel, but any number of tags.
    fn of(first: &'a Target, second: &'a Target) -> Option<Self> {
        let meets = agree(&first.tier, &second.tier)
            && agree(&first.severity, &second.severity)
            && agree(&first.category, &second.category)
            && agree(&first.channel, &second.channel);
        meets.then_some(Self { first, second })
    }

    /// Whether a target fits every ticket that both fit.
    fn is_covered_by(&self, other: &Target) -> bool {
        let (first, second) = (self.first, self.second);
        covered(&other.tier, &first.tier, &second.tier)
            && covered(&other.severity, &first.severity, &second.severity)
            && covered(&other.category, &first.category, &second.category)
            && covered(&other.channel, &first.channel, &second.channel)
            && covered(&other.tag, &first.tag, &second.tag)
    }
}

fn agree<T: PartialEq>(first: &Option<T>, second: &Option<T>) -> bool {
    first.is_none() || second.is_none() || first == second
}

fn covered<T: PartialEq>(other: &Option<T>, first: &Option<T>, second: &Option<T>) -> bool {
    other.is_none() || other == first || other == second
}

/// A target must be attainable in the opening hours it is counted on.
fn attainability(
    placed: &PlacedCommitment,
    checked: &Checked,
    policy: &Policy,
    names: &mut Definitions<'_>,
) {
    for (target, place) in placed.commitment.targets.iter().zip(&placed.targets) {
        let tiers = checked
            .tiers
            .iter()
            .map(|(tier, _)| &tier.name)
            .filter(|tier| fits_tier(target, tier));
        let mut calendars: Vec<&CalendarName> = tiers
            .map(|tier| policy.calendar_of(&placed.commitment, target, Some(tier)))
            .collect();
        calendars.push(policy.calendar_of(&placed.commitment, target, target.tier.as_ref()));
        calendars.sort();
        calendars.dedup();
        for name in calendars {
            let Some(calendar) = policy.calendars.get(name) else {
                continue;
            };
            if let Some(problem) = unattainable(target.duration, name, calendar, place) {
                names.report(problem);
            }
        }
    }
}

/// How long a target may take by the wall clock before a slip of the pen is more likely than a promise.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(366 * 24);

fn unattainable(
    target: SignedDuration,
    name: &CalendarName,
    calendar: &Calendar,
    place: &Place,
) -> Option<Problem> {
    let specs: Vec<_> = calendar.specs().collect();
    let has_weekly_hours = specs.is_empty()
        || specs
            .iter()
            .any(|spec| spec.weekly != mainstay_calendar::Weekly::default());
    if !has_weekly_hours {
        // Only exceptions: the open time is finite, and all of it lies between the first and the last of them.
        let open = calendar.elapsed(Timestamp::MIN, Timestamp::MAX);
        return (open < target).then(|| {
            Problem::error(
                place,
                format!(
                    "no opening hours can meet this target: `{name}` is open for {} in all",
                    length_text(open)
                ),
            )
            .expected(format!("expected at most {}", length_text(open)))
            .help("give the calendar weekly hours, or count the target on another one")
        });
    }
    // A winter Monday of an ordinary year serves as well as any other: weekly hours repeat.
    let start = Date::constant(2025, 1, 6)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map(|zoned| zoned.timestamp())
        .unwrap_or(Timestamp::UNIX_EPOCH);
    match calendar.add(start, target) {
        Err(error) => Some(
            Problem::error(
                place,
                format!("no opening hours can meet this target: {error}"),
            )
            .expected(format!("expected a time that `{name}` can hold"))
            .help("check the unit, or count the target on another calendar"),
        ),
        Ok(due) if due.duration_since(start) > LONGEST_WAIT => Some(
            Problem::warning(
                place,
                format!(
                    "on `{name}` this target takes {} days",
                    due.duration_since(start).as_hours() / 24
                ),
            )
            .help("check the unit, or count the target on another calendar"),
        ),
        Ok(_) => None,
    }
}

/// A warning must come before the clock is due.
fn warnings(placed: &PlacedCommitment, names: &mut Definitions<'_>) {
    let targets = &placed.commitment.targets;
    for (warning, place) in placed.commitment.warnings.iter().zip(&placed.warnings) {
        if let WarningPoint::Left(left) = warning.at {
            let shorter = targets
                .iter()
                .zip(&placed.targets)
                .filter(|(target, _)| target.duration <= left)
                .collect::<Vec<_>>();
            let Some((target, target_place)) = shorter.first() else {
                continue;
            };
            let message = format!(
                "with {} left the clock has not begun: a target of `{}` is only {}",
                length_text(left),
                placed.commitment.name,
                length_text(target.duration)
            );
            let problem = if shorter.len() == targets.len() {
                Problem::error(place, message)
            } else {
                Problem::warning(place, message)
            };
            names.report(
                problem
                    .expected("a warning outside the target is never given")
                    .related(target_place, "this target")
                    .help("warn at a share instead: used = \"75%\""),
            );
        }
        if warning.consequences.is_empty() {
            names.report(
                Problem::warning(place, "nothing follows this warning")
                    .expected("expected `notify`, `escalate`, or both"),
            );
        }
    }
}

/// A worse severity should not wait longer than a milder one of the same tier.
fn severity_order(placed: &PlacedCommitment, checked: &Checked, names: &mut Definitions<'_>) {
    for (tier, _) in &checked.tiers {
        let mut by_severity: BTreeMap<Severity, (&Target, &Place)> = BTreeMap::new();
        for (target, place) in placed.commitment.targets.iter().zip(&placed.targets) {
            let plain =
                target.category.is_none() && target.channel.is_none() && target.tag.is_none();
            if let (Some(severity), true, true) = (
                target.severity,
                plain,
                target.tier.as_ref() == Some(&tier.name),
            ) {
                by_severity.insert(severity, (target, place));
            }
        }
        let ordered: Vec<_> = by_severity.into_iter().collect();
        for pair in ordered.windows(2) {
            let ((worse, (slow, place)), (milder, (quick, other))) = (pair[0], pair[1]);
            if slow.duration > quick.duration {
                names.report(
                    Problem::warning(
                        place,
                        format!(
                            "{worse} of `{}` waits longer than {milder}: {} against {}",
                            tier.name,
                            length_text(slow.duration),
                            length_text(quick.duration)
                        ),
                    )
                    .related(other, format!("the time for {milder}")),
                );
            }
        }
    }
}

/// Ladders must not hand over in a circle.
pub(crate) fn ladders(forms: &[LadderForm], names: &mut Definitions<'_>) {
    let next: HashMap<&str, &At<crate::text::Name>> = forms
        .iter()
        .filter_map(|form| Some((form.name.value.0.as_str(), form.hand_over()?)))
        .collect();
    let mut reported: Vec<&str> = Vec::new();
    for form in forms {
        let mut path = vec![form.name.value.0.as_str()];
        while let Some(to) = path.last().and_then(|name| next.get(name)) {
            let target = to.value.0.as_str();
            if path[0] == target && !path.iter().any(|name| reported.contains(name)) {
                let mut circle: Vec<&str> = path.clone();
                circle.push(target);
                names.report(
                    Problem::error(&to.place, "the ladder loops: an escalation would never end")
                        .expected(circle.join(" → "))
                        .help("let the last ladder end without `next`"),
                );
                reported.extend(&path);
            }
            if path.contains(&target) {
                break;
            }
            path.push(target);
        }
    }
}

/// A status of the pack must not be `new`: a ticket is new once only, and by itself.
pub(crate) fn statuses(
    statuses: &[StatusDefinition],
    forms: &[StatusForm],
    names: &mut Definitions<'_>,
) {
    for (status, form) in statuses.iter().zip(forms) {
        if status.kind == mainstay_domain::status::StatusKind::New {
            names.report(
                Problem::error(
                    &form.name.place,
                    "a pack cannot add another status of kind `new`",
                )
                .expected("expected one of the other kinds")
                .help("`open` is what a ticket is that somebody works on"),
            );
        }
    }
}

/// The pack's currency.
pub(crate) fn currency(written: Option<&At<String>>, names: &mut Definitions<'_>) -> String {
    let Some(written) = written else {
        return "USD".to_owned();
    };
    let fine = written.value.len() == 3 && written.value.bytes().all(|b| b.is_ascii_uppercase());
    if !fine {
        names.report(
            Problem::error(
                &written.place,
                format!("`{}` is no currency", written.value),
            )
            .expected("expected a code of three capitals such as USD or EUR"),
        );
    }
    written.value.clone()
}
