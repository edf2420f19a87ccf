//! Message templates, and the variables that they may use.

use std::collections::BTreeSet;

use mainstay_domain::name::TemplateName;
use mainstay_domain::policy::{MessageTemplate, TemplateOrigin};

use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::{Problem, nearest, suggestion};
use crate::reading::record;
use crate::source::PackSource;
use crate::text::{LanguageText, Name};

record! {
    /// A message template in one language, in the syntax of minijinja: `{{ ticket.number }}`.
    struct TemplateForm as "a template" {
        /// Which message it is.
        name: At<Name>,
        /// Its language.
        language: At<LanguageText>,
        /// The subject.
        subject: At<String>,
        /// The plain text.
        body: Option<At<String>>,
        /// The file of the pack that holds the plain text.
        body_from: Option<At<String>>,
    }
}

/// The messages that the program itself sends.
pub const MESSAGES: &[(&str, &str)] = &[
    (
        "acknowledgement",
        "to the customer, when a ticket is opened",
    ),
    ("reply", "wrapped around an agent's public reply"),
    (
        "resolved",
        "to the customer, when a ticket is resolved and they are asked to rate it",
    ),
    ("closed", "to the customer, when a ticket is closed"),
    (
        "critical_incident",
        "to customers hit by a critical incident",
    ),
    ("update", "to the customer, when an update is due"),
    ("maintenance", "to customers, before planned maintenance"),
    (
        "proactive_notice",
        "to a customer, when we notice trouble first",
    ),
    ("welcome", "to a new account"),
    (
        "review_invitation",
        "to a customer, before a business review",
    ),
    ("warning", "to those who serve, when a clock is soon due"),
    (
        "breach_notice",
        "to those who serve, when a promise was missed",
    ),
    ("escalation_notice", "to whom a ladder's step tells"),
    ("digest", "to those who serve, several alerts in one"),
    ("invitation", "to somebody who gets a sign-in"),
    (
        "sign_in_link",
        "to a customer who asked for a link to sign in",
    ),
    (
        "new_password_link",
        "to somebody who asked for a new password",
    ),
    (
        "second_factor_reset",
        "to somebody whose second factor and passkeys were taken away, as they lost them",
    ),
];

/// The variables that a template may use, and what each is.
pub const VARIABLES: &[(&str, &str)] = &[
    ("ticket.number", "the ticket's number"),
    ("ticket.subject", "its subject"),
    ("ticket.severity", "P1 to P4"),
    ("ticket.severity_title", "what the pack calls the severity"),
    ("ticket.status", "its status"),
    ("ticket.category", "its category, if it has one"),
    (
        "ticket.url",
        "its address in the portal or, for those who serve, in the program",
    ),
    (
        "ticket.opened_at",
        "when it was opened, in the reader's time zone",
    ),
    ("account.name", "the account's name"),
    ("account.tier", "its tier"),
    ("account.manager", "the named person who looks after it"),
    ("contact.name", "the name of the person written to"),
    ("contact.email", "their address"),
    ("agent.name", "the agent who writes or is written to"),
    ("team.name", "the team that serves"),
    ("company.name", "our name"),
    ("company.product", "our product's name"),
    ("company.url", "where people sign in"),
    ("company.support_address", "where help is asked for"),
    ("message.text", "the text of the reply"),
    (
        "message.quoted",
        "what it answers, quoted below a line that says who wrote it",
    ),
    ("commitment.name", "the commitment's name"),
    (
        "commitment.title",
        "what it is called, in the reader's language",
    ),
    ("commitment.description", "what it promises"),
    ("commitment.target", "the promised time, such as 4h"),
    (
        "commitment.due_at",
        "when the clock is due, in the reader's time zone",
    ),
    ("commitment.left", "how much time is left"),
    ("commitment.late_by", "by how much the promise was missed"),
    (
        "first_response.due_at",
        "when the first answer is due, if one is promised",
    ),
    ("escalation.ladder", "the ladder"),
    ("escalation.step", "the step that tells the reader"),
    ("escalation.level", "its level"),
    ("escalation.reason", "why the escalation was raised"),
    (
        "escalation.respond_within",
        "how soon the reader should respond",
    ),
    ("escalation.url", "where it is acknowledged"),
    (
        "rating.good_url",
        "where the customer says that the ticket was handled well, if they are asked",
    ),
    (
        "rating.bad_url",
        "where they say that it was not, if they are asked",
    ),
    ("link.url", "the link that was asked for"),
    ("link.minutes", "for how many minutes it serves"),
    ("incident.title", "what is wrong, in a line"),
    (
        "incident.affected",
        "the service or feature that is affected",
    ),
    ("incident.impact", "what the customer notices"),
    (
        "incident.status",
        "investigating, identified, resolving, resolved",
    ),
    (
        "incident.expected_resolution",
        "when it should be over, if anybody knows",
    ),
    (
        "incident.update_interval",
        "how often updates follow, such as 30 minutes",
    ),
    ("incident.next_update_at", "when the next update follows"),
    ("incident.url", "its page"),
    ("maintenance.title", "what is done"),
    ("maintenance.date", "on which day"),
    ("maintenance.start", "from when"),
    ("maintenance.end", "until when"),
    ("maintenance.time_zone", "in which time zone"),
    ("maintenance.duration", "how long"),
    ("maintenance.impact", "what the customer notices"),
    (
        "maintenance.actions",
        "what the customer must do, if anything",
    ),
    ("notice.issue", "what we noticed"),
    ("notice.expected_resolution", "when it should be over"),
    ("onboarding.admin_login", "the administrator's sign-in name"),
    (
        "onboarding.calendar_url",
        "where the first session is booked",
    ),
    ("onboarding.guide_url", "the guide for getting started"),
    (
        "onboarding.contact_within",
        "how soon the named person writes",
    ),
    ("review.period", "which period is reviewed"),
    ("review.duration", "how long the meeting lasts"),
    ("review.calendar_url", "where a time is chosen"),
    (
        "digest.items",
        "the alerts, each with title, detail, url, and at (when it arose, in the reader's time zone) where the title says no instant",
    ),
    ("digest.count", "how many they are"),
    ("digest.since", "since when"),
    (
        "digest.ticket",
        "the number of the ticket, where all of them are about one",
    ),
    ("invitation.url", "where the invitation is accepted"),
    ("invitation.expires_at", "until when"),
];

