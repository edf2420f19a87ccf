//! A policy as flat data: one entry for each tier, severity and commitment that has a target.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use mainstay_domain::commitment::{Commitment, Consequence, Target, WarningPoint};
use mainstay_domain::condition::Condition;
use mainstay_domain::escalation::{
    EscalationTrigger, Grouping, Ladder, Recipient, Signs, Step, StepTiming, TriggerKind,
};
use mainstay_domain::name::{CalendarName, TierName};
use mainstay_domain::policy::{
    CalendarHours, PerformancePromise, Policy, Range, RecoveryPromise, Statistic, TemplateOrigin,
    Tier, UptimeCommitment,
};
use mainstay_domain::severity::Severity;
use serde_json::{Map, Value, json};

use crate::pack::Pack;
use crate::words::condition_text;

/// A promise to one tier for one severity.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise<'a> {
    /// To whom.
    pub tier: &'a TierName,
    /// For which severity; every ticket when absent.
    pub severity: Option<Severity>,
    /// By which commitment.
    pub commitment: &'a Commitment,
    /// The target that wins.
    pub target: &'a Target,
    /// The calendar on which it is counted.
    pub calendar: &'a CalendarName,
}

/// Every promise about tickets, by tier, commitment and severity, in the pack's order. Targets with other selectors
/// than tier and severity come after the plain one that they are exceptions to.
#[must_use]
pub fn promises(policy: &Policy) -> Vec<Promise<'_>> {
    let mut promises = Vec::new();
    for tier in &policy.tiers {
        for commitment in &policy.commitments {
            for severity in Severity::ALL {
                let fits = |target: &&Target| {
                    target.tier.as_ref().is_none_or(|other| *other == tier.name)
                        && target.severity.is_none_or(|other| other == severity)
                };
                let promise = |target| Promise {
                    tier: &tier.name,
                    severity: Some(severity),
                    commitment,
                    target,
                    calendar: policy.calendar_of(commitment, target, Some(&tier.name)),
                };
                let (plain, special): (Vec<_>, Vec<_>) = commitment
                    .targets
                    .iter()
                    .filter(fits)
                    .partition(|target| is_plain(target));
                let winner = plain.into_iter().max_by_key(|target| target.specificity());
                promises.extend(winner.map(promise));
                promises.extend(special.into_iter().map(promise));
            }
        }
    }
    promises
}

fn is_plain(target: &Target) -> bool {
    target.category.is_none() && target.channel.is_none() && target.tag.is_none()
}

/// The whole pack as JSON.
#[must_use]
pub fn to_json(pack: &Pack) -> Value {
    let policy = &pack.policy;
    let mut whole = json!({
        "pack": policy.pack,
        "version": policy.pack_version,
        "digest": pack.digest,
        "title": policy.title,
        "description": policy.description,
        "currency": policy.currency,
        "default_calendar": policy.default_calendar.as_str(),
        "commitments": promises(policy)
            .iter()
            .map(promise)
            .chain(policy.uptime.iter().map(uptime))
            .collect::<Vec<_>>(),
        "clocks": policy.commitments.iter().map(clock).collect::<Vec<_>>(),
        "performance": policy.performance.iter().map(performance).collect::<Vec<_>>(),
        "recovery": policy.recovery.iter().map(recovery).collect::<Vec<_>>(),
        "calendars": calendars(policy),
        "escalation": policy.ladders.iter().map(ladder).collect::<Vec<_>>(),
        "routing": policy.routing.rules.iter().map(|rule| json!({ "name": rule.name })).collect::<Vec<_>>(),
    });
    if let (Value::Object(whole), Value::Object(described)) = (&mut whole, described(policy)) {
        whole.extend(described);
    }
    whole
}

