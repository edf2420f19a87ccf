//! Tickets, their conversation and their clocks, as agents and portal users see them.

use serde_json::{Value, json};

use crate::service::{Client, PASSWORD, Service};

/// Two accounts with a portal user each, the first with an administrator too.
async fn portal_users(admin: &Client<'_>) -> (String, String) {
    let own = admin.make("/accounts", json!({"name": "Own"})).await;
    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    for (email, account, portal) in [
        ("ana@own.example", &own, "contact"),
        ("boss@own.example", &own, "administrator"),
        ("eve@foreign.example", &foreign, "administrator"),
    ] {
        let input =
            json!({"account": account, "name": email, "addresses": [email], "portal": portal});
        let id = admin.make("/contacts", input).await;
        let path = format!("/contacts/{id}/password");
        let answer = admin.put(&path, json!({"password": PASSWORD})).await;
        assert_eq!(answer.status, 204);
    }
    (own, foreign)
}

fn pointers(body: &Value, name: &str) -> Vec<String> {
    body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| Some(error[name].as_str()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_ticket_is_opened_changed_and_answered() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let input = json!({"subject": "Printer on fire", "message": "Help!", "severity": "P1", "account": account,
        "tags": [" Hardware "]});
    let opened = admin.post("/tickets", input).await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    assert_eq!(opened.body["severity"], "P1");
    assert_eq!(opened.body["tags"], json!(["hardware"]));
    let path = opened.headers["location"].to_str().unwrap().to_owned();

    let number = opened.body["number"].as_u64().unwrap();
    let by_number = admin.get(&format!("/tickets/{number}")).await;
    assert_eq!(by_number.body["id"], opened.body["id"]);

    let two_lines = json!({"subject": "Printer\nBcc: eve@foreign.example"});
    for refused in [
        admin.post("/tickets", two_lines.clone()).await,
        admin.patch(&path, two_lines).await,
    ] {
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(pointers(&refused.body, "pointer"), ["/subject"]);
    }

    let tag = opened.headers["etag"].to_str().unwrap();
    let change = json!({"severity": "P2", "severity_reason": "a small fire", "add_tags": ["fire"], "fields": {"room": "7"}});
    let changed = admin.with("if-match", tag).patch(&path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["severity"], "P2");
    assert_eq!(changed.body["fields"], json!({"room": "7"}));
    let stale = admin
        .with("if-match", tag)
        .patch(&path, json!({"severity": "P3"}))
        .await;
    assert_eq!(stale.status, 412);

    // Within one instant nothing says which of two messages came first.
    service.advance(jiff::SignedDuration::from_secs(1));
    let reply = json!({"text": "Water is on its way.", "status": "pending_customer"});
    let answered = admin.post(&format!("{path}/messages"), reply).await;
    assert_eq!(answered.status, 201, "{}", answered.body);
    assert_eq!(answered.body["status"], "pending_customer");
    let messages = admin.get(&format!("{path}/messages")).await.body;
    let texts: Vec<&Value> = messages["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["text"])
        .collect();
    assert_eq!(texts, ["Help!", "Water is on its way."]);

    let history = admin.get(&format!("{path}/history")).await.body;
    assert_eq!(history["items"][0]["kind"], "opened");
    let found = admin.get("/search?q=printer").await.body;
    assert_eq!(found["items"][0]["ticket"], opened.body["id"]);
}

#[tokio::test]
async fn tickets_are_listed_by_filter_and_order() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for severity in ["P3", "P1", "P2", "P1"] {
        let input = json!({"subject": severity, "message": "x", "severity": severity});
        admin.make("/tickets", input).await;
    }
    let mut found = Vec::new();
    let mut next = Some("/tickets?sort=severity&severity=P1,P2&limit=2".to_owned());
    while let Some(path) = next {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for item in page.body["items"].as_array().unwrap() {
            found.push(item["severity"].as_str().unwrap().to_owned());
        }
        next = page.body["next"].as_str().map(str::to_owned);
    }
    assert_eq!(found, ["P1", "P1", "P2"]);
    assert_eq!(
        admin.get("/tickets?assignee=none&team=none").await.status,
        200
    );
    for (query, parameter) in [
        ("severity=P9", "severity"),
        ("assignee=bob", "assignee"),
        ("sort=colour", "sort"),
        ("updated_from=yesterday", "updated_from"),
        ("status=opne", "status"),
        ("status=open,waiting_for_godot", "status"),
        ("colour=red", "colour"),
    ] {
        let refused = admin.get(&format!("/tickets?{query}")).await;
        assert_eq!(refused.status, 422, "{query}");
        assert_eq!(pointers(&refused.body, "parameter"), [parameter]);
    }
    let page = admin.get("/tickets?sort=severity&limit=1").await.body;
    let cursor = page["next"].as_str().unwrap().rsplit('=').next().unwrap();
    let other = admin
        .get(&format!("/tickets?sort=number&cursor={cursor}"))
        .await;
    assert_eq!(other.status, 422, "a cursor holds for its own order only");
}

#[tokio::test]
async fn a_portal_user_sees_and_writes_only_what_is_theirs() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (own, foreign) = portal_users(&admin).await;
    let ana = service.client("ana@own.example").await;
    let boss = service.client("boss@own.example").await;
    let eve = service.client("eve@foreign.example").await;
    // What Ana may not choose is refused rather than dropped.
    let input = json!({"subject": "Mine", "message": "x", "account": foreign, "at": "2026-03-01T00:00:00Z",
        "channel": "email", "team": foreign, "contact": foreign, "assignee": foreign});
    let refused = ana.post("/tickets", input).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let fields = [
        "/account",
        "/contact",
        "/team",
        "/assignee",
        "/at",
        "/channel",
    ];
    assert_eq!(pointers(&refused.body, "pointer"), fields);
    let input = json!({"subject": "Mine", "message": "secret word", "account": own});
    let opened = ana.post("/tickets", input).await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    assert_eq!(opened.body["account"], own);
    let path = format!("/tickets/{}", opened.body["id"].as_str().unwrap());
    let other = json!({"subject": "Other", "message": "x", "account": own});
    let other = format!("/tickets/{}", admin.make("/tickets", other).await);

    let note = json!({"text": "pays late", "visibility": "internal"});
    assert_eq!(
        admin.post(&format!("{path}/messages"), note).await.status,
        201
    );
    let helper = service.agent("helper@example.com", "agent").await;
    let reply = json!({"text": "We look into it.", "mentions": [helper]});
    let replied = admin.post(&format!("{path}/messages"), reply).await;
    assert_eq!(replied.status, 201, "{}", replied.body);
    let messages = ana.get(&format!("{path}/messages")).await.body;
    assert_eq!(messages["items"].as_array().unwrap().len(), 2, "{messages}");
    let mentioned = |messages: &Value| -> Vec<Value> {
        let messages = messages["items"].as_array().unwrap().iter();
        messages
            .flat_map(|message| message["mentions"].as_array().unwrap().clone())
            .collect()
    };
    assert_eq!(mentioned(&messages), Vec::<Value>::new());
    let serving = admin.get(&format!("{path}/messages")).await.body;
    assert_eq!(mentioned(&serving), [json!(helper)]);

    assert_eq!(ana.get(&path).await.status, 200);
    assert_eq!(ana.get(&other).await.status, 404);
    assert_eq!(boss.get(&other).await.status, 200);
    for inner in ["", "/messages", "/clocks", "/explanation"] {
        assert_eq!(
            eve.get(&format!("{path}{inner}")).await.status,
            404,
            "{inner}"
        );
    }
    let number = opened.body["number"].as_u64().unwrap();
    assert_eq!(eve.get(&format!("/tickets/{number}")).await.status, 404);
    let word = eve.get("/search?q=secret").await.body;
    assert_eq!(word["items"], json!([]));
    assert_eq!(eve.get("/tickets").await.body["items"], json!([]));
    let text = json!({"text": "let me in"});
    assert_eq!(
        eve.post(&format!("{path}/messages"), text).await.status,
        404
    );
    assert_eq!(
        eve.patch(&path, json!({"status": "closed"})).await.status,
        404
    );
    assert_eq!(
        ana.patch(&path, json!({"severity": "P1"})).await.status,
        403
    );
    assert_eq!(ana.get(&format!("{path}/history")).await.status, 403);
    let merge = json!({"into": opened.body["id"]});
    assert_eq!(ana.post(&format!("{path}/merge"), merge).await.status, 403);
    let bulk = json!({"tickets": [opened.body["id"]], "change": {"status": "closed"}});
    assert_eq!(ana.post("/tickets/bulk", bulk).await.status, 403);
}

