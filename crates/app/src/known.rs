//! What changes rarely and is asked for with each request, kept for a moment.
//!
//! What this process changes is seen at once: the store counts the commits that may have changed such things, and what was read before
//! the last one counts for nothing. What another node changes, or a command beside the service, is seen when what is kept is
//! [too old](OLDEST).

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::agent::Agent;
use mainstay_domain::digest::Digest;
use mainstay_domain::id::{AgentId, TeamId};
use mainstay_domain::team::Team;
use mainstay_domain::token::ApiToken;
use mainstay_domain::webhook::Webhook;
use mainstay_store::{Connection, agent, team};

use crate::context::App;
use crate::error::Result;

/// What is kept counts for no longer than this.
const OLDEST: SignedDuration = SignedDuration::from_secs(1);

/// So many things of a kind are kept, at most.
const MOST: usize = 1_000;

/// What is kept of what changes rarely.
#[derive(Default)]
pub(crate) struct Known {
    /// By the digests of their secrets.
    pub tokens: Kept<Digest, ApiToken>,
    pub agents: Kept<AgentId, Agent>,
    /// By their addresses; also that an address is no agent's.
    pub agents_by_email: Kept<String, Option<Agent>>,
    pub teams: Kept<TeamId, Team>,
    pub teams_by_name: Kept<String, Team>,
    /// What was filled in of our company.
    pub company: Kept<(), Option<String>>,
    /// Those that are switched on.
    pub webhooks: Kept<(), Vec<Webhook>>,
}

impl App {
    /// An agent, as of a moment ago.
    pub(crate) async fn known_agent(
        &self,
        on: &impl Connection,
        id: AgentId,
    ) -> Result<Option<Agent>> {
        let find = async { Ok(agent::find(on, id).await?) };
        self.kept().agents.or_ask(self, on, &id, find).await
    }

