//! What every use case works with: the time, randomness and the store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_channels::reply_address::SigningKey;
use mainstay_domain::id::{IdSource, uuid_at};
use mainstay_domain::mail::RawMail;
use mainstay_domain::name::RoleName;
use mainstay_domain::policy::RoleDefinition;
use mainstay_domain::role::Roles;
use mainstay_store::{Reader, Store, Transaction};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::attachment::{AttachmentLimits, Blobs};
use crate::company::Company;
use crate::error::Result;
use crate::gathering::Gathering;
use crate::known::Known;
use crate::lateness::Lateness;
use crate::mail::MailOptions;
use crate::notification::NotifyTransport;
use crate::password::Passwords;
use crate::policy::PolicyInForce;
use crate::remote_image::{ImageTransport, KeptImages};
use crate::ticket::AskedTicket;
use crate::tidy::Retention;
use crate::vault::Vault;
use crate::webhook::WebhookTransport;

/// Where the time comes from. Only the program's entry reads the wall clock; everything else asks here.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Moves the clock on and says whether it did. A wall clock refuses.
    fn advance(&self, by: SignedDuration) -> bool {
        let _ = by;
        false
    }

    /// Lets the clock run so many times as fast from now on, and says whether it does. A wall clock refuses.
    fn set_speed(&self, factor: f64) -> bool {
        let _ = factor;
        false
    }

    /// How many times as fast as the wall clock a simulated clock runs; absent for the wall clock itself.
    fn simulated_speed(&self) -> Option<f64> {
        None
    }

    /// How long ago, in real time, somebody who looks at the clock could first have seen that `at` had come. A simulated
    /// clock that is moved over an instant shows it only then, and one that runs fast shows it for less time than it counts.
    fn passed_since(&self, at: Timestamp) -> SignedDuration {
        self.now().duration_since(at)
    }
}

/// A clock that stands until it is moved by hand, for tests and replays.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock on, or back for a negative duration. It stops at the ends of representable time.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = lock(&self.0);
        *now = now.saturating_add(by).unwrap_or(*now);
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        *lock(&self.0) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }

    fn advance(&self, by: SignedDuration) -> bool {
        Self::advance(self, by);
        true
    }

    fn simulated_speed(&self) -> Option<f64> {
        Some(0.0)
    }
}

/// The use cases, and what they share. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    store: Store,
    policy: RwLock<Arc<PolicyInForce>>,
    clock: Arc<dyn Clock>,
    random: Mutex<ChaCha20Rng>,
    options: Options,
    roles: RwLock<Arc<Roles>>,
    passwords: Passwords,
    lateness: Lateness,
    work: Notify,
    jobs: Notify,
    news: Notify,
    mailboxes: Notify,
    servers_worked: Mutex<BTreeMap<String, Timestamp>>,
    looked_for_mail: Mutex<Option<Timestamp>>,
    mail_key: OnceCell<SigningKey>,
    images: KeptImages,
    long_jobs: tokio::sync::Mutex<JoinSet<()>>,
    asked_tickets: Gathering<AskedTicket>,
    arriving_mails: Gathering<RawMail>,
    known: Known,
}

/// What the use cases are told about how to work.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name under which this node takes leases; unique among the nodes that share a store.
    pub node: String,
    /// How long somebody stays signed in without doing anything.
    pub session_lifetime: Duration,
    /// The address people and mails use for the service, without a slash at the end.
    pub public_url: String,
    /// Where the bytes of attachments are kept.
    pub blobs: Blobs,
    /// How much may be uploaded.
    pub attachments: AttachmentLimits,
    /// How mail is received and sent.
    pub mail: MailOptions,
    /// How long what is not kept for ever is kept.
    pub retention: Retention,
    /// What makes the attempts at webhooks; without it they wait.
    pub webhooks: Option<Arc<dyn WebhookTransport>>,
    /// What fetches the pictures that messages name and do not bring; without it they are not shown.
    pub images: Option<Arc<dyn ImageTransport>>,
    /// The keys that seal secrets in the store.
    pub vault: Vault,
    /// What makes the attempts at short messages; without it people are told by e-mail instead.
    pub notify: Option<Arc<dyn NotifyTransport>>,
    /// What the settings tell of ourselves, which nobody changes in a browser.
    pub company: Company,
    /// The roles whose bearers must have a second factor: until they do, they can do nothing but set it up.
    pub second_factor_roles: Vec<RoleName>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node: "node".to_owned(),
            session_lifetime: Duration::from_secs(14 * 86_400),
            public_url: "http://localhost:8080".to_owned(),
            blobs: Blobs::in_memory(),
            attachments: AttachmentLimits::default(),
            mail: MailOptions::default(),
            retention: Retention::default(),
            webhooks: None,
            images: None,
            vault: Vault::default(),
            notify: None,
            company: Company::default(),
            second_factor_roles: Vec::new(),
        }
    }
}

