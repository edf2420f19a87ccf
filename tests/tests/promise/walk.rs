//! From a customer's first mail to the agent's answer, and what follows it.

use serde_json::Value;

use crate::house::House;
use crate::letter::{Mail, raw};

/// When each mail was written and what it is about.
fn listed(mails: &[Mail]) -> Vec<String> {
    let line = |mail: &Mail| format!("{} {}", &mail.date[11..16], mail.subject);
    mails.iter().map(line).collect()
}

async fn outage(house: &House) {
    let fields = [
        "From: Casey <casey@example.test>",
        "To: support@example.test",
        "Subject: Outage: nobody can sign in",
        "Message-ID: <one@customer.example>",
    ];
    let told = house
        .pipe(&raw(&fields, "Everything is down since nine."))
        .await;
    assert_eq!(
        (&told["outcome"], &told["ticket"]),
        (&"opened".into(), &1.into()),
        "{told}"
    );
}

/// What the deadlines of a ticket are made of: the same by the command and by the API, to the second.
async fn explained(house: &House, ticket: &str, commitment: &str) -> Vec<Value> {
    let told = house
        .told(&["clock", "explain", ticket, commitment, "--json"])
        .await;
    let path = format!("/tickets/{ticket}/explanation?commitment={commitment}");
    let read = house.get(&path).await;
    let (told, read) = (told["clocks"].as_array(), read["items"].as_array());
    let (told, read) = (told.expect("clocks"), read.expect("clocks"));
    assert_eq!(told.len(), read.len());
    for (told, read) in told.iter().zip(read) {
        for sum in ["counted_seconds", "total_seconds"] {
            assert_eq!(told[sum], read[sum], "{sum}");
        }
        for name in ["started_at", "due_at", "missed_at", "ended_at"] {
            assert_eq!(told[name], read["clock"][name], "{name}");
        }
        adds_up(read);
        let spans = read["spans"].as_array().expect("spans");
        let told = told["spans"].as_array().expect("spans");
        assert_eq!(told.len(), spans.len());
        for (told, read) in told.iter().zip(spans) {
            for name in ["from", "until", "reason", "rule"] {
                assert_eq!(told[name], read[name], "{name}");
            }
        }
    }
    read.clone()
}

