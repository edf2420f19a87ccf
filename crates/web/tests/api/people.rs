//! Agents, teams, contracts, views, macros, webhooks and the trail they leave.

use std::collections::HashSet;

use mainstay_app::{Options, Vault, VaultKey};
use mainstay_store::agent;
use serde_json::{Value, json};

use crate::service::{Client, Service};

#[tokio::test]
async fn the_last_administrator_stays() {
    let service = Service::start().await;
    let admin = service.admin().await.with("if-match", "*");
    let id = admin.get("/me").await.body["id"].clone();
    let path = format!("/agents/{}", id.as_str().unwrap());
    for change in [json!({"roles": ["agent"]}), json!({"active": false})] {
        assert_eq!(admin.patch(&path, change).await.status, 409);
    }
    service.agent("second@example.com", "administrator").await;
    let change = json!({"roles": ["agent"]});
    assert_eq!(admin.patch(&path, change).await.status, 200);
    assert_eq!(admin.patch(&path, json!({"name": "x"})).await.status, 403);
}

#[tokio::test]
async fn a_role_that_is_none_or_of_the_portal_is_refused() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = json!({"email": "x@example.com", "name": "X", "roles": ["agent", "king", "portal_contact"]});
    let refused = admin.post("/agents", input).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/roles/1");
    assert_eq!(refused.body["errors"][1]["pointer"], "/roles/2");
}

#[tokio::test]
async fn teams_have_members_who_exist() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let me = admin.get("/me").await.body["id"].clone();
    let team = admin
        .post("/teams", json!({"name": "First line", "members": [me, me]}))
        .await;
    assert_eq!(team.body["members"], json!([me]));
    let stranger =
        json!({"name": "Second line", "members": ["0190163d-8694-739b-aea5-966c26f8ad91"]});
    assert_eq!(admin.post("/teams", stranger).await.status, 409);
    assert_eq!(
        admin
            .post("/teams", json!({"name": "First line"}))
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn a_contract_is_checked_as_a_whole() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let path = format!("/accounts/{account}/contracts");
    let wrong = json!({"starts_on": "2026-02-01", "ends_on": "2026-01-01", "currency": "euro", "value": -1,
        "overrides": [{"commitment": "first_response", "severity": null, "target_seconds": 0, "calendar": null, "clause": "4.2"}]});
    let refused = admin.post(&path, wrong).await;
    let pointers: Vec<&Value> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(
        pointers,
        ["/tier", "/ends_on", "/value", "/currency", "/overrides/0"]
    );
    let right = json!({"tier": "Enterprise", "starts_on": "2026-02-01", "ends_on": "2027-01-31", "currency": "EUR",
        "value": 12_000_000, "overrides": [{"commitment": "first_response", "severity": "P1", "target_seconds": 900,
        "calendar": null, "clause": "4.2"}]});
    let made = admin.post(&path, right).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["overrides"][0]["target_seconds"], 900);
    let listed = admin.get(&path).await.body;
    assert_eq!(listed["items"], json!([made.body]));
}

#[tokio::test]
async fn views_and_macros_are_ones_own_or_everybodys() {
    let service = Service::start().await;
    service.agent("ana@example.com", "agent").await;
    service.agent("ben@example.com", "agent").await;
    let admin = service.admin().await;
    let ana = service.client("ana@example.com").await;
    let ben = service.client("ben@example.com").await;
    for path in ["/views", "/macros"] {
        let own = ana.make(path, json!({"name": "Mine"})).await;
        assert_eq!(
            ana.post(path, json!({"name": "Ours", "shared": true}))
                .await
                .status,
            403
        );
        let shared = admin
            .make(path, json!({"name": "Ours", "shared": true}))
            .await;
        assert_eq!(ben.get(&format!("{path}/{own}")).await.status, 404);
        assert_eq!(ben.delete(&format!("{path}/{own}")).await.status, 404);
        assert_eq!(ben.get(&format!("{path}/{shared}")).await.status, 200);
        assert_eq!(ben.delete(&format!("{path}/{shared}")).await.status, 403);
        assert_eq!(
            ana.get(path).await.body["items"].as_array().unwrap().len(),
            2
        );
        assert_eq!(ana.delete(&format!("{path}/{own}")).await.status, 204);
    }
}

