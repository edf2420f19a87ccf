//! Stretches of open time.

use std::iter::FusedIterator;

use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;
use crate::hours::Stretch;
use crate::microsecond::to_instant;
use crate::table::{EraRef, Window, end_of, era_of};

/// A half-open stretch of time: `start` belongs to it, `end` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first instant of the stretch.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }

    pub(crate) fn of((start, end): Stretch) -> Self {
        Self {
            start: to_instant(start),
            end: to_instant(end),
        }
    }
}

/// Windows after an instant, ascending, cut at that instant, not joined unless an era boundary cut them.
pub(crate) struct Forward<'a> {
    calendar: &'a Calendar,
    from: i64,
    number: i64,
    era: EraRef<'a>,
    index: usize,
}

impl<'a> Forward<'a> {
    pub(crate) fn new(calendar: &'a Calendar, from: i64) -> Self {
        let from = from.max(calendar.reach().0);
        let number = era_of(from);
        let era = calendar.era(number);
        let index = era.windows.partition_point(|window| window.close <= from);
        Self {
            calendar,
            from,
            number,
            era,
            index,
        }
    }

    fn next_piece(&mut self) -> Option<Stretch> {
        loop {
            if let Some(window) = self.era.windows.get(self.index) {
                self.index += 1;
                return Some((window.open.max(self.from), window.close));
            }
            self.enter_next_era()?;
        }
    }

    fn enter_next_era(&mut self) -> Option<()> {
        if self.number >= era_of(self.calendar.reach().1) {
            return None;
        }
        self.number += 1;
        self.era = self.calendar.era(self.number);
        self.index = 0;
        Some(())
    }
}

impl Iterator for Forward<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let (from, mut to) = self.next_piece()?;
        while to == end_of(self.number) && self.enter_next_era().is_some() {
            if !self.era.continues {
                break;
            }
            to = self.era.windows[0].close;
            self.index = 1;
        }
        let to = to.min(self.calendar.reach().1);
        (from < to).then_some((from, to))
    }
}

/// Windows before an instant, descending, cut at that instant, not joined unless an era boundary cut them.
pub(crate) struct Backward<'a> {
    calendar: &'a Calendar,
    until: i64,
    number: i64,
    era: EraRef<'a>,
    /// How many windows of the era are still to come.
    left: usize,
}

impl<'a> Backward<'a> {
    pub(crate) fn new(calendar: &'a Calendar, until: i64) -> Self {
        let until = until.min(calendar.reach().1);
        let number = era_of(until);
        let era = calendar.era(number);
        let left = era.windows.partition_point(|window| window.open < until);
        Self {
            calendar,
            until,
            number,
            era,
            left,
        }
    }

    fn next_piece(&mut self) -> Option<(Window, bool)> {
        while self.left == 0 {
            if self.number <= era_of(self.calendar.reach().0) {
                return None;
            }
            self.number -= 1;
            self.era = self.calendar.era(self.number);
            self.left = self.era.windows.len();
        }
        self.left -= 1;
        let continues = self.left == 0 && self.era.continues;
        Some((self.era.windows[self.left], continues))
    }
}

impl Iterator for Backward<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let (last, mut continues) = self.next_piece()?;
        let mut from = last.open;
        while continues {
            let Some((piece, also)) = self.next_piece() else {
                break;
            };
            from = piece.open;
            continues = also;
        }
        let (from, to) = (
            from.max(self.calendar.reach().0),
            last.close.min(self.until),
        );
        (from < to).then_some((from, to))
    }
}

/// Joins stretches that touch and clips them to an end.
pub(crate) struct Joined<I: Iterator<Item = Stretch>> {
    pieces: I,
    waiting: Option<Stretch>,
    until: i64,
}

impl<I: Iterator<Item = Stretch>> Joined<I> {
    pub(crate) fn new(mut pieces: I, until: i64) -> Self {
        let waiting = pieces.next();
        Self {
            pieces,
            waiting,
            until,
        }
    }
}

impl<I: Iterator<Item = Stretch>> Iterator for Joined<I> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let (from, mut to) = self.waiting.take()?;
        if from >= self.until {
            return None;
        }
        while to < self.until {
            match self.pieces.next() {
                Some((next_from, next_to)) if next_from == to => to = next_to,
                other => {
                    self.waiting = other;
                    break;
                }
            }
        }
        Some((from, to.min(self.until)))
    }
}

impl<I: Iterator<Item = Stretch>> FusedIterator for Joined<I> {}
