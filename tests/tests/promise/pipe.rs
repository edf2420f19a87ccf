//! What comes through the pipe: who wrote it decides which clocks start, and a machine starts none.

use crate::house::House;
use crate::letter::raw;

#[tokio::test(flavor = "multi_thread")]
async fn each_mail_starts_the_clocks_of_its_sender_and_a_machine_starts_none() {
    let Some(house) = House::open().await else {
        return;
    };
    let critical = raw(
        &[
            "From: Casey <casey@example.test>",
            "To: support@example.test",
            "Subject: The API is down",
            "Message-ID: <one@customer.example>",
        ],
        "All calls fail.",
    );
    let told = house.pipe(&critical).await;
    assert_eq!(told["outcome"], "opened", "{told}");
    insta::assert_snapshot!(house.clocks(1).await, @r"
    first_response 1 running 2026-03-02T09:15:00Z
    resolution 1 running 2026-03-02T13:00:00Z
    update 1 running 2026-03-02T09:30:00Z
    ");
    // A mail server that did not hear the answer gives it again.
    let again = house.pipe(&critical).await;
    assert_eq!(
        (&again["new"], &again["ticket"]),
        (&false.into(), &1.into())
    );

    // Nobody knows Robin: the promise to whoever has no contract, counted on business days.
    let stranger = raw(
        &[
            "From: Robin <robin@elsewhere.example>",
            "To: support@example.test",
            "Subject: The report shows two totals",
            "Message-ID: <robin1@elsewhere.example>",
        ],
        "Which one is right?",
    );
    let told = house.pipe(&stranger).await;
    assert_eq!(told["ticket"], 2, "{told}");
    insta::assert_snapshot!(house.clocks(2).await, @r"
    first_response 1 running 2026-03-03T09:00:00Z
    resolution 1 running 2026-03-16T09:00:00Z
    ");

    // Casey forwards what a colleague wrote: hers, with all of its words.
    let forwarded = raw(
        &[
            "From: Casey <casey@example.test>",
            "To: support@example.test",
            "Subject: Fwd: Colours of the chart",
            "Message-ID: <three@customer.example>",
        ],
        "Can you help Kim?\n\n---------- Forwarded message ---------\nFrom: Kim <kim@acme.example>\n\
         Date: Mon, 2 Mar 2026 at 08:30\nSubject: Colours of the chart\nTo: Casey <casey@example.test>\n\n\
         The chart shows red where it means green.",
    );
    let told = house.pipe(&forwarded).await;
    assert_eq!(told["ticket"], 3, "{told}");
    insta::assert_snapshot!(house.clocks(3).await, @r"
    first_response 1 running 2026-03-02T13:00:00Z
    resolution 1 running 2026-03-05T09:00:00Z
    update 1 running 2026-03-03T09:00:00Z
    ");
    let ticket = house.get("/tickets/3").await;
    assert_eq!(ticket["tier"], "Enterprise", "{ticket}");
    let messages = house.get("/tickets/3/messages").await;
    let message = &messages["items"][0];
    let whole = format!("{}{}", message["text"], message["quoted"]);
    assert!(whole.contains("Can you help Kim?"), "{message}");
    assert!(whole.contains("red where it means green"), "{message}");

    // An answer by a machine to our receipt, and a bounce of it.
    let before = [house.clocks(1).await, house.clocks(2).await];
    let receipt = house.inbox("casey").await.remove(0);
    let answer_to = receipt.reply_to.clone().expect("an address for answers");
    let away = raw(
        &[
            "From: Casey <casey@example.test>",
            &format!("To: {answer_to}"),
            "Subject: Out of office",
            "Message-ID: <away@customer.example>",
            &format!("In-Reply-To: <{}>", receipt.message_id),
            "Auto-Submitted: auto-replied",
        ],
        "I am away until Thursday.",
    );
    let told = house.pipe(&away).await;
    assert_eq!(
        (&told["outcome"], &told["ticket"]),
        (&"added".into(), &1.into()),
        "{told}"
    );
    let bounce = raw(
        &[
            "From: Mail Delivery System <mailer-daemon@elsewhere.example>",
            &format!("To: {answer_to}"),
            "Subject: Undelivered Mail Returned to Sender",
            "Message-ID: <bounce@elsewhere.example>",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        ],
        &format!(
            "--b\nContent-Type: text/plain\n\nThe mailbox is full.\n--b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.elsewhere.example\n\nFinal-Recipient: rfc822; casey@example.test\nAction: failed\n\
             Status: 5.2.2\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{}>\nSubject: x\n\nx\n--b--",
            receipt.message_id
        ),
    );
    let told = house.pipe(&bounce).await;
    assert_eq!(told["ticket"], 1, "{told}");
    let newsletter = raw(
        &[
            "From: News <news@elsewhere.example>",
            "To: support@example.test",
            "Subject: An outage of prices",
            "Message-ID: <news@elsewhere.example>",
            "List-Unsubscribe: <https://elsewhere.example/bye>",
            "Precedence: bulk",
        ],
        "Everything is cheap.",
    );
    let told = house.pipe(&newsletter).await;
    assert_eq!(told["outcome"], "ignored", "{told}");
    let after = [house.clocks(1).await, house.clocks(2).await];
    assert_eq!(after, before, "a machine starts, stops and resumes nothing");
    let tickets = house.get("/tickets?limit=50").await;
    assert_eq!(
        tickets["items"].as_array().map(Vec::len),
        Some(3),
        "{tickets}"
    );
    house.close().await;
}