/// The spans follow each other without a gap, and what counts of them makes up the target.
fn adds_up(explanation: &Value) {
    let spans = explanation["spans"].as_array().expect("spans");
    assert_eq!(spans[0]["from"], explanation["clock"]["started_at"]);
    for pair in spans.windows(2) {
        assert_eq!(pair[0]["until"], pair[1]["from"]);
    }
    let counted = spans.iter().map(|span| span["counted_seconds"].as_i64());
    let counted: Option<i64> = counted.sum();
    assert_eq!(counted, explanation["counted_seconds"].as_i64());
    let clock = &explanation["clock"];
    let last = &spans[spans.len() - 1]["until"];
    match clock["ended_at"].as_str() {
        Some(_) => assert_eq!(last, &clock["ended_at"]),
        None => {
            assert_eq!(last, &clock["due_at"]);
            assert_eq!(counted, clock["terms"]["target_seconds"].as_i64());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_watched_escalated_answered_and_goes_on() {
    let Some(house) = House::open().await else {
        return;
    };
    outage(&house).await;
    insta::assert_snapshot!(house.clocks(1).await, @r"
    first_response 1 running 2026-03-02T09:15:00Z
    resolution 1 running 2026-03-02T13:00:00Z
    update 1 running 2026-03-02T09:30:00Z
    ");
    let receipt = house.inbox("casey").await.remove(0);
    assert_eq!(receipt.in_reply_to, "one@customer.example");
    assert!(
        receipt
            .text
            .contains("We will answer by 2026-03-02 09:15 UTC.")
    );
    let first = explained(&house, "1", "first_response").await;
    assert_eq!(first[0]["total_seconds"], 15 * 60);

    // Half of the time, four fifths of it, all of it, and the steps of the ladders that nobody takes on.
    for by in ["450s", "270s", "3m", "15m", "15m", "30m"] {
        house.advance(by).await;
    }
    let (ana, eva, max) = (
        house.inbox("ana").await,
        house.inbox("eva").await,
        house.inbox("max").await,
    );
    insta::assert_debug_snapshot!(listed(&ana), @r#"
    [
        "09:00 Escalation: #1 (P1, Acme), Front line",
        "09:07 Escalation: #1 (P1, Acme), Those who can still keep it",
        "09:12 Due soon: First response of #1 (P1, Acme)",
        "09:15 Escalation: #1 (P1, Acme), Team",
        "09:30 #1: 2 alerts since 2026-03-02 09:24 UTC",
    ]
    "#);
    insta::assert_debug_snapshot!(listed(&eva), @r#"
    [
        "09:15 Escalation: #1 (P1, Acme), Engineering",
        "10:15 Escalation: #1 (P1, Acme), Engineering and success manager",
    ]
    "#);
    insta::assert_debug_snapshot!(listed(&max), @r#"
    [
        "09:45 Escalation: #1 (P1, Acme), Management",
    ]
    "#);
    let all: Vec<&Mail> = ana.iter().chain(&eva).chain(&max).collect();
    for mail in &all {
        assert_eq!(mail.auto_submitted, "auto-generated");
        // In a mailbox they stand together, below what the customer was told first.
        assert_eq!(mail.references, [receipt.message_id.as_str()], "{mail:?}");
        let links = mail.links();
        assert!(!links.is_empty(), "{mail:?}");
        for link in links {
            house.follows(link).await;
        }
    }
    let missed = ana[3].text.clone();
    insta::assert_snapshot!(unlinked(&missed), @r"
    Ana, you are told because of: First response was due at 2026-03-02 09:15 UTC and was missed.

    Outage: nobody can sign in
    Acme (Enterprise), P1, new
    Please respond within 30m.
    Acknowledge it here: https://desk.example.test/a/…

    Answer this mail, and the customer reads it as your public reply.
    ");

    // Max takes it on by the link in his mail.
    let escalation = house.get("/escalations?phase=open").await;
    assert!(
        escalation["items"]
            .as_array()
            .is_some_and(|open| !open.is_empty())
    );
    house.takes_on(max[0].links()[0]).await;

    // Ana answers the mail of the miss from her mailbox.
    let answer = ana[3].answered_by("ana", "ana1@desk.example", "The sign-in server is back.");
    let received = house.sends(&answer).await;
    assert_eq!(received["state"], "parsed", "{received}");
    insta::assert_snapshot!(house.clocks(1).await, @r"
    first_response 1 missed 2026-03-02T10:15:00Z
    resolution 1 running 2026-03-02T13:00:00Z
    update 1 missed 2026-03-02T10:15:00Z
    update 2 running 2026-03-02T10:45:00Z
    ");
    let answered = explained(&house, "1", "first_response").await;
    assert_eq!(answered[0]["clock"]["ended_at"], "2026-03-02T10:15:00Z");
    assert_eq!(answered[0]["clock"]["missed_at"], "2026-03-02T09:15:00Z");
    assert_eq!(answered[0]["total_seconds"], 75 * 60);
    let mut letters = house.inbox("casey").await;
    assert_eq!(
        listed(&letters),
        ["10:15 Re: [#1] Outage: nobody can sign in"]
    );
    let letter = letters.remove(0);
    assert_eq!(letter.in_reply_to, "one@customer.example");
    assert!(letter.references.contains(&receipt.message_id));
    assert_eq!(letter.auto_submitted, "");
    assert!(
        letter.text.starts_with("The sign-in server is back.\n"),
        "{}",
        letter.text
    );
    // Nothing of what we tell each other goes out.
    for private in ["/a/", "was missed", "Acknowledge"] {
        assert!(!letter.text.contains(private), "{private}: {}", letter.text);
    }

    // Ten minutes later Casey answers that, from her mailbox: the next promise begins.
    house.advance("10m").await;
    let again = letter.answered_by("casey", "two@customer.example", "It still fails for me.");
    let received = house.sends(&again).await;
    assert_eq!(received["state"], "parsed", "{received}");
    insta::assert_snapshot!(house.clocks(1).await, @r"
    first_response 1 missed 2026-03-02T10:15:00Z
    next_response 1 running 2026-03-02T10:55:00Z
    resolution 1 running 2026-03-02T13:00:00Z
    update 1 missed 2026-03-02T10:15:00Z
    update 2 running 2026-03-02T10:45:00Z
    ");
    explained(&house, "1", "next_response").await;
    let messages = house.get("/tickets/1/messages").await;
    let texts = messages["items"].as_array().expect("messages").iter();
    let texts: Vec<&str> = texts
        .filter_map(|message| message["text"].as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "Everything is down since nine.",
            "The sign-in server is back.",
            "It still fails for me."
        ]
    );
    house.close().await;
}

/// A text without what differs from run to run.
fn unlinked(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("/a/") {
        Some((root, _)) => format!("{root}/a/…"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_in_one_leap_is_told_once_in_its_order_and_stamped_with_its_instant() {
    let Some(house) = House::open().await else {
        return;
    };
    outage(&house).await;
    house.advance("1h 15m").await;
    insta::assert_snapshot!(house.clocks(1).await, @r"
    first_response 1 missed 2026-03-02T09:15:00Z
    resolution 1 running 2026-03-02T13:00:00Z
    update 1 missed 2026-03-02T09:30:00Z
    ");
    let ledger = house.get("/tickets/1/history?limit=100").await;
    let events = ledger["items"].as_array().expect("facts").iter();
    let mut fired: Vec<String> = events
        .filter_map(|event| {
            let kind = event["kind"].as_str()?;
            let is_firing = ["clock_warned", "clock_missed"].contains(&kind);
            is_firing.then(|| format!("{} {kind}", event["at"].as_str().unwrap_or_default()))
        })
        .collect();
    fired.sort();
    insta::assert_debug_snapshot!(fired, @r#"
    [
        "2026-03-02T09:07:30Z clock_warned",
        "2026-03-02T09:12:00Z clock_warned",
        "2026-03-02T09:15:00Z clock_missed",
        "2026-03-02T09:24:00Z clock_warned",
        "2026-03-02T09:30:00Z clock_missed",
    ]
    "#);
    let ana = house.inbox("ana").await;
    let eva = house.inbox("eva").await;
    let max = house.inbox("max").await;
    insta::assert_debug_snapshot!((listed(&ana), listed(&eva), listed(&max)), @r#"
    (
        [
            "09:00 Escalation: #1 (P1, Acme), Front line",
            "10:15 #1: 4 alerts since 2026-03-02 09:07 UTC",
        ],
        [
            "10:15 #1: 2 alerts since 2026-03-02 09:15 UTC",
        ],
        [
            "10:15 Escalation: #1 (P1, Acme), Management",
        ],
    )
    "#);
    insta::assert_snapshot!(unlinked(&ana[ana.len() - 1].text), @r"
    - 2026-03-02 09:07 UTC: Escalation of #1 (P1): Those who can still keep it
      Outage: nobody can sign in: First response is due at 2026-03-02 09:15 UTC
      https://desk.example.test/a/…
    - 2026-03-02 09:15 UTC: Escalation of #1 (P1): Team
      Outage: nobody can sign in: First response was due at 2026-03-02 09:15 UTC and was missed
      https://desk.example.test/a/…
    - #1 (P1): Update is due at 2026-03-02 09:30 UTC
      Outage: nobody can sign in
      https://desk.example.test/tickets/1
    - #1 (P1): Update was due at 2026-03-02 09:30 UTC and was missed
      Outage: nobody can sign in
      https://desk.example.test/tickets/1

    Answer this mail, and the customer reads it as your public reply.
    ");
    house.close().await;
}
