//! The clocks of the program: the wall clock, that of a store which nodes share, and the time of a demonstration.

#![expect(
    clippy::disallowed_methods,
    reason = "the program reads the clocks of the machine here, and nowhere else"
)]

mod simulated;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mainstay_app::{App, Clock};
use mainstay_store::{Store, StoreError, ledger, setting};
use serde::{Deserialize, Serialize};

pub use simulated::SimulatedClock;

/// Tells how much time has passed since now, whatever becomes of any clock.
pub fn passed() -> impl Fn() -> Duration + Send + Sync + 'static {
    let began = Instant::now();
    move || began.elapsed()
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The time of a store that several nodes share. They all act by it, so that none acts early or late because its machine's
/// clock is off or was moved: between two looks it is counted on by what has passed, never by the machine's clock.
#[derive(Debug)]
pub struct SharedClock {
    /// When the store was last asked, and its time then.
    asked: Mutex<(Instant, Timestamp)>,
}

/// How often the store is asked for its time.
const ASK: Duration = Duration::from_secs(5);

/// How far apart the two may be before the clock is set.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(50);

impl SharedClock {
    /// The clock of a store that is shared; nothing where the store is this machine's own.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn of(store: &Store) -> Result<Option<Arc<Self>>, StoreError> {
        let Some(asked) = Self::ask(store).await? else {
            return Ok(None);
        };
        let clock = Arc::new(Self {
            asked: Mutex::new(asked),
        });
        let (followed, store) = (Arc::downgrade(&clock), store.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ASK).await;
                let Some(clock) = followed.upgrade() else {
                    return;
                };
                if let Ok(Some(asked)) = Self::ask(&store).await {
                    clock.set(asked);
                }
            }
        });
        Ok(Some(clock))
    }

    /// The answer is as old as half of the time it took.
    async fn ask(store: &Store) -> Result<Option<(Instant, Timestamp)>, StoreError> {
        let before = Instant::now();
        let time = store.shared_time().await?;
        Ok(time.map(|time| (before + before.elapsed() / 2, time)))
    }

    fn set(&self, asked: (Instant, Timestamp)) {
        let mut known = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let off = asked.1.duration_since(Self::at(*known, asked.0));
        if off.abs() > TOLERANCE {
            tracing::info!(?off, "the clock was set to the store's");
            *known = asked;
        }
    }

    fn at((asked, time): (Instant, Timestamp), instant: Instant) -> Timestamp {
        let passed = SignedDuration::try_from(instant.saturating_duration_since(asked));
        time + passed.unwrap_or_default()
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        let known = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Self::at(known, Instant::now())
    }
}

/// The time of a store: that of a machine, but never before anything that the store has recorded and never back. While the
/// machine's clock is behind, because it was set back, time goes on a little slower than it passes, so that the two meet
/// again and nothing that is due waits for that.
pub struct SteadyClock {
    /// This machine's clock, or the clock of the store that several machines share.
    machine: Arc<dyn Clock>,
    /// When it was last asked, and what it said.
    told: Mutex<(Instant, Timestamp)>,
}

/// A machine's clock that is further behind was wrong before and has been set right.
const MENDED: SignedDuration = SignedDuration::from_hours(24);

impl SteadyClock {
    /// A clock that goes on from what a store has recorded.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn of(store: &Store, machine: Arc<dyn Clock>) -> Result<Arc<Self>, StoreError> {
        let last = ledger::last_recorded(&store.read()).await?;
        let now = machine.now();
        // The instants of identifiers are cut to the millisecond.
        let floor = last.map_or(now, |last| last + SignedDuration::from_millis(1));
        Ok(Arc::new(Self {
            machine,
            told: Mutex::new((Instant::now(), Self::steady(floor, now))),
        }))
    }

    fn steady(floor: Timestamp, machine: Timestamp) -> Timestamp {
        let ahead = floor.duration_since(machine);
        if ahead > MENDED {
            tracing::warn!(
                ?ahead,
                "facts were recorded ahead of the machine's clock: is it right now?"
            );
            return machine;
        }
        floor.max(machine)
    }

    fn at((asked, told): (Instant, Timestamp), instant: Instant, machine: Timestamp) -> Timestamp {
        let passed = SignedDuration::try_from(instant.saturating_duration_since(asked));
        let slowed = passed.unwrap_or_default() / 10 * 9;
        Self::steady(told.saturating_add(slowed).unwrap_or(told), machine)
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let instant = Instant::now();
        let now = Self::at(*told, instant, self.machine.now());
        *told = (instant, now);
        now
    }
}

