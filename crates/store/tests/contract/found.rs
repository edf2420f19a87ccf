//! Searching compared with reading everything: whatever is written, moved and renamed, the engine finds what a reader of all texts
//! finds, page by page, for each who may ask.

use mainstay_domain::event::Visibility;
use mainstay_domain::ticket::Scope;
use mainstay_store::dump::{Filling, Snapshot};
use mainstay_store::message;
use mainstay_store::search::{search, words_of};
use mainstay_store::ticket::{self, Direction, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, Store, StoreOptions, Transaction, account, contact};

use crate::engine::{Fresh, on_each_engine};
use crate::given;

on_each_engine!(
    what_is_found_is_what_a_reader_of_everything_finds,
    a_store_that_is_filled_by_rows_is_searched_as_the_one_they_came_from,
    more_words_than_a_row_takes_are_found,
);

/// How many tickets there are that somebody looks for. Between the older and the newer half of them stand more than are looked at one by
/// one, with words that nobody asks for.
const TICKETS: u32 = 450;
const BETWEEN: u32 = 2_100;

/// The number of a ticket by its place among them, from 1.
fn number(place: u32) -> u32 {
    if place <= TICKETS / 2 {
        place
    } else {
        place + BETWEEN
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// A text of a ticket, as a reader of everything knows it.
#[derive(Debug, Clone)]
struct Text {
    message: Option<u32>,
    ticket: u32,
    internal: bool,
    text: String,
}

/// What a reader of everything knows.
#[derive(Debug, Default)]
struct Everything {
    texts: Vec<Text>,
    /// The account and the contact of each ticket, from the first on.
    whose: Vec<(u32, u32)>,
    names: Vec<String>,
}

impl Everything {
    /// The tickets in which each word of a query occurs, the newest first.
    fn find(&self, query: &str, who: (Option<u32>, Option<u32>)) -> Vec<u64> {
        let asked = words_of(query);
        let holds = |ticket: u32, index: usize| {
            let is_last = index + 1 == asked.len();
            let texts = self.texts.iter().filter(|text| text.ticket == ticket);
            let texts = texts.filter(|text| who.0.is_none() || !text.internal);
            texts.into_iter().any(|text| {
                let name = match text.message {
                    None => &self.names[self.whose[ticket as usize - 1].0 as usize - 1],
                    Some(_) => "",
                };
                words_of(&format!("{} {name}", text.text))
                    .iter()
                    .any(|word| {
                        *word == asked[index] || (is_last && word.starts_with(&asked[index]))
                    })
            })
        };
        let tickets = (1..=TICKETS).rev().filter(|ticket| {
            let (account, contact) = self.whose[*ticket as usize - 1];
            who.0.is_none_or(|own| own == account) && who.1.is_none_or(|own| own == contact)
        });
        let found = tickets.filter(|ticket| (0..asked.len()).all(|index| holds(*ticket, index)));
        found.map(|place| u64::from(number(place))).collect()
    }
}

const RARE: [&str; 6] = ["babaco", "wozuya", "connectivity", "quiz", "zu", "東京"];
const FREQUENT: [&str; 6] = ["the", "connect", "connection", "export", "exports", "login"];

fn text(dice: &mut Dice, ticket: u32) -> String {
    let mut text = String::from(if ticket.is_multiple_of(2) {
        "even"
    } else {
        "odd"
    });
    for _ in 0..dice.below(4) {
        text.push(' ');
        text.push_str(dice.of(&FREQUENT));
    }
    if dice.below(20) == 0 {
        text.push(' ');
        text.push_str(dice.of(&RARE));
    }
    text
}

fn id_of_account(number: u32) -> u32 {
    900_000 + number
}

fn id_of_contact(number: u32) -> u32 {
    910_000 + number
}

/// Writes one of the texts of a ticket.
async fn say(tx: &Transaction, all: &mut Everything, dice: &mut Dice, ticket: u32) {
    let message_number = 10_000 + u32::try_from(all.texts.len()).unwrap();
    let internal = dice.below(4) == 0;
    let mut text = text(dice, ticket);
    if internal {
        text.push_str(" secret");
    }
    let mut message = given::message(message_number, number(ticket), &text);
    if internal {
        message.visibility = Visibility::Internal;
    }
    message::insert(tx, &message).await.unwrap();
    all.texts.push(Text {
        message: Some(message_number),
        ticket,
        internal,
        text,
    });
}

async fn fill(fresh: &Fresh) -> Everything {
    let mut dice = Dice(0x5eed);
    let mut all = Everything::default();
    let tx = fresh.store.begin().await.unwrap();
    for number in 1..=3 {
        let mut stored = given::account(id_of_account(number));
        stored.name = format!("Company {number}");
        account::insert(&tx, &stored).await.unwrap();
        all.names.push(stored.name);
    }
    for number in 1..=5 {
        let stored = given::contact(id_of_contact(number), Some(id_of_account(1)));
        contact::insert(&tx, &stored).await.unwrap();
    }
    tx.commit().await.unwrap();
    let tx = fresh.store.begin().await.unwrap();
    let between: Vec<_> = (TICKETS / 2 + 1..=TICKETS / 2 + BETWEEN)
        .map(|number| {
            let mut stored = given::ticket(number);
            stored.ticket.subject = "unasked".to_owned();
            stored
        })
        .collect();
    ticket::insert_many(&tx, &between).await.unwrap();
    tx.commit().await.unwrap();
    for part in 0..5 {
        let tx = fresh.store.begin().await.unwrap();
        for place in part * TICKETS / 5 + 1..=(part + 1) * TICKETS / 5 {
            let account = 1 + u32::try_from(dice.below(3)).unwrap();
            let contact = 1 + u32::try_from(dice.below(5)).unwrap();
            let mut stored = given::ticket(number(place));
            stored.ticket.facts.account = Some(given::id(id_of_account(account)));
            stored.ticket.contact = Some(given::id(id_of_contact(contact)));
            stored.ticket.subject = text(&mut dice, place);
            ticket::insert(&tx, &stored).await.unwrap();
            all.whose.push((account, contact));
            all.texts.push(Text {
                message: None,
                ticket: place,
                internal: false,
                text: stored.ticket.subject,
            });
            for _ in 0..dice.below(3) {
                say(&tx, &mut all, &mut dice, place).await;
            }
        }
        tx.commit().await.unwrap();
    }
    all
}

/// Changes something.
async fn change(tx: &Transaction, all: &mut Everything, dice: &mut Dice) {
    let ticket = 1 + u32::try_from(dice.below(TICKETS as usize)).unwrap();
    let messages: Vec<usize> = (0..all.texts.len())
        .filter(|index| all.texts[*index].message.is_some())
        .collect();
    let text_index = messages[dice.below(messages.len())];
    let message = all.texts[text_index].message.unwrap();
    match dice.below(5) {
        0 => say(tx, all, dice, ticket).await,
        1 => {
            message::move_to(tx, &[given::id(message)], given::id(number(ticket)))
                .await
                .unwrap();
            all.texts[text_index].ticket = ticket;
        }
        2 => {
            let text = text(dice, ticket);
            let mut read = given::message(message, number(all.texts[text_index].ticket), &text);
            if all.texts[text_index].internal {
                read.visibility = Visibility::Internal;
            }
            message::rewrite(tx, &read).await.unwrap();
            all.texts[text_index].text = text;
        }
        3 => {
            let stored = ticket::find(tx, Scope::Everything, given::id(number(ticket))).await;
            let mut stored = stored.unwrap().unwrap();
            let before = stored.clone();
            let account = 1 + u32::try_from(dice.below(3)).unwrap();
            let contact = 1 + u32::try_from(dice.below(5)).unwrap();
            stored.ticket.facts.account = Some(given::id(id_of_account(account)));
            stored.ticket.contact = Some(given::id(id_of_contact(contact)));
            if dice.below(2) == 0 {
                stored.ticket.subject = text(dice, ticket);
            }
            stored.ticket.version += 1;
            ticket::update(tx, &before, &stored).await.unwrap();
            all.whose[ticket as usize - 1] = (account, contact);
            let subject = all
                .texts
                .iter_mut()
                .find(|text| text.message.is_none() && text.ticket == ticket);
            subject.unwrap().text = stored.ticket.subject;
        }
        _ => {
            let place = 1 + dice.below(3);
            let mut stored = given::account(id_of_account(u32::try_from(place).unwrap()));
            stored.name = format!("Company {} {}", dice.of(&["blue", "green"]), place);
            account::update(tx, &stored).await.unwrap();
            all.names[place - 1] = stored.name;
        }
    }
}

/// Everything that is found, page by page.
async fn found(store: &Store, scope: Scope, query: &str, limit: u32) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut page = PageRequest::first(limit);
    loop {
        let part = search(&store.read(), scope, query, page).await.unwrap();
        assert!(part.items.len() == limit as usize || part.next.is_none());
        numbers.extend(part.items.iter().map(|hit| hit.number));
        page.after = part.next;
        if page.after.is_none() {
            return numbers;
        }
    }
}

async fn listed(store: &Store, scope: Scope, query: &str) -> Vec<u64> {
    let filter = TicketFilter {
        words: Some(query.to_owned()),
        ..TicketFilter::default()
    };
    let sort = TicketSort {
        key: TicketKey::Number,
        direction: Direction::Descending,
    };
    let page = PageRequest::first(1_000);
    let listed = ticket::list(&store.read(), scope, &filter, sort, page).await;
    let numbers = listed.unwrap().items.into_iter();
    let numbers: Vec<u64> = numbers.map(|stored| stored.ticket.number).collect();
    let count = ticket::count(&store.read(), scope, &filter).await.unwrap();
    assert_eq!(count, numbers.len() as u64);
    numbers
}

async fn compare(store: &Store, all: &Everything, dice: &mut Dice, times: usize) {
    let beginnings = [
        "t", "e", "ev", "od", "conn", "connecti", "exp", "s", "secr", "z", "b", "q", "comp",
    ];
    let mut words: Vec<&str> = vec!["even", "odd", "secret", "company", "blue", "1", "nowhere"];
    words.extend(RARE);
    words.extend(FREQUENT);
    let customer = |account: u32, contact: Option<u32>| {
        let scope = match contact {
            None => Scope::Account(given::id(id_of_account(account))),
            Some(contact) => Scope::Contact(
                given::id(id_of_account(account)),
                given::id(id_of_contact(contact)),
            ),
        };
        (scope, (Some(account), contact))
    };
    let askers = [
        (Scope::Everything, (None, None)),
        (Scope::Everything, (None, None)),
        customer(1, None),
        customer(2, Some(3)),
    ];
    let mut queries: Vec<String> = vec!["even odd".into(), "odd even".into(), "the e".into()];
    for _ in 0..times {
        let mut query: Vec<&str> = (0..dice.below(3)).map(|_| dice.of(&words)).collect();
        query.push(match dice.below(2) {
            0 => dice.of(&words),
            _ => dice.of(&beginnings),
        });
        queries.push(query.join(" "));
    }
    for query in queries {
        let (scope, who) = askers[dice.below(askers.len())];
        // A word that is asked for twice is asked for where it stands last.
        let mut asked: Vec<String> = Vec::new();
        for word in words_of(&query) {
            asked.retain(|known| *known != word);
            asked.push(word);
        }
        let expected = all.find(&asked.join(" "), who);
        let limit = [1_000, 50, 7][dice.below(3)];
        let limit = if expected.len() > 60 {
            limit.max(50)
        } else {
            limit
        };
        let seen = found(store, scope, &query, limit).await;
        assert_eq!(seen, expected, "{query:?} by {scope:?}, {limit} a page");
        let seen = listed(store, scope, &query).await;
        assert_eq!(seen, expected, "{query:?} by {scope:?}, listed");
    }
}

async fn what_is_found_is_what_a_reader_of_everything_finds(fresh: &Fresh) {
    let mut all = fill(fresh).await;
    let mut dice = Dice(0xd1ce);
    compare(&fresh.store, &all, &mut dice, 40).await;
    for _ in 0..6 {
        let tx = fresh.store.begin().await.unwrap();
        for _ in 0..10 {
            change(&tx, &mut all, &mut dice).await;
        }
        tx.commit().await.unwrap();
        compare(&fresh.store, &all, &mut dice, 10).await;
    }
}

/// Whether the rows came from this version or from one that did not keep the words of tickets.
async fn a_store_that_is_filled_by_rows_is_searched_as_the_one_they_came_from(fresh: &Fresh) {
    let all = fill(fresh).await;
    let snapshot = Snapshot::of(&fresh.store).await.unwrap();
    let last = snapshot
        .steps()
        .iter()
        .position(|step| step.ends_with("_ticket_words"));
    for steps in [snapshot.steps(), &snapshot.steps()[..last.unwrap()]] {
        let folder = tempfile::tempdir().unwrap();
        let url = match &fresh.server {
            Some(server) => server.fresh_database(),
            None => format!("sqlite:{}", folder.path().join("other.db").display()),
        };
        let options = StoreOptions::new(&url);
        let filling = Filling::begin(&options, steps).await.unwrap();
        for table in snapshot.tables() {
            let mut rows = Vec::new();
            snapshot
                .rows(table, |row| {
                    rows.push(row);
                    Ok::<_, mainstay_store::StoreError>(())
                })
                .await
                .unwrap();
            let columns: Vec<_> = (table.columns())
                .map(|(name, kind)| (name.to_owned(), kind))
                .collect();
            // What later steps made was not there then: whole tables, and a column of others.
            let known = filling.table(&table.name, &columns).ok();
            let known = known.or_else(|| {
                assert_ne!(steps.len(), snapshot.steps().len(), "{}", table.name);
                let mut later = 0..columns.len();
                later.find_map(|later| {
                    let mut before = columns.clone();
                    before.remove(later);
                    let known = filling.table(&table.name, &before).ok()?;
                    for row in &mut rows {
                        row.remove(later);
                    }
                    Some(known)
                })
            });
            match known {
                Some(known) => filling.insert(&known, rows).await.unwrap(),
                None => assert!(rows.is_empty(), "{}", table.name),
            }
        }
        filling.finish().await.unwrap();
        let other = Store::open(&options).await.unwrap();
        compare(&other, &all, &mut Dice(7), 15).await;
        other.close().await.unwrap();
    }
}

async fn more_words_than_a_row_takes_are_found(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1, 2]).await;
    for part in 0..5 {
        let words: Vec<String> = (0..32_000)
            .map(|word| format!("p{part}w{word:05}"))
            .collect();
        message::insert(&tx, &given::message(10 + part, 1, &words.join(" ")))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    for query in [
        "p0w00001",
        "p4w00002",
        "p0w00001 p4w0000",
        "subject p3w00003",
    ] {
        assert_eq!(found(&fresh.store, Scope::Everything, query, 5).await, [1]);
        assert_eq!(listed(&fresh.store, Scope::Everything, query).await, [1]);
    }
    let query = "p0w00001 p7w00001";
    assert!(
        found(&fresh.store, Scope::Everything, query, 5)
            .await
            .is_empty()
    );
    let tx = fresh.store.begin().await.unwrap();
    for part in 1..5 {
        message::rewrite(&tx, &given::message(10 + part, 1, "short"))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(
        found(&fresh.store, Scope::Everything, "p0w00001 short", 5).await,
        [1]
    );
    assert!(
        found(&fresh.store, Scope::Everything, "p4w00002", 5)
            .await
            .is_empty()
    );
}
