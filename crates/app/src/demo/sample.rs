//! A company of any size, to measure by: the people and customers of the demonstration, with as many tickets as are asked
//! for, in the proportions that a measurement needs.
//!
//! The same seed, instant and number make the same store, but for the order in which PostgreSQL numbers its rows.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::id::AccountId;
use mainstay_domain::severity::Severity;
use mainstay_store::clock::ClockState;
use mainstay_store::{account, ticket};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use super::story::tell;
use super::topic::TOPICS;
use super::{Customer, Maker, Plot, Staff};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::ticket::{Recorded, Unfolded, write_unfolded};

/// How many tickets are written in a transaction.
const AT_ONCE: usize = 500;

/// How many transactions are open at once, where the store lets several write.
const WRITERS: usize = 3;

/// Tickets that are done were opened within this time before the present.
const HISTORY: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// Tickets that are open, and on which nothing is due for hours, were opened within this time before the present.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// Of so many fresh tickets one has a category and a tag: if all had them, hundreds of thousands that come within minutes would be an
/// outage of everything there is, and each answer would have to do with it.
const ONE_SORTED_OF: u32 = 500;

/// The promise that the tickets that fall due together are about to miss.
const FALLING_DUE: &str = "first_response";

/// What a store to measure by is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// So many tickets in all.
    pub tickets: u32,
    /// So many of them are open, and nothing is due on them for hours.
    pub open: u32,
    /// So many of the open ones are the first account's.
    pub of_first_account: u32,
    /// So many more are open, and their first response is due at the same instant.
    pub due: u32,
    /// At which instant.
    pub due_at: Timestamp,
    /// What the stories are made from.
    pub seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// The first account, which is the largest.
    pub first_account: Option<AccountId>,
    /// So many tickets.
    pub tickets: u64,
    /// So many facts in their ledgers.
    pub facts: u64,
    /// So many clocks.
    pub clocks: u64,
    /// So many of them run.
    pub running: u64,
}

impl App {
    /// Fills an empty store with a company of a given size, under the policy in force.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the store holds accounts already, when more tickets are to be open than there are, or when the policy
    /// promises no first response that could fall due at the wanted instant.
    pub async fn make_sample(
        &self,
        options: SampleOptions,
        progress: impl Fn(u64, u64),
    ) -> Result<Sample> {
        if account::count(&self.store().read()).await? > 0 {
            return Err(AppError::Refused(
                "The store holds accounts already: a sample needs an empty one.".to_owned(),
            ));
        }
        let open = u64::from(options.open) + u64::from(options.due);
        if open > u64::from(options.tickets) || options.of_first_account > options.open {
            return Err(AppError::Refused(
                "More tickets are to be open than there are to be: ask for more tickets, or for fewer open ones."
                    .to_owned(),
            ));
        }
        let mut maker = Maker {
            app: self,
            random: ChaCha20Rng::seed_from_u64(options.seed),
            now: self.now(),
        };
        let staff = maker.make_staff().await?;
        let customers = maker.make_customers(&staff).await?;
        let tx = self.begin().await?;
        let numbers = ticket::next_numbers(&tx, options.tickets).await?;
        tx.commit().await?;
        let mut sample = Sample {
            first_account: customers.first().map(|customer| customer.account),
            ..Sample::default()
        };
        let (told, mut parts) = channel(2 * WRITERS);
        let teller = Teller {
            app: self.clone(),
            random: maker.random,
            now: maker.now,
            staff,
            customers,
            options,
        };
        let telling = spawn_blocking(move || teller.tell_all(&numbers, &told));
        let mut writing = tokio::task::JoinSet::new();
        while let Some(part) = next_part(&mut parts, &mut writing).await? {
            sample.count(&part);
            progress(sample.tickets, u64::from(options.tickets));
            let app = self.clone();
            writing.spawn(async move {
                let tx = app.begin().await?;
                write_unfolded(&tx, &part).await?;
                Ok(tx.commit().await?)
            });
        }
        telling.await.map_err(broke_off)??;
        Ok(sample)
    }
}

type Writing = tokio::task::JoinSet<Result<()>>;

/// The next part, once there is a writer for it; nothing when all of them are written.
async fn next_part(
    parts: &mut Receiver<Vec<Unfolded>>,
    writing: &mut Writing,
) -> Result<Option<Vec<Unfolded>>> {
    let part = parts.recv().await;
    let most = if part.is_some() { WRITERS - 1 } else { 0 };
    while writing.len() > most {
        if let Some(written) = writing.join_next().await {
            written.map_err(broke_off)??;
        }
    }
    Ok(part)
}

fn broke_off(error: tokio::task::JoinError) -> AppError {
    AppError::broken("The making of a sample broke off.", error)
}

impl Sample {
    fn count(&mut self, part: &[Unfolded]) {
        self.tickets += part.len() as u64;
        for ticket in part {
            self.facts += ticket.facts() as u64;
            self.clocks += ticket.clocks().len() as u64;
            let running = ticket.clocks().iter();
            let running = running.filter(|clock| clock.state == ClockState::Running);
            self.running += running.count() as u64;
        }
    }
}

/// Tells the stories, beside those who write them.
struct Teller {
    app: App,
    random: ChaCha20Rng,
    now: Timestamp,
    staff: Staff,
    customers: Vec<Customer>,
    options: SampleOptions,
}

