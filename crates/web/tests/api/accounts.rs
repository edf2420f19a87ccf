//! Accounts: pages, versions, faults, and what a portal user may know.

use serde_json::{Value, json};

use crate::service::{PASSWORD, Service};

#[tokio::test]
async fn an_account_is_made_read_and_changed() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = json!({"name": " Acme ", "domains": ["ACME.example"], "language": "pt-BR"});
    let made = admin.post("/accounts", input).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["name"], "Acme");
    assert_eq!(made.body["domains"], json!(["acme.example"]));
    let path = made.headers["location"].to_str().unwrap().to_owned();

    let read = admin.get(&path).await;
    assert_eq!(read.body, made.body);
    assert_eq!(read.headers["etag"], made.headers["etag"]);
    let tag = read.headers["etag"].to_str().unwrap();
    let known = admin.with("if-none-match", tag).get(&path).await;
    assert_eq!(known.status, 304);

    let change = json!({"name": "Acme Ltd", "language": null});
    let changed = admin.with("if-match", tag).patch(&path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["name"], "Acme Ltd");
    assert_eq!(changed.body["language"], Value::Null);
    assert_eq!(changed.body["domains"], json!(["acme.example"]));
    assert_ne!(changed.headers["etag"], tag);
}

#[tokio::test]
async fn a_change_names_the_version_it_means() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let id = admin.make("/accounts", json!({"name": "Acme"})).await;
    let path = format!("/accounts/{id}");
    let change = || json!({"name": "Other"});
    assert_eq!(admin.patch(&path, change()).await.status, 428);
    let stale = admin.with("if-match", "\"1\"").patch(&path, change()).await;
    assert_eq!(stale.status, 412);
    assert_eq!(stale.body["type"], "/api/problems/changed");
    assert_eq!(
        admin
            .with("if-match", "1")
            .patch(&path, change())
            .await
            .status,
        400
    );
    assert_eq!(
        admin
            .with("if-match", "*")
            .patch(&path, change())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn every_fault_is_named_at_once() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = json!({"domains": ["acme.example", "not a domain"], "time_zone": "Mars/Olympus"});
    let refused = admin.post("/accounts", input).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<&Value> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(pointers, ["/name", "/domains/1", "/time_zone"]);
    let unknown = admin
        .post("/accounts", json!({"name": "A", "tier": "Gold"}))
        .await;
    assert_eq!(unknown.status, 422);
    assert_eq!(unknown.body["errors"][0]["pointer"], "/tier");
}

#[tokio::test]
async fn a_domain_belongs_to_one_account() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = |name| json!({"name": name, "domains": ["acme.example"]});
    admin.make("/accounts", input("Acme")).await;
    assert_eq!(admin.post("/accounts", input("Other")).await.status, 409);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_loss_or_repetition() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for number in 0..7 {
        admin
            .make("/accounts", json!({"name": format!("Acme {number}")}))
            .await;
    }
    admin.make("/accounts", json!({"name": "Other"})).await;
    let mut names = Vec::new();
    let mut next = Some("/accounts?limit=3&text=acme".to_owned());
    while let Some(path) = next {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for item in page.body["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        next = page.body["next"].as_str().map(str::to_owned);
    }
    let expected: Vec<String> = (0..7).map(|number| format!("Acme {number}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_page_that_is_none_is_refused() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "lmit=1"] {
        let answer = admin.get(&format!("/accounts?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.body["errors"][0]["parameter"].is_string(), "{query}");
    }
}

#[tokio::test]
async fn a_portal_user_knows_of_no_other_account() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let own = admin
        .make("/accounts", json!({"name": "Own", "notes": "pays late"}))
        .await;
    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    for (email, account, portal) in [
        ("ana@own.example", &own, "contact"),
        ("boss@own.example", &own, "administrator"),
        ("eve@foreign.example", &foreign, "administrator"),
    ] {
        let input =
            json!({"account": account, "name": email, "addresses": [email], "portal": portal});
        let id = admin.make("/contacts", input).await;
        let password = json!({"password": PASSWORD});
        let path = format!("/contacts/{id}/password");
        assert_eq!(admin.put(&path, password).await.status, 204);
    }
    for email in ["ana@own.example", "boss@own.example"] {
        let portal = service.client(email).await;
        let accounts = portal.get("/accounts").await.body;
        assert_eq!(accounts["items"].as_array().unwrap().len(), 1);
        assert_eq!(accounts["items"][0]["id"], own);
        assert!(accounts["items"][0].get("notes").is_none());
        assert_eq!(portal.get(&format!("/accounts/{own}")).await.status, 200);
        assert_eq!(
            portal.get(&format!("/accounts/{foreign}")).await.status,
            404
        );
        for path in [
            "/agents",
            "/teams",
            "/views",
            "/macros",
            "/webhooks",
            "/audit",
        ] {
            assert_eq!(portal.get(path).await.status, 403, "{path}");
        }
        assert_eq!(
            portal
                .get(&format!("/accounts/{own}/contracts"))
                .await
                .status,
            403
        );
        let write = portal.with("if-match", "*");
        let change = json!({"name": "Mine"});
        assert_eq!(
            write
                .patch(&format!("/accounts/{own}"), change)
                .await
                .status,
            403
        );
    }
}

#[tokio::test]
async fn a_portal_administrator_keeps_the_contacts_of_the_own_account_only() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let own = admin.make("/accounts", json!({"name": "Own"})).await;
    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    let contact = |account: &str, email: &str, portal: &str| json!({"account": account, "name": email, "addresses": [email], "portal": portal});
    let boss = admin
        .make(
            "/contacts",
            contact(&own, "boss@own.example", "administrator"),
        )
        .await;
    let eve = admin
        .make(
            "/contacts",
            contact(&foreign, "eve@foreign.example", "contact"),
        )
        .await;
    let path = format!("/contacts/{boss}/password");
    admin.put(&path, json!({"password": PASSWORD})).await;
    let portal = service.client("boss@own.example").await;

    let listed = portal.get("/contacts").await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let other = portal
        .get(&format!("/contacts?account={foreign}"))
        .await
        .body;
    assert_eq!(other["items"][0]["id"], boss);
    assert_eq!(portal.get(&format!("/contacts/{eve}")).await.status, 404);
    let taken = portal
        .with("if-match", "*")
        .patch(&format!("/contacts/{eve}"), json!({"name": "Mine"}))
        .await;
    assert_eq!(taken.status, 404);
    let path = format!("/contacts/{eve}/password");
    assert_eq!(
        portal
            .put(&path, json!({"password": PASSWORD}))
            .await
            .status,
        404
    );

    let invited = contact(&foreign, "new@own.example", "contact");
    assert_eq!(portal.post("/contacts", invited).await.status, 422);
    let invited = json!({"name": "New", "addresses": ["new@own.example"], "portal": "contact"});
    let made = portal.post("/contacts", invited).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["account"], own);
}

