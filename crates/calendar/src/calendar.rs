//! The calendar itself: open time between instants, and instants after open time.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::CalendarError;
use crate::hours::{Hours, Stretch, join_overlaps};
use crate::interval::{Backward, Forward, Interval, Joined};
use crate::microsecond::{earliest, latest, of_instant, of_open_time, to_instant};
use crate::spec::CalendarSpec;
use crate::table::{EraRef, Table, era_of};

/// When a desk is open.
///
/// A calendar is valid once it exists, never changes, and is cheap to clone. Instants and durations are counted in
/// whole microseconds; anything finer is dropped. Two calendars are equal when they were made from equal
/// specifications.
#[derive(Clone)]
pub struct Calendar {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    table: Table,
    zone: TimeZone,
}

enum Source {
    /// Open all the time.
    Always,
    Hours(Box<Hours>),
    /// Open when any of these is; at least two, none of them a union or always open.
    Union(Vec<Calendar>),
}

impl Calendar {
    /// Compiles a specification.
    ///
    /// # Errors
    /// Refuses an unknown time zone, ranges that are empty, reversed (outside the weekly hours) or overlap, a yearly
    /// holiday on a day that no year has, and a calendar that is never open.
    pub fn new(spec: CalendarSpec) -> Result<Self, CalendarError> {
        let hours = Hours::compile(spec)?;
        Ok(Self::from_parts(
            hours.reach,
            hours.zone.clone(),
            Source::Hours(Box::new(hours)),
        ))
    }

    /// The calendar that is open 24 hours on 7 days: one unbroken interval, in UTC.
    #[must_use]
    pub fn always() -> Self {
        Self::from_parts((earliest(), latest()), TimeZone::UTC, Source::Always)
    }

    /// The calendar that is open when any of the given ones is (follow the sun). Their zones may differ; its own zone,
    /// which matters for business days only, is the first one's.
    ///
    /// # Errors
    /// Refuses a union of nothing.
    pub fn union(calendars: &[Self]) -> Result<Self, CalendarError> {
        let mut members: Vec<Self> = Vec::new();
        for calendar in calendars {
            let parts = match &calendar.inner.source {
                Source::Always => return Ok(calendar.clone()),
                Source::Hours(_) => std::slice::from_ref(calendar),
                Source::Union(parts) => parts,
            };
            for part in parts {
                if !members.contains(part) {
                    members.push(part.clone());
                }
            }
        }
        let first = members.first().ok_or(CalendarError::EmptyUnion)?.clone();
        if members.len() == 1 {
            return Ok(first);
        }
        let reach = members.iter().fold(first.reach(), |reach, member| {
            let (from, to) = member.reach();
            (reach.0.min(from), reach.1.max(to))
        });
        let zone = first.inner.zone.clone();
        Ok(Self::from_parts(reach, zone, Source::Union(members)))
    }