impl App {
    /// Puts the use cases together. `seed` is the source of every identifier and secret: 32 unpredictable bytes in
    /// earnest, any in a test that must be repeatable.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, seed: [u8; 32], options: Options) -> Self {
        Self(Arc::new(Shared {
            asked_tickets: Gathering::new(&store),
            arriving_mails: Gathering::new(&store),
            store,
            policy: RwLock::new(Arc::new(PolicyInForce::none())),
            clock,
            random: Mutex::new(ChaCha20Rng::from_seed(seed)),
            options,
            roles: RwLock::default(),
            passwords: Passwords::default(),
            lateness: Lateness::default(),
            work: Notify::new(),
            jobs: Notify::new(),
            news: Notify::new(),
            mailboxes: Notify::new(),
            servers_worked: Mutex::default(),
            looked_for_mail: Mutex::default(),
            mail_key: OnceCell::new(),
            images: KeptImages::default(),
            long_jobs: tokio::sync::Mutex::default(),
            known: Known::default(),
        }))
    }

    /// The same use cases on the same store, whose identifiers and secrets have another source.
    #[must_use]
    pub fn with_seed(&self, seed: [u8; 32]) -> Self {
        let shared = &self.0;
        let other = Self::new(
            shared.store.clone(),
            Arc::clone(&shared.clock),
            seed,
            shared.options.clone(),
        );
        other.put_in_force(PolicyInForce::clone(&self.policy()));
        other
    }

    /// The present instant, to the microsecond: the store keeps no finer one, and what was decided upon must be what is
    /// read again.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.0.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Reads what is committed.
    pub(crate) fn read(&self) -> Reader {
        self.0.store.read()
    }

    /// Begins to write.
    pub(crate) async fn begin(&self) -> Result<Transaction> {
        Ok(self.0.store.begin().await?)
    }

    /// The roles of the policy in force.
    #[must_use]
    pub fn roles(&self) -> Arc<Roles> {
        Arc::clone(&self.0.roles.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The policies, as they are at this moment.
    #[must_use]
    pub fn policy(&self) -> Arc<PolicyInForce> {
        Arc::clone(&self.0.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts policies in force in this process, with the roles they define. The store is not asked: a service loads what
    /// was applied with [`App::load_policy`]; a test may bring its own.
    pub fn put_in_force(&self, policy: PolicyInForce) {
        let roles = Roles::with(policy.current().roles.iter().map(RoleDefinition::role));
        *self.0.roles.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roles);
        *self
            .0
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Where the bytes of attachments are kept.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.0.options.blobs
    }

    /// The key of signed addresses, once it was read.
    pub(crate) fn mail_key_cell(&self) -> &OnceCell<SigningKey> {
        &self.0.mail_key
    }

    /// The pictures that were fetched last.
    pub(crate) fn kept_images(&self) -> &KeptImages {
        &self.0.images
    }

    /// The jobs that run beside everything else.
    pub(crate) fn long_jobs(&self) -> &tokio::sync::Mutex<JoinSet<()>> {
        &self.0.long_jobs
    }

    /// What is kept of what changes rarely.
    pub(crate) fn kept(&self) -> &Known {
        &self.0.known
    }

    /// The tickets that wait to be opened.
    pub(crate) fn asked_tickets(&self) -> &Gathering<AskedTicket> {
        &self.0.asked_tickets
    }

    /// The mails that wait to be taken in.
    pub(crate) fn arriving_mails(&self) -> &Gathering<RawMail> {
        &self.0.arriving_mails
    }

    pub(crate) fn lateness(&self) -> &Lateness {
        &self.0.lateness
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// What the use cases were told.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// A new identifier.
    #[must_use]
    pub fn new_id<I: From<Uuid>>(&self, now: Timestamp) -> I {
        I::from(uuid_at(now, self.random_bytes()))
    }

    /// Unpredictable bytes, for identifiers, salts and secrets.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        lock(&self.0.random).fill_bytes(&mut bytes);
        bytes
    }

    /// A source of identifiers for the rules of the domain.
    #[must_use]
    pub fn ids(&self) -> Ids<'_> {
        Ids(self)
    }

    /// Whether the store answers.
    pub async fn is_store_well(&self) -> bool {
        self.0.store.ping().await.is_ok()
    }

    /// Told when a mailbox was set up, changed or removed by this process.
    pub(crate) fn mailbox_news(&self) -> &Notify {
        &self.0.mailboxes
    }

    /// When this process last wrote down that a mail server did what it was asked.
    pub(crate) fn server_worked(&self, name: &str) -> Option<Timestamp> {
        lock(&self.0.servers_worked).get(name).copied()
    }

    /// Whether nobody in this process looked for mail that waits since an instant; then somebody does so now.
    pub(crate) fn looks_for_waiting_mail(&self, now: Timestamp, since: Timestamp) -> bool {
        let mut looked = lock(&self.0.looked_for_mail);
        // A clock that was ahead holds nobody up.
        let is_recent = looked.is_some_and(|at| since < at && at <= now);
        if !is_recent {
            *looked = Some(now);
        }
        !is_recent
    }

    /// Remembers that it wrote that down, or that it has to again.
    pub(crate) fn note_server_worked(&self, name: &str, at: Option<Timestamp>) {
        let mut worked = lock(&self.0.servers_worked);
        match at {
            Some(at) => worked.insert(name.to_owned(), at),
            None => worked.remove(name),
        };
    }

    /// Tells the worker of this process that there is something to do.
    pub fn wake(&self) {
        self.0.work.notify_one();
        self.wake_for_jobs();
    }

    /// Tells it that there is a job, and nothing that comes due.
    pub(crate) fn wake_for_jobs(&self) {
        self.0.jobs.notify_one();
    }

    /// Tells those who look at this process live that there is something new. They see it a little later without.
    pub fn announce(&self) {
        self.0.news.notify_one();
    }

    /// Waits until there may be something new: changes were committed, here or on a node that shares its news, or
    /// [`announce`](Self::announce) was called. For one waiter.
    pub async fn announced(&self) {
        tokio::select! {
            () = self.0.news.notified() => {}
            () = self.0.store.news() => {}
        }
    }

    /// Waits until [`wake`](Self::wake) is called.
    pub async fn woken(&self) {
        self.0.work.notified().await;
    }

    /// The same for whoever does jobs.
    pub async fn woken_for_jobs(&self) {
        self.0.jobs.notified().await;
    }
}

/// The identifiers of an [`App`], in the form the domain asks for them.
pub struct Ids<'a>(&'a App);

impl IdSource for Ids<'_> {
    fn random(&mut self) -> [u8; 10] {
        self.0.random_bytes()
    }
}

/// What the lock guards stays whole when a thread panics while holding it, so there is nothing to be afraid of.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_store::StoreOptions;

    #[tokio::test]
    async fn the_same_seed_gives_the_same_identifiers() {
        let options = StoreOptions::new("sqlite::memory:");
        let store = Store::open(&options).await.unwrap();
        let ids = || {
            let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
            let app = App::new(store.clone(), clock, [7; 32], Options::default());
            (app.new_id::<Uuid>(app.now()), app.new_id::<Uuid>(app.now()))
        };
        let (first, second) = ids();
        assert_ne!(first, second);
        assert_eq!((first, second), ids());
    }

    #[test]
    fn a_manual_clock_stops_at_the_ends_of_time() {
        let clock = ManualClock::at(Timestamp::MAX);
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