impl Teller {
    /// Those that are done come first, by when they were opened; then those that fall due, then the other open ones.
    fn tell_all(mut self, numbers: &[u64], told: &Sender<Vec<Unfolded>>) -> Result<()> {
        let (open, due) = (self.options.open as usize, self.options.due as usize);
        let done = numbers.len() - open - due;
        let began = self.now - HISTORY;
        let span = HISTORY.as_secs() - 14 * 86_400;
        for (index, numbers) in numbers.chunks(AT_ONCE).enumerate() {
            let mut part = Vec::with_capacity(numbers.len());
            for (place, number) in (index * AT_ONCE..).zip(numbers) {
                let history = if place < done {
                    let passed = span as f64 * place as f64 / done as f64;
                    self.done(*number, began + SignedDuration::from_secs(passed as i64))?
                } else if place < done + due {
                    self.falling_due(*number)?
                } else {
                    let of_first = place - done - due < self.options.of_first_account as usize;
                    self.open(*number, of_first)?
                };
                part.push(history);
            }
            if told.blocking_send(part).is_err() {
                // Nobody writes any more: whoever did says why.
                return Ok(());
            }
        }
        Ok(())
    }

    fn done(&mut self, number: u64, opened_at: Timestamp) -> Result<Unfolded> {
        let customer = self.random.random_range(0..self.customers.len());
        let plot = self.plot(number, customer, opened_at, None);
        let history = tell(&self.app, &mut self.random, &plot, self.now)?;
        Ok(Unfolded::of(&self.app, history, Recorded::WhenItHappened))
    }

    fn open(&mut self, number: u64, of_first: bool) -> Result<Unfolded> {
        let others = 1.min(self.customers.len() - 1)..self.customers.len();
        let customer = if of_first {
            0
        } else {
            self.random.random_range(others)
        };
        let passed = self.random.random_range(1..FRESH.as_secs());
        let opened_at = self.now - SignedDuration::from_secs(passed);
        let mut plot = self.plot(number, customer, opened_at, Some(Severity::P4));
        plot.is_sorted = self.random.random_ratio(1, ONE_SORTED_OF);
        let history = tell(&self.app, &mut self.random, &plot, self.now)?;
        Ok(Unfolded::of(&self.app, history, Recorded::WhenItHappened))
    }

    fn falling_due(&mut self, number: u64) -> Result<Unfolded> {
        let due_at = self.options.due_at;
        let plot = self.plot(number, 0, due_at, Some(Severity::P2));
        let (mut plot, policy) = (plot, self.app.policy());
        let promise = policy
            .current()
            .commitments
            .iter()
            .find(|commitment| commitment.name.as_str() == FALLING_DUE);
        let facts = super::story::facts_of(&plot);
        let terms = promise.and_then(|promise| {
            mainstay_domain::clock::Terms::select(policy.current(), promise, &facts)
        });
        let opened_at = terms.and_then(|terms| {
            let opened_at = due_at - terms.target;
            (terms.calendar.add(opened_at, terms.target) == Ok(due_at)).then_some(opened_at)
        });
        let Some(opened_at) = opened_at.filter(|opened_at| *opened_at <= self.now) else {
            return Err(AppError::Refused(format!(
                "The policy makes no promise {FALLING_DUE} to the first account that could fall due at {due_at}: choose a pack that promises it on every hour, such as {}.",
                mainstay_policy::DEFAULT_PACK
            )));
        };
        plot.opened_at = opened_at;
        // Nothing else has happened to it yet, whatever the story would have gone on with.
        let history = tell(&self.app, &mut self.random, &plot, opened_at)?;
        Ok(Unfolded::of(&self.app, history, Recorded::WhenItHappened))
    }

    fn plot(
        &mut self,
        number: u64,
        customer: usize,
        opened_at: Timestamp,
        severity: Option<Severity>,
    ) -> Plot<'static> {
        let topic = TOPICS.choose(&mut self.random).unwrap_or(&TOPICS[0]);
        let (first, second) = (word(&mut self.random), word(&mut self.random));
        let customer = &self.customers[customer];
        let contact = customer.contacts.choose(&mut self.random);
        let agent = self.staff.agents.choose(&mut self.random);
        Plot {
            number,
            account: customer.account,
            contact: contact.map_or_else(|| self.app.new_id(opened_at), |contact| contact.id),
            agent: agent.map_or_else(|| self.app.new_id(opened_at), |agent| *agent),
            team: self.staff.team,
            terms: customer.terms.clone(),
            subject: format!("{} ({first} {second})", topic.subject),
            topic,
            is_sorted: true,
            severity: severity.unwrap_or(topic.severity),
            opened_at,
        }
    }
}

/// A made-up word, of some ten thousand, so that a search has something to find.
pub fn word(random: &mut impl Rng) -> String {
    word_of_rank(random.random_range(0..WORDS))
}

/// One of the same words, the one of rank r r times as seldom as the first: the words of a language are so (Zipf's law).
pub fn frequent_word(random: &mut impl Rng) -> String {
    let share: f64 = random.random();
    word_of_rank((WORDS as f64).powf(share) as usize - 1)
}

const SYLLABLES: [&str; 22] = [
    "ba", "co", "da", "fe", "gu", "hi", "jo", "ka", "lu", "mi", "no", "pe", "qui", "ra", "so",
    "ta", "ur", "ve", "wo", "xi", "ya", "zu",
];

/// How many words of three syllables there are.
const WORDS: usize = SYLLABLES.len().pow(3);

fn word_of_rank(rank: usize) -> String {
    let places = [
        rank / (SYLLABLES.len() * SYLLABLES.len()),
        rank / SYLLABLES.len(),
        rank,
    ];
    places
        .map(|place| SYLLABLES[place % SYLLABLES.len()])
        .concat()
}
