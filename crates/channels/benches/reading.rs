//! What it costs to read a mail: `cargo bench -p mainstay-channels`.
//!
//! The mails have 20 KB of prose, one of them below an answer and its quotation.

use std::hint::black_box;

use divan::Bencher;
use mainstay_channels::mail::{self, Reading};

fn main() {
    divan::main();
}

/// A mail that quotes nothing: each of its lines is looked at and is none of what ends a reply.
#[divan::bench]
fn read_prose(bencher: Bencher) {
    let mail = mail_of(&prose());
    bencher.bench_local(|| read(black_box(mail.as_bytes())));
}

/// An answer above what it answers.
#[divan::bench]
fn read_an_answer(bencher: Bencher) {
    let quoted = prose().replace('\n', "\n> ");
    let text = format!(
        "It works again.\n\nOn Mon, 2 Mar 2026 at 09:00, Eva <eva@example.com> wrote:\n> {quoted}"
    );
    let mail = mail_of(&text);
    bencher.bench_local(|| read(black_box(mail.as_bytes())));
}

fn read(bytes: &[u8]) -> Reading {
    Reading::of(&mail::read(bytes))
}

fn mail_of(text: &str) -> String {
    format!(
        "From: Eva <eva@example.com>\r\nTo: help@example.net\r\nSubject: The export stops\r\nMessage-ID: <1@example.com>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}",
        text.replace('\n', "\r\n")
    )
}

fn prose() -> String {
    const LINES: [&str; 5] = [
        "Since this morning the nightly export of our invoices stops after some",
        "thousand rows, and the log says no more than that the connection was lost",
        "We tried it from two offices and with another account, which made no",
        "difference; the same file of last week goes through without any complaint.",
        "Could somebody look at it before noon? Our customers wait for the figures",
    ];
    let mut text = String::new();
    for line in LINES.iter().cycle() {
        if text.len() > 20 * 1024 {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
