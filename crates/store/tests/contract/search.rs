//! Full-text search.

use mainstay_domain::ticket::Scope;
use mainstay_store::search::{Hit, search};
use mainstay_store::{Page, PageRequest, Transaction, account, message, ticket};

use crate::engine::{Fresh, on_each_engine};
use crate::given;

on_each_engine!(
    no_query_is_an_error,
    words_are_found_in_subjects_messages_and_names,
    what_changes_is_found_anew,
    what_comes_while_an_account_is_renamed_is_found,
    what_is_opened_while_its_account_is_renamed_is_found,
    results_come_page_by_page,
    strange_texts_are_indexed,
);

async fn found(tx: &Transaction, query: &str) -> Vec<u64> {
    let page: Page<Hit> = search(tx, Scope::Everything, query, PageRequest::first(50))
        .await
        .unwrap();
    assert_eq!(page.next, None);
    page.items.iter().map(|hit| hit.number).collect()
}

async fn no_query_is_an_error(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    message::insert(&tx, &given::message(1, 1, "it's AND or near 100% a_b"))
        .await
        .unwrap();
    let hostile = [
        "",
        " ",
        "'",
        "\"",
        "\"\"",
        "''",
        "*",
        "a*b",
        "*a",
        "(",
        ")",
        "()",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR(a b)",
        "a AND",
        "OR a",
        "NOT a",
        "^a",
        "-a",
        "+a",
        "a:b",
        "text:",
        "words:x",
        "rowid:1",
        "{a b}:c",
        "\\",
        "a\\",
        "a\\'",
        "a\0b",
        "\u{feff}",
        "&",
        "|",
        "!",
        "a & | b",
        "!!a",
        "<->",
        "a <-> b",
        ":*",
        "a:*",
        "a:Z",
        "';DROP TABLE ticket;--",
        "\u{202e}abc",
        "😀",
        "😀 a",
        "é",
        "%",
        "_",
        "$1",
        "?",
        "?1",
        ":1",
        "@a",
        "NULL",
    ];
    for query in hostile {
        search(&tx, Scope::Everything, query, PageRequest::first(5))
            .await
            .unwrap_or_else(|error| panic!("{query:?}: {error}"));
    }
    let long = "word ".repeat(5_000) + &"x".repeat(100_000);
    search(&tx, Scope::Everything, &long, PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(found(&tx, "AND or near").await, [1]);
    assert_eq!(found(&tx, "100% a_b").await, [1]);
}

async fn words_are_found_in_subjects_messages_and_names(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let mut acme = given::account(1);
    acme.name = "Ação Logística".to_owned();
    account::insert(&tx, &acme).await.unwrap();
    for (number, subject) in [
        (1, "Cannot sign in"),
        (2, "Invoice is wrong"),
        (3, "Replica lag"),
    ] {
        let mut stored = given::ticket(number);
        stored.ticket.subject = subject.to_owned();
        stored.ticket.facts.account = (number == 2).then(|| given::id(1));
        ticket::insert(&tx, &stored).await.unwrap();
    }
    let texts = [
        (10, 1, "The signature of the SAML response is invalid"),
        (11, 1, "Conexão recusada às 10:42"),
        (12, 3, "Nothing about signing in. The invoice is fine."),
        (13, 3, "東京のサーバー"),
    ];
    for (id, number, text) in texts {
        message::insert(&tx, &given::message(id, number, text))
            .await
            .unwrap();
    }
    let cases = [
        ("sign", vec![3, 1]),
        ("sign in", vec![1]),
        ("in sign", vec![3, 1]),
        ("SAML", vec![1]),
        ("conexao RECUSADA", vec![1]),
        ("saml conexão", vec![1]),
        ("acao logis", vec![2]),
        ("invoice", vec![3, 2]),
        ("invoice lag", vec![3]),
        ("東京", vec![3]),
        ("nothing saml", vec![]),
        ("oice", vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&tx, query).await, expected, "{query}");
    }
    let page = search(&tx, Scope::Everything, "recusada", PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(page.items[0].message, Some(given::id(11)));
    assert_eq!(page.items[0].excerpt, "Conexão recusada às 10:42");
    let page = search(&tx, Scope::Everything, "cannot sign", PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(
        (page.items[0].message, page.items[0].excerpt.as_str()),
        (None, "Cannot sign in")
    );
}

async fn what_comes_while_an_account_is_renamed_is_found(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let known = account::insert_many(&tx, &[given::account(1)]).await;
    known.unwrap();
    given::tickets(&tx, [1]).await;
    let before = given::ticket(1);
    let mut of_account = before.clone();
    of_account.ticket.facts.account = Some(given::id(1));
    of_account.ticket.version = 2;
    ticket::update(&tx, &before, &of_account).await.unwrap();
    tx.commit().await.unwrap();

    let reply = fresh.store.begin().await.unwrap();
    let came = message::insert(&reply, &given::message(10, 1, "wandering")).await;
    came.unwrap();
    assert_eq!(found(&reply, "wandering").await, [1]);
    let store = fresh.store.clone();
    let mut renaming = tokio::spawn(async move {
        let tx = store.begin().await.unwrap();
        let mut renamed = given::account(1);
        renamed.name = "Zeppelin".to_owned();
        account::update(&tx, &renamed).await.unwrap();
        tx.commit().await.unwrap();
    });
    fresh
        .waits(&mut renaming, "the words of the ticket are not held")
        .await;
    reply.commit().await.unwrap();
    renaming.await.unwrap();

    let tx = fresh.store.begin().await.unwrap();
    for word in ["wandering", "zeppelin"] {
        assert_eq!(found(&tx, word).await, [1], "{word}");
    }
}

async fn what_is_opened_while_its_account_is_renamed_is_found(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let known = account::insert_many(&tx, &[given::account(1)]).await;
    known.unwrap();
    tx.commit().await.unwrap();

    // The second one changes its mind.
    for (number, name, is_kept) in [(1, "Zeppelin", true), (2, "Balloon", false)] {
        let opening = fresh.store.begin().await.unwrap();
        let mut opened = given::ticket(number);
        opened.ticket.facts.account = Some(given::id(1));
        ticket::insert_many(&opening, &[opened]).await.unwrap();
        let store = fresh.store.clone();
        let mut renaming = tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            let mut renamed = given::account(1);
            renamed.name = name.to_owned();
            account::update(&tx, &renamed).await.unwrap();
            if is_kept {
                tx.commit().await.unwrap();
            }
        });
        fresh
            .waits(&mut renaming, "the name of the account is not held")
            .await;
        opening.commit().await.unwrap();
        renaming.await.unwrap();
    }

    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(found(&tx, "zeppelin").await, [2, 1]);
    for word in ["account", "balloon"] {
        assert_eq!(found(&tx, word).await, Vec::<u64>::new(), "{word}");
    }
}

