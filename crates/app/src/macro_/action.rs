//! The actions of a macro: their stored form, read and checked.

use mainstay_channels::template::{Language, MessageTemplate, Templates};
use mainstay_domain::event::Visibility;
use mainstay_domain::id::AgentId;
use mainstay_domain::name::Tag;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::normalise_tag;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{AppError, Fault, Result};
use crate::ticket::Change;

/// The most actions of one macro.
const MOST_ACTIONS: usize = 50;

/// Who stands for whoever applies the macro.
const ME: &str = "me";

/// One action, as it is stored. What is cleared is written as `null`, so that nothing is cleared by forgetting a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum MacroAction {
    /// Answer publicly.
    Reply { text: String },
    /// Leave an internal note.
    Note { text: String },
    /// Set the status.
    SetStatus { to: String },
    /// Set the severity.
    SetSeverity { to: String, reason: Option<String> },
    /// Set or clear the category.
    SetCategory {
        #[serde(deserialize_with = "Option::deserialize")]
        to: Option<String>,
    },
    /// Assign to an agent, to whoever applies the macro, or to nobody.
    Assign {
        #[serde(deserialize_with = "Option::deserialize")]
        to: Option<String>,
    },
    /// Hand to a team, or to none.
    SetTeam {
        #[serde(deserialize_with = "Option::deserialize")]
        to: Option<Uuid>,
    },
    /// Add tags.
    AddTags { tags: Vec<String> },
    /// Remove tags.
    RemoveTags { tags: Vec<String> },
    /// Set or clear a custom field.
    SetField {
        field: String,
        #[serde(deserialize_with = "Option::deserialize")]
        to: Option<String>,
    },
    /// Let whoever applies the macro follow the ticket.
    Follow {},
}

/// What an action does on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Change(Change),
    Say(Visibility, String),
}

/// Reads the stored form.
///
/// # Errors
/// [`AppError::Invalid`] with each action that is wrong.
pub(super) fn parse(actions: &str) -> Result<Vec<MacroAction>> {
    let values: Vec<Value> = serde_json::from_str(actions)
        .map_err(|_| AppError::invalid("actions", "expected a list of actions"))?;
    if values.len() > MOST_ACTIONS {
        let detail = format!("at most {MOST_ACTIONS} actions");
        return Err(AppError::invalid("actions", detail));
    }
    let mut faults = Vec::new();
    let mut parsed = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        match serde_json::from_value(value) {
            Ok(action) => parsed.push(action),
            Err(error) => faults.push(fault(index, None, misfit(&error))),
        }
    }
    match faults.is_empty() {
        true => Ok(parsed),
        false => Err(AppError::Invalid(faults)),
    }
}

/// What is wrong, in the words of those who write macros.
fn misfit(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("invalid type") && text.contains("internally tagged") {
        return r#"expected an action such as {"do": "reply", "text": "…"}"#.to_owned();
    }
    text.replace("unknown variant", "unknown action").replace(
        "missing field `do`",
        "the field `do` is missing, which names the action",
    )
}

/// What each action does when `agent` applies the macro, its texts filled in from `words`.
///
/// # Errors
/// [`AppError::Invalid`] with each action that cannot be done.
pub(super) fn steps(actions: &[MacroAction], agent: AgentId, words: &Value) -> Result<Vec<Step>> {
    let mut faults = Vec::new();
    let mut steps = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        match action.step(agent, words) {
            Ok(step) => steps.push(step),
            Err((field, detail)) => faults.push(fault(index, Some(field), detail)),
        }
    }
    match faults.is_empty() {
        true => Ok(steps),
        false => Err(AppError::Invalid(faults)),
    }
}

impl MacroAction {
    fn step(&self, agent: AgentId, words: &Value) -> Result<Step, (&'static str, String)> {
        let change = match self {
            Self::Reply { text } => return Ok(Step::Say(Visibility::Public, fill(text, words)?)),
            Self::Note { text } => return Ok(Step::Say(Visibility::Internal, fill(text, words)?)),
            Self::SetStatus { to } => Change::Status(named("to", to)?.into()),
            Self::SetSeverity { to, reason } => {
                let severity: Severity =
                    to.parse()
                        .map_err(|error: mainstay_domain::severity::UnknownSeverity| {
                            ("to", error.to_string())
                        })?;
                Change::Severity(severity, reason.clone())
            }
            Self::SetCategory { to } => {
                let to = to.as_deref().map(|to| named("to", to)).transpose()?;
                Change::Category(to.map(Into::into))
            }
            Self::Assign { to } => {
                let to = to.as_deref().map(|to| assignee(to, agent)).transpose()?;
                Change::Assignee(to)
            }
            Self::SetTeam { to } => Change::Team(to.map(Into::into)),
            Self::AddTags { tags } => Change::AddTags(normalised(tags)?),
            Self::RemoveTags { tags } => Change::RemoveTags(normalised(tags)?),
            Self::SetField { field, to } => {
                Change::Field(named("field", field)?.to_owned(), to.clone())
            }
            Self::Follow {} => Change::Follow(agent),
        };
        Ok(Step::Change(change))
    }
}