/// What the store remembers of a demonstration's time, so that every command on it, and the next start, go on from there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RememberedTime {
    /// The wall clock's instant at which it was written down.
    wall: Timestamp,
    /// The simulated instant then.
    at: Timestamp,
    /// How many times as fast as the wall clock it ran.
    speed: f64,
}

/// The name of the setting.
const SETTING: &str = "simulated_time";

/// How much the remembered time may be off before it is written down anew.
const DRIFT: SignedDuration = SignedDuration::from_millis(500);

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(250);

impl RememberedTime {
    /// What a store remembers; nothing where its time is the wall clock's.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn of(store: &Store) -> Result<Option<Self>, StoreError> {
        let text = setting::get(&store.read(), SETTING).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// The simulated instant that belongs to an instant of the wall clock.
    #[must_use]
    pub fn at(&self, wall: Timestamp) -> Timestamp {
        let passed = wall.duration_since(self.wall).max(SignedDuration::ZERO);
        SignedDuration::try_from_secs_f64(passed.as_secs_f64() * self.speed)
            .ok()
            .and_then(|passed| self.at.checked_add(passed).ok())
            .unwrap_or(self.at)
    }

    /// A clock that goes on from there.
    #[must_use]
    pub fn clock(&self) -> SimulatedClock {
        SimulatedClock::new(self.at(WallClock.now()), self.speed)
    }

    async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        let tx = store.begin().await?;
        setting::set(&tx, SETTING, &text).await?;
        tx.commit().await
    }
}

/// Writes the time of a demonstration down, and again whenever it was moved or changed its speed.
///
/// # Errors
/// Fails when the store does not take the first note.
pub async fn remember(app: App) -> Result<(), StoreError> {
    let note = |app: &App| RememberedTime {
        wall: WallClock.now(),
        at: app.now(),
        speed: app.time().simulated_speed.unwrap_or(1.0),
    };
    let mut remembered = note(&app);
    remembered.write(app.store()).await?;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = note(&app);
            let drift = now.at.duration_since(remembered.at(now.wall)).abs();
            let is_off = drift > DRIFT.mul_f64(now.speed.max(1.0)) || now.speed != remembered.speed;
            if is_off && now.write(app.store()).await.is_ok() {
                remembered = now;
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_clock_counts_on_and_is_set_when_it_is_off() {
        let (asked, time) = (Instant::now(), Timestamp::UNIX_EPOCH);
        let clock = SharedClock {
            asked: Mutex::new((asked, time)),
        };
        let later = asked + Duration::from_secs(3);
        let told = |clock: &SharedClock| SharedClock::at(*clock.asked.lock().unwrap(), later);
        assert_eq!(told(&clock), time + SignedDuration::from_secs(3));
        clock.set((later, time + SignedDuration::from_millis(3_020)));
        assert_eq!(told(&clock), time + SignedDuration::from_secs(3));
        clock.set((later, time + SignedDuration::from_secs(2)));
        assert_eq!(told(&clock), time + SignedDuration::from_secs(2));
    }

    #[test]
    fn a_steady_clock_is_never_set_back_and_meets_the_machines_again() {
        let (asked, told) = (Instant::now(), Timestamp::UNIX_EPOCH);
        let at = |passed, machine| {
            let instant = asked + Duration::from_secs(passed);
            let machine = told + SignedDuration::from_secs(machine);
            SteadyClock::at((asked, told), instant, machine)
                .duration_since(told)
                .as_secs()
        };
        assert_eq!(at(10, 10), 10, "it is the machine's");
        assert_eq!(at(10, 3_600), 3_600, "which may go ahead");
        assert_eq!(at(10, -3_600), 9, "and behind is not followed");
        assert_eq!(at(100, 95), 95, "the two meet");
        assert_eq!(at(10, -100_000), -100_000, "a wrong clock was set right");
    }

    #[test]
    fn a_remembered_time_goes_on_at_its_speed() {
        let wall = Timestamp::UNIX_EPOCH;
        let remembered = RememberedTime {
            wall,
            at: Timestamp::from_second(1_000_000).unwrap(),
            speed: 60.0,
        };
        let later = remembered.at(wall + SignedDuration::from_secs(2));
        assert_eq!(later, Timestamp::from_second(1_000_120).unwrap());
        let earlier = remembered.at(wall - SignedDuration::from_secs(2));
        assert_eq!(earlier, remembered.at);
    }
}
