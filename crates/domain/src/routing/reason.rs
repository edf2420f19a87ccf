//! Why a rule chose an agent, in parts, so that each reader can be told in their own language.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::commitment::Source;
use crate::name::{Language, RoleName, Skill};

/// Why an agent was chosen for a ticket. Its text is the English sentence that programs are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentReason {
    /// The rules of the policy that were followed, in order.
    #[serde(default)]
    pub rules: Vec<Followed>,
    /// What the agent was preferred for.
    pub choice: Choice,
    /// What they had to be good at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Skill>,
    /// The language they had to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// When they are on again, where nobody was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_on: Option<Timestamp>,
}

/// What an agent was preferred for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Choice {
    /// They are the named owner.
    Owner,
    /// Theirs was the smallest load.
    LeastLoad {
        /// Among so many who could take it.
        of: usize,
        /// How many open tickets they had.
        open: u32,
        /// How many they may have.
        capacity: u32,
    },
    /// It was their turn.
    Turn {
        /// Among so many who could take it.
        of: usize,
        /// When they were last assigned a ticket; nothing when never.
        last_assigned_at: Option<Timestamp>,
    },
}

/// A rule that was followed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The rule's name.
    pub rule: String,
    /// Where the pack says so.
    pub source: Source,
    /// What it found in the ticket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Finding>,
}

/// What a rule found in a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Finding {
    /// A word or phrase in the subject or the first message.
    Word(String),
    /// A word or phrase in the subject.
    SubjectWord(String),
    /// The language that it is written in.
    Language(Language),
    /// That its account has a named person of this role.
    AccountRole(RoleName),
}

impl fmt::Display for AssignmentReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            f.write_str(if index == 0 { "by the rule " } else { ", " })?;
            write!(f, "{rule}")?;
        }
        if !self.rules.is_empty() {
            f.write_str(": ")?;
        }
        write!(f, "{}", self.choice)?;
        if !self.skills.is_empty() {
            let skills: Vec<&str> = self.skills.iter().map(Skill::as_str).collect();
            write!(f, "; good at {}", skills.join(", "))?;
        }
        if let Some(language) = &self.language {
            write!(f, "; writes {language}")?;
        }
        if let Some(on) = self.next_on {
            write!(f, "; nobody is on now, first on again at {on}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("the named owner"),
            Self::LeastLoad { of, open, capacity } => {
                write!(
                    f,
                    "the least load of {of}: {open} of at most {capacity} tickets"
                )
            }
            Self::Turn {
                of,
                last_assigned_at: Some(at),
            } => write!(f, "the turn among {of}: last assigned at {at}"),
            Self::Turn { of, .. } => write!(f, "the turn among {of}: never assigned before"),
        }
    }
}

impl fmt::Display for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” ({})", self.rule, self.source)?;
        for (index, found) in self.found.iter().enumerate() {
            let before = if index == 0 { ", which found" } else { " and" };
            write!(f, "{before} {found}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "the word “{word}”"),
            Self::SubjectWord(word) => write!(f, "the word “{word}” in the subject"),
            Self::Language(language) => write!(f, "the language {language}"),
            Self::AccountRole(role) => write!(f, "a named person of the account: {role}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_sentence_and_is_kept_in_parts() {
        let reason = AssignmentReason {
            rules: vec![Followed {
                rule: "billing".to_owned(),
                source: Source {
                    file: "pack.toml".into(),
                    line: 16,
                },
                found: vec![
                    Finding::Word("invoice".to_owned()),
                    Finding::Language(Language::from("es")),
                ],
            }],
            choice: Choice::LeastLoad {
                of: 3,
                open: 2,
                capacity: 10,
            },
            skills: vec![Skill::from("tax")],
            language: Some(Language::from("es")),
            next_on: None,
        };
        assert_eq!(
            reason.to_string(),
            "by the rule “billing” (pack.toml:16), which found the word “invoice” and the language es: \
             the least load of 3: 2 of at most 10 tickets; good at tax; writes es"
        );
        let kept = serde_json::to_string(&reason).unwrap();
        assert_eq!(
            serde_json::from_str::<AssignmentReason>(&kept).unwrap(),
            reason
        );
    }
}
