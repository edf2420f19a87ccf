//! Who is on call, and how people say by which address they are reached.

use serde_json::{Value, json};

use crate::service::Service;

fn pointers(refused: &Value) -> Vec<&str> {
    let errors = refused["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_rota_is_set_covered_and_asked() {
    let service = Service::start().await;
    let ana = service.agent("ana@example.com", "agent").await;
    let ben = service.agent("ben@example.com", "agent").await;
    let admin = service.admin().await;
    let input = json!({"name": "Support", "members": [ana, ben], "on_call": [ben]});
    let team = admin.make("/teams", input).await;
    let path = format!("/teams/{team}/on-call");
    let before = admin.get(&path).await;
    assert_eq!(before.body["on_call"][0]["agent"], json!(ben));
    assert_eq!(before.body["on_call"][0]["layer"], Value::Null);

    let wrong = json!({"layers": [
        {"name": "primary", "agents": [], "starts_on": "2026-03-02", "hand_over": "09:00", "time_zone": "UTC",
         "turn_days": 7, "hours": null},
        {"name": "Primary", "agents": ["0190163d-8694-739b-aea5-966c26f8ad91"], "starts_on": "2026-03-02",
         "hand_over": "09:00", "time_zone": "Mars", "turn_days": 7, "hours": "nowhere"},
    ]});
    let careful = service.admin().await.with("if-match", "*");
    let refused = careful.put(&path, wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(
        pointers(&refused.body),
        [
            "/layers/0/agents",
            "/layers/1/name",
            "/layers/1/agents",
            "/layers/1/hours",
            "/layers/1/time_zone"
        ]
    );
    let right = json!({"layers": [{"name": "primary", "agents": [ana, ben], "starts_on": "2026-03-02",
        "hand_over": "09:00", "time_zone": "Europe/Madrid", "turn_days": 7, "hours": null}]});
    let set = careful.put(&path, right.clone()).await;
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(set.body["layers"][0]["agents"], json!([ana, ben]));
    let somebody = service.client("ana@example.com").await;
    let forbidden = somebody.with("if-match", "*").put(&path, right).await;
    assert_eq!(forbidden.status, 403);

    let cover = json!({"agent": ben, "from": "2026-12-24T00:00:00Z", "until": "2026-12-26T00:00:00Z",
        "reason": "Ana is away"});
    let made = admin.post(&format!("{path}/covers"), cover).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["layer"], "primary");
    let nobody = json!({"agent": team, "layer": "third", "until": "2026-01-01T00:00:00Z",
        "from": "2026-01-01T00:00:00Z"});
    let refused = admin.post(&format!("{path}/covers"), nobody).await;
    assert_eq!(pointers(&refused.body), ["/layer", "/until", "/agent"]);

    let at = |instant: &str| format!("{path}?at={instant}");
    let turn = admin.get(&at("2026-03-09T07:59:59Z")).await.body;
    assert_eq!(turn["on_call"][0]["agent"], json!(ana));
    assert_eq!(turn["on_call"][0]["until"], "2026-03-09T08:00:00Z");
    let week = format!("{path}/spans?from=2026-12-23T12:00:00Z&until=2026-12-26T12:00:00Z");
    let spans = admin.get(&week).await;
    assert_eq!(spans.status, 200, "{}", spans.body);
    let agents: Vec<&Value> = spans.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| &span["agent"])
        .collect();
    assert_eq!(agents, [&json!(ana), &json!(ben), &json!(ana)]);
    assert_eq!(spans.body["items"][1]["cover"], made.body["id"]);
    let backwards = format!("{path}/spans?from=2026-12-23T12:00:00Z&until=2026-12-23T12:00:00Z");
    assert_eq!(admin.get(&backwards).await.status, 422);
    let endless = format!("{path}/spans?from=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z");
    assert_eq!(admin.get(&endless).await.status, 422);
    let covered = admin.get(&at("2026-12-25T00:00:00Z")).await.body;
    assert_eq!(covered["on_call"][0]["agent"], json!(ben));
    assert_eq!(covered["on_call"][0]["cover"], made.body["id"]);
    let id = made.body["id"].as_str().unwrap();
    let gone = admin.delete(&format!("{path}/covers/{id}")).await;
    assert_eq!(gone.status, 204);
    let again = admin.delete(&format!("{path}/covers/{id}")).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn people_say_themselves_how_they_are_reached_and_nothing_else() {
    let service = Service::start().await;
    let ana = service.agent("ana@example.com", "agent").await;
    let ben = service.agent("ben@example.com", "agent").await;
    let client = service
        .client("ana@example.com")
        .await
        .with("if-match", "*");
    let path = format!("/agents/{ana}");
    let wrong = json!({"phone": "600 000 000", "slack": "@ana", "pager": ""});
    let refused = client.patch(&path, wrong).await;
    assert_eq!(pointers(&refused.body), ["/phone", "/slack", "/pager"]);
    let right = json!({"phone": "+34600000000", "slack": "U012AB3CD", "pager": "0123456789abcdef"});
    let changed = client.patch(&path, right).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["phone"], "+34600000000");
    assert_eq!(changed.body["has_pager"], true);
    assert!(!changed.body.to_string().contains("0123456789abcdef"));
    let other = json!({"phone": null, "roles": ["administrator"]});
    assert_eq!(client.patch(&path, other).await.status, 403);
    let foreign = format!("/agents/{ben}");
    let phone = json!({"phone": "+34600000001"});
    assert_eq!(client.patch(&foreign, phone).await.status, 403);
}
