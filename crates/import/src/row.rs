//! What one row says by the map: of the ticket's opening, and of what the ticket looked like.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::event::Channel;
use mainstay_domain::name::{CategoryName, StatusName, Tag, TierName};
use mainstay_domain::ticket::normalise_tag;
use toml::Spanned;

use crate::document::{Cells, Row};
use crate::incoming::{Opening, Order, Party, Snapshot};
use crate::known::Known;
use crate::map::{FieldList, Form, PartyForm};
use crate::table::{Meaning, Table};
use crate::template::Templates;

/// The longest external id or name, in characters.
const LONGEST_NAME: usize = 200;

/// Nothing that was kept electronically is older: an earlier date stands for a date that is missing.
const EARLIEST: Timestamp = Timestamp::UNIX_EPOCH;

/// What a row says of its ticket.
pub(crate) enum Said {
    This(Box<Snapshot>),
    Nothing(String),
}

/// Reads one row by the map.
pub(crate) struct RowReader<'a> {
    pub form: &'a Form,
    pub known: &'a Known,
    pub cells: &'a Cells<'a>,
    pub now: Timestamp,
}

impl RowReader<'_> {
    fn fill(&self, templates: &Spanned<Templates>) -> Option<String> {
        templates.get_ref().fill(self.cells, &self.form.missing)
    }

    pub fn external_id(&self) -> Result<String, String> {
        let id = self
            .fill(&self.form.ticket.external_id)
            .ok_or("the row has no external id")?;
        name("the external id", &id)?;
        Ok(id)
    }

    pub fn instant(
        &self,
        templates: Option<&Spanned<Templates>>,
    ) -> Result<Option<Timestamp>, String> {
        let Some(text) = templates.and_then(|templates| self.fill(templates)) else {
            return Ok(None);
        };
        let at = self.form.instant(&text)?;
        if at < EARLIEST {
            return Err(format!(
                "{text:?} is before 1970: such a date stands for none"
            ));
        }
        if at > self.now {
            return Err(format!("{text:?} is in the future"));
        }
        Ok(Some(at))
    }

    pub fn opening(&self, row: &Row<'_>) -> Result<Opening, String> {
        let opened_at = self
            .instant(Some(&self.form.ticket.opened_at))
            .map_err(|fault| format!("the time of the opening: {fault}"))?
            .ok_or("the row does not say when the ticket was opened")?;
        let account = self.party("account", &self.form.account)?;
        let description = self.form.ticket.description.as_ref();
        Ok(Opening {
            row: row.number,
            line: row.line,
            opened_at,
            tier: self.tier(account.is_some())?,
            channel: self.channel()?,
            account,
            contact: self.party("contact", &self.form.contact)?,
            description: description.and_then(|templates| self.fill(templates)),
        })
    }

    pub fn snapshot(&self, row: u64) -> Result<Said, String> {
        let status = match self.meaning("status", self.form.status.as_ref())? {
            Some(Meaning::Is(status)) => StatusName::from(status),
            Some(Meaning::Ignore(reason)) => return Ok(Said::Nothing(reason)),
            None => return Err("the row has no status".to_owned()),
        };
        let at = match &self.form.events {
            None => None,
            Some(events) => Some(
                self.instant(Some(&events.at))?
                    .ok_or("the row does not say when it was so")?,
            ),
        };
        let order = self
            .form
            .events
            .as_ref()
            .and_then(|events| events.order_by.as_ref());
        let order = order
            .and_then(|order| self.fill(order))
            .and_then(|text| text.parse().ok());
        let subject = self
            .fill(&self.form.ticket.subject)
            .map(|text| one_line(&text))
            .unwrap_or_default();
        if subject.is_empty() {
            return Err("the row has no subject".to_owned());
        }
        Ok(Said::This(Box::new(Snapshot {
            at,
            order: Order(order, row),
            subject,
            status,
            severity: match self.meaning("severity", self.form.severity.as_ref())? {
                Some(Meaning::Is(severity)) => {
                    Some(severity.parse().map_err(|error| format!("{error}"))?)
                }
                _ => None,
            },
            category: match self.meaning("category", self.form.category.as_ref())? {
                Some(Meaning::Is(category)) => Some(CategoryName::from(category)),
                _ => None,
            },
            team: self.party("team", &self.form.team)?,
            assignee: self.party("assignee", &self.form.assignee)?,
            tags: self.tags(),
            fields: self.fields(),
        })))
    }

    fn meaning(
        &self,
        what: &str,
        table: Option<&Spanned<Table>>,
    ) -> Result<Option<Meaning>, String> {
        let Some(table) = table.map(Spanned::get_ref) else {
            return Ok(None);
        };
        let meaning = table.meaning(what, self.cells, &self.form.missing)?;
        // What a table gives was checked with the map; what stands in the file was not.
        if let Some(Meaning::Is(value)) = &meaning
            && table.values.is_empty()
        {
            self.known.check(what, value)?;
        }
        Ok(meaning)
    }

    fn channel(&self) -> Result<Channel, String> {
        let Some(Meaning::Is(text)) = self.meaning("channel", self.form.channel.as_ref())? else {
            return Ok(Channel::Import);
        };
        let known = Channel::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text);
        Ok(known.unwrap_or(Channel::Import))
    }

    /// The tier of a ticket with an account; none where it is said beside the map, whatever stands in the file.
    fn tier(&self, has_account: bool) -> Result<Option<TierName>, String> {
        if !has_account || self.known.tier_is_given() {
            return Ok(None);
        }
        let Some(Meaning::Is(tier)) = self.meaning("tier", self.form.tier.as_ref())? else {
            return Ok(None);
        };
        Ok(Some(TierName::from(tier)))
    }

    fn party(&self, what: &str, form: &PartyForm) -> Result<Option<Party>, String> {
        let filled =
            |templates: &Option<Spanned<Templates>>| templates.as_ref().and_then(|t| self.fill(t));
        let email = filled(&form.email);
        let key = filled(&form.external_id);
        let Some(name_or_address) = filled(&form.name)
            .or_else(|| email.clone())
            .or_else(|| key.clone())
        else {
            return Ok(None);
        };
        if let Some(email) = &email
            && !self.known.is_address(email)
        {
            return Err(format!("{email:?} is not an e-mail address ({what})"));
        }
        let key = key.or_else(|| email.as_ref().map(|email| email.to_lowercase()));
        let key = key.unwrap_or_else(|| name_or_address.clone());
        name(what, &name_or_address)?;
        name(what, &key)?;
        Ok(Some(Party {
            key,
            name: one_line(&name_or_address),
            email,
        }))
    }

    fn tags(&self) -> Vec<Tag> {
        let Some(templates) = &self.form.ticket.tags else {
            return Vec::new();
        };
        let mut tags: Vec<Tag> = templates
            .get_ref()
            .entries(self.cells, &self.form.missing)
            .iter()
            .filter_map(|entry| normalise_tag(&entry.replace('\0', "\u{fffd}")))
            .collect();
        tags.sort();
        tags.dedup();
        tags
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let fixed = self.form.fields.iter();
        let mut fields: BTreeMap<String, String> = fixed
            .filter_map(|(name, templates)| Some((name.clone(), self.fill(templates)?)))
            .collect();
        for list in &self.form.field_list {
            self.field_list(list, &mut fields);
        }
        fields
    }

    fn field_list(&self, list: &FieldList, fields: &mut BTreeMap<String, String>) {
        let Some(serde_json::Value::Array(items)) = self.cells.value(&list.from) else {
            return;
        };
        for item in items {
            let cells = Cells::Json(Cow::Borrowed(item));
            if let (Some(name), Some(value)) = (cells.text(&list.name), cells.text(&list.value)) {
                fields.insert(format!("{}{name}", list.prefix), value);
            }
        }
    }

    pub fn verdict(&self) -> Result<Option<bool>, String> {
        let Some(compare) = &self.form.compare else {
            return Ok(None);
        };
        let Some(value) = self.fill(&compare.from) else {
            return Ok(None);
        };
        match (
            compare.met.contains(&value),
            compare.missed.contains(&value),
        ) {
            (true, _) => Ok(Some(true)),
            (false, true) => Ok(Some(false)),
            (false, false) => Err(format!(
                "{value:?} is no verdict that the map knows for {}: it is not compared",
                compare.name
            )),
        }
    }
}

fn name(what: &str, text: &str) -> Result<(), String> {
    let count = text.chars().count();
    if count > LONGEST_NAME {
        return Err(format!(
            "{what} has {count} characters; at most {LONGEST_NAME} can be kept"
        ));
    }
    Ok(())
}

/// The text on one line, cut where a subject ends.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect()
}