    fn from_parts(reach: Stretch, zone: TimeZone, source: Source) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                table: Table::new(reach),
                zone,
            }),
        }
    }

    /// The zone in which its dates are read; of a union, that of its first calendar; of `always`, UTC.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.inner.zone
    }

    /// What it was made from: nothing for `always`, several specifications for a union.
    pub fn specs(&self) -> impl Iterator<Item = &CalendarSpec> {
        self.hours().map(|hours| &hours.spec)
    }

    /// The instant by which `open` of open time has passed since `start`.
    ///
    /// Open time that ends exactly on closing time ends at the closing instant, not at the next opening. No open time
    /// at all leads to `start` when it is open, otherwise to the next opening.
    ///
    /// # Errors
    /// Refuses a negative duration, and an answer that lies after the calendar's last opening or after the year 9999.
    pub fn add(&self, start: Timestamp, open: SignedDuration) -> Result<Timestamp, CalendarError> {
        let mut left = of_open_time(open)?;
        let at = of_instant(start);
        if self.is_always() {
            return self.offset(at.checked_add(left));
        }
        if left == 0 {
            return self
                .next_open(start)
                .ok_or_else(|| self.nothing_after(start));
        }
        let (from, to) = self.reach();
        let at = at.max(from);
        let mut number = era_of(at);
        let mut era = self.era(number);
        left = left
            .checked_add(era.open_until(at))
            .ok_or(CalendarError::OutOfRange)?;
        let last = era_of(to);
        while left > era.total {
            left -= era.total;
            number += 1;
            if number > last {
                return Err(self.nothing_after(start));
            }
            era = self.era(number);
        }
        self.offset(Some(era.first_instant_after(left)))
    }

    /// The instant before `start` such that `open` of open time lies between them.
    ///
    /// Open time that begins exactly on an opening begins at the opening instant, not at the closing before it. No
    /// open time at all leads to `start` when it is open or just closing, otherwise to the last closing.
    ///
    /// # Errors
    /// Refuses a negative duration, and an answer that lies before the calendar's first opening or the year −9999.
    pub fn subtract(
        &self,
        start: Timestamp,
        open: SignedDuration,
    ) -> Result<Timestamp, CalendarError> {
        let duration = of_open_time(open)?;
        let at = of_instant(start);
        if self.is_always() {
            return self.offset(at.checked_sub(duration));
        }
        if duration == 0 {
            return self
                .prev_open(start)
                .ok_or_else(|| self.nothing_before(start));
        }
        let (from, to) = self.reach();
        let at = at.min(to);
        let mut number = era_of(at);
        let mut era = self.era(number);
        let mut position = era.open_until(at) - duration;
        let first = era_of(from);
        while position < 0 {
            number -= 1;
            if number < first {
                return Err(self.nothing_before(start));
            }
            era = self.era(number);
            position += era.total;
        }
        self.offset(Some(era.last_instant_after(position)))
    }

    /// Open time between two instants; none when `end` is not after `start`.
    #[must_use]
    pub fn elapsed(&self, start: Timestamp, end: Timestamp) -> SignedDuration {
        SignedDuration::from_micros(self.open_between(of_instant(start), of_instant(end)))
    }

    /// Whether it is open at an instant. It is open at the opening instant and closed at the closing one.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let at = of_instant(at);
        self.is_always() || self.era(era_of(at)).is_open(at)
    }

    /// The instant itself when it is open then, otherwise the next opening; `None` when it never opens again.
    #[must_use]
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_always() {
            return Some(at);
        }
        let (open, _) = Forward::new(self, of_instant(at)).next()?;
        Some(to_instant(open))
    }

    /// The next instant after `at` at which open time ends for a while, however many windows touch until then; `None`
    /// when there is none. 24/7 never closes.
    #[must_use]
    pub fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_always() {
            return None;
        }
        // Once it stays open for good there is nothing left to walk to.
        let open_for_good = self.hours().filter_map(|hours| hours.never_closes_from);
        let until = open_for_good.min().unwrap_or_else(latest);
        let windows = Forward::new(self, of_instant(at));
        let (_, close) = Joined::new(windows, until).next()?;
        (close < until).then(|| to_instant(close))
    }

    /// The instant itself when it is open just before it, otherwise the last closing; `None` when it was never open.
    #[must_use]
    pub fn prev_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_always() {
            return Some(at);
        }
        let (_, close) = Backward::new(self, of_instant(at)).next()?;
        Some(to_instant(close))
    }

    /// The open time between two instants, ascending, clipped to them, touching windows joined.
    pub fn open_intervals(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> impl Iterator<Item = Interval> + '_ {
        let until = of_instant(end);
        Joined::new(self.windows_from(of_instant(start)), until).map(Interval::of)
    }

    /// The open windows from an instant on, ascending; the first may be partial. Windows that touch are not joined, so
    /// an overnight shift comes as two.
    pub fn open_intervals_from(&self, start: Timestamp) -> impl Iterator<Item = Interval> + '_ {
        self.windows_from(of_instant(start)).map(Interval::of)
    }

    /// The open windows before an instant, descending; the first may be partial. Windows that touch are not joined.
    pub fn open_intervals_before(&self, end: Timestamp) -> impl Iterator<Item = Interval> + '_ {
        self.windows_before(of_instant(end)).map(Interval::of)
    }

    pub(crate) fn windows_from(&self, from: i64) -> impl Iterator<Item = Stretch> + '_ {
        let (always, windows) = if self.is_always() {
            (Some((from, latest())), None)
        } else {
            (None, Some(Forward::new(self, from)))
        };
        always
            .into_iter()
            .chain(windows.into_iter().flatten())
            .filter(|(from, to)| from < to)
    }

    pub(crate) fn windows_before(&self, until: i64) -> impl Iterator<Item = Stretch> + '_ {
        let (always, windows) = if self.is_always() {
            (Some((earliest(), until)), None)
        } else {
            (None, Some(Backward::new(self, until)))
        };
        always
            .into_iter()
            .chain(windows.into_iter().flatten())
            .filter(|(from, to)| from < to)
    }

    pub(crate) fn open_between(&self, start: i64, end: i64) -> i64 {
        let (from, to) = self.reach();
        let (start, end) = (start.max(from), end.min(to));
        if end <= start {
            return 0;
        }
        if self.is_always() {
            return end - start;
        }
        let (first, last) = (era_of(start), era_of(end));
        let era = self.era(first);
        let skipped = era.open_until(start);
        if first == last {
            return era.open_until(end) - skipped;
        }
        let between: i64 = (first + 1..last).map(|number| self.era(number).total).sum();
        era.total - skipped + between + self.era(last).open_until(end)
    }

    pub(crate) fn era(&self, number: i64) -> EraRef<'_> {
        self.inner
            .table
            .era(number, |from, to| self.windows_between(from, to))
    }

    fn windows_between(&self, from: i64, to: i64) -> Vec<Stretch> {
        match &self.inner.source {
            Source::Always => vec![(from, to)],
            Source::Hours(hours) => hours.windows(from, to),
            Source::Union(members) => join_overlaps(
                members
                    .iter()
                    .flat_map(|member| member.windows_between(from, to))
                    .collect(),
            ),
        }
    }

    /// Between which instants anything can be open.
    pub(crate) fn reach(&self) -> Stretch {
        self.inner.table.reach
    }

    pub(crate) fn is_always(&self) -> bool {
        matches!(self.inner.source, Source::Always)
    }

    /// The compiled specifications: none for `always`.
    pub(crate) fn hours(&self) -> impl Iterator<Item = &Hours> {
        let members = match &self.inner.source {
            Source::Always => &[],
            Source::Hours(_) => std::slice::from_ref(self),
            Source::Union(members) => members.as_slice(),
        };
        members
            .iter()
            .filter_map(|member| match &member.inner.source {
                Source::Hours(hours) => Some(&**hours),
                Source::Always | Source::Union(_) => None,
            })
    }

    fn offset(&self, at: Option<i64>) -> Result<Timestamp, CalendarError> {
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
            .ok_or(CalendarError::OutOfRange)
    }

    pub(crate) fn nothing_after(&self, after: Timestamp) -> CalendarError {
        if self.reach().1 < latest() {
            CalendarError::NotOpenAfter { after }
        } else {
            CalendarError::OutOfRange
        }
    }

    pub(crate) fn nothing_before(&self, before: Timestamp) -> CalendarError {
        if self.reach().0 > earliest() {
            CalendarError::NotOpenBefore { before }
        } else {
            CalendarError::OutOfRange
        }
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || match (&self.inner.source, &other.inner.source) {
                (Source::Always, Source::Always) => true,
                (Source::Hours(one), Source::Hours(two)) => one.spec == two.spec,
                (Source::Union(one), Source::Union(two)) => one == two,
                _ => false,
            }
    }
}

impl Eq for Calendar {}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.source {
            Source::Always => f.write_str("Calendar::always"),
            Source::Hours(hours) => f.debug_tuple("Calendar").field(&hours.spec).finish(),
            Source::Union(members) => f.debug_tuple("Calendar::union").field(members).finish(),
        }
    }
}
