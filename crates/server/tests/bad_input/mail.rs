//! Messages that strangers wrote to do harm, or that came to harm: each is kept as it came.

use serde_json::Value;

use crate::house::{Answer, House};

fn hand_over(house: &House, raw: &[u8]) -> Answer {
    let token = format!("authorization: Bearer {}", house.token);
    let headers = [token.as_str(), "content-type: message/rfc822"];
    house.send("POST", "/api/v1/mail", &headers, raw)
}

/// What became of a message that was taken in, once the worker has read it.
fn filed(house: &House, taken: &Answer) -> Value {
    assert_eq!(taken.status, 202, "{taken:?}");
    let id = taken.json()["id"].as_str().expect("an id").to_owned();
    loop {
        let mail = house.get(&format!("/mail/received/{id}")).json();
        if mail["state"] != "new" {
            return mail;
        }
    }
}

/// What is handed over must come back byte for byte, whatever is made of it.
fn is_kept(house: &House, raw: &[u8], mail: &Value) {
    let id = mail["id"].as_str().expect("an id");
    let kept = house.get(&format!("/mail/received/{id}/raw"));
    assert_eq!(kept.status, 200, "{mail}");
    assert!(
        kept.head.contains("content-disposition: attachment"),
        "{}",
        kept.head
    );
    assert_eq!(kept.bytes.len(), raw.len());
    assert!(kept.bytes == raw, "other bytes came back");
}

#[test]
fn malformed_messages_are_kept_and_become_tickets_where_somebody_can_be_answered() {
    let house = House::open(&[]);
    let head = "From: eva@acme.example\r\nSubject: Broken\r\n";
    let broken: [(&str, Vec<u8>); 5] = [
        ("no end of its parts", format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello").into_bytes()),
        ("no boundary", format!("{head}Content-Type: multipart/mixed\r\n\r\nHello\r\n").into_bytes()),
        ("no base64", format!("{head}Content-Transfer-Encoding: base64\r\n\r\n!!!=%%%\r\n").into_bytes()),
        ("an unknown character set", format!("{head}Content-Type: text/plain; charset=klingon-8\r\n\r\nnuqneH\r\n").into_bytes()),
        ("bytes that are no text", [head.as_bytes(), b"X-\xff\x00: \x80\r\n\r\n\x00\xfe\xff".as_slice()].concat()),
    ];
    for (what, raw) in &broken {
        let mail = filed(&house, &hand_over(&house, raw));
        assert_eq!(mail["state"], "parsed", "{what}: {mail}");
        is_kept(&house, raw, &mail);
    }
    let nobody = b"\x00\x01\x02 no message at all \xff";
    let mail = filed(&house, &hand_over(&house, nobody));
    assert_eq!(mail["state"], "failed", "{mail}");
    assert!(
        mail["error"].as_str().is_some_and(|told| !told.is_empty()),
        "{mail}"
    );
    is_kept(&house, nobody, &mail);
    let count = house.get("/tickets/count").json();
    assert_eq!(count["tickets"], broken.len(), "{count}");
}

#[test]
fn parts_nested_ten_thousand_deep_cost_nothing_and_lose_nothing() {
    let house = House::open(&[]);
    let mut raw = "From: eva@acme.example\r\nSubject: Deep\r\n".to_owned();
    for depth in 0..10_000 {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"
        ));
    }
    raw.push_str("Content-Type: text/plain\r\n\r\nAt the bottom\r\n");
    let mail = filed(&house, &hand_over(&house, raw.as_bytes()));
    assert_eq!(mail["state"], "parsed", "{mail}");
    is_kept(&house, raw.as_bytes(), &mail);
    house.serves();
}

#[test]
fn sixty_megabytes_are_taken_in_and_more_than_is_allowed_is_refused() {
    // A program that is not optimised takes its time.
    let house = House::open(&[("HTTP_REQUEST_TIMEOUT", "200s")]);
    let head = b"From: eva@acme.example\r\nSubject: Long\r\n\r\n";
    let line = [b"x".repeat(76), b"\r\n".to_vec()].concat();
    let raw = [head.to_vec(), line.repeat((60 << 20) / line.len())].concat();
    let mail = filed(&house, &hand_over(&house, &raw));
    assert_eq!(mail["state"], "parsed", "{mail}");
    is_kept(&house, &raw, &mail);
    drop(house);
    let house = House::open(&[("MAIL_MAX_MESSAGE", "1 MiB")]);
    let told = hand_over(&house, &raw[..2 << 20]);
    assert!(told.problem(413).contains("mail.max_message"), "{told:?}");
    house.serves();
}

#[test]
fn a_mail_loop_ends_here() {
    let house = House::open(&[("MAIL_FROM", "support@desk.example")]);
    let ours = "From: support@desk.example\r\nTo: support@desk.example\r\nMessage-ID: <1@desk.example>\r\nSubject: Hello\r\n\r\nHello\r\n";
    let mail = filed(&house, &hand_over(&house, ours.as_bytes()));
    assert_eq!(mail["state"], "ignored", "{mail}");
    let reason = mail["decision"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("our own"), "{mail}");
    is_kept(&house, ours.as_bytes(), &mail);
    // Two machines that answer each other: what a machine wrote opens nothing and is answered nothing.
    let machine = "From: bot@acme.example\r\nAuto-Submitted: auto-replied\r\nSubject: Re: Hello\r\n\r\nAway\r\n";
    let mail = filed(&house, &hand_over(&house, machine.as_bytes()));
    assert_eq!(mail["state"], "ignored", "{mail}");
    assert_eq!(
        house.get("/mail/outgoing").json()["items"],
        serde_json::json!([])
    );
    assert_eq!(house.get("/tickets/count").json()["tickets"], 0);
}