impl TemplateForm {
    /// The template, its syntax and variables checked.
    pub fn lower(
        &self,
        source: &PackSource,
        names: &mut Definitions<'_>,
    ) -> Option<MessageTemplate> {
        let body = self.body_text(source, names)?;
        check(&self.subject.value, &self.subject.place, source, names);
        check(&body.value, &body.place, source, names);
        if self.subject.value.contains('\n') {
            names.report(
                Problem::error(&self.subject.place, "a subject is one line")
                    .expected("expected no line break"),
            );
        }
        Some(MessageTemplate {
            name: TemplateName::from(self.name.value.0.as_str()),
            language: self.language.value.0.clone(),
            subject: self.subject.value.clone(),
            body: body.value,
            source: self.place.source(),
            origin: TemplateOrigin::Pack,
        })
    }

    fn body_text(&self, source: &PackSource, names: &mut Definitions<'_>) -> Option<At<String>> {
        match (&self.body, &self.body_from) {
            (Some(body), None) => Some(body.clone()),
            (None, Some(file)) => {
                let Some(text) = source.file(&file.value) else {
                    let files: Vec<&str> = source.files().map(|(name, _)| name).collect();
                    names.report(
                        Problem::error(
                            &file.place,
                            format!("the pack has no file `{}`", file.value),
                        )
                        .expected("expected a text file of the pack")
                        .maybe_help(suggestion(&file.value, &files)),
                    );
                    return None;
                };
                let place = Place {
                    file: file.value.as_str().into(),
                    span: 0..text.len(),
                    line: 1,
                };
                Some(At {
                    value: text.to_owned(),
                    place,
                })
            }
            _ => {
                names.report(
                    Problem::error(
                        &self.name.place,
                        format!(
                            "the template `{}` needs exactly one text",
                            self.name.value.0
                        ),
                    )
                    .expected("expected one of `body` and `body_from`"),
                );
                None
            }
        }
    }
}

fn check(text: &str, place: &Place, source: &PackSource, names: &mut Definitions<'_>) {
    let environment = minijinja::Environment::new();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => {
            let at = error.range().map_or_else(
                || place.clone(),
                |range| within(place, text.get(range).unwrap_or_default(), source),
            );
            names.report(
                Problem::error(
                    &at,
                    format!("the template does not work: {}", first_line(&error)),
                )
                .expected("expected the syntax of minijinja, such as {{ ticket.number }}"),
            );
            return;
        }
    };
    let used: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
    for variable in used {
        if is_known(&variable) {
            continue;
        }
        let known: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
        let help = nearest(&variable, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| fields_of(&variable, &known))
            .unwrap_or_else(|| "`mainstay policy variables` lists them all".to_owned());
        names.report(
            Problem::error(
                &within(place, &variable, source),
                format!("unknown variable `{variable}` in a template"),
            )
            .expected("expected a variable that messages have")
            .help(help),
        );
    }
}

/// Whether a variable is one of the list, or the thing that a listed one is a field of (for `{% if account %}`).
fn is_known(variable: &str) -> bool {
    VARIABLES.iter().any(|(name, _)| {
        *name == variable
            || name
                .strip_prefix(variable)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn fields_of(variable: &str, known: &[&str]) -> Option<String> {
    let (thing, _) = variable.split_once('.')?;
    let fields: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| {
            name.split_once('.')
                .is_some_and(|(other, _)| other == thing)
        })
        .collect();
    (!fields.is_empty()).then(|| format!("there are {}", crate::problem::listed(&fields)))
}

fn first_line(error: &minijinja::Error) -> String {
    let text = error.detail().map_or_else(
        || error.kind().to_string(),
        |detail| format!("{}: {detail}", error.kind()),
    );
    text.lines().next().unwrap_or_default().to_owned()
}

/// The place of a part of a text, as far as it can be found in the file: escapes may hide it.
fn within(place: &Place, part: &str, source: &PackSource) -> Place {
    let file = source.file(&place.file).unwrap_or_default();
    let Some(offset) = file
        .get(place.span.clone())
        .filter(|_| !part.is_empty())
        .and_then(|text| text.find(part))
    else {
        return place.clone();
    };
    let start = place.span.start + offset;
    let lines = file.get(..start).unwrap_or_default().matches('\n').count();
    Place {
        file: place.file.clone(),
        span: start..start + part.len(),
        line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
    }
}
