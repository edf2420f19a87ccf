//! Slows down those who guess passwords.
//!
//! Counts are kept by each node for itself: with several nodes a guesser has as many tries on each. They are bounded in
//! number, and forget by themselves.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::error::{AppError, Result};

/// How many names are remembered; past it the oldest are forgotten.
const MOST: usize = 20_000;

/// A failure is forgotten after this long without another.
const FORGET: SignedDuration = SignedDuration::from_mins(15);

/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Who is slowed down. The pair is slowed first, so that a guesser elsewhere does not lock the owner out soon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Pair(String, Option<IpAddr>),
    Address(IpAddr),
    Person(String),
}

impl Name {
    /// How many failures are free.
    fn free(&self) -> u32 {
        match self {
            Self::Pair(..) => 5,
            Self::Address(_) => 50,
            Self::Person(_) => 100,
        }
    }
}

/// The failures of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: HashMap<Name, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    /// When the next try is allowed: after the free ones the wait doubles with every failure.
    fn open_at(self, free: u32) -> Timestamp {
        if self.count < free {
            return self.last;
        }
        let doublings = (self.count - free).min(20);
        let wait = SignedDuration::from_secs(1_i64 << doublings).min(LONGEST);
        self.last.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

impl Throttle {
    /// Whether somebody may try now.
    ///
    /// # Errors
    /// Returns [`AppError::TooMany`] with the time to wait.
    pub(crate) fn check(
        &self,
        person: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<()> {
        let open_at = names(person, address)
            .filter_map(|name| {
                let failures = self.remembered(&name, now)?;
                Some(failures.open_at(name.free()))
            })
            .max();
        match open_at {
            Some(open_at) if open_at > now => Err(AppError::TooMany {
                what: "Too many wrong passwords: wait a little and try again.".to_owned(),
                retry_after: Duration::try_from(open_at.duration_since(now)).unwrap_or_default(),
            }),
            _ => Ok(()),
        }
    }

    /// Notes a wrong password.
    pub(crate) fn failed(&mut self, person: &str, address: Option<IpAddr>, now: Timestamp) {
        if self.failures.len() >= MOST {
            self.forget(now);
        }
        for name in names(person, address) {
            let count = self.remembered(&name, now).map_or(0, |f| f.count);
            let failures = Failures {
                count: count.saturating_add(1),
                last: now,
            };
            self.failures.insert(name, failures);
        }
    }

    /// Notes a right password: the pair starts afresh; the address and the person do not, or a guesser could clear
    /// them with an account of their own.
    pub(crate) fn succeeded(&mut self, person: &str, address: Option<IpAddr>) {
        self.failures
            .remove(&Name::Pair(person.to_owned(), address));
    }

    fn remembered(&self, name: &Name, now: Timestamp) -> Option<Failures> {
        self.failures
            .get(name)
            .copied()
            .filter(|failures| now.duration_since(failures.last) < FORGET)
    }

    fn forget(&mut self, now: Timestamp) {
        self.failures
            .retain(|_, failures| now.duration_since(failures.last) < FORGET);
        if self.failures.len() >= MOST {
            let mut lasts: Vec<Timestamp> = self.failures.values().map(|f| f.last).collect();
            lasts.sort_unstable();
            let middle = lasts[lasts.len() / 2];
            self.failures.retain(|_, failures| failures.last > middle);
        }
    }
}

fn names(person: &str, address: Option<IpAddr>) -> impl Iterator<Item = Name> {
    let pair = Name::Pair(person.to_owned(), address);
    let person = Name::Person(person.to_owned());
    [Some(pair), address.map(Name::Address), Some(person)]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(throttle: &Throttle, person: &str, address: Option<IpAddr>, now: Timestamp) -> u64 {
        match throttle.check(person, address, now) {
            Err(AppError::TooMany { retry_after, .. }) => retry_after.as_secs(),
            _ => 0,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_wait_doubles_after_five_failures_and_is_forgotten() {
        let mut throttle = Throttle::default();
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        let mut waits = Vec::new();
        for _ in 0..9 {
            throttle.failed("a@example.com", here, at(0));
            waits.push(wait(&throttle, "a@example.com", here, at(0)));
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(wait(&throttle, "a@example.com", here, at(16)), 0);
        assert_eq!(wait(&throttle, "b@example.com", here, at(0)), 0);
        throttle.failed("a@example.com", here, at(16 * 60));
        assert_eq!(wait(&throttle, "a@example.com", here, at(16 * 60)), 0);
    }

    #[test]
    fn an_address_that_tries_many_people_is_slowed() {
        let mut throttle = Throttle::default();
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        for number in 0..60 {
            throttle.failed(&format!("{number}@example.com"), here, at(0));
        }
        assert!(wait(&throttle, "new@example.com", here, at(0)) > 60);
        let elsewhere = Some(IpAddr::from([192, 0, 2, 2]));
        assert_eq!(wait(&throttle, "new@example.com", elsewhere, at(0)), 0);
    }

    #[test]
    fn a_success_clears_only_the_pair() {
        let mut throttle = Throttle::default();
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        for _ in 0..60 {
            throttle.failed("a@example.com", here, at(0));
        }
        throttle.succeeded("a@example.com", here);
        assert!(wait(&throttle, "a@example.com", here, at(0)) > 60);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttle = Throttle::default();
        for number in 0..30_000 {
            throttle.failed(
                &format!("{number}@example.com"),
                None,
                at(i64::from(number) / 100),
            );
        }
        assert!(throttle.failures.len() <= MOST + 2);
    }
}
