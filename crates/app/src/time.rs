//! The time of a demonstration: reading it, moving it on, letting it run faster.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use mainstay_domain::role::Permission;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// The fastest that a simulated clock runs: a day in less than a second.
pub const FASTEST: f64 = 100_000.0;

/// The latest instant to which a simulated clock is moved: beyond it, instants could no longer be computed with.
const LATEST: Timestamp = Timestamp::constant(7_258_118_400, 0);

/// What the program takes for the present.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    /// The present instant.
    pub now: Timestamp,
    /// How many times as fast as the wall clock it runs; absent where it is the wall clock.
    pub simulated_speed: Option<f64>,
}

/// Reads a length of time such as `90s`, `2h`, `1d 30m` or `PT2H`. A day is 24 hours, a week 7 days; months and years
/// have no fixed length and are refused.
///
/// # Errors
/// Says what a length of time looks like.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let read = || {
        let span: Span = text.trim().parse().ok()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
    };
    read().ok_or_else(|| {
        format!("{text:?} is no length of time: expected one such as 90s, 30m, 2h or 1d")
    })
}

impl App {
    /// What the program takes for the present. Everybody may know.
    #[must_use]
    pub fn time(&self) -> Time {
        Time {
            now: self.now(),
            simulated_speed: self.clock().simulated_speed(),
        }
    }

    /// Moves the time of a demonstration on: whatever falls due on the way is done at once, stamped with its own instant.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`, [`AppError::Invalid`] for a length of time that
    /// is negative or leads beyond the year 2199, [`AppError::Refused`] where the time is the wall clock's.
    pub fn advance_time(&self, caller: &Caller, by: SignedDuration) -> Result<Time> {
        caller.require(Permission::UpdateSettings)?;
        if by.is_negative() {
            return Err(AppError::invalid(
                "advance",
                "time does not run back: give a length of time from 0 on, such as 2h",
            ));
        }
        if self.now().checked_add(by).is_ok_and(|then| then < LATEST) {
            return self.moved(self.clock().advance(by));
        }
        Err(AppError::invalid(
            "advance",
            "this leads beyond the year 2199: give a shorter length of time",
        ))
    }

    /// Lets the time of a demonstration run so many times as fast from now on; 0 lets it stand.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`, [`AppError::Invalid`] for a factor below 0 or
    /// above [`FASTEST`], [`AppError::Refused`] where the time is the wall clock's.
    pub fn set_speed_of_time(&self, caller: &Caller, factor: f64) -> Result<Time> {
        caller.require(Permission::UpdateSettings)?;
        if !(0.0..=FASTEST).contains(&factor) {
            return Err(AppError::invalid(
                "speed",
                format!("expected a factor from 0, which lets time stand, to {FASTEST}"),
            ));
        }
        self.moved(self.clock().set_speed(factor))
    }

    fn moved(&self, moved: bool) -> Result<Time> {
        if !moved {
            return Err(AppError::Refused(
                "The time of this service is the wall clock's and is not moved by hand; that of `mainstay demo` is."
                    .to_owned(),
            ));
        }
        self.wake();
        self.announce();
        Ok(self.time())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mainstay_store::{Store, StoreOptions};

    use super::*;
    use crate::context::{Clock, ManualClock, Options};

    struct StandingWallClock;

    impl Clock for StandingWallClock {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    async fn app(clock: Arc<dyn Clock>) -> App {
        let store = Store::open(&StoreOptions::new("sqlite::memory:"))
            .await
            .unwrap();
        App::new(store, clock, [1; 32], Options::default())
    }

    #[test]
    fn lengths_of_time_are_read() {
        let hours = |text| parse_duration(text).map(|length| length.as_secs() / 3600);
        assert_eq!(hours("2h"), Ok(2));
        assert_eq!(hours("1d 2h"), Ok(26));
        assert_eq!(hours("PT2H"), Ok(2));
        assert_eq!(hours("1w"), Ok(168));
        for wrong in ["", "2", "soon", "1 month", "1e9h"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_wall_clock_is_not_moved() {
        let app = app(Arc::new(StandingWallClock)).await;
        let hour = SignedDuration::from_hours(1);
        let machine = Caller::machine();
        assert!(matches!(
            app.advance_time(&machine, hour),
            Err(AppError::Refused(_))
        ));
        assert!(matches!(
            app.set_speed_of_time(&machine, 2.0),
            Err(AppError::Refused(_))
        ));
        assert_eq!(app.time().simulated_speed, None);
    }

    #[tokio::test]
    async fn a_simulated_clock_is_moved_on_within_bounds() {
        let app = app(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).await;
        let machine = Caller::machine();
        let advance = |by| app.advance_time(&machine, by);
        let hour = SignedDuration::from_hours(1);
        assert_eq!(advance(hour).unwrap().now, Timestamp::UNIX_EPOCH + hour);
        for wrong in [
            -hour,
            SignedDuration::from_hours(8766 * 300),
            SignedDuration::MAX,
        ] {
            assert!(
                matches!(advance(wrong), Err(AppError::Invalid(_))),
                "{wrong}"
            );
        }
        for wrong in [-1.0, f64::NAN, f64::INFINITY, FASTEST * 2.0] {
            let outcome = app.set_speed_of_time(&machine, wrong);
            assert!(matches!(outcome, Err(AppError::Invalid(_))), "{wrong}");
        }
        assert_eq!(app.now(), Timestamp::UNIX_EPOCH + hour);
    }

    #[tokio::test]
    async fn only_who_may_change_settings_moves_the_time() {
        let app = app(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).await;
        let nobody = Caller {
            permissions: Default::default(),
            ..Caller::machine()
        };
        let refused = app.advance_time(&nobody, SignedDuration::from_hours(1));
        assert!(matches!(refused, Err(AppError::Forbidden(_))));
    }
}
