//! The policy and its calendars: applied, shown, rolled back, tried out.

use serde_json::{Value, json};

use crate::service::{Client, Service};

async fn with_policy(service: &Service) -> Client<'_> {
    let admin = service.admin().await;
    let applied = admin
        .post(
            "/policy/versions",
            json!({"pack": "mainstay", "note": "the first"}),
        )
        .await;
    assert_eq!(applied.status, 201, "{}", applied.body);
    admin
}

/// The files of a version, with a text in one of them replaced.
async fn changed(admin: &Client<'_>, file: &str, from: &str, to: &str) -> Value {
    let mut files = admin.get("/policy/versions/1").await.body["files"].take();
    let text = files[file].as_str().expect("the file").to_owned();
    assert!(text.contains(from), "{file} does not hold {from}");
    files[file] = json!(text.replace(from, to));
    files
}

#[tokio::test]
async fn nothing_is_promised_until_a_pack_is_applied() {
    let service = Service::start().await;
    let admin = service.admin().await;
    assert_eq!(admin.get("/policy").await.status, 404);
    assert_eq!(admin.get("/policy/versions").await.body["items"], json!([]));

    let admin = with_policy(&service).await;
    let policy = admin.get("/policy").await;
    assert_eq!(policy.status, 200);
    assert_eq!(policy.body["in_force"]["version"], 1);
    assert_eq!(policy.body["pack"], "mainstay");
    for part in ["tiers", "commitments", "calendars", "escalation"] {
        let part = policy.body[part].as_array();
        assert!(part.is_some_and(|part| !part.is_empty()), "{part:?}");
    }
    let tag = policy.headers["etag"].to_str().unwrap();
    let again = admin.with("if-none-match", tag).get("/policy").await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn versions_are_kept_and_come_back() {
    let service = Service::start().await;
    let admin = with_policy(&service).await;
    let same = admin
        .post("/policy/versions", json!({"pack": "mainstay"}))
        .await;
    assert_eq!(same.status, 409, "{}", same.body);
    let other = admin
        .post("/policy/versions", json!({"pack": "premium-support"}))
        .await;
    assert_eq!(other.body["version"], 2);
    assert_eq!(other.headers["location"], "/api/v1/policy/versions/2");
    let back = admin.post("/policy/versions/1/rollback", json!({})).await;
    assert_eq!(back.status, 201, "{}", back.body);

    let versions = admin.get("/policy/versions").await.body["items"].clone();
    let told: Vec<(u64, &str, bool)> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            (
                version["version"].as_u64().unwrap(),
                version["pack"].as_str().unwrap(),
                version["in_force"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, "mainstay", true),
            (2, "premium-support", false),
            (1, "mainstay", false)
        ]
    );
    assert!(versions[0]["applied_by"].is_string());
    assert_eq!(versions[2]["note"], "the first");
    assert_eq!(admin.get("/policy").await.body["pack"], "mainstay");
    let missing = admin.post("/policy/versions/9/rollback", json!({})).await;
    assert_eq!(missing.status, 404);

    let trail = admin.get("/audit?action=policy.applied").await.body;
    assert!(
        trail["items"]
            .as_array()
            .is_none_or(|items| items.len() == 3),
        "{trail}"
    );
}

