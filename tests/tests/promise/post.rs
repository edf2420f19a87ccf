//! Mail on its way: servers that refuse for now or for good, files, and several mailboxes.

use serde_json::json;

use crate::house::House;
use crate::letter::raw;

async fn question(house: &House) {
    let fields = [
        "From: Casey <casey@example.test>",
        "To: support@example.test",
        "Subject: How do I export?",
        "Message-ID: <one@customer.example>",
    ];
    let told = house.pipe(&raw(&fields, "I find no button.")).await;
    assert_eq!(told["ticket"], 1, "{told}");
    assert_eq!(house.inbox("casey").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_now_arrives_once_and_what_is_refused_for_good_is_seen_and_sent_again()
{
    let Some(house) = House::open().await else {
        return;
    };
    question(&house).await;
    house.exim.defer(&["casey@example.test"]);
    let reply = json!({ "text": "Under File.", "visibility": "public" });
    house.post("/tickets/1/messages", reply).await;
    house.rests().await;
    house.advance("1m").await;
    let waiting = house.outgoing("retry").await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let reason = waiting[0]["last_error"].as_str().expect("a reason");
    assert!(reason.contains("4.7.1 try again later"), "{reason}");
    house.exim.defer(&[]);
    house.advance("2h").await;
    let arrived = house.inbox("casey").await;
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    assert!(arrived[0].text.contains("Under File."));
    house.advance("1d").await;
    let again = house.inbox("casey").await;
    assert!(
        again
            .iter()
            .all(|mail| !mail.text.starts_with("Under File.")),
        "{again:?}"
    );

    house.exim.reject(&["casey@example.test"]);
    let reply = json!({ "text": "Did you find it?", "visibility": "public" });
    house.post("/tickets/1/messages", reply).await;
    house.rests().await;
    let dead = house.get("/mail/dead").await;
    let dead = dead["items"].as_array().expect("a list").clone();
    assert_eq!(dead.len(), 1, "{dead:?}");
    let reason = dead[0]["last_error"].as_str().expect("a reason");
    assert!(reason.contains("5.7.1 not wanted here"), "{reason}");
    // Whoever works on the ticket sees it too.
    let messages = house.get("/tickets/1/messages").await;
    let mut messages = messages["items"].as_array().expect("messages").iter();
    let note = messages.find(|message| message["visibility"] == "internal");
    let told = note.and_then(|note| note["text"].as_str());
    assert!(
        told.is_some_and(|told| told.contains("casey@example.test")),
        "{note:?}"
    );

    house.exim.reject(&[]);
    let id = dead[0]["id"].as_str().expect("an identifier");
    house
        .post(&format!("/mail/dead/{id}/resend"), json!({}))
        .await;
    house.rests().await;
    let arrived = house.inbox("casey").await;
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    assert!(arrived[0].text.starts_with("Did you find it?"));
    assert_eq!(arrived[0].message_id, dead[0]["message_id"]);
    assert_eq!(house.get("/mail/dead").await["items"], json!([]));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_out_with_a_reply_and_arrives_byte_for_byte() {
    let Some(house) = House::open().await else {
        return;
    };
    question(&house).await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 256) as u8).collect();
    let upload = house.upload("gu%C3%ADa.bin", &bytes).await;
    let reply =
        json!({ "text": "See the guide.", "visibility": "public", "attachments": [upload] });
    house.post("/tickets/1/messages", reply).await;
    house.rests().await;
    let arrived = house.inbox("casey").await.remove(0);
    assert_eq!(arrived.files.len(), 1);
    assert_eq!(arrived.files[0].0, "guía.bin");
    assert!(arrived.files[0].1 == bytes, "the bytes are the same");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mailboxes_are_watched_and_each_wakes_for_what_arrives() {
    let Some(house) = House::open().await else {
        return;
    };
    // The second of each comes after the mailbox was looked at, and the next look is half an hour away: the server tells
    // of it.
    for (number, user, name) in [
        (1, "support", "first"),
        (2, "sales", "first"),
        (3, "support", "second"),
        (4, "sales", "second"),
    ] {
        let id = format!("{name}.{user}@customer.example");
        let fields = [
            "From: Casey <casey@example.test>",
            &format!("To: {user}@example.test"),
            &format!("Subject: The {name} to {user}"),
            &format!("Message-ID: <{id}>"),
        ];
        house.deliver(user, name, &raw(&fields, "Hello."));
        let received = house.received(&id).await;
        assert_eq!(received["source"], format!("imap:{user}@127.0.0.1/INBOX"));
        let ticket = house.get(&format!("/tickets/{number}")).await;
        assert_eq!(ticket["subject"], format!("The {name} to {user}"));
    }
    house.close().await;
}