#[tokio::test]
async fn a_webhook_shows_its_secret_once_and_goes_to_an_address() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for url in [
        "",
        "ftp://x",
        "https://",
        "https://u:p@x.example/",
        "https://x.example/a b",
    ] {
        let refused = admin.post("/webhooks", json!({"url": url})).await;
        assert_eq!(refused.status, 422, "{url}");
    }
    let made = admin
        .post(
            "/webhooks",
            json!({"url": "https://hooks.example/in", "events": ["ticket.opened"]}),
        )
        .await;
    assert!(made.body["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
    assert!(admin.get(&path).await.body.get("secret").is_none());
    let deliveries = admin.get(&format!("{path}/deliveries")).await;
    assert_eq!(deliveries.body, json!({"items": []}));
}

#[tokio::test]
async fn what_was_done_is_in_the_trail() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let trail = admin.get(&format!("/audit?subject={account}")).await.body;
    assert_eq!(trail["items"][0]["action"], "account.created");
    assert_eq!(trail["items"][0]["actor_kind"], "agent");
    assert_eq!(trail["items"][0]["account"], account);
}

#[tokio::test]
async fn the_description_names_an_error_for_every_operation_and_every_route_needs_a_credential() {
    let service = Service::start().await;
    let nobody = Client::nobody(&service);
    let description = nobody.get("/api/openapi.json").await.body;
    let mut operations = 0;
    let mut names = HashSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
            let name = operation["operationId"].as_str().unwrap();
            assert!(
                names.insert(name.to_owned()),
                "{method} {path}: {name} is taken"
            );
            // How one gets in, and what the page where one does looks like.
            let is_door = path == "/api/v1/sessions" && method == "post"
                || path.starts_with("/api/v1/passkeys/")
                || path.starts_with("/api/v1/sign-in-links");
            // Who is signed in is told to whoever asks: nobody.
            let is_told = path == "/api/v1/sessions/current" && method == "get";
            let is_open = ["/api/v1/portal", "/api/v1/set-up"].contains(&path.as_str());
            if is_door || is_told || is_open {
                continue;
            }
            let filled = path.split('/').map(|part| match part.starts_with('{') {
                true => "0190163d-8694-739b-aea5-966c26f8ad91",
                false => part,
            });
            let path = filled.collect::<Vec<_>>().join("/");
            let request = nobody.request(&method.to_uppercase(), &path, Some(json!({})));
            let answer = service.send(request).await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
    assert!(operations > 40, "{operations}");
}

#[tokio::test]
async fn the_key_of_a_pager_is_kept_sealed() {
    let vault = Vault::new(vec![VaultKey::new([7; 32])]);
    let options = Options {
        vault,
        ..Options::default()
    };
    let service = Service::start_with(options).await;
    let admin = service.admin().await.with("if-match", "*");
    let id = service.agent("other@example.com", "agent").await;
    let path = format!("/agents/{id}");
    let key = "k".repeat(200);
    let given = admin.patch(&path, json!({"pager": key})).await;
    assert_eq!(given.body["has_pager"], true, "{}", given.body);
    let kept = async || {
        let on = service.app.store().read();
        let agent = agent::find(&on, id.parse().unwrap()).await.unwrap();
        agent.unwrap().pager.unwrap()
    };
    let sealed = kept().await;
    assert!(
        sealed.starts_with("sealed:") && !sealed.contains("kkkk"),
        "{sealed}"
    );
    let renamed = admin.patch(&path, json!({"name": "Another"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(
        kept().await,
        sealed,
        "what is not given again stays as it is"
    );
}
