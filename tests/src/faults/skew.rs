//! The wall clock of a node, which the test can put wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::Clock;

use super::node::CLOCK;

/// A wall clock that can be put wrong from outside.
#[derive(Debug)]
pub struct SkewedClock(Arc<AtomicI64>);

impl SkewedClock {
    /// Starts one that follows the file which the environment names.
    #[must_use]
    pub fn start() -> Self {
        let off = Arc::<AtomicI64>::default();
        if let Some(file) = std::env::var_os(CLOCK) {
            let followed = Arc::clone(&off);
            let follow = move || {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                if let Ok(millis) = text.trim().parse() {
                    followed.store(millis, Ordering::Relaxed);
                }
            };
            follow();
            std::thread::spawn(move || {
                loop {
                    follow();
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
        Self(off)
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.0.load(Ordering::Relaxed))
    }
}