async fn what_changes_is_found_anew(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert_many(&tx, &[given::account(1), given::account(2)])
        .await
        .unwrap();
    given::tickets(&tx, [1, 2]).await;
    message::insert(&tx, &given::message(10, 1, "wandering"))
        .await
        .unwrap();
    let before = given::ticket(1);
    let mut stored = before.clone();
    stored.ticket.subject = "Renamed".to_owned();
    stored.ticket.facts.account = Some(given::id(2));
    stored.ticket.version = 2;
    ticket::update(&tx, &before, &stored).await.unwrap();
    assert_eq!(found(&tx, "renamed").await, [1]);
    assert_eq!(found(&tx, "subject").await, [2]);
    assert_eq!(found(&tx, "account 2").await, [1]);
    let mut renamed = given::account(2);
    renamed.name = "Globex".to_owned();
    account::update(&tx, &renamed).await.unwrap();
    assert_eq!(found(&tx, "globex").await, [1]);
    assert_eq!(found(&tx, "account").await, Vec::<u64>::new());
    message::move_to(&tx, &[given::id(10)], given::id(2))
        .await
        .unwrap();
    assert_eq!(found(&tx, "wandering").await, [2]);
    let moved = message::of_ticket(&tx, Scope::Everything, given::id(2))
        .await
        .unwrap();
    assert_eq!(moved.len(), 1);
}

async fn results_come_page_by_page(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=25).await;
    let mut seen = Vec::new();
    let mut page = PageRequest::first(10);
    loop {
        let part = search(&tx, Scope::Everything, "subj", page).await.unwrap();
        seen.extend(part.items.iter().map(|hit| hit.number));
        page.after = part.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<u64>>());
}

async fn strange_texts_are_indexed(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    let many: Vec<String> = (0..200_000).map(|number| format!("w{number}")).collect();
    let texts = [
        String::new(),
        "\0\0".to_owned(),
        "x".repeat(3_000_000),
        many.join(" "),
        "à\u{300}\u{301}\u{302}".repeat(1_000),
    ];
    for (number, text) in (10..).zip(texts) {
        message::insert(&tx, &given::message(number, 1, &text))
            .await
            .unwrap();
    }
    assert_eq!(found(&tx, "w1234").await, [1]);
}