    /// The agent who has an address, as of a moment ago.
    pub(crate) async fn agent_by_email(
        &self,
        on: &impl Connection,
        email: &str,
    ) -> Result<Option<Agent>> {
        let found = self.agents_by_email(on, &[email]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// The agents who have addresses, as of a moment ago: one or none for each, in their order.
    pub(crate) async fn agents_by_email(
        &self,
        on: &impl Connection,
        emails: &[&str],
    ) -> Result<Vec<Option<Agent>>> {
        let key = |email: &str| email.trim().to_lowercase();
        let keys: Vec<String> = emails.iter().map(|email| key(email)).collect();
        let find = async |keys: Vec<String>| {
            let found = agent::find_by_emails(on, &keys).await?;
            let of = |email: &String| found.iter().find(|agent| key(&agent.email) == *email);
            let found = keys.iter().map(|email| of(email).cloned());
            Ok(found.collect())
        };
        let known = self
            .kept()
            .agents_by_email
            .or_ask_all(self, on, &keys, find);
        known.await
    }

    /// A team, as of a moment ago.
    pub(crate) async fn known_team(
        &self,
        on: &impl Connection,
        id: TeamId,
    ) -> Result<Option<Team>> {
        let find = async { Ok(team::find(on, id).await?) };
        self.kept().teams.or_ask(self, on, &id, find).await
    }
}

/// Things of a kind by their keys.
pub(crate) struct Kept<K, V>(Mutex<HashMap<K, Entry<V>>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

struct Entry<V> {
    value: V,
    /// How many commits there had been when it was asked for.
    commits: u64,
    asked: Timestamp,
}

impl<V> Entry<V> {
    /// Also where the clock was set back since, it counts no longer than that.
    fn counts(&self, commits: u64, now: Timestamp) -> bool {
        let age = now.duration_since(self.asked);
        self.commits == commits && !age.is_negative() && age < OLDEST
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    /// What is kept under a key, or what `question` yields, which asks `on`. That there is nothing is never kept. A transaction that
    /// changed such things sees what it changed itself.
    pub async fn or_ask<Q>(
        &self,
        app: &App,
        on: &impl Connection,
        key: &Q,
        question: impl Future<Output = Result<Option<V>>>,
    ) -> Result<Option<V>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        let store = app.store();
        if on.changes_rare() {
            return question.await;
        }
        let (commits, asked) = (store.rare_commits(), app.now());
        if let Some(value) = self.find(key, commits, asked) {
            return Ok(Some(value));
        }
        let answer = question.await?;
        if let Some(value) = &answer {
            self.keep(key.to_owned(), value.clone(), (commits, asked));
        }
        Ok(answer)
    }

    /// What is kept under keys, and of the others what `question` yields of them, in their order: one value for each. Otherwise as
    /// [`Kept::or_ask`].
    pub async fn or_ask_all(
        &self,
        app: &App,
        on: &impl Connection,
        keys: &[K],
        question: impl AsyncFnOnce(Vec<K>) -> Result<Vec<V>>,
    ) -> Result<Vec<V>>
    where
        K: Clone,
    {
        let store = app.store();
        if on.changes_rare() {
            return question(keys.to_vec()).await;
        }
        let (commits, asked) = (store.rare_commits(), app.now());
        let known = keys.iter().map(|key| self.find(key, commits, asked));
        let mut known: Vec<Option<V>> = known.collect();
        let unknown = keys.iter().zip(&known);
        let unknown = unknown.filter(|(_, known)| known.is_none());
        let unknown: Vec<K> = unknown.map(|(key, _)| key.clone()).collect();
        if !unknown.is_empty() {
            let answers = question(unknown.clone()).await?;
            let places = known.iter_mut().filter(|known| known.is_none());
            for ((place, key), answer) in places.zip(unknown).zip(answers) {
                self.keep(key, answer.clone(), (commits, asked));
                *place = Some(answer);
            }
        }
        Ok(known.into_iter().flatten().collect())
    }

    fn keep(&self, key: K, value: V, (commits, asked): (u64, Timestamp)) {
        let entry = Entry {
            value,
            commits,
            asked,
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, entry);
    }

    /// Forgets what is kept under a key.
    pub fn forget<Q>(&self, key: &Q)
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(key);
    }

    fn find<Q>(&self, key: &Q, commits: u64, now: Timestamp) -> Option<V>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.get(key)?;
        let counts = entry.counts(commits, now);
        counts.then(|| entry.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mainstay_domain::event::Actor;
    use mainstay_store::{Store, StoreOptions, token};
    use mainstay_testing::{PostgresServer, require};

    use super::*;
    use crate::caller::Caller;
    use crate::context::{ManualClock, Options};
    use crate::error::AppError;
    use crate::secret::digest;
    use crate::token::{EVERYTHING, NewToken};

    #[test]
    fn what_is_old_or_was_read_before_a_change_counts_for_nothing() {
        let entry = Entry {
            value: (),
            commits: 7,
            asked: Timestamp::UNIX_EPOCH,
        };
        let after = |millis| Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis);
        assert!(entry.counts(7, after(999)));
        assert!(!entry.counts(7, after(1_000)));
        assert!(!entry.counts(7, after(-1)), "the clock was set back");
        assert!(!entry.counts(8, after(0)));
    }

    /// What one node does counts for it at once, however fresh what it remembers is.
    #[tokio::test]
    async fn who_is_switched_off_or_loses_a_token_is_refused_at_once() {
        let mut urls = vec!["sqlite::memory:".to_owned()];
        if let Some(program) = require(PostgresServer::find()) {
            urls.push(PostgresServer::shared(&program).fresh_database());
        }
        for url in urls {
            refused_at_once(&url).await;
        }
    }

    async fn refused_at_once(url: &str) {
        let store = Store::open(&StoreOptions::new(url)).await.unwrap();
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let app = App::new(store, clock.clone(), [1; 32], Options::default());
        let mut bearer = Agent {
            id: app.new_id(now),
            email: "bea@desk.example".to_owned(),
            name: "Bea".to_owned(),
            roles: Vec::new(),
            languages: Vec::new(),
            skills: Vec::new(),
            capacity: 10,
            calendar: None,
            time_zone: "UTC".to_owned(),
            phone: None,
            slack: None,
            pager: None,
            active: true,
            created_at: now,
        };
        let tx = app.begin().await.unwrap();
        agent::insert(&tx, &bearer).await.unwrap();
        tx.commit().await.unwrap();
        let mut secrets = Vec::new();
        for _ in 0..2 {
            let new = NewToken {
                name: "robot".to_owned(),
                scopes: vec![EVERYTHING.to_owned()],
                expires_at: None,
            };
            let actor = Actor::Agent(bearer.id);
            let issued = app.issue_token(&Caller::machine(), actor, new).await;
            secrets.push(issued.unwrap());
        }
        // Twice, so that the second time it is remembered.
        for (_, secret) in secrets.iter().chain(&secrets) {
            app.by_token(secret).await.unwrap();
        }
        let commits = app.store().rare_commits();
        clock.advance(SignedDuration::from_hours(1));
        app.by_token(&secrets[0].1).await.unwrap();
        let used = token::find_by_secret(&app.read(), digest(secrets[0].1.as_bytes())).await;
        let used = used.unwrap().and_then(|token| token.last_used_at);
        assert_eq!(used, Some(app.now()));
        assert_eq!(
            app.store().rare_commits(),
            commits,
            "using a token changes nothing"
        );

        let refused = async |secret: &str| {
            let asked = app.by_token(secret).await;
            matches!(asked, Err(AppError::Unauthorised(_)))
        };

        let tx = app.begin().await.unwrap();
        token::revoke(&tx, secrets[0].0.id, now).await.unwrap();
        tx.commit().await.unwrap();
        assert!(refused(&secrets[0].1).await);
        assert!(!refused(&secrets[1].1).await);

        bearer.active = false;
        let tx = app.begin().await.unwrap();
        agent::update(&tx, &bearer).await.unwrap();
        tx.commit().await.unwrap();
        assert!(refused(&secrets[1].1).await);
    }
}
