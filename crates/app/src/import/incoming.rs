//! From rows to tickets: what each row says by the map, and the rows of one ticket put together.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use mainstay_domain::event::Channel;
use mainstay_domain::name::{CategoryName, StatusName, Tag, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::normalise_tag;

use super::document::{Cells, Document, Row};
use super::known::Known;
use super::map::{FieldList, Form, Meaning, PartyForm, Table, Templates};
use super::report::{Remark, Remarked};
use toml::Spanned;

/// The longest external id or name, in characters.
const LONGEST_NAME: usize = 200;

/// Nothing that was kept electronically is older: an earlier date stands for a date that is missing.
const EARLIEST: Timestamp = Timestamp::UNIX_EPOCH;

/// A ticket as the file tells it.
#[derive(Debug)]
pub(super) struct Incoming {
    pub external_id: String,
    /// The row that tells of it first.
    pub row: u64,
    pub line: Option<u64>,
    pub opened_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub channel: Channel,
    pub account: Option<Party>,
    pub contact: Option<Party>,
    pub tier: Option<TierName>,
    pub description: Option<String>,
    /// What it looked like, in the order of time. Never empty.
    pub snapshots: Vec<Snapshot>,
    /// Whether the other system says that it kept its promise.
    pub verdict: Option<bool>,
}

/// An account, a contact, a team or an agent as the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party {
    /// What it is known by in the file.
    pub key: String,
    pub name: String,
    pub email: Option<String>,
}

/// What a ticket looked like at an instant.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// When; nothing where the file has one row for each ticket.
    pub at: Option<Timestamp>,
    order: Order,
    pub subject: String,
    pub status: StatusName,
    pub severity: Option<Severity>,
    pub category: Option<CategoryName>,
    pub team: Option<Party>,
    pub assignee: Option<Party>,
    pub tags: Vec<Tag>,
    pub fields: BTreeMap<String, String>,
}

/// The order among rows of the same instant: by number where it is one, then by the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order(Option<i64>, u64);

/// Everything the file says.
pub(super) struct Contents {
    pub rows: u64,
    /// In the order in which the file names them first.
    pub tickets: Vec<Incoming>,
    pub remarks: Vec<Remarked>,
}

/// Reads every row.
pub(super) fn read(document: &Document, form: &Form, known: &Known, now: Timestamp) -> Contents {
    let mut gatherer = Gatherer {
        form,
        known,
        now,
        rows: 0,
        places: HashMap::new(),
        tickets: Vec::new(),
        remarks: Vec::new(),
    };
    document.each(|row| gatherer.take(&row));
    gatherer.finish()
}

/// A ticket whose rows are being put together.
struct Gathered {
    rows: Vec<(u64, Option<u64>)>,
    /// What its first row that names an opening says; nothing while there is none.
    opening: Option<Incoming>,
    /// Snapshots of rows that came before the opening was known.
    snapshots: Vec<Snapshot>,
    external_id: String,
    verdict: Option<bool>,
    resolved_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    /// Why the opening is not known.
    fault: String,
}

struct Gatherer<'a> {
    form: &'a Form,
    known: &'a Known,
    now: Timestamp,
    rows: u64,
    places: HashMap<String, usize>,
    tickets: Vec<Gathered>,
    remarks: Vec<Remarked>,
}

impl Gatherer<'_> {
    fn take(&mut self, row: &Row<'_>) {
        self.rows += 1;
        let cells = match &row.cells {
            Ok(cells) => cells,
            Err(fault) => return self.remark(row, None, Remark::Rejected, fault.clone()),
        };
        let reader = RowReader {
            form: self.form,
            known: self.known,
            cells,
            now: self.now,
        };
        let external_id = match reader.external_id() {
            Ok(id) => id,
            Err(fault) => return self.remark(row, None, Remark::Rejected, fault),
        };
        let place = self.places.get(&external_id).copied();
        if let (None, Some(place)) = (&self.form.events, place) {
            let first = self.tickets[place]
                .rows
                .first()
                .map_or(0, |(number, _)| *number);
            let fault = format!("row {first} has the same external id");
            return self.remark(row, Some(external_id), Remark::Rejected, fault);
        }
        let snapshot = match reader.snapshot(row.number) {
            Ok(Said::This(snapshot)) => snapshot,
            Ok(Said::Nothing(reason)) => {
                return self.remark(row, Some(external_id), Remark::Ignored, reason);
            }
            Err(fault) => return self.remark(row, Some(external_id), Remark::Rejected, fault),
        };
        let verdict = match reader.verdict() {
            Ok(verdict) => verdict,
            Err(fault) => {
                self.remark(row, Some(external_id.clone()), Remark::Noted, fault);
                None
            }
        };
        let place = place.unwrap_or_else(|| {
            self.places.insert(external_id.clone(), self.tickets.len());
            self.tickets.push(Gathered::new(external_id));
            self.tickets.len() - 1
        });
        let mut notes = Vec::new();
        self.tickets[place].add(row, &reader, *snapshot, verdict, &mut notes);
        let external_id = self.tickets[place].external_id.clone();
        for note in notes {
            self.remark(row, Some(external_id.clone()), Remark::Noted, note);
        }
    }

    fn remark(
        &mut self,
        row: &Row<'_>,
        external_id: Option<String>,
        remark: Remark,
        reason: String,
    ) {
        self.remarks.push(Remarked {
            row: row.number,
            line: row.line,
            external_id,
            remark,
            reason,
        });
    }

    fn finish(mut self) -> Contents {
        let mut tickets = Vec::with_capacity(self.tickets.len());
        for gathered in std::mem::take(&mut self.tickets) {
            match gathered.finish() {
                Ok((incoming, early)) => {
                    self.remarks.extend(early);
                    tickets.push(incoming);
                }
                Err(rejected) => self.remarks.extend(rejected),
            }
        }
        self.remarks.sort_by_key(|remarked| remarked.row);
        Contents {
            rows: self.rows,
            tickets,
            remarks: self.remarks,
        }
    }
}

