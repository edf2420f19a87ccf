//! Open time as a lookup.
//!
//! Time is divided into eras of 208 weeks, about four years. An era lists its open windows, each with the open time of the era before it;
//! open time between two instants is then two searches and the sum of the eras between. Marks along the way tell where among the
//! windows to search, so that mostly one or two are looked at. Eras are built when they are first needed and kept for three
//! centuries around today; beyond these they are built, used and dropped, so memory is bounded however far somebody asks.

use std::ops::{Deref, Range};
use std::sync::OnceLock;

use crate::hours::Stretch;
use crate::microsecond::DAY;

/// The length of an era in microseconds.
const ERA: i64 = 208 * 7 * DAY;
/// The first era that is kept; it begins in 1926.
const FIRST_KEPT: i64 = -11;
/// The number of eras that are kept, to 2229.
const KEPT: usize = 76;

/// Number of the era in which an instant lies.
pub(crate) fn era_of(at: i64) -> i64 {
    at.div_euclid(ERA)
}

/// The instant at which an era ends and the next begins.
pub(crate) fn end_of(number: i64) -> i64 {
    (number + 1) * ERA
}

/// An open window with the open time of its era before it, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) open: i64,
    pub(crate) close: i64,
    before: i64,
}

/// Where to search among windows in ascending order of a number. Marks stand at even distances, at most twice as many as there are
/// windows; `below[k]` says how many windows have a number below `k << distance`.
#[derive(Debug)]
struct Marks {
    /// The distance of two marks, as a power of two.
    distance: u32,
    below: Box<[usize]>,
}

impl Marks {
    /// The numbers lie between nothing and `most`.
    fn new(windows: &[Window], number: impl Fn(&Window) -> i64, most: i64) -> Self {
        let count = i64::try_from(windows.len()).unwrap_or(i64::MAX);
        let distance = (most / count.max(1)).max(1).ilog2();
        let below_mark = |mark| windows.partition_point(|window| number(window) < mark << distance);
        Self {
            distance,
            below: (0..=(most >> distance) + 1).map(below_mark).collect(),
        }
    }

    /// The windows before these have a smaller number, and those after them a greater one.
    fn around(&self, number: i64) -> Range<usize> {
        let mark = usize::try_from(number >> self.distance).unwrap_or_default();
        let mark = mark.min(self.below.len() - 2);
        self.below[mark]..self.below[mark + 1]
    }
}

/// The open windows of an era, clipped to it.
#[derive(Debug)]
pub(crate) struct Era {
    /// Ascending and apart, none empty.
    pub(crate) windows: Box<[Window]>,
    /// Open time of the whole era.
    pub(crate) total: i64,
    /// Whether the first window is the rest of the previous era's last.
    pub(crate) continues: bool,
    from: i64,
    /// By when they open, counted from the era's beginning.
    opening: Marks,
    /// By the open time before them.
    open_time: Marks,
}

impl Era {
    fn build(number: i64, windows_between: impl FnOnce(i64, i64) -> Vec<Stretch>) -> Self {
        let (from, to) = (number * ERA, (number + 1) * ERA);
        let windows = windows_between(from, to);
        let continues = windows.first().is_some_and(|&(open, _)| open < from);
        let mut total = 0;
        let windows: Box<[Window]> = windows
            .into_iter()
            .map(|(open, close)| {
                let (open, close) = (open.max(from), close.min(to));
                let before = total;
                total += close - open;
                Window {
                    open,
                    close,
                    before,
                }
            })
            .collect();
        Self {
            opening: Marks::new(&windows, |window| window.open - from, to - from),
            open_time: Marks::new(&windows, |window| window.before, total),
            windows,
            total,
            continues,
            from,
        }
    }

    /// How many windows open until an instant, which is included.
    fn opened_until(&self, at: i64) -> usize {
        let among = self.opening.around(at - self.from);
        self.first_ones(among, |window| window.open <= at)
    }

    /// For how many windows something holds that holds for the first ones: for all before `among`, and for none after it.
    fn first_ones(&self, among: Range<usize>, holds: impl Fn(&Window) -> bool) -> usize {
        among.start + self.windows[among].partition_point(holds)
    }

    /// Open time between the start of the era and an instant within it.
    pub(crate) fn open_until(&self, at: i64) -> i64 {
        match self.opened_until(at) {
            0 => 0,
            index => {
                let window = &self.windows[index - 1];
                window.before + at.min(window.close) - window.open
            }
        }
    }

    /// Whether it is open at an instant within the era.
    pub(crate) fn is_open(&self, at: i64) -> bool {
        let index = self.opened_until(at);
        index > 0 && at < self.windows[index - 1].close
    }

    /// The first instant by which `open_time` has passed since the era began; a closing instant rather than the next
    /// opening. `open_time` is more than nothing and at most the era's total.
    pub(crate) fn first_instant_after(&self, open_time: i64) -> i64 {
        let among = self.open_time.around(open_time);
        let index = self.first_ones(among, |window| window.before < open_time);
        let window = &self.windows[index - 1];
        window.open + (open_time - window.before)
    }

    /// The last instant at which only `open_time` had passed since the era began; an opening instant rather than the
    /// closing before it. `open_time` is at least nothing and less than the era's total.
    pub(crate) fn last_instant_after(&self, open_time: i64) -> i64 {
        let among = self.open_time.around(open_time);
        let index = self.first_ones(among, |window| window.before <= open_time);
        let window = &self.windows[index - 1];
        window.open + (open_time - window.before)
    }
}

/// The eras of one calendar.
#[derive(Debug)]
pub(crate) struct Table {
    kept: Box<[OnceLock<Era>]>,
    /// Between which instants anything is open.
    pub(crate) reach: Stretch,
}

impl Table {
    pub(crate) fn new(reach: Stretch) -> Self {
        Self {
            kept: (0..KEPT).map(|_| OnceLock::new()).collect(),
            reach,
        }
    }

    /// An era, built with the windows that `windows_between` gives for its bounds unless it is kept already.
    pub(crate) fn era(
        &self,
        number: i64,
        windows_between: impl FnOnce(i64, i64) -> Vec<Stretch>,
    ) -> EraRef<'_> {
        let slot = usize::try_from(number - FIRST_KEPT)
            .ok()
            .and_then(|index| self.kept.get(index));
        match slot {
            Some(slot) => EraRef::Kept(slot.get_or_init(|| Era::build(number, windows_between))),
            None => EraRef::Built(Era::build(number, windows_between)),
        }
    }
}

/// An era that is kept in the table, or one beyond it that was built for the occasion.
pub(crate) enum EraRef<'a> {
    Kept(&'a Era),
    Built(Era),
}

impl Deref for EraRef<'_> {
    type Target = Era;

    fn deref(&self) -> &Era {
        match self {
            Self::Kept(era) => era,
            Self::Built(era) => era,
        }
    }
}
