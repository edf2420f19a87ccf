//! The mail reader beside other mail readers, on messages that really were sent.
//!
//! The messages stay outside the project: they are read from the folder `email` where `MAINSTAY_TEST_DATA` points.
//! Where the variable is not set there is nothing to measure, and the tests say so; with `MAINSTAY_REQUIRE_ALL=1` that is
//! a failure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mainstay_channels::mail::{self, Address, Message, Reading, html, reply};
use serde::Deserialize;
use serde_json::{Value, json};

/// The share of judged fields on which we agree with the majority of the other readers.
const LEAST_AGREEMENT: f64 = 0.99;
/// The share of texts that are stripped as two libraries' own tests expect it.
const LEAST_STRIPPED: f64 = 0.90;

#[derive(Deserialize)]
struct Expected {
    messages: BTreeMap<String, ExpectedMessage>,
}

#[derive(Deserialize)]
struct ExpectedMessage {
    sha256: String,
    /// Only the fields that are judged.
    expected: BTreeMap<String, Value>,
    #[serde(default)]
    asserted_by_source: BTreeMap<String, Value>,
}

#[test]
fn messages_are_read_as_the_majority_reads_them() {
    let Some(folder) = corpus() else { return };
    let expected: Expected = read_json(&folder.join("expected.json"));
    let mut judged = 0_usize;
    let mut disagreements = Vec::new();
    for (file, case) in &expected.messages {
        let raw = std::fs::read(folder.join("raw").join(file)).unwrap();
        assert_eq!(
            sha256(&raw),
            case.sha256,
            "{file} is not the message that was judged"
        );
        let message = mail::read(&raw);
        for (field, value) in &case.expected {
            judged += 1;
            let ours = our_value(&message, field);
            if ours != sorted(field, value.clone()) {
                disagreements.push(format!("{file} {field}: expected {value}, read {ours}"));
            }
        }
    }
    let agreed = judged - disagreements.len();
    let share = agreed as f64 / judged as f64;
    println!(
        "agreement: {agreed} of {judged} judged fields ({:.2} %)",
        share * 100.0
    );
    for disagreement in &disagreements {
        println!("  {disagreement:.300}");
    }
    assert!(
        judged > 1_000,
        "only {judged} fields were judged: the corpus is not whole"
    );
    assert!(
        share >= LEAST_AGREEMENT,
        "agreement {share:.4} is below {LEAST_AGREEMENT}"
    );
}

#[test]
fn every_raw_message_is_read() {
    let Some(folder) = corpus() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("raw")).unwrap() {
        let raw = std::fs::read(entry.unwrap().path()).unwrap();
        let message = mail::read(&raw);
        let _ = Reading::of(&message);
        if let Some(source) = &message.html {
            let safe = html::sanitise(source, html::RemoteImages::Withhold, &|_| None);
            let lower = safe.html.to_lowercase();
            assert!(
                !lower.contains("<script")
                    && !lower.contains("javascript:")
                    && !lower.contains(" onload")
            );
        }
        // Whatever is cut off on the way, a part of the message can be read.
        for cut in [raw.len() / 3, raw.len() / 2, raw.len().saturating_sub(3)] {
            let _ = Reading::of(&mail::read(&raw[..cut]));
        }
        read += 1;
    }
    println!("read without a panic: {read} messages");
    assert!(
        read > 100,
        "only {read} messages were found: the corpus is not whole"
    );
}

/// What the tests the messages come from say of them.
#[test]
fn messages_are_read_as_their_own_tests_expect() {
    let Some(folder) = corpus() else { return };
    let expected: Expected = read_json(&folder.join("expected.json"));
    let mut checked = 0;
    for (file, case) in &expected.messages {
        let raw = std::fs::read(folder.join("raw").join(file)).unwrap();
        let message = mail::read(&raw);
        let reply = Reading::of(&message).visible_reply;
        for (claim, value) in &case.asserted_by_source {
            let text = value.as_str().unwrap_or_default();
            let holds = match claim.as_str() {
                "visible_reply" => reply == text,
                "visible_reply_contains" => reply.contains(text),
                "visible_reply_starts_with" => reply.starts_with(text.trim_end()),
                "subject" => message.subject.as_deref() == Some(text.trim()),
                "references" => json!(message.references) == *value,
                "attachment_count" => json!(message.attachments.len()) == *value,
                _ => continue,
            };
            checked += 1;
            assert!(
                holds,
                "{file} {claim}: expected {value}, the reply is {reply:?}, {} attachments",
                message.attachments.len()
            );
        }
    }
    assert!(checked > 15, "only {checked} claims were checked");
}

#[derive(Deserialize)]
struct StrippingCases {
    cases: Vec<StrippingCase>,
}

#[derive(Deserialize)]
struct StrippingCase {
    id: String,
    kind: String,
    compare: String,
    input: String,
    expected_reply: Option<String>,
    expected_before: Option<String>,
    expected_embedded: Option<String>,
}