impl Gathered {
    fn new(external_id: String) -> Self {
        Self {
            rows: Vec::new(),
            opening: None,
            snapshots: Vec::new(),
            external_id,
            verdict: None,
            resolved_at: None,
            closed_at: None,
            updated_at: None,
            fault: String::new(),
        }
    }

    fn add(
        &mut self,
        row: &Row<'_>,
        reader: &RowReader<'_>,
        snapshot: Snapshot,
        verdict: Option<bool>,
        notes: &mut Vec<String>,
    ) {
        self.rows.push((row.number, row.line));
        self.verdict = verdict.or(self.verdict);
        let ticket = &reader.form.ticket;
        for (name, template, kept) in [
            ("resolution", &ticket.resolved_at, &mut self.resolved_at),
            ("closing", &ticket.closed_at, &mut self.closed_at),
            ("last change", &ticket.updated_at, &mut self.updated_at),
        ] {
            match reader.instant(template.as_ref()) {
                Ok(found) => *kept = found.or(*kept),
                Err(fault) => notes.push(format!("the time of the {name} is left out: {fault}")),
            }
        }
        if self.opening.is_none() {
            match reader.opening(row) {
                Ok(opening) => self.opening = Some(opening),
                Err(fault) => self.fault = fault,
            }
        }
        self.snapshots.push(snapshot);
    }

    /// The ticket, and what is to be said of it; or that each of its rows is rejected, because it is not known when it
    /// was opened.
    fn finish(mut self) -> Result<(Incoming, Option<Remarked>), Vec<Remarked>> {
        let Some(mut incoming) = self.opening else {
            let rejected = self.rows.iter().map(|(row, line)| Remarked {
                row: *row,
                line: *line,
                external_id: Some(self.external_id.clone()),
                remark: Remark::Rejected,
                reason: self.fault.clone(),
            });
            return Err(rejected.collect());
        };
        self.snapshots
            .sort_by_key(|snapshot| (snapshot.at, snapshot.order));
        let early = self
            .snapshots
            .iter()
            .filter(|s| s.at.is_some_and(|at| at < incoming.opened_at))
            .count();
        let remark = (early > 0).then(|| Remarked {
            row: incoming.row,
            line: incoming.line,
            external_id: Some(self.external_id.clone()),
            remark: Remark::Noted,
            reason: format!("{early} of its rows are from before it was opened: they are taken to be of the opening"),
        });
        for snapshot in &mut self.snapshots {
            snapshot.at = snapshot.at.map(|at| at.max(incoming.opened_at));
        }
        incoming.external_id = self.external_id;
        incoming.snapshots = self.snapshots;
        incoming.verdict = self.verdict;
        incoming.resolved_at = self.resolved_at;
        incoming.closed_at = self.closed_at;
        incoming.updated_at = self.updated_at;
        Ok((incoming, remark))
    }
}

/// What a row says of its ticket.
enum Said {
    This(Box<Snapshot>),
    Nothing(String),
}

/// Reads one row by the map.
struct RowReader<'a> {
    form: &'a Form,
    known: &'a Known,
    cells: &'a Cells<'a>,
    now: Timestamp,
}

impl RowReader<'_> {
    fn fill(&self, templates: &Spanned<Templates>) -> Option<String> {
        templates.get_ref().fill(self.cells, &self.form.missing)
    }

    fn external_id(&self) -> Result<String, String> {
        let id = self
            .fill(&self.form.ticket.external_id)
            .ok_or("the row has no external id")?;
        name("the external id", &id)?;
        Ok(id)
    }

    fn instant(&self, templates: Option<&Spanned<Templates>>) -> Result<Option<Timestamp>, String> {
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

    fn opening(&self, row: &Row<'_>) -> Result<Incoming, String> {
        let opened_at = self
            .instant(Some(&self.form.ticket.opened_at))
            .map_err(|fault| format!("the time of the opening: {fault}"))?
            .ok_or("the row does not say when the ticket was opened")?;
        let account = self.party("account", &self.form.account)?;
        let tier = self.tier(account.is_some())?;
        Ok(Incoming {
            external_id: String::new(),
            row: row.number,
            line: row.line,
            opened_at,
            resolved_at: None,
            closed_at: None,
            updated_at: None,
            channel: self.channel()?,
            contact: self.party("contact", &self.form.contact)?,
            tier,
            account,
            description: self
                .form
                .ticket
                .description
                .as_ref()
                .and_then(|templates| self.fill(templates)),
            snapshots: Vec::new(),
            verdict: None,
        })
    }

    fn snapshot(&self, row: u64) -> Result<Said, String> {
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
            && !crate::field::is_address(email)
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
            let cells = Cells::Json(std::borrow::Cow::Borrowed(item));
            if let (Some(name), Some(value)) = (cells.text(&list.name), cells.text(&list.value)) {
                fields.insert(format!("{}{name}", list.prefix), value);
            }
        }
    }

    fn verdict(&self) -> Result<Option<bool>, String> {
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
