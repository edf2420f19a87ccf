//! Moving by days on which a calendar opens.

use jiff::Timestamp;

use crate::calendar::Calendar;
use crate::error::CalendarError;
use crate::microsecond::{DAY, SECOND, date_of, of_instant, to_instant};

impl Calendar {
    /// Moves forward by a number of open dates, keeping the local time of day, then to the next open instant unless it
    /// is open there already. An open date is one with any open time in the calendar's own zone.
    ///
    /// # Errors
    /// There may not be so many open dates left.
    pub fn add_business_days(
        &self,
        start: Timestamp,
        days: u32,
    ) -> Result<Timestamp, CalendarError> {
        let at = of_instant(start);
        let mut day = self.local_day(at);
        let mut left = i64::from(days);
        let mut windows = self.windows_from(at);
        while left > 0 {
            let (open, close) = windows.next().ok_or_else(|| self.nothing_after(start))?;
            let first = self.local_day(open).max(day + 1);
            let last = self.local_day(close - 1);
            let moved = (last - first + 1).clamp(0, left);
            if moved > 0 {
                day = first + moved - 1;
                left -= moved;
            }
        }
        self.next_open(self.same_time_on(day, start)?)
            .ok_or_else(|| self.nothing_after(start))
    }

    /// Moves backward by a number of open dates, keeping the local time of day, then to the last open instant unless
    /// it is open there already.
    ///
    /// # Errors
    /// There may not have been so many open dates.
    pub fn subtract_business_days(
        &self,
        start: Timestamp,
        days: u32,
    ) -> Result<Timestamp, CalendarError> {
        let at = of_instant(start);
        let mut day = self.local_day(at);
        let mut left = i64::from(days);
        let mut windows = self.windows_before(at);
        while left > 0 {
            let (open, close) = windows.next().ok_or_else(|| self.nothing_before(start))?;
            let first = self.local_day(open);
            let last = self.local_day(close - 1).min(day - 1);
            let moved = (last - first + 1).clamp(0, left);
            if moved > 0 {
                day = last - moved + 1;
                left -= moved;
            }
        }
        self.prev_open(self.same_time_on(day, start)?)
            .ok_or_else(|| self.nothing_before(start))
    }

    fn local_day(&self, at: i64) -> i64 {
        let offset = self.time_zone().to_offset(to_instant(at));
        (at + i64::from(offset.seconds()) * SECOND).div_euclid(DAY)
    }

    fn same_time_on(&self, day: i64, start: Timestamp) -> Result<Timestamp, CalendarError> {
        let time = self.time_zone().to_datetime(start).time();
        self.time_zone()
            .to_ambiguous_timestamp(date_of(day).to_datetime(time))
            .compatible()
            .map_err(|_| CalendarError::OutOfRange)
    }
}
