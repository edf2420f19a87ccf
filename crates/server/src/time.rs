//! The clocks of the program: the wall clock, and one for demonstrations that can run fast and be moved on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::Clock;

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that starts where it is told, runs at a speed, and can be moved on by hand. It never runs back.
#[derive(Debug)]
pub struct SimulatedClock {
    course: Mutex<Course>,
}

/// Since when the clock runs at its present speed.
#[derive(Debug, Clone, Copy)]
struct Course {
    started: Instant,
    at: Timestamp,
    speed: f64,
}

impl Course {
    fn now(&self, instant: Instant) -> Timestamp {
        let elapsed = instant.saturating_duration_since(self.started);
        let simulated = SignedDuration::try_from(elapsed)
            .unwrap_or(SignedDuration::MAX)
            .as_secs_f64()
            * self.speed;
        SignedDuration::try_from_secs_f64(simulated)
            .ok()
            .and_then(|passed| self.at.checked_add(passed).ok())
            .unwrap_or(Timestamp::MAX)
    }
}

impl SimulatedClock {
    /// A clock that shows `at` now and runs `speed` times as fast as the wall clock; 0 stands still.
    #[must_use]
    pub fn new(at: Timestamp, speed: f64) -> Self {
        let course = Course {
            started: Instant::now(),
            at,
            speed: speed.max(0.0),
        };
        Self {
            course: Mutex::new(course),
        }
    }

    /// Moves the clock on. A negative duration is ignored.
    pub fn advance(&self, by: SignedDuration) {
        let mut course = self.lock();
        let now = course.now(Instant::now());
        let by = by.max(SignedDuration::ZERO);
        course.at = now.checked_add(by).unwrap_or(Timestamp::MAX);
        course.started = Instant::now();
    }

    /// Runs at another speed from now on.
    pub fn set_speed(&self, speed: f64) {
        self.advance(SignedDuration::ZERO);
        self.lock().speed = speed.max(0.0);
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.lock().now(Instant::now())
    }

    fn advance(&self, by: SignedDuration) -> bool {
        Self::advance(self, by);
        true
    }

    fn set_speed(&self, factor: f64) -> bool {
        Self::set_speed(self, factor);
        true
    }

    fn simulated_speed(&self) -> Option<f64> {
        Some(self.lock().speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_course_runs_at_its_speed() {
        let started = Instant::now();
        let course = Course {
            started,
            at: Timestamp::UNIX_EPOCH,
            speed: 60.0,
        };
        let later = course.now(started + Duration::from_secs(2));
        assert_eq!(later, Timestamp::from_second(120).unwrap());
    }

    #[test]
    fn a_standing_clock_moves_only_by_hand() {
        let clock = SimulatedClock::new(Timestamp::UNIX_EPOCH, 0.0);
        clock.advance(SignedDuration::from_hours(1));
        clock.advance(SignedDuration::from_hours(-5));
        assert_eq!(clock.now(), Timestamp::from_second(3600).unwrap());
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let clock = SimulatedClock::new(Timestamp::MAX, 1e300);
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
