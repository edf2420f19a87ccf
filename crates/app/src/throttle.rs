//! Slows down those who guess passwords.
//!
//! Failures are counted in the store, for all nodes together, under digests of whom they concern; they are forgotten
//! after a while by themselves.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::digest::Digest;
use mainstay_store::sign_in_failure::{self, Failures};

use crate::context::App;
use crate::error::{AppError, Result};
use crate::secret::digest;
use crate::transaction::transact;

/// A failure is forgotten after this long without another.
pub(crate) const FORGET: SignedDuration = SignedDuration::from_mins(15);

/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Who is slowed down. The pair is slowed first, so that a guesser elsewhere does not lock the owner out soon.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Pair(String, Option<IpAddr>),
    Address(IpAddr),
    Person(String),
    /// The same of links that are asked for.
    LinkPair(String, Option<IpAddr>),
    LinkAddress(IpAddr),
    LinkPerson(String),
}

impl Name {
    /// How many failures are free.
    fn free(&self) -> u32 {
        match self {
            Self::Pair(..) => 5,
            Self::Address(_) => 50,
            Self::Person(_) => 100,
            Self::LinkPair(..) => 3,
            Self::LinkAddress(_) => 20,
            Self::LinkPerson(_) => 10,
        }
    }

    /// What it is counted by.
    fn digest(&self) -> Digest {
        let from = |address: &Option<IpAddr>| {
            address
                .map(|address| address.to_string())
                .unwrap_or_default()
        };
        let text = match self {
            Self::Pair(person, address) => format!("pair\n{}\n{person}", from(address)),
            Self::Address(address) => format!("address\n{address}"),
            Self::Person(person) => format!("person\n{person}"),
            Self::LinkPair(person, address) => format!("link pair\n{}\n{person}", from(address)),
            Self::LinkAddress(address) => format!("link address\n{address}"),
            Self::LinkPerson(person) => format!("link person\n{person}"),
        };
        digest(text.as_bytes())
    }
}

/// When the next try is allowed: after the free ones the wait doubles with every failure.
fn open_at(failures: Failures, free: u32) -> Timestamp {
    if failures.count < free {
        return failures.last;
    }
    let doublings = (failures.count - free).min(20);
    let wait = SignedDuration::from_secs(1_i64 << doublings).min(LONGEST);
    failures.last.checked_add(wait).unwrap_or(Timestamp::MAX)
}

impl App {
    /// Whether somebody may try a password now.
    ///
    /// # Errors
    /// Returns [`AppError::TooMany`] with the time to wait.
    pub(crate) async fn may_try(&self, person: &str, address: Option<IpAddr>) -> Result<()> {
        let what = "Too many wrong passwords: wait a little and try again.";
        self.is_open(&names(person, address), what).await
    }

