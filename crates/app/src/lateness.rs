//! How late the program does what is due: it promises a second, and measures itself.

use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use crate::context::App;

/// How late a due instant may be acted on.
pub const PROMISED: SignedDuration = SignedDuration::from_secs(1);

/// How punctual this process has been since it started, in real time: what a simulated clock is moved over counts from when
/// it was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Punctuality {
    /// How many due instants were acted on.
    pub done: u64,
    /// How many of them later than was promised.
    pub late: u64,
    /// How late the last one was: from when it could first be seen to be due until its effects were committed.
    pub last: SignedDuration,
    /// How late the worst one was.
    pub worst: SignedDuration,
}

impl Punctuality {
    fn note(&mut self, lateness: SignedDuration) {
        self.done += 1;
        self.late += u64::from(lateness > PROMISED);
        self.last = lateness;
        self.worst = self.worst.max(lateness);
    }
}

/// Where it is kept.
#[derive(Debug, Default)]
pub(crate) struct Lateness(Mutex<Punctuality>);

impl Lateness {
    pub(crate) fn note(&self, lateness: SignedDuration) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(lateness);
    }
}

impl App {
    /// How punctual this process has been since it started.
    #[must_use]
    pub fn punctuality(&self) -> Punctuality {
        *self
            .lateness()
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_than_a_second_is_late() {
        let lateness = Lateness::default();
        for millis in [3, 1_000, 1_001, 20] {
            lateness.note(SignedDuration::from_millis(millis));
        }
        let measured = *lateness.0.lock().unwrap();
        let expected = Punctuality {
            done: 4,
            late: 1,
            last: SignedDuration::from_millis(20),
            worst: SignedDuration::from_millis(1_001),
        };
        assert_eq!(measured, expected);
    }
}
