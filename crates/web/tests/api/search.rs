//! Searching everything at once.

use serde_json::{Value, json};

use crate::service::Service;

/// What was found: its kind, and its name with what was marked in brackets.
fn told(found: &Value) -> Vec<(String, String, String)> {
    let text = |parts: &Value| -> String {
        let parts = parts.as_array().unwrap().iter();
        parts
            .map(|part| match part["is_match"].as_bool().unwrap() {
                true => format!("[{}]", part["text"].as_str().unwrap()),
                false => part["text"].as_str().unwrap().to_owned(),
            })
            .collect()
    };
    let items = found["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let kind = item["kind"].as_str().unwrap().to_owned();
            (kind, text(&item["name"]), text(&item["excerpt"]))
        })
        .collect()
}

fn row(kind: &str, name: &str, excerpt: &str) -> (String, String, String) {
    (kind.to_owned(), name.to_owned(), excerpt.to_owned())
}

#[tokio::test]
async fn what_fits_best_comes_first_whatever_it_is() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin
        .make(
            "/accounts",
            json!({"name": "Harbour", "domains": ["harbour.example"]}),
        )
        .await;
    let contact =
        json!({"name": "Hana Harbour", "addresses": ["hana@harbour.example"], "account": account});
    admin.make("/contacts", contact).await;
    for (subject, message) in [
        ("Lights out", "The harbour is dark."),
        ("Harbour lights", "They blink."),
        ("Nothing of it", "At all."),
    ] {
        admin
            .make("/tickets", json!({"subject": subject, "message": message}))
            .await;
    }
    let found = admin.get("/search/everything?q=harbour").await;
    assert_eq!(found.status, 200, "{}", found.body);
    assert_eq!(
        told(&found.body),
        [
            row("account", "[Harbour]", "[harbour].example"),
            row("ticket", "[Harbour] lights", ""),
            row("contact", "Hana [Harbour]", "hana@[harbour].example"),
            row("message", "Lights out", "The [harbour] is dark."),
        ]
    );
    let hit = &found.body["items"][1];
    let told_beside = |hit: &Value| {
        let fields = ["account", "severity", "status", "status_kind"];
        fields.map(|field| hit[field].clone())
    };
    let expected = [Value::Null, json!("P3"), json!("new"), json!("new")];
    assert_eq!(told_beside(hit), expected);
    let by_number = admin.get("/search/everything?q=%233").await.body;
    assert_eq!(told(&by_number), [row("ticket", "Nothing of it", "")]);
    let nothing = admin.get("/search/everything?q=").await.body;
    assert_eq!(nothing["items"], json!([]));
    let pages = admin.get("/search?q=harbour").await.body;
    let part = &pages["items"][0]["parts"][0];
    assert_eq!(part, &json!({"text": "Harbour", "is_match": true}));
    assert_eq!(told_beside(&pages["items"][0]), expected);
}

#[tokio::test]
async fn a_customer_finds_no_accounts_and_nothing_in_internal_notes() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let contact = json!({"name": "Eve", "addresses": ["eve@acme.example"], "account": account,
        "portal": "administrator"});
    let eve = admin.make("/contacts", contact).await;
    let password = json!({"password": crate::service::PASSWORD});
    admin
        .put(&format!("/contacts/{eve}/password"), password)
        .await;
    let input = json!({"subject": "A", "message": "Acme is down.", "account": account});
    let ticket = admin.make("/tickets", input).await;
    let note = json!({"text": "Acme owes us.", "visibility": "internal"});
    admin
        .post(&format!("/tickets/{ticket}/messages"), note)
        .await;
    let eve = service.client("eve@acme.example").await;
    let found = eve.get("/search/everything?q=down").await.body;
    let kinds: Vec<(String, String, String)> = told(&found);
    assert_eq!(kinds, [row("message", "A", "Acme is [down].")]);
    let owes = eve.get("/search/everything?q=owes").await.body;
    assert_eq!(owes["items"], json!([]));
}