    /// Counts that somebody asks for a link, if they may ask now.
    ///
    /// # Errors
    /// Returns [`AppError::TooMany`] with the time to wait, be the address somebody's or not.
    pub(crate) async fn count_link(&self, person: &str, address: Option<IpAddr>) -> Result<()> {
        let pair = Name::LinkPair(person.to_owned(), address);
        let names: Vec<Name> = [
            Some(pair),
            address.map(Name::LinkAddress),
            Some(Name::LinkPerson(person.to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect();
        let what = "You asked for several links already: look into your mail, or wait a little.";
        self.is_open(&names, what).await?;
        self.note(&names).await
    }

    async fn is_open(&self, names: &[Name], what: &str) -> Result<()> {
        let now = self.now();
        let digests: Vec<Digest> = names.iter().map(Name::digest).collect();
        let found = sign_in_failure::since(&self.read(), &digests, forgotten(now)).await?;
        let open_at = names
            .iter()
            .filter_map(|name| {
                let failures = found.iter().find(|found| found.name == name.digest())?;
                Some(open_at(*failures, name.free()))
            })
            .max();
        match open_at {
            Some(open_at) if open_at > now => Err(AppError::TooMany {
                what: what.to_owned(),
                retry_after: Duration::try_from(open_at.duration_since(now)).unwrap_or_default(),
            }),
            _ => Ok(()),
        }
    }

    /// Notes a wrong password.
    pub(crate) async fn note_failure(&self, person: &str, address: Option<IpAddr>) -> Result<()> {
        self.note(&names(person, address)).await
    }

    async fn note(&self, names: &[Name]) -> Result<()> {
        let now = self.now();
        let digests: Vec<Digest> = names.iter().map(Name::digest).collect();
        transact!(self, tx => async {
            Ok(sign_in_failure::note(tx, &digests, now, forgotten(now)).await?)
        })
    }

    /// Notes a right password: the pair starts afresh; the address and the person do not, or a guesser could clear
    /// them with an account of their own.
    pub(crate) async fn note_success(&self, person: &str, address: Option<IpAddr>) -> Result<()> {
        let pair = Name::Pair(person.to_owned(), address).digest();
        let now = self.now();
        if sign_in_failure::since(&self.read(), &[pair], forgotten(now))
            .await?
            .is_empty()
        {
            return Ok(());
        }
        transact!(self, tx => async { Ok(sign_in_failure::clear(tx, pair).await?) })
    }
}

fn forgotten(now: Timestamp) -> Timestamp {
    now.saturating_sub(FORGET).unwrap_or(Timestamp::MIN)
}

fn names(person: &str, address: Option<IpAddr>) -> Vec<Name> {
    let pair = Name::Pair(person.to_owned(), address);
    let person = Name::Person(person.to_owned());
    [Some(pair), address.map(Name::Address), Some(person)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mainstay_store::{Store, StoreOptions};

    use super::*;
    use crate::context::{ManualClock, Options};

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    /// Two nodes that share a store and a clock.
    async fn nodes() -> (App, App, Arc<ManualClock>) {
        let store = Store::open(&StoreOptions::new("sqlite::memory:"))
            .await
            .unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let node = |seed| App::new(store.clone(), clock.clone(), [seed; 32], Options::default());
        (node(1), node(2), clock)
    }

    async fn wait(app: &App, person: &str, address: Option<IpAddr>) -> u64 {
        match app.may_try(person, address).await {
            Err(AppError::TooMany { retry_after, .. }) => retry_after.as_secs(),
            other => other.map(|()| 0).unwrap(),
        }
    }

    #[tokio::test]
    async fn the_wait_doubles_after_five_failures_on_whichever_node_and_is_forgotten() {
        let (one, other, clock) = nodes().await;
        let mut waits = Vec::new();
        for round in 0..9 {
            let (failed, asked) = if round % 2 == 0 {
                (&one, &other)
            } else {
                (&other, &one)
            };
            failed.note_failure("a@example.com", HERE).await.unwrap();
            waits.push(wait(asked, "a@example.com", HERE).await);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        clock.advance(SignedDuration::from_secs(16));
        assert_eq!(wait(&one, "a@example.com", HERE).await, 0);
        assert_eq!(wait(&one, "b@example.com", HERE).await, 0);
        clock.advance(SignedDuration::from_mins(16));
        one.note_failure("a@example.com", HERE).await.unwrap();
        assert_eq!(wait(&one, "a@example.com", HERE).await, 0);
    }

    #[tokio::test]
    async fn an_address_that_tries_many_people_is_slowed() {
        let (app, ..) = nodes().await;
        for number in 0..60 {
            let person = format!("{number}@example.com");
            app.note_failure(&person, HERE).await.unwrap();
        }
        assert!(wait(&app, "new@example.com", HERE).await > 60);
        assert_eq!(wait(&app, "new@example.com", ELSEWHERE).await, 0);
    }

    #[tokio::test]
    async fn a_success_clears_only_the_pair() {
        let (app, ..) = nodes().await;
        for _ in 0..60 {
            app.note_failure("a@example.com", HERE).await.unwrap();
        }
        app.note_success("a@example.com", HERE).await.unwrap();
        assert!(wait(&app, "a@example.com", HERE).await > 60);
        assert_eq!(wait(&app, "a@example.com", ELSEWHERE).await, 0);
    }
}