#[test]
fn replies_are_stripped_as_two_libraries_strip_them() {
    let Some(folder) = corpus() else { return };
    let StrippingCases { cases } = read_json(&folder.join("reply_stripping.json"));
    let missed: Vec<&str> = cases
        .iter()
        .filter(|case| !case.holds())
        .map(|case| case.id.as_str())
        .collect();
    let stripped = cases.len() - missed.len();
    let share = stripped as f64 / cases.len() as f64;
    println!(
        "stripping: {stripped} of {} cases ({:.2} %); missed: {missed:?}",
        cases.len(),
        share * 100.0
    );
    assert!(
        cases.len() >= 79,
        "only {} cases were found: the corpus is not whole",
        cases.len()
    );
    assert!(
        share >= LEAST_STRIPPED,
        "stripping {share:.4} is below {LEAST_STRIPPED}"
    );
}

impl StrippingCase {
    fn holds(&self) -> bool {
        match self.kind.as_str() {
            "plain" => reply::strip(&self.input).reply.trim() == self.reply().trim(),
            "html" => {
                let ours = reply::strip_html(&self.input).reply;
                let ours = if self.compare.starts_with("text") {
                    html::to_text(&ours)
                } else {
                    ours
                };
                without_space(&ours) == without_space(self.reply())
            }
            "embedded" => {
                let found = reply::embedded(&self.input);
                Some(found.before.trim()) == self.expected_before.as_deref().map(str::trim)
                    && found.embedded.as_deref().map(str::trim)
                        == self.expected_embedded.as_deref().map(str::trim)
            }
            kind => panic!("{}: the kind {kind} is not known", self.id),
        }
    }

    fn reply(&self) -> &str {
        self.expected_reply.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct SignatureCases {
    cases: Vec<SignatureCase>,
}

#[derive(Deserialize)]
struct SignatureCase {
    id: String,
    input: String,
    expected_text: Option<String>,
    expected_signature: Option<String>,
}

#[test]
fn signatures_are_found_as_a_library_finds_them() {
    let Some(folder) = corpus() else { return };
    let SignatureCases { cases } = read_json(&folder.join("signature_stripping.json"));
    let holds = |case: &&SignatureCase| {
        // The corpus marks the lines of a signature in place.
        let signed = reply::split_signature(&case.input.replace("#sig#", ""));
        signed.signature == case.expected_signature
            && case
                .expected_text
                .as_ref()
                .is_none_or(|text| *text == signed.text)
    };
    let missed: Vec<&str> = cases
        .iter()
        .filter(|case| !holds(case))
        .map(|case| case.id.as_str())
        .collect();
    println!(
        "signatures: {} of {} cases; missed: {missed:?}",
        cases.len() - missed.len(),
        cases.len()
    );
    assert!(
        missed.len() * 10 <= cases.len(),
        "too many signatures were missed: {missed:?}"
    );
}

/// The folder of the corpus; none when it is absent and may be.
fn corpus() -> Option<PathBuf> {
    match std::env::var_os("MAINSTAY_TEST_DATA") {
        Some(folder) => Some(PathBuf::from(folder).join("email")),
        None => {
            let required = std::env::var("MAINSTAY_REQUIRE_ALL").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "MAINSTAY_TEST_DATA is not set, and MAINSTAY_REQUIRE_ALL=1 wants every test run"
            );
            println!(
                "skipped: the corpus is absent; set MAINSTAY_TEST_DATA to the folder that holds `email`"
            );
            None
        }
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &std::path::Path) -> T {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn our_value(message: &Message, field: &str) -> Value {
    let value = match field {
        "subject" => json!(message.subject),
        "from" => addresses(&message.from),
        "to" => addresses(&message.to),
        "cc" => addresses(&message.cc),
        "reply_to" => addresses(&message.reply_to),
        "message_id" => json!(message.message_id),
        "in_reply_to" => json!(message.in_reply_to),
        "references" => json!(message.references),
        "date" => json!(message.date.map(|date| date.to_string())),
        "text" => json!(message.text),
        "html" => json!(message.html),
        "attachments" => named(message)
            .map(|file| json!({"filename": file.filename, "content_type": file.content_type, "size": file.bytes.len(), "sha256": file.sha256()}))
            .collect(),
        "attachment_names" => named(message).map(|file| json!(file.filename)).collect(),
        field => panic!("the field {field} is not known"),
    };
    sorted(field, value)
}

fn named(message: &Message) -> impl Iterator<Item = &mail::Attachment> {
    message
        .attachments
        .iter()
        .filter(|attachment| attachment.filename.is_some())
}

fn addresses(addresses: &[Address]) -> Value {
    addresses
        .iter()
        .map(|address| json!({"name": address.name, "address": address.address}))
        .collect()
}

/// The readers list attachments in different orders.
fn sorted(field: &str, mut value: Value) -> Value {
    if field.starts_with("attachment")
        && let Some(list) = value.as_array_mut()
    {
        list.sort_by_key(Value::to_string);
    }
    value
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    mail::Attachment {
        filename: None,
        content_type: String::new(),
        content_id: None,
        inline: false,
        bytes: bytes.to_vec(),
    }
    .sha256()
}
