//! What a contract would change of the clocks that run, shown before it is made or changed.

use serde_json::{Value, json};

use crate::service::{Client, Service};

/// A service under the pack `mainstay`, with an account, and a ticket of it that is open.
async fn with_a_ticket(service: &Service) -> (String, Value) {
    let folder = std::path::Path::new("../../packs/mainstay");
    let pack = mainstay_policy::PackSource::from_folder(folder).unwrap();
    let machine = mainstay_app::Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let tier = tiers(service).remove(0);
    let contract = json!({"tier": tier, "starts_on": "2026-01-01"});
    let path = format!("/accounts/{account}/contracts");
    let contract = admin.make(&path, contract).await;
    let input = json!({"subject": "A", "message": "x", "severity": "P2", "account": account});
    let id = admin.make("/tickets", input).await;
    let ticket = admin.get(&format!("/tickets/{id}")).await.body;
    (contract, json!({"ticket": ticket, "account": account}))
}

fn tiers(service: &Service) -> Vec<String> {
    let policy = service.app.policy();
    let names = policy.current().support_hours.keys();
    names.map(ToString::to_string).collect()
}

async fn due(admin: &Client<'_>, ticket: &Value) -> Vec<(String, Value)> {
    let path = format!("/tickets/{}/clocks", ticket["id"].as_str().unwrap());
    let clocks = admin.get(&path).await.body;
    let clocks = clocks["items"].as_array().unwrap();
    clocks
        .iter()
        .filter(|clock| clock["state"] == "running")
        .map(|clock| {
            let name = clock["commitment"].as_str().unwrap();
            (name.to_owned(), clock["due_at"].clone())
        })
        .collect()
}

#[tokio::test]
async fn a_change_of_a_contract_shows_which_clocks_it_would_move_and_moves_them_so() {
    let service = Service::start().await;
    let (contract, told) = with_a_ticket(&service).await;
    let admin = service.admin().await;
    let ticket = &told["ticket"];
    let before = due(&admin, ticket).await;
    let own = json!({"overrides": [
        {"commitment": "first_response", "target_seconds": 600, "clause": "Annex 1"}]});
    let path = format!("/contracts/{contract}/preview");
    let shown = admin.post(&path, own.clone()).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(shown.body["from"], "2026-03-02");
    assert_eq!(shown.body["tickets"], 1);
    let items = shown.body["items"].as_array().unwrap();
    let names: Vec<&Value> = items.iter().map(|item| &item["commitment"]).collect();
    assert_eq!(names, ["first_response"]);
    assert_eq!(items[0]["ticket"], ticket["number"]);
    assert_eq!(
        due(&admin, ticket).await,
        before,
        "a preview changes nothing"
    );

    let careful = admin.with("if-match", "*");
    let changed = careful
        .patch(&format!("/contracts/{contract}"), own.clone())
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    while service.app.tick().await.unwrap() == mainstay_app::Tick::More {}
    let after = due(&admin, ticket).await;
    let first = after.iter().find(|(name, _)| name == "first_response");
    assert_eq!(first.unwrap().1, items[0]["would_be_due_at"]);
    let again = admin.post(&path, own).await.body;
    assert_eq!(again["from"], Value::Null);
    assert_eq!(again["items"], json!([]));
}

#[tokio::test]
async fn ending_a_contract_and_adding_one_are_shown_for_the_day_on_which_they_make_a_difference() {
    let service = Service::start().await;
    let (contract, told) = with_a_ticket(&service).await;
    let admin = service.admin().await;
    let path = format!("/contracts/{contract}/preview");
    let ended = admin
        .post(&path, json!({"ends_on": "2026-03-02"}))
        .await
        .body;
    assert_eq!(ended["from"], "2026-03-03");
    let account = told["account"].as_str().unwrap();
    let path = format!("/accounts/{account}/contracts/preview");
    let other = json!({"tier": tiers(&service)[1], "starts_on": "2026-06-01"});
    let added = admin.post(&path, other).await.body;
    assert_eq!(added["from"], "2026-06-01");
    assert!(!added["items"].as_array().unwrap().is_empty(), "{added}");
    let wrong = json!({"tier": "", "starts_on": "2026-06-01", "ends_on": "2026-05-01"});
    let refused = admin.post(&path, wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
}