/// What the pack describes without counting it: tiers, severities, levels, statuses, categories, roles, templates.
pub(crate) fn described(policy: &Policy) -> Value {
    json!({
        "tiers": policy.tiers.iter().map(tier).collect::<Vec<_>>(),
        "severities": policy.severities.iter().map(|severity| json!({
            "severity": severity.severity.as_str(),
            "title": severity.title,
            "definition": severity.definition,
            "response": severity.response,
            "channels": severity.channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "levels": levels(policy),
        "statuses": policy.statuses.iter().map(|status| json!({
            "name": status.name.as_str(),
            "title": status.title,
            "kind": status.kind.as_str(),
        })).collect::<Vec<_>>(),
        "categories": policy.categories.iter().map(|category| json!({
            "name": category.name.as_str(),
            "title": category.title,
            "description": category.description,
            "words": category.words,
            "severity": category.severity.map(Severity::as_str),
        })).collect::<Vec<_>>(),
        "roles": policy.roles.iter().map(|role| json!({
            "name": role.name.as_str(),
            "title": role.title,
            "description": role.description,
            "reports_to": role.reports_to.as_ref().map(|name| name.as_str()),
            "headcount": role.headcount.map(range),
            "accounts_per_person": role.accounts_per_person.map(range),
            "level": role.level,
            "permissions": role.permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "templates": policy.templates.iter().map(|template| json!({
            "name": template.name.as_str(),
            "language": template.language,
            "subject": template.subject,
            "body": template.body,
            "from": match template.origin {
                TemplateOrigin::Pack => "pack",
                TemplateOrigin::Default => "default",
            },
        })).collect::<Vec<_>>(),
    })
}

fn performance(promise: &PerformancePromise) -> Value {
    let (statistic, percentile) = match promise.statistic {
        Statistic::Average => ("average", None),
        Statistic::Maximum => ("maximum", None),
        Statistic::Percentile(share) => ("percentile", Some(number(share))),
    };
    json!({
        "tier": promise.tier.as_str(),
        "measure": promise.measure,
        "statistic": statistic,
        "percentile": percentile,
        "below_seconds": seconds(promise.below),
    })
}

fn recovery(promise: &RecoveryPromise) -> Value {
    json!({
        "tier": promise.tier.as_str(),
        "recovery_time_seconds": seconds(promise.recovery_time),
        "data_loss_seconds": seconds(promise.data_loss),
    })
}

/// A number without a fraction where it has none.
pub(crate) fn number(value: f64) -> Value {
    // Every whole number below 2^53 is exact in both.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// A length of time in seconds.
pub(crate) fn seconds(length: SignedDuration) -> Value {
    number(length.as_secs_f64())
}

fn range(range: Range) -> Value {
    json!({
        "min": range.lower.map(|bound| number(bound.value)),
        "min_inclusive": range.lower.map(|bound| bound.inclusive),
        "max": range.upper.map(|bound| number(bound.value)),
        "max_inclusive": range.upper.map(|bound| bound.inclusive),
    })
}

fn tier(tier: &Tier) -> Value {
    let qualification = &tier.qualification;
    let entitlements = &tier.entitlements;
    let notes: Map<String, Value> = entitlements
        .channel_notes
        .iter()
        .map(|(channel, note)| (channel.as_str().to_owned(), json!(note)))
        .collect();
    json!({
        "name": tier.name.as_str(),
        "also_known_as": tier.also_known_as,
        "description": tier.description,
        "support_hours": tier.support_hours.as_str(),
        "no_response_because": tier.no_response_because,
        "qualification": {
            "yearly_value": qualification.yearly_value.map(range),
            "yearly_value_of": qualification.yearly_value_of,
            "users": qualification.users.map(range),
            "accounts": qualification.accounts.map(range),
            "price_premium_percent": qualification.price_premium_percent.map(number),
            "monthly_price": qualification.monthly_price.map(number),
            "note": qualification.note,
        },
        "entitlements": {
            "channels": entitlements.channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>(),
            "channel_notes": notes,
            "hours": tier.support_hours.as_str(),
            "support": entitlements.support,
            "account_manager": entitlements.account_manager.as_ref().map(|manager| json!({
                "kind": manager.kind.as_str(),
                "title": manager.title,
                "accounts_per_person": manager.accounts_per_person.map(range),
            })),
            "team": entitlements.team,
            "languages": entitlements.languages,
            "features": entitlements.features,
            "onboarding": entitlements.onboarding,
            "customisation": entitlements.customisation,
            "training": entitlements.training,
            "proactive_monitoring": entitlements.proactive_monitoring,
            "dedicated_resources": entitlements.dedicated_resources,
            "reviews": entitlements.reviews,
            "reporting": entitlements.reporting,
            "escalates_to": entitlements.escalates_to,
            "also": entitlements.also,
        },
    })
}

fn promise(promise: &Promise<'_>) -> Value {
    let target = promise.target;
    let mut entry = json!({
        "tier": promise.tier.as_str(),
        "severity": promise.severity.map(Severity::as_str),
        "name": promise.commitment.name.as_str(),
        "target_seconds": seconds(target.duration),
        "calendar": promise.calendar.as_str(),
        "source": target.source.to_string(),
    });
    let selectors = [
        (
            "category",
            target.category.as_ref().map(|name| name.as_str()),
        ),
        ("channel", target.channel.map(|channel| channel.as_str())),
        ("tag", target.tag.as_ref().map(|tag| tag.as_str())),
    ];
    for (key, selector) in selectors {
        if let Some(selector) = selector {
            entry[key] = json!(selector);
        }
    }
    entry
}

/// Uptime is counted on every hour there is.
const EVERY_HOUR: &str = "24/7";

fn uptime(promise: &UptimeCommitment) -> Value {
    json!({
        "tier": promise.tier.as_str(),
        "severity": null,
        "name": "uptime",
        "target_seconds": null,
        "calendar": EVERY_HOUR,
        "target_percent": number(promise.target_percent),
        "allowance_seconds_per_month": seconds(promise.allowance),
        "credit_percent": promise.credit_percent.map(number),
        "credit_note": promise.credit_note,
        "source": promise.source.to_string(),
    })
}

/// What is said of a commitment beside its targets.
fn clock(commitment: &Commitment) -> Value {
    json!({
        "name": commitment.name.as_str(),
        "title": commitment.title.all().collect::<BTreeMap<_, _>>(),
        "description": commitment.description,
        "internal": commitment.internal,
        "warnings": commitment.warnings.iter().map(|warning| {
            let (used, left) = match warning.at {
                WarningPoint::Used(share) => (Some(number(share)), None),
                WarningPoint::Left(left) => (None, Some(seconds(left))),
            };
            json!({
                "used_percent": used,
                "left_seconds": left,
                "then": warning.consequences.iter().map(consequence).collect::<Vec<_>>(),
            })
        }).collect::<Vec<_>>(),
        "missed": commitment.on_missed.iter().map(consequence).collect::<Vec<_>>(),
        "source": commitment.source.to_string(),
    })
}

fn consequence(consequence: &Consequence) -> Value {
    match consequence {
        Consequence::NotifyAssignee => json!({ "notify": "assignee" }),
        Consequence::NotifyTeam => json!({ "notify": "team" }),
        Consequence::NotifyRole(role) => json!({ "notify": role.as_str() }),
        Consequence::Escalate(ladder) => json!({ "escalate": ladder.as_str() }),
    }
}

fn levels(policy: &Policy) -> Vec<Value> {
    let level = |level: &mainstay_domain::policy::SupportLevel| {
        json!({
            "level": level.level,
            "title": level.title,
            "resolves": level.resolves,
            "skills": level.skills,
            "tools": level.tools,
            "measure": level.measure,
            "target_share_percent": level.target_share_percent.map(number),
            "target_share_of": level.target_share_of,
            "times": level.times.iter().map(|time| json!({
                "what": time.what,
                "of": time.of,
                "from_seconds": time.from.map(seconds),
                "within_seconds": seconds(time.within),
            })).collect::<Vec<_>>(),
            "hours": level.hours.as_ref().map(|name| name.as_str()),
            "languages": level.languages,
            "hands_over": level.hands_over,
        })
    };
    policy.levels.iter().map(level).collect()
}

fn calendars(policy: &Policy) -> Vec<Value> {
    let calendar = |calendar: &mainstay_domain::policy::CalendarDefinition| {
        let mut entry = json!({
            "name": calendar.name.as_str(),
            "description": calendar.description,
            "always": matches!(calendar.hours, CalendarHours::Always),
        });
        match &calendar.hours {
            CalendarHours::Always => {}
            CalendarHours::Union(members) => {
                entry["union"] =
                    json!(members.iter().map(|name| name.as_str()).collect::<Vec<_>>());
            }
            CalendarHours::Weekly(spec) => {
                entry["time_zone"] = json!(spec.time_zone);
                entry["weekly"] = crate::hours::weekly_json(spec);
                entry["holidays"] = json!(
                    spec.holidays
                        .iter()
                        .map(|holiday| holiday.date.to_string())
                        .collect::<Vec<_>>()
                );
                entry["yearly_holidays"] = json!(
                    spec.yearly_holidays
                        .iter()
                        .map(|holiday| format!("{:02}-{:02}", holiday.month, holiday.day))
                        .collect::<Vec<_>>()
                );
            }
        }
        entry
    };
    policy.calendar_definitions.iter().map(calendar).collect()
}

fn ladder(ladder: &Ladder) -> Value {
    json!({
        "name": ladder.name.as_str(),
        "description": ladder.description,
        "triggers": ladder.triggers.iter().map(trigger).collect::<Vec<_>>(),
        "steps": ladder.steps.iter().map(step).collect::<Vec<_>>(),
        "next": ladder.next.as_ref().map(|next| json!({
            "ladder": next.ladder.as_str(),
            "after": timing(&next.after),
        })),
        "source": ladder.source.to_string(),
    })
}

/// A ladder's trigger.
pub(crate) fn trigger(trigger: &EscalationTrigger) -> Value {
    let signs = |on: &str, signs: &Signs| {
        json!({
            "on": on,
            "categories": signs.categories.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
            "tags": signs.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
            "words": signs.words,
        })
    };
    let named = |on: &str, names: &[mainstay_domain::name::CommitmentName]| json!({ "on": on, "commitments": names.iter().map(|name| name.as_str()).collect::<Vec<_>>() });
    let mut entry = match &trigger.on {
        TriggerKind::SlaBreached { commitments } => named("sla_breached", commitments),
        TriggerKind::SlaAtRisk { commitments } => named("sla_at_risk", commitments),
        TriggerKind::SeverityIs(severities) => json!({
            "on": "severity_is",
            "severity": severities.iter().map(|severity| severity.as_str()).collect::<Vec<_>>(),
        }),
        TriggerKind::AccountsAffected { count, window, by } => json!({
            "on": "accounts_affected",
            "accounts": count,
            "window_seconds": seconds(*window),
            "by": match by {
                Grouping::Tag { prefix } => format!("tag {prefix}"),
                Grouping::Category => "category".to_owned(),
            },
        }),
        TriggerKind::SecurityIncident(these) => signs("security_incident", these),
        TriggerKind::DataBreach(these) => signs("data_breach", these),
        TriggerKind::DataLoss(these) => signs("data_loss", these),
        TriggerKind::Unresolved { after, calendar } => json!({
            "on": "unresolved",
            "after_seconds": seconds(*after),
            "calendar": calendar.as_ref().map_or(EVERY_HOUR, |name| name.as_str()),
        }),
        TriggerKind::Manual { reasons } => json!({
            "on": "manual",
            "reasons": reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
        }),
    };
    if trigger.when != Condition::Always {
        entry["when"] = json!(condition_text(&trigger.when));
    }
    entry["level"] = json!(trigger.level);
    entry
}

fn step(step: &Step) -> Value {
    json!({
        "level": step.level,
        "name": step.name,
        "who": step.who.iter().map(recipient).collect::<Vec<_>>(),
        "after": timing(&step.after),
        "channels": step.channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>(),
        "respond_within_seconds": step.respond_within.map(seconds),
        "wake": step.wake,
    })
}

/// Who is told, as packs write it.
pub(crate) fn recipient(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Assignee => "assignee".to_owned(),
        Recipient::TicketTeam => "ticket_team".to_owned(),
        Recipient::Role(name) => format!("role:{name}"),
        Recipient::AccountRole(name) => format!("account_role:{name}"),
        Recipient::Team(name) => format!("team:{name}"),
        Recipient::OnCall(name) => format!("on_call:{name}"),
        Recipient::Person(name) => format!("person:{name}"),
    }
}

fn timing(timing: &StepTiming) -> Value {
    let timed = |what: &str, after: SignedDuration, calendar: &Option<CalendarName>| {
        json!({
            "when": what,
            "after_seconds": seconds(after),
            "calendar": calendar.as_ref().map_or(EVERY_HOUR, |name| name.as_str()),
        })
    };
    match timing {
        StepTiming::OnRaise => json!({ "when": "at_once" }),
        StepTiming::ByHand => json!({ "when": "by_hand" }),
        StepTiming::Unacknowledged { after, calendar } => timed("unacknowledged", *after, calendar),
        StepTiming::Unresolved { after, calendar } => timed("unresolved", *after, calendar),
    }
}