#[tokio::test]
async fn a_pack_that_is_wrong_is_refused_with_every_problem_and_changes_nothing() {
    let service = Service::start().await;
    let admin = with_policy(&service).await;
    let files = json!({"pack.toml": "name = \"x\"\ntitel = \"X\"\n"});
    let refused = admin
        .post("/policy/versions", json!({"files": files}))
        .await;
    assert_eq!(refused.status, 422);
    let told = refused.body["errors"].to_string();
    assert!(told.contains("pack.toml:2:1"), "{told}");
    assert!(refused.body["errors"].as_array().unwrap().len() > 1);
    assert_eq!(admin.get("/policy").await.body["in_force"]["version"], 1);
    for wrong in [
        json!({}),
        json!({"pack": "nowhere"}),
        json!({"pack": "mainstay", "files": {}}),
    ] {
        let refused = admin.post("/policy/versions", wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
}

#[tokio::test]
async fn who_may_not_apply_a_policy_may_read_it() {
    let service = Service::start().await;
    with_policy(&service).await;
    service.agent("viewer@example.com", "viewer").await;
    let viewer = service.client("viewer@example.com").await;
    assert_eq!(viewer.get("/policy").await.status, 200);
    assert_eq!(viewer.get("/policy/versions").await.status, 200);
    let refused = viewer
        .post("/policy/versions", json!({"pack": "premium-support"}))
        .await;
    assert_eq!(refused.status, 403);
    let refused = viewer.post("/policy/versions/1/rollback", json!({})).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn a_preview_says_which_clocks_would_be_due_otherwise() {
    let service = Service::start().await;
    let admin = with_policy(&service).await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let contract = json!({"tier": "Enterprise", "starts_on": "2026-01-01"});
    admin
        .make(&format!("/accounts/{account}/contracts"), contract)
        .await;
    let ticket = json!({
        "subject": "It is down", "message": "Nothing works.", "severity": "P1", "account": account,
    });
    let number = admin.post("/tickets", ticket).await.body["number"].clone();

    let same = admin
        .post("/policy/preview", json!({"pack": "mainstay"}))
        .await;
    let nothing = json!({"tickets": 1, "items": []});
    assert_eq!((same.status.as_u16(), same.body), (200, nothing));
    let (from, to) = (
        "[commitment.targets.Enterprise]\nP1 = \"15m\"",
        "[commitment.targets.Enterprise]\nP1 = \"10m\"",
    );
    let files = changed(&admin, "commitments.toml", from, to).await;
    let shorter = admin.post("/policy/preview", json!({"files": files})).await;
    assert_eq!(shorter.status, 200, "{}", shorter.body);
    assert_eq!(
        shorter.body["items"],
        json!([{
            "ticket": number,
            "commitment": "first_response",
            "due_at": "2026-03-02T09:15:00.123456Z",
            "would_be_due_at": "2026-03-02T09:10:00.123456Z",
        }])
    );
    assert_eq!(admin.get("/policy").await.body["in_force"]["version"], 1);
    let clocks = admin.get(&format!("/tickets/{number}/clocks")).await.body;
    assert!(
        clocks.to_string().contains("2026-03-02T09:15:00.123456Z"),
        "{clocks}"
    );
}

#[tokio::test]
async fn a_preview_goes_from_page_to_page() {
    let service = Service::start().await;
    let admin = with_policy(&service).await;
    for subject in ["One", "Two", "Three"] {
        let ticket = json!({"subject": subject, "message": "Help.", "severity": "P2"});
        assert_eq!(admin.post("/tickets", ticket).await.status, 201);
    }
    let (from, to) = (
        "severity = \"P2\"\nwithin = \"8h\"",
        "severity = \"P2\"\nwithin = \"7h\"",
    );
    let files = changed(&admin, "commitments.toml", from, to).await;
    let (mut path, mut told) = ("/policy/preview?limit=2".to_owned(), Vec::new());
    loop {
        let page = admin.post(&path, json!({"files": files})).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap();
        told.push((page.body["tickets"].as_u64().unwrap(), items.len()));
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        path = next.trim_start_matches("/api/v1").to_owned();
    }
    assert_eq!(told, [(2, 2), (1, 1)]);
}

#[tokio::test]
async fn a_team_that_is_not_there_is_told_when_the_pack_is_applied() {
    let service = Service::start().await;
    let admin = service.admin().await;
    admin.make("/teams", json!({"name": "Enginering"})).await;
    admin.make("/teams", json!({"name": "Support"})).await;
    let applied = admin
        .post("/policy/versions", json!({"pack": "mainstay"}))
        .await;
    assert_eq!(applied.status, 201, "{}", applied.body);
    let warnings = applied.body["warnings"].to_string();
    assert!(
        warnings.contains("there is no team `Engineering`"),
        "{warnings}"
    );
    assert!(
        warnings.contains("did you mean `Enginering`?"),
        "{warnings}"
    );

    // Once the team is there, the same pack means something else and is applied again; then it is the same.
    admin.make("/teams", json!({"name": "Engineering"})).await;
    let again = admin
        .post("/policy/versions", json!({"pack": "mainstay"}))
        .await;
    assert_eq!(again.status, 201, "{}", again.body);
    assert_eq!(again.body.get("warnings"), None);
    let same = admin
        .post("/policy/versions", json!({"pack": "mainstay"}))
        .await;
    assert_eq!(same.status, 409, "{}", same.body);
}

#[tokio::test]
async fn a_calendar_shows_its_weeks() {
    let service = Service::start().await;
    let admin = with_policy(&service).await;
    let policy = admin.get("/policy").await.body;
    for calendar in policy["calendars"].as_array().unwrap() {
        let name = calendar["name"].as_str().unwrap().replace('/', "%2F");
        let shown = admin
            .get(&format!("/calendars/{name}?from=2026-03-25"))
            .await;
        assert_eq!(shown.status, 200, "{name}: {}", shown.body);
        assert_eq!(shown.body["days"].as_array().unwrap().len(), 28);
        assert_eq!(shown.body["days"][0]["date"], "2026-03-23");
    }
    let missing = admin.get("/calendars/nobody").await;
    assert_eq!(missing.status, 404);
    assert_eq!(admin.get("/calendars/x?from=soon").await.status, 422);
}

#[tokio::test]
async fn the_packs_that_come_with_the_program_are_shown_side_by_side() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let packs = admin.get("/policy/packs").await.body;
    let names: Vec<_> = packs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pack| pack["pack"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"mainstay") && names.contains(&"premium-support"),
        "{names:?}"
    );
    assert!(
        !packs["items"][0]["commitments"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn two_packs_are_compared_by_what_they_promise() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let applied = json!({"pack": "premium-support"});
    assert_eq!(admin.post("/policy/versions", applied).await.status, 201);
    let ask = |before, after| json!({"before": before, "after": after});

    let same = ask(json!({"version": 1}), json!({"pack": "premium-support"}));
    assert_eq!(
        admin.post("/policy/compare", same).await.body["items"],
        json!([])
    );
    let other = ask(json!({"version": 1}), json!({"pack": "client-success"}));
    let changes = admin.post("/policy/compare", other).await.body;
    let of_pack = |change: &&Value| change["part"] == "pack";
    let items = changes["items"].as_array().unwrap();
    assert!(items.iter().find(of_pack).is_some(), "{changes}");

    let gone = ask(json!({"version": 9}), json!({"pack": "client-success"}));
    assert_eq!(admin.post("/policy/compare", gone).await.status, 404);
    let both = ask(
        json!({"version": 1, "pack": "mainstay"}),
        json!({"pack": "mainstay"}),
    );
    assert_eq!(admin.post("/policy/compare", both).await.status, 422);
}
