//! Mailboxes that are set up: made, changed, paused and removed, without a secret ever coming back.

use serde_json::{Value, json};

use crate::service::{Client, Service};

fn server(host: &str) -> Value {
    json!({"host": host, "user": "help", "password": "hunter2"})
}

async fn set_up(admin: &Client<'_>) -> String {
    let mailbox = json!({
        "address": " Help@Desk.example ",
        "incoming": server("imap.desk.example"),
        "outgoing": {"host": "smtp.desk.example", "security": "starttls", "user": "help", "password": "hunter2"},
    });
    admin.make("/mailboxes", mailbox).await
}

#[tokio::test]
async fn a_mailbox_is_set_up_changed_and_removed() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let at_any_version = admin.with("if-match", "*");
    let team = admin.make("/teams", json!({"name": "Support"})).await;
    let path = format!("/mailboxes/{}", set_up(&admin).await);

    let made = admin.get(&path).await;
    assert_eq!(made.body["address"], "help@desk.example");
    assert_eq!(made.body["incoming"]["port"], 993);
    assert_eq!(made.body["incoming"]["folder"], "INBOX");
    assert_eq!(made.body["incoming"]["sign_in"], "password");
    assert_eq!(made.body["outgoing"]["port"], 587);
    assert_eq!(made.body["active"], true);
    assert!(!made.body.to_string().contains("hunter2"), "{}", made.body);

    let change = json!({"team": team, "active": false});
    assert_eq!(admin.patch(&path, change.clone()).await.status, 428);
    let changed = at_any_version.patch(&path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["team"], team);
    assert_eq!(changed.body["active"], false);
    assert_eq!(changed.body["incoming"], made.body["incoming"]);

    let listed = admin.get("/mailboxes").await.body;
    assert_eq!(listed["items"][0]["address"], "help@desk.example");
    assert_eq!(listed["items"][0]["received"], 0);
    assert_eq!(listed["items"][0]["reading"]["worked_at"], Value::Null);
    let audit = admin.get("/audit?subject_kind=mailbox").await.body;
    let entries = audit["items"].as_array().unwrap();
    let actions: Vec<&Value> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["mailbox.paused", "mailbox.created"]);
    assert!(!audit.to_string().contains("hunter2"));

    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.get("/mailboxes").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_secret_goes_to_no_other_server() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let at_any_version = admin.with("if-match", "*");
    let path = format!("/mailboxes/{}", set_up(&admin).await);
    let same = json!({"outgoing": {"host": "smtp.desk.example", "port": 2525, "user": "help"}});
    let changed = at_any_version.patch(&path, same).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["outgoing"]["sign_in"], "password");
    let other = json!({"outgoing": {"host": "smtp.thief.example", "user": "help"}});
    let refused = at_any_version.patch(&path, other).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/outgoing/password");
}

#[tokio::test]
async fn what_cannot_work_is_refused_where_it_stands() {
    let service = Service::start().await;
    let admin = service.admin().await;
    set_up(&admin).await;
    let read = |host: &str| json!({"address": "more@desk.example", "incoming": server(host)});
    for (input, pointer) in [
        (
            json!({"address": "nobody", "outgoing": server("a.example")}),
            "/address",
        ),
        (json!({"address": "more@desk.example"}), "/incoming"),
        (
            json!({"address": "more@desk.example", "incoming": {"host": "a.example"}}),
            "/incoming/user",
        ),
        (read("a b"), "/incoming/host"),
        (read(""), "/incoming/host"),
        (read("imap.desk.example"), "/incoming"),
        (
            json!({"address": "help@desk.example", "outgoing": server("a.example")}),
            "/address",
        ),
        (
            json!({"address": "more@desk.example", "outgoing": {"host": "a.example", "user": "help",
                "oauth": {"token_url": "https://login.example/token", "client_id": "us"}}}),
            "/outgoing/client_secret",
        ),
        (
            json!({"address": "more@desk.example", "outgoing": {"host": "a.example", "user": "help", "password": "hunter2",
                "oauth": {"token_url": "https://login.example/token", "client_id": "us", "refresh_token": "more"}}}),
            "/outgoing/password",
        ),
    ] {
        let refused = admin.post("/mailboxes", input.clone()).await;
        assert_eq!(refused.status, 422, "{input} {}", refused.body);
        assert_eq!(
            refused.body["errors"][0]["pointer"], pointer,
            "{}",
            refused.body
        );
    }
    let team = "018f0000-0000-7000-8000-00000000000a";
    let input =
        json!({"address": "more@desk.example", "team": team, "outgoing": server("a.example")});
    let refused = admin.post("/mailboxes", input).await;
    assert_eq!(
        refused.body["errors"][0]["pointer"], "/team",
        "{}",
        refused.body
    );
}
