//! From rows to tickets: what each row says by the map, and the rows of one ticket put together.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use mainstay_domain::event::Channel;
use mainstay_domain::name::{CategoryName, StatusName, Tag, TierName};
use mainstay_domain::severity::Severity;

use crate::document::{Document, Row};
use crate::known::Known;
use crate::map::Form;
use crate::remark::{Remark, Remarked};
use crate::row::{RowReader, Said};

/// A ticket as the file tells it.
#[derive(Debug)]
pub struct Incoming {
    /// What the other system calls it.
    pub external_id: String,
    /// How it began.
    pub opening: Opening,
    /// When it was resolved, where that is said.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed, where that is said.
    pub closed_at: Option<Timestamp>,
    /// When it was last changed, where that is said.
    pub updated_at: Option<Timestamp>,
    /// What it looked like, in the order of time. Never empty.
    pub snapshots: Vec<Snapshot>,
    /// Whether the other system says that it kept its promise.
    pub verdict: Option<bool>,
}

/// How a ticket began, by the first row that says so.
#[derive(Debug)]
pub struct Opening {
    /// The row that says so, from 1.
    pub row: u64,
    /// The line on which that begins, from 1.
    pub line: Option<u64>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By which way it came.
    pub channel: Channel,
    /// Whose it is.
    pub account: Option<Party>,
    /// Who asked.
    pub contact: Option<Party>,
    /// What the account had bought.
    pub tier: Option<TierName>,
    /// What was asked.
    pub description: Option<String>,
}

/// An account, a contact, a team or an agent as the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What it is known by in the file.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
}

/// What a ticket looked like at an instant.
#[derive(Debug)]
pub struct Snapshot {
    /// When; nothing where the file has one row for each ticket.
    pub at: Option<Timestamp>,
    /// Its place among those of the same instant.
    pub order: Order,
    /// Its subject, on one line.
    pub subject: String,
    /// Its status.
    pub status: StatusName,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Its category.
    pub category: Option<CategoryName>,
    /// The team it lay with.
    pub team: Option<Party>,
    /// The agent it lay with.
    pub assignee: Option<Party>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its other fields, by name.
    pub fields: BTreeMap<String, String>,
}

/// The order among rows of the same instant: by number where it is one, then by the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(pub Option<i64>, pub u64);

/// Everything the file says.
#[derive(Debug)]
pub struct Contents {
    /// How many rows there are, the header not counted.
    pub rows: u64,
    /// In the order in which the file names them first.
    pub tickets: Vec<Incoming>,
    /// Rows of which there is something to say, by row.
    pub remarks: Vec<Remarked>,
}

/// Reads every row.
pub(crate) fn read(document: &Document, form: &Form, known: &Known, now: Timestamp) -> Contents {
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

/// What is said of a row with which the file ends.
const OPEN_END: &str = "the file ends without a line end: if it was cut off, this row's last value is cut too, and rows are missing";

/// A ticket whose rows are being put together.
struct Gathered {
    rows: Vec<(u64, Option<u64>)>,
    /// What its first row that names an opening says; nothing while there is none.
    opening: Option<Opening>,
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
        if row.is_open {
            notes.push(OPEN_END.to_owned());
        }
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
                Ok(opening) => {
                    let ends = [
                        ("resolution", self.resolved_at),
                        ("closing", self.closed_at),
                    ];
                    for (name, _) in ends.iter().filter(|(_, at)| {
                        reader.form.events.is_none() && at.is_some_and(|at| at < opening.opened_at)
                    }) {
                        notes.push(format!(
                            "the time of the {name} is before the opening: the opening is taken for it"
                        ));
                    }
                    self.opening = Some(opening);
                }
                Err(fault) => self.fault = fault,
            }
        }
        self.snapshots.push(snapshot);
    }

    /// The ticket, and what is to be said of it; or that each of its rows is rejected, because it is not known when it
    /// was opened.
    fn finish(mut self) -> Result<(Incoming, Option<Remarked>), Vec<Remarked>> {
        let Some(opening) = self.opening else {
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
            .filter(|s| s.at.is_some_and(|at| at < opening.opened_at))
            .count();
        let remark = (early > 0).then(|| Remarked {
            row: opening.row,
            line: opening.line,
            external_id: Some(self.external_id.clone()),
            remark: Remark::Noted,
            reason: format!("{early} of its rows are from before it was opened: they are taken to be of the opening"),
        });
        for snapshot in &mut self.snapshots {
            snapshot.at = snapshot.at.map(|at| at.max(opening.opened_at));
        }
        let incoming = Incoming {
            external_id: self.external_id,
            opening,
            resolved_at: self.resolved_at,
            closed_at: self.closed_at,
            updated_at: self.updated_at,
            snapshots: self.snapshots,
            verdict: self.verdict,
        };
        Ok((incoming, remark))
    }
}
