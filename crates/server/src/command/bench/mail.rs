//! Mails to measure by.

use std::fmt::Write as _;

use mainstay_app::demo::sample::{frequent_word, word};
use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

/// How large a mail is, in bytes.
const SIZE: usize = 20 * 1024;

/// How much of an ordinary mail is what its author wrote, in bytes.
const WRITTEN: usize = 4 * 1024;

/// A mail as mail programs send them: what somebody wrote stands in it twice, as text and as a page with the styles of a word
/// processor, below a signature and the marks of the servers that it went through. Its words are as often the same as those of a
/// language are.
pub fn ordinary(random: &mut ChaCha20Rng, from: &str) -> String {
    let paragraphs = paragraphs(random, from);
    let mut mail = head(random, from);
    let (domain, boundary) = (domain_of(from), mark(random, 24));
    for hop in 0..3 {
        let _ = write!(
            mail,
            "Received: from out{hop}.{domain} (out{hop}.{domain} [192.0.2.{hop}])\r\n\tby in{hop}.example.net with ESMTPS id {}\r\n\
             \tfor <support@mainstay.example>; Mon, 2 Mar 2026 09:00:0{hop} +0000\r\n",
            mark(random, 20),
        );
    }
    for name in ["DKIM-Signature", "X-Relay-DKIM-Signature"] {
        let _ = write!(
            mail,
            "{name}: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s2026;\r\n\th=from:to:subject:date:message-id:mime-version;\r\n\
             \tbh={};\r\n",
            mark(random, 44),
        );
        for line in 0..5 {
            let begin = if line == 0 { "\tb=" } else { "\t " };
            let end = if line == 4 { ";" } else { "" };
            let _ = write!(mail, "{begin}{}{end}\r\n", mark(random, 68));
        }
    }
    let _ = write!(
        mail,
        "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    );
    for paragraph in &paragraphs {
        let _ = write!(mail, "{paragraph}\r\n\r\n");
    }
    let _ = write!(
        mail,
        "--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>\r\n"
    );
    let body: usize = paragraphs.iter().map(|text| text.len() + 160).sum();
    // Such programs send more styles than the text is long.
    for class in 1.. {
        if mail.len() + body > SIZE {
            break;
        }
        let _ = write!(
            mail,
            "p.Normal{class}, li.Normal{class} {{margin:0cm; margin-bottom:.0001pt; font-size:11.0pt; font-family:\"Calibri\",sans-serif;}}\r\n"
        );
    }
    mail.push_str("</style></head><body lang=EN-GB link=\"#0563C1\"><div class=Section1>\r\n");
    for paragraph in &paragraphs {
        let text = paragraph.replace("\r\n", "<br>\r\n");
        let _ = write!(
            mail,
            "<p class=Normal1><span lang=EN-GB style='font-size:11.0pt;font-family:\"Calibri\",sans-serif;color:#1F497D'>{text}</span></p>\r\n"
        );
    }
    let _ = write!(mail, "</div></body></html>\r\n--{boundary}--\r\n");
    mail
}

/// A mail of nothing but words, hardly any of which comes twice: the worst that there is to read and to find again.
pub fn dense(random: &mut ChaCha20Rng, from: &str) -> String {
    let mut mail = head(random, from);
    mail.push_str("Content-Type: text/plain; charset=utf-8\r\n\r\n");
    while mail.len() < SIZE {
        for _ in 0..9 {
            let _ = write!(mail, "{} ", word(random));
        }
        mail.push_str("\r\n");
    }
    mail
}

fn head(random: &mut ChaCha20Rng, from: &str) -> String {
    let id: u128 = random.random();
    let (first, second) = (word(random), word(random));
    format!(
        "From: <{from}>\r\nTo: <support@mainstay.example>\r\nSubject: {first} does not {second} any more\r\n\
         Message-ID: <{id:032x}@{}>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n",
        domain_of(from),
    )
}

/// What somebody writes: a greeting, sentences, and who they are.
fn paragraphs(random: &mut ChaCha20Rng, from: &str) -> Vec<String> {
    const OPENINGS: [&str; 6] = [
        "Since this morning the",
        "We have tried it with another",
        "In the log I can see that the",
        "Could you please tell us whether the",
        "It worked before the update of the",
        "Our customers are waiting for the",
    ];
    let mut paragraphs = vec!["Hello,".to_owned()];
    let mut written = 0;
    while written < WRITTEN {
        let mut paragraph = String::new();
        for _ in 0..random.random_range(2..5) {
            let opening = OPENINGS[random.random_range(0..OPENINGS.len())];
            paragraph.push_str(opening);
            for _ in 0..random.random_range(6..14) {
                let _ = write!(paragraph, " {}", frequent_word(random));
            }
            paragraph.push_str(".\r\n");
        }
        written += paragraph.len();
        paragraphs.push(paragraph.trim_end().to_owned());
    }
    paragraphs.push(format!("Kind regards,\r\n{from}\r\n+44 20 7946 0000"));
    paragraphs
}

fn domain_of(address: &str) -> &str {
    address.split('@').next_back().unwrap_or("example.com")
}

/// Letters that mean nothing, as signatures have.
fn mark(random: &mut ChaCha20Rng, length: usize) -> String {
    let letters = rand::distr::Alphanumeric;
    (0..length)
        .map(|_| char::from(random.sample(letters)))
        .collect()
}
