//! A policy as tables for people.

use std::fmt::Write as _;

use mainstay_domain::escalation::{Ladder, StepTiming};
use mainstay_domain::name::CommitmentName;
use mainstay_domain::policy::{Policy, Range, Tier};
use mainstay_domain::severity::Severity;

use crate::hours::hours_text;
use crate::pack::Pack;
use crate::show::{Promise, promises, recipient};
use crate::text::length_text;
use crate::words::statistic_text;

/// The pack as a page of text: tiers, promises, calendars, ladders.
#[must_use]
pub fn to_text(pack: &Pack) -> String {
    let policy = &pack.policy;
    let mut text = format!(
        "{} ({} {})\n{}\n",
        policy.title, policy.pack, policy.pack_version, policy.description
    );
    section(&mut text, "Tiers", tiers(policy));
    for commitment in &policy.commitments {
        let heading = format!("{}: {}", commitment.name, commitment.description);
        section(&mut text, &heading, promised(policy, &commitment.name));
    }
    section(&mut text, "Uptime", uptime(policy));
    section(&mut text, "Speed and recovery", speed(policy));
    section(&mut text, "Severities", severities(policy));
    section(&mut text, "Support levels", levels(policy));
    section(&mut text, "Calendars", calendars(policy));
    for ladder in &policy.ladders {
        let heading = format!("Ladder {}: {}", ladder.name, ladder.description);
        section(&mut text, &heading, steps(ladder));
    }
    text
}

/// Rows of cells; the first row is the head.
type Rows = Vec<Vec<String>>;

fn section(text: &mut String, heading: &str, rows: Rows) {
    if rows.len() < 2 {
        return;
    }
    // Writing into a String cannot fail.
    let _ = writeln!(text, "\n{heading}");
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}", width = *width))
            .collect();
        let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn amount(value: f64) -> String {
    let whole = format!("{value}");
    let (digits, fraction) = whole.split_once('.').unwrap_or((&whole, ""));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() {
        grouped
    } else {
        format!("{grouped}.{fraction}")
    }
}

fn range(range: Range) -> String {
    match (range.lower, range.upper) {
        (Some(lower), Some(upper)) => format!("{}–{}", amount(lower.value), amount(upper.value)),
        (Some(lower), None) if lower.inclusive => format!("from {}", amount(lower.value)),
        (Some(lower), None) => format!("over {}", amount(lower.value)),
        (None, Some(upper)) if upper.inclusive => format!("up to {}", amount(upper.value)),
        (None, Some(upper)) => format!("under {}", amount(upper.value)),
        (None, None) => String::new(),
    }
}

fn tiers(policy: &Policy) -> Rows {
    let mut rows = vec![row([
        "tier",
        "qualification",
        "support hours",
        "channels",
        "account manager",
    ])];
    for tier in &policy.tiers {
        let channels: Vec<&str> = tier
            .entitlements
            .channels
            .iter()
            .map(|channel| channel.as_str())
            .collect();
        let manager = tier.entitlements.account_manager.as_ref();
        let manager = manager.map_or_else(String::new, |manager| {
            let ratio = manager
                .accounts_per_person
                .map_or_else(String::new, |accounts| {
                    format!(" ({} accounts each)", range(accounts))
                });
            format!("{}{ratio}", manager.kind.as_str().replace('_', " "))
        });
        rows.push(vec![
            tier.name.to_string(),
            qualification(tier, &policy.currency),
            tier.support_hours.to_string(),
            channels.join(", "),
            manager,
        ]);
    }
    rows
}

