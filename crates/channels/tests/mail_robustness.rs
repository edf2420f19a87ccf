//! Whatever a stranger sends is read without a panic, within bounds.

use mainstay_channels::mail::{self, Reading, html, reply};
use proptest::prelude::*;

/// Pieces of messages, so that arbitrary messages reach beyond the first line.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: multipart/digest; boundary=\"b--\"\n".to_vec()),
        Just(b"Content-Type: text/plain; charset*0*=utf-16''; name*1=x\n".to_vec()),
        Just(b"Content-Type: text/html; charset=utf-7\n".to_vec()),
        Just(b"Content-Type: message/delivery-status\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\n".to_vec()),
        Just(b"Content-Transfer-Encoding: x-uuencode\n".to_vec()),
        Just(b"Subject: =?utf-8?b?w7w=?= =?x?q?=?=\n".to_vec()),
        Just(b"From: \"a\\\" <(b@c>, d: <@e:f@g>;\n".to_vec()),
        Just(b"Date: Thu, 4 May 2023 10:35:52 +9999\n".to_vec()),
        Just(b"--b\n".to_vec()),
        Just(b"--b--\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"On 5 Jan 2016, Eva <eva@example.com> wrote:\n> a\n".to_vec()),
        Just(
            "<blockquote><p>–</table><svg><template>é"
                .as_bytes()
                .to_vec()
        ),
        proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

fn read_everything(raw: &[u8]) {
    let message = mail::read(raw);
    let _ = Reading::of(&message);
    if let Some(source) = &message.html {
        let _ = html::sanitise(source, html::RemoteImages::Withhold, &|_| None);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read_everything(&raw);
    }

    #[test]
    fn arbitrary_messages_are_read(pieces in proptest::collection::vec(piece(), 0..30)) {
        read_everything(&pieces.concat());
    }

    #[test]
    fn arbitrary_texts_are_stripped(text in "(?s).{0,400}") {
        let _ = reply::strip_html(&text);
        let _ = html::to_text(&text);
        let _ = reply::split_signature(&text);
        let _ = reply::embedded(&text);
    }

    /// Every word of a text stands in the reply or in what was removed: nothing is lost.
    #[test]
    fn stripping_loses_no_word(lines in proptest::collection::vec(line(), 0..20)) {
        let text = lines.join("\n");
        let stripped = reply::strip(&text);
        let mut expected: Vec<&str> = text.split_whitespace().collect();
        let both = format!("{}\n{}", stripped.reply, stripped.removed);
        let mut found: Vec<&str> = both.split_whitespace().collect();
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn reading_twice_gives_the_same(pieces in proptest::collection::vec(piece(), 0..20)) {
        let raw = pieces.concat();
        prop_assert_eq!(Reading::of(&mail::read(&raw)), Reading::of(&mail::read(&raw)));
    }
}

fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "Hello",
        "  indented text",
        "> quoted",
        ">> quoted twice",
        "On 5 Jan 2016, Eva <eva@example.com> wrote:",
        "On 5 Jan 2016, Eva <",
        "eva@example.com> wrote:",
        "-----Original Message-----",
        "From: Eva <eva@example.com>",
        "Sent: 5 Jan 2016",
        "To: Tim",
        "Subject: Printer",
        "-- ",
        "_____",
        "Sent from my telephone",
        "```",
        "Am 05.01.2016 um 10:42 schrieb Eva:",
    ])
}

#[test]
fn hostile_texts_are_stripped_within_bounds() {
    let line = "On 5 Jan 2016, Eva <eva@example.com> and so on: ".repeat(10);
    for text in [
        format!("{line}\n").repeat(2_000),
        ">".repeat(500_000),
        "a\n".repeat(100_000),
        "> a\n".repeat(100_000),
        "From: a@b.c\n".repeat(20_000),
        "-".repeat(1_000_000),
        "On 5 Jan <".repeat(50_000),
        "\n".repeat(1_000_000),
    ] {
        let raw = format!("Subject: x\n\n{text}");
        let reading = Reading::of(&mail::read(raw.as_bytes()));
        assert!(reading.visible_reply.len() <= text.len());
    }
}

#[test]
fn hostile_headers_are_read_within_bounds() {
    for header in [
        format!("To: {}\n", "(".repeat(900_000)),
        format!("To: {}\n", "\"".repeat(900_000)),
        format!("To: {}\n", "a@b.c,".repeat(150_000)),
        format!("Subject: {}\n", "=?utf-8?q?".repeat(90_000)),
        format!("Subject: {}\n", "=?utf-8?q?a?= ".repeat(60_000)),
        format!("Content-Type: text/plain; {}\n", "a*0=b;".repeat(100_000)),
        format!("References: {}\n", "<a@b> ".repeat(100_000)),
        format!("Date: {}\n", "1 ".repeat(400_000)),
    ] {
        read_everything(format!("{header}\n\ntext").as_bytes());
    }
}

#[test]
fn hostile_html_is_read_within_bounds() {
    for html in [
        "<div class=gmail_quote>a</div>".repeat(20_000),
        "<blockquote>a</blockquote>".repeat(20_000),
        format!("<table>{}", "x<i></i>".repeat(40_000)),
        "<table><tr><td>".repeat(50_000),
        "<p>a".repeat(50_000),
        "<p>On 5 Jan 2016, Eva wrote:</p><blockquote>a</blockquote>".repeat(10_000),
        "<div>".repeat(200_000),
        "<a><b>".repeat(100_000),
        format!(
            "<img src=\"data:image/png;base64,{}\">",
            "A".repeat(3_000_000)
        ),
        "&".repeat(500_000),
        "\u{a0}".repeat(500_000),
        "&nbsp;<!---->".repeat(50_000),
        format!("<a href=\"{}\">", "\u{a0}&".repeat(200_000)),
        format!("<p {}>", "a ".repeat(100_000)),
        format!("<p {}>", "a='x'".repeat(100_000)),
        "<ul><li>".repeat(1_400),
        "<!--".repeat(100_000),
        "<svg><math><template>".repeat(400),
    ] {
        read_everything(format!("Content-Type: text/html\n\n<p>Hello</p>{html}").as_bytes());
    }
}