fn named<'a>(field: &'static str, text: &'a str) -> Result<&'a str, (&'static str, String)> {
    match text.trim() {
        "" => Err((field, "this is needed".to_owned())),
        text => Ok(text),
    }
}

fn assignee(text: &str, agent: AgentId) -> Result<AgentId, (&'static str, String)> {
    if text == ME {
        return Ok(agent);
    }
    text.parse().map_err(|_| {
        let detail = format!(
            "{text:?} is nobody: expected the identifier of an agent, or {ME} for whoever applies the macro"
        );
        ("to", detail)
    })
}

fn normalised(texts: &[String]) -> Result<Vec<Tag>, (&'static str, String)> {
    let tags: Vec<Tag> = texts.iter().filter_map(|tag| normalise_tag(tag)).collect();
    if tags.is_empty() {
        return Err(("tags", "name at least one tag".to_owned()));
    }
    Ok(tags)
}

/// Fills a text in.
fn fill(text: &str, words: &Value) -> Result<String, (&'static str, String)> {
    named("text", text)?;
    let mut templates = Templates::new();
    let template = MessageTemplate {
        subject: String::new(),
        text: text.to_owned(),
        html: None,
    };
    let rendered = templates
        .add("macro", Language::English, template)
        .and_then(|()| templates.render("macro", Language::English, words))
        .map_err(|error| {
            let mut detail = format!("line {}: {}", error.line.unwrap_or(1), error.what);
            if let Some(suggestion) = error.suggestion {
                detail.push_str("; ");
                detail.push_str(&suggestion);
            }
            ("text", detail)
        })?;
    Ok(rendered.text.trim().to_owned())
}

fn fault(index: usize, field: Option<&str>, detail: String) -> Fault {
    let path = ["actions".to_owned(), index.to_string()];
    Fault {
        path: path.into_iter().chain(field.map(str::to_owned)).collect(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn agent() -> AgentId {
        AgentId::from(Uuid::from_u128(1))
    }

    fn read(actions: &Value) -> Result<Vec<Step>> {
        let words = json!({ "contact": { "name": "Zoë" } });
        steps(&parse(&actions.to_string())?, agent(), &words)
    }

    #[test]
    fn texts_are_filled_in_and_me_is_whoever_applies_it() {
        let steps = read(&json!([
            { "do": "reply", "text": "Dear {{ contact.name }}," },
            { "do": "assign", "to": "me" },
            { "do": "set_category", "to": null },
        ]));
        assert_eq!(
            steps.unwrap(),
            [
                Step::Say(Visibility::Public, "Dear Zoë,".to_owned()),
                Step::Change(Change::Assignee(Some(agent()))),
                Step::Change(Change::Category(None)),
            ]
        );
    }

    #[test]
    fn every_wrong_action_is_named_with_its_place() {
        let wrong = read(&json!([
            { "do": "dance" },
            { "do": "assign" },
            { "do": "follow", "whom": "me" },
            "reply",
            { "text": "Hello." },
        ]));
        insta::assert_snapshot!(wrong.unwrap_err().to_string().replace("; ", "\n"), @r#"
        actions.0: unknown action `dance`, expected one of `reply`, `note`, `set_status`, `set_severity`, `set_category`, `assign`, `set_team`, `add_tags`, `remove_tags`, `set_field`, `follow`
        actions.1: missing field `to`
        actions.2: unknown field `whom`, there are no fields
        actions.3: expected an action such as {"do": "reply", "text": "…"}
        actions.4: the field `do` is missing, which names the action
        "#);
        let wrong = read(&json!([
            { "do": "reply", "text": "Dear {{ contact.nam }}," },
            { "do": "note", "text": "{{ oops" },
            { "do": "set_severity", "to": "P9" },
            { "do": "assign", "to": "ana" },
            { "do": "add_tags", "tags": [" "] },
        ]));
        let Err(AppError::Invalid(faults)) = wrong else {
            unreachable!("every action is wrong");
        };
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(faults.join("\n"), @r#"
        actions.0.text: line 1: `contact.nam` is not known here; did you mean `contact.name`?
        actions.1.text: line 1: unexpected end of input, expected end of variable block
        actions.2.to: "P9" is not a severity: expected P1, P2, P3 or P4
        actions.3.to: "ana" is nobody: expected the identifier of an agent, or me for whoever applies the macro
        actions.4.tags: name at least one tag
        "#);
    }
}