fn qualification(tier: &Tier, currency: &str) -> String {
    let qualification = &tier.qualification;
    let parts = [
        qualification.yearly_value.map(|value| {
            let of = qualification.yearly_value_of.as_deref().unwrap_or("value");
            format!("{} {currency} {of} a year", range(value))
        }),
        qualification
            .users
            .map(|users| format!("{} users", range(users))),
        qualification
            .price_premium_percent
            .map(|premium| format!("price +{premium}%")),
        qualification
            .monthly_price
            .map(|price| format!("{} {currency} a month", amount(price))),
        qualification.note.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// A row for each tier, and one for each exception within it; a column for each severity.
fn promised(policy: &Policy, commitment: &CommitmentName) -> Rows {
    let all = promises(policy);
    let mut rows = vec![row(["tier", "P1", "P2", "P3", "P4"])];
    for tier in &policy.tiers {
        let of_tier: Vec<&Promise<'_>> = all
            .iter()
            .filter(|promise| promise.commitment.name == *commitment && *promise.tier == tier.name)
            .collect();
        // The plain promise has a row even where it is empty, so that no tier is missing from the table.
        let mut kinds = vec![String::new()];
        for promise in &of_tier {
            let kind = exception(promise);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        for kind in kinds {
            let mut cells = vec![format!("{}{kind}", tier.name)];
            cells.extend(Severity::ALL.map(|severity| {
                of_tier
                    .iter()
                    .find(|promise| {
                        promise.severity == Some(severity) && exception(promise) == kind
                    })
                    .map_or_else(|| "–".to_owned(), |promise| time_and_calendar(promise))
            }));
            rows.push(cells);
        }
    }
    rows
}

fn time_and_calendar(promise: &Promise<'_>) -> String {
    format!(
        "{} ({})",
        length_text(promise.target.duration),
        promise.calendar
    )
}

/// What a promise asks for besides tier and severity, such as `, by phone`.
fn exception(promise: &Promise<'_>) -> String {
    let target = promise.target;
    let parts = [
        target.category.as_ref().map(|name| format!(", {name}")),
        target
            .channel
            .map(|channel| format!(", by {}", channel.as_str())),
        target.tag.as_ref().map(|tag| format!(", tagged {tag}")),
    ];
    parts.into_iter().flatten().collect()
}

fn uptime(policy: &Policy) -> Rows {
    let mut rows = vec![row(["tier", "uptime", "allowed a month", "credit"])];
    for promise in &policy.uptime {
        let credit = promise
            .credit_percent
            .map(|credit| format!("{credit}%"))
            .or_else(|| promise.credit_note.clone());
        rows.push(vec![
            promise.tier.to_string(),
            format!("{}%", promise.target_percent),
            length_text(promise.allowance),
            credit.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    rows
}

fn speed(policy: &Policy) -> Rows {
    let mut rows = vec![row(["tier", "measure", "below"])];
    for promise in &policy.performance {
        let statistic = statistic_text(promise.statistic);
        rows.push(vec![
            promise.tier.to_string(),
            format!("{} ({statistic})", promise.measure),
            length_text(promise.below),
        ]);
    }
    for promise in &policy.recovery {
        for (measure, limit) in [
            ("recovery time", promise.recovery_time),
            ("data loss", promise.data_loss),
        ] {
            rows.push(vec![
                promise.tier.to_string(),
                measure.to_owned(),
                length_text(limit),
            ]);
        }
    }
    rows
}

fn severities(policy: &Policy) -> Rows {
    let mut rows = vec![row(["severity", "title", "is"])];
    for severity in &policy.severities {
        rows.push(vec![
            severity.severity.to_string(),
            severity.title.clone(),
            severity.definition.join("; "),
        ]);
    }
    rows
}

fn levels(policy: &Policy) -> Rows {
    let mut rows = vec![row(["level", "title", "resolves", "target"])];
    for level in &policy.levels {
        let mut targets: Vec<String> = level
            .target_share_percent
            .iter()
            .map(|share| {
                format!(
                    "{share}% of {}",
                    level.target_share_of.as_deref().unwrap_or("all")
                )
            })
            .collect();
        targets.extend(
            level
                .times
                .iter()
                .map(|time| format!("{} {} in {}", time.of, time.what, length_text(time.within))),
        );
        rows.push(vec![
            level.level.to_string(),
            level.title.clone(),
            level.resolves.clone(),
            targets.join("; "),
        ]);
    }
    rows
}

fn calendars(policy: &Policy) -> Rows {
    let mut rows = vec![row(["calendar", "hours", "what for"])];
    for calendar in &policy.calendar_definitions {
        rows.push(vec![
            calendar.name.to_string(),
            hours_text(calendar),
            calendar.description.clone(),
        ]);
    }
    rows
}

fn steps(ladder: &Ladder) -> Rows {
    let mut rows = vec![row(["level", "step", "who", "when", "responds within"])];
    for step in &ladder.steps {
        let who: Vec<String> = step.who.iter().map(recipient).collect();
        rows.push(vec![
            step.level.to_string(),
            step.name.clone(),
            who.join(", "),
            timing(&step.after),
            step.respond_within
                .map_or_else(|| "–".to_owned(), length_text),
        ]);
    }
    rows
}

pub(crate) fn timing(timing: &StepTiming) -> String {
    let on = |calendar: &Option<_>| {
        calendar
            .as_ref()
            .map_or_else(String::new, |name: &mainstay_domain::name::CalendarName| {
                format!(" ({name})")
            })
    };
    match timing {
        StepTiming::OnRaise => "at once".to_owned(),
        StepTiming::ByHand => "by hand".to_owned(),
        StepTiming::Unacknowledged { after, calendar } => {
            format!("unacknowledged for {}{}", length_text(*after), on(calendar))
        }
        StepTiming::Unresolved { after, calendar } => {
            format!("unresolved after {}{}", length_text(*after), on(calendar))
        }
    }
}