#[tokio::test]
async fn tickets_are_merged_and_split() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let open = |subject: &str| json!({"subject": subject, "message": subject, "account": account});
    let from = admin.make("/tickets", open("first")).await;
    let second = admin.post("/tickets", open("second")).await.body;
    let into = second["id"].as_str().unwrap();
    let path = format!("/tickets/{from}/merge");
    let nowhere = admin.post(&path, json!({"into": 999})).await;
    assert_eq!(nowhere.status, 422, "{}", nowhere.body);
    assert_eq!(pointers(&nowhere.body, "pointer"), ["/into"]);
    let merged = admin.post(&path, json!({"into": second["number"]})).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    assert_eq!(merged.body["id"], into);
    let gone = admin.get(&format!("/tickets/{from}")).await.body;
    assert_eq!(gone["merged_into"], into);
    let messages = admin.get(&format!("/tickets/{into}/messages")).await.body;
    let messages = messages["items"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    let split = json!({"messages": [messages[1]["id"]], "subject": "third"});
    let made = admin.post(&format!("/tickets/{into}/split"), split).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["subject"], "third");
}

#[tokio::test]
async fn a_deadline_is_explained_and_its_counted_spans_add_up_to_the_target() {
    let service = Service::start().await;
    let folder = std::path::Path::new("../../packs/mainstay");
    let pack = mainstay_policy::PackSource::from_folder(folder).unwrap();
    let machine = mainstay_app::Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let tier = service
        .app
        .policy()
        .current()
        .support_hours
        .keys()
        .next()
        .unwrap()
        .to_string();
    let contract = json!({"tier": tier, "starts_on": "2026-01-01"});
    admin
        .make(&format!("/accounts/{account}/contracts"), contract)
        .await;
    let input = json!({"subject": "A", "message": "x", "severity": "P3", "account": account});
    let id = admin.make("/tickets", input).await;

    let clocks = admin.get(&format!("/tickets/{id}/clocks")).await.body;
    let first = clocks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["commitment"] == "first_response")
        .unwrap();
    assert_eq!(first["state"], "running");
    let path = format!("/tickets/{id}/explanation?commitment=first_response");
    let explained = admin.get(&path).await.body;
    let spans = explained["items"][0]["spans"].as_array().unwrap();
    let counted: i64 = spans
        .iter()
        .map(|span| span["counted_seconds"].as_i64().unwrap())
        .sum();
    assert_eq!(counted, explained["items"][0]["terms"]["target_seconds"]);
    assert_eq!(spans.last().unwrap()["until"], first["due_at"]);
    let counted = spans.iter().find(|span| span["counted_seconds"] != 0);
    let (why, reason) = (&counted.unwrap()["why"], &counted.unwrap()["reason"]);
    assert_eq!(why["kind"], "open");
    let calendar = why["calendar"].as_str().unwrap();
    assert_eq!(*reason, format!("{calendar} is open"));

    let reply = json!({"text": "We look into it."});
    assert_eq!(
        admin
            .post(&format!("/tickets/{id}/messages"), reply)
            .await
            .status,
        201
    );
    let clocks = admin.get(&format!("/tickets/{id}/clocks")).await.body;
    let states: Vec<&Value> = clocks["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|clock| clock["commitment"] == "first_response")
        .map(|clock| &clock["state"])
        .collect();
    assert_eq!(states, ["met"]);
    let unknown = format!("/tickets/{id}/explanation?commitment=nonsense");
    assert_eq!(admin.get(&unknown).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for at in ["2026-03-02T09:00:01Z", "1969-12-31T23:59:59Z"] {
        let input = json!({"subject": "A", "message": "x", "at": at});
        let refused = admin.post("/tickets", input).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(pointers(&refused.body, "pointer"), ["/at"]);
    }
    let id = admin
        .make("/tickets", json!({"subject": "A", "message": "x"}))
        .await;
    let path = format!("/tickets/{id}");
    for field in ["severity", "status", "subject"] {
        let refused = admin.patch(&path, json!({field: null})).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(
            pointers(&refused.body, "pointer"),
            [format!("/{field}")],
            "{}",
            refused.body
        );
    }
    let cleared = admin.patch(&path, json!({"category": null})).await;
    assert_eq!(cleared.status, 200, "{}", cleared.body);
    for path in ["/me?verbose=1", "/tickets/1?expand=all"] {
        assert_eq!(admin.get(path).await.status, 422, "{path}");
    }
}

#[tokio::test]
async fn a_customer_says_that_it_is_solved_or_is_not_and_pauses_nothing() {
    let service = Service::start().await;
    let admin = service.admin().await;
    portal_users(&admin).await;
    let ana = service.client("ana@own.example").await;
    let ticket = json!({"subject": "Mine", "message": "It is broken."});
    let path = format!("/tickets/{}", ana.make("/tickets", ticket).await);
    let say = async |status: &str| {
        let message = json!({"text": "So it is.", "status": status});
        ana.post(&format!("{path}/messages"), message).await
    };
    for pausing in ["on_hold", "pending_customer", "new", "nonsense"] {
        let refused = say(pausing).await;
        assert_eq!(refused.status, 422, "{pausing}: {}", refused.body);
        assert_eq!(pointers(&refused.body, "pointer"), ["/status"]);
    }
    for own in ["resolved", "open", "closed"] {
        assert_eq!(say(own).await.status, 201, "{own}");
        assert_eq!(ana.get(&path).await.body["status"], own);
    }
}
