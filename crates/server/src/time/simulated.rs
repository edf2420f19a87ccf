//! A clock for demonstrations: it can run fast and be moved on.

#![expect(
    clippy::disallowed_methods,
    reason = "a simulated clock counts by what passes on the machine"
)]

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mainstay_app::Clock;

/// A clock that starts where it is told, runs at a speed, and can be moved on by hand. It never runs back.
#[derive(Debug)]
pub struct SimulatedClock {
    courses: Mutex<Courses>,
}

/// How the clock runs now, and how it ran before it was last moved or changed its speed.
#[derive(Debug)]
struct Courses {
    /// The latest last, and no more than [`KEPT`].
    before: VecDeque<Course>,
    now: Course,
}

/// How many courses are kept. Who is later than all of them is late beyond doubt, and asks for no more than that.
const KEPT: usize = 64;

/// Since when the clock runs at a speed.
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

    /// When the course comes to an instant after its beginning; nothing where it never does.
    fn reaches(&self, at: Timestamp) -> Option<Instant> {
        let ahead = at.duration_since(self.at).as_secs_f64() / self.speed;
        let ahead = Duration::try_from_secs_f64(ahead).ok()?;
        self.started.checked_add(ahead)
    }
}

impl Courses {
    /// Goes on from `at` at `speed`, from this instant.
    fn go_on(&mut self, started: Instant, at: Timestamp, speed: f64) {
        let course = Course { started, at, speed };
        self.before
            .push_back(std::mem::replace(&mut self.now, course));
        if self.before.len() > KEPT {
            self.before.pop_front();
        }
    }

    /// When the clock first showed `at` or a later instant; nothing where it has not yet.
    fn first_showed(&self, at: Timestamp) -> Option<Instant> {
        let mut next = None;
        for course in std::iter::once(&self.now).chain(self.before.iter().rev()) {
            if course.at < at {
                let reached = course.reaches(at);
                return reached.into_iter().chain(next).min();
            }
            next = Some(course.started);
        }
        next
    }
}

impl SimulatedClock {
    /// A clock that shows `at` now and runs `speed` times as fast as the wall clock; 0 stands still.
    #[must_use]
    pub fn new(at: Timestamp, speed: f64) -> Self {
        let now = Course {
            started: Instant::now(),
            at,
            speed: speed.max(0.0),
        };
        let before = VecDeque::new();
        Self {
            courses: Mutex::new(Courses { before, now }),
        }
    }

    /// Moves the clock on. A negative duration is ignored.
    pub fn advance(&self, by: SignedDuration) {
        let mut courses = self.lock();
        let instant = Instant::now();
        let by = by.max(SignedDuration::ZERO);
        let at = courses.now.now(instant).checked_add(by);
        let speed = courses.now.speed;
        courses.go_on(instant, at.unwrap_or(Timestamp::MAX), speed);
    }

    /// Runs at another speed from now on.
    pub fn set_speed(&self, speed: f64) {
        let mut courses = self.lock();
        let instant = Instant::now();
        let at = courses.now.now(instant);
        courses.go_on(instant, at, speed.max(0.0));
    }

    fn lock(&self) -> MutexGuard<'_, Courses> {
        self.courses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.lock().now.now(Instant::now())
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
        Some(self.lock().now.speed)
    }

    fn passed_since(&self, at: Timestamp) -> SignedDuration {
        let courses = self.lock();
        let instant = Instant::now();
        let passed = courses
            .first_showed(at)
            .map(|first| instant.saturating_duration_since(first));
        SignedDuration::try_from(passed.unwrap_or_default()).unwrap_or(SignedDuration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn what_is_late_is_late_in_real_time() {
        let began = Instant::now();
        let real = |seconds| began + Duration::from_secs(seconds);
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let now = Course {
            started: began,
            at: at(0),
            speed: 60.0,
        };
        let before = VecDeque::new();
        let mut courses = Courses { before, now };
        let hour = 3_600;
        // After ten seconds it has come to 600 and is moved an hour on; after twenty it stands; after thirty it is moved again.
        courses.go_on(real(10), at(600 + hour), 60.0);
        courses.go_on(real(20), at(1_200 + hour), 0.0);
        courses.go_on(real(30), at(1_200 + 2 * hour), 0.0);
        let showed = |seconds| courses.first_showed(at(seconds));
        assert_eq!(showed(-5), Some(real(0)), "before it began");
        assert_eq!(showed(0), Some(real(0)));
        assert_eq!(showed(300), Some(real(5)), "on its way, at its speed");
        assert_eq!(showed(601), Some(real(10)), "it was moved over");
        assert_eq!(showed(600 + hour), Some(real(10)), "it was moved to");
        assert_eq!(showed(900 + hour), Some(real(15)));
        assert_eq!(showed(1_200 + hour), Some(real(20)));
        assert_eq!(showed(1_201 + hour), Some(real(30)), "it stood");
        assert_eq!(showed(1_201 + 2 * hour), None, "it has not come yet");
    }

    #[test]
    fn a_clock_that_is_moved_often_forgets_how() {
        let clock = SimulatedClock::new(Timestamp::UNIX_EPOCH, 1.0);
        for _ in 0..10 * KEPT {
            clock.advance(SignedDuration::from_hours(1));
        }
        assert_eq!(clock.lock().before.len(), KEPT);
        let jumped = clock.now() - SignedDuration::from_mins(30);
        assert!(clock.passed_since(jumped) < SignedDuration::from_mins(10));
    }
}