#[tokio::test]
async fn the_ledger_of_an_account_tells_what_became_of_it_its_contracts_and_its_people() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let one = admin.make("/accounts", json!({"name": "One"})).await;
    let other = admin.make("/accounts", json!({"name": "Other"})).await;
    let change = async |path: &str, body: Value| {
        let read = admin.get(path).await;
        let tag = read.headers["etag"].to_str().unwrap();
        let answer = admin.with("if-match", tag).patch(path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let contract = json!({"tier": "Standard", "starts_on": "2026-01-01"});
    let contract = admin
        .make(&format!("/accounts/{one}/contracts"), contract)
        .await;
    let contract = format!("/contracts/{contract}");
    change(&contract, json!({"tier": "Enterprise"})).await;
    change(&contract, json!({"ends_on": "2026-12-31"})).await;
    let casey = json!({"name": "Casey", "addresses": ["casey@one.example"], "account": one});
    let casey = admin.make("/contacts", casey).await;
    change(&format!("/contacts/{casey}"), json!({"account": other})).await;
    change(&format!("/accounts/{one}"), json!({"name": "First"})).await;
    change(&format!("/accounts/{one}"), json!({"name": "First"})).await;

    let ledger = async |id: &str| -> Vec<Value> {
        let answer = admin.get(&format!("/accounts/{id}/ledger")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["items"].as_array().unwrap().clone()
    };
    let kinds = |facts: &[Value]| -> Vec<String> {
        let kind = |fact: &Value| fact["kind"].as_str().unwrap().to_owned();
        facts.iter().map(kind).collect()
    };
    let facts = ledger(&one).await;
    let told = [
        "account_created",
        "contract_begun",
        "tier_changed",
        "contract_changed",
        "contract_ended",
        "contact_added",
        "contact_went",
        "account_changed",
    ];
    // All of this happened in the same instant, in which ids decide the order.
    let mut found = kinds(&facts);
    found.sort();
    let mut told = told.to_vec();
    told.sort_unstable();
    assert_eq!(found, told);
    let tier = facts
        .iter()
        .find(|fact| fact["kind"] == "tier_changed")
        .unwrap();
    assert_eq!(tier["detail"]["from"], "Standard");
    assert_eq!(tier["detail"]["to"], "Enterprise");
    assert_eq!(tier["actor"]["kind"], "agent");
    assert!(!json!(facts).to_string().contains("casey@"));
    let mut of_other = kinds(&ledger(&other).await);
    of_other.sort();
    assert_eq!(of_other, ["account_created", "contact_came"]);
    let nowhere = "/accounts/00000000-0000-7000-8000-000000000000/ledger";
    assert_eq!(admin.get(nowhere).await.status, 404);
}
