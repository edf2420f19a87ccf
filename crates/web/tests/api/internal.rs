//! Promises among ourselves: those who serve see them, and a customer sees nothing of them anywhere.

use jiff::SignedDuration;
use mainstay_app::{Caller, Tick};
use mainstay_domain::ticket::Scope;
use serde_json::{Value, json};

use crate::exports::{fetched, text};
use crate::service::{Answer, Client, PASSWORD, Service};

/// An Enterprise account whose first ticket was answered and handed to another team, and whose second waits for an answer
/// since a minute later.
struct Handed<'a> {
    admin: Client<'a>,
    boss: Client<'a>,
    account: String,
}

impl<'a> Handed<'a> {
    async fn over(service: &'a Service) -> Self {
        let admin = service.admin().await;
        let pack = mainstay_policy::builtin("mainstay").unwrap();
        let machine = Caller::machine();
        service.app.apply_policy(&machine, &pack, "").await.unwrap();
        let account = admin.make("/accounts", json!({"name": "Acme"})).await;
        let contract = json!({"tier": "Enterprise", "starts_on": "2026-01-01",
            "overrides": [{"commitment": "hand_over", "target_seconds": 3600, "clause": "7.1"}]});
        admin
            .make(&format!("/accounts/{account}/contracts"), contract)
            .await;
        let boss = json!({"account": account, "name": "Boss", "addresses": ["boss@acme.example"],
            "portal": "administrator"});
        let boss = admin.make("/contacts", boss).await;
        let password = json!({"password": PASSWORD});
        admin
            .put(&format!("/contacts/{boss}/password"), password)
            .await;
        let team = admin.make("/teams", json!({"name": "Second"})).await;
        let handed = Self {
            admin,
            boss: service.client("boss@acme.example").await,
            account,
        };
        handed.opens("First").await;
        let reply = json!({"text": "We look into it."});
        let replied = handed.admin.post("/tickets/1/messages", reply).await;
        assert_eq!(replied.status, 201, "{}", replied.body);
        let given = handed
            .admin
            .with("if-match", "*")
            .patch("/tickets/1", json!({"team": team}))
            .await;
        assert_eq!(given.status, 200, "{}", given.body);
        service.advance(SignedDuration::from_mins(1));
        handed.opens("Second").await;
        handed
    }

    async fn opens(&self, subject: &str) {
        let input = json!({"subject": subject, "message": subject, "severity": "P2",
            "account": self.account});
        self.admin.make("/tickets", input).await;
    }

    /// What both read at a path.
    async fn read(&self, path: &str) -> (Answer, Answer) {
        (self.admin.get(path).await, self.boss.get(path).await)
    }
}

fn commitments(answer: &Answer, list: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body[list].as_array().unwrap().iter();
    items
        .map(|item| item["commitment"].as_str().unwrap().to_owned())
        .collect()
}

fn next(ticket: &Value) -> &str {
    ticket["next_due"]["commitment"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn what_is_due_next_is_told_without_what_is_internal() {
    let service = Service::start().await;
    let handed = Handed::over(&service).await;
    let (ours, theirs) = handed.read("/tickets/1").await;
    assert_eq!(next(&ours.body), "hand_over");
    assert_eq!(next(&theirs.body), "update");
    let first = |answer: &Answer| {
        let items = answer.body["items"].as_array().unwrap().clone();
        let named = |item: &Value| format!("{} {}", item["number"], next(item));
        items.iter().map(named).collect::<Vec<_>>()
    };
    let (ours, theirs) = handed.read("/tickets?sort=next_due").await;
    assert_eq!(first(&ours), ["1 hand_over", "2 first_response"]);
    assert_eq!(first(&theirs), ["2 first_response", "1 update"]);
    let mut walked = Vec::new();
    let mut path = "/tickets?sort=next_due&limit=1".to_owned();
    loop {
        let page = handed.boss.get(&path).await;
        walked.extend(first(&page));
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        path = next.to_owned();
    }
    assert_eq!(walked, first(&theirs), "page by page it is the same");
    let soon = "/tickets/count?due_before=2026-03-02T10:00:30Z";
    let (ours, theirs) = handed.read(soon).await;
    assert_eq!(
        (&ours.body["tickets"], &theirs.body["tickets"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn clocks_explanations_attainment_and_promises_leave_it_out() {
    let service = Service::start().await;
    let handed = Handed::over(&service).await;
    for path in ["/tickets/1/clocks", "/tickets/1/explanation"] {
        let (ours, theirs) = handed.read(path).await;
        assert!(ours.body.to_string().contains("hand_over"), "{path}");
        assert!(!theirs.body.to_string().contains("hand_over"), "{path}");
        assert!(theirs.body.to_string().contains("resolution"), "{path}");
    }
    let named = handed
        .boss
        .get("/tickets/1/explanation?commitment=hand_over")
        .await;
    assert_eq!(named.status, 404);
    for path in [
        "/attainment".to_owned(),
        format!("/accounts/{}/attainment", handed.account),
    ] {
        let (ours, theirs) = handed.read(&path).await;
        assert!(commitments(&ours, "kinds").contains(&"hand_over".to_owned()));
        assert!(!commitments(&theirs, "kinds").contains(&"hand_over".to_owned()));
        assert!(commitments(&theirs, "kinds").contains(&"resolution".to_owned()));
    }
    let asked = handed.boss.get("/attainment?commitment=hand_over").await;
    assert_eq!(asked.body["kinds"], json!([]), "{}", asked.body);
    let promised = handed.boss.get("/portal/service").await;
    let names = commitments(&promised, "promises");
    assert!(names.contains(&"first_response".to_owned()), "{names:?}");
    assert!(
        !names.iter().any(|name| name.starts_with("hand_over")),
        "{names:?}"
    );
    assert_eq!(
        promised.body["promises"][0]["title"]["es"],
        "Primera respuesta"
    );
}

#[tokio::test]
async fn an_export_and_live_events_leave_it_out() {
    let service = Service::start().await;
    let handed = Handed::over(&service).await;
    for (client, is_told) in [(&handed.admin, true), (&handed.boss, false)] {
        let mut archive = fetched(&service, client, &handed.account).await;
        let told = text(&mut archive, "account.json");
        assert_eq!(told.contains("hand_over"), is_told, "{told}");
        assert!(told.contains("resolution"), "{told}");
    }

    let app = &service.app;
    while app.tick().await.unwrap() == Tick::More {}
    let place = app.latest_place().await.unwrap();
    // At 45 minutes of its hour the hand-over of the first ticket warns; at half of its own, the second's first response.
    service.advance(SignedDuration::from_mins(44));
    while app.tick().await.unwrap() == Tick::More {}
    let first = handed.admin.get("/tickets/1").await.body["id"].clone();
    let theirs = Scope::Account(handed.account.parse().unwrap());
    let mut told = Vec::new();
    for (_, change) in app.changes_after(place).await.unwrap() {
        let Some(ticket) = change.ticket.filter(|_| change.kind == "ticket.changed") else {
            continue;
        };
        assert!(app.may_know(Scope::Everything, &change).await.unwrap());
        let is_told = app.may_know(theirs, &change).await.unwrap();
        told.push((json!(ticket.to_string()) == first, is_told));
    }
    told.sort_unstable();
    assert_eq!(told, [(false, true), (true, false)]);
}

#[tokio::test]
async fn the_latest_pack_decides_for_clocks_of_before_too() {
    let service = Service::start().await;
    let handed = Handed::over(&service).await;
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let files = pack.files().map(|(name, text)| {
        let text = text.replace("internal = true\n", "");
        (name.to_owned(), text)
    });
    let open = mainstay_policy::PackSource::new(files);
    let machine = Caller::machine();
    service.app.apply_policy(&machine, &open, "").await.unwrap();
    let shown = handed.boss.get("/tickets/1/clocks").await;
    assert!(commitments(&shown, "items").contains(&"hand_over".to_owned()));
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let hidden = handed.boss.get("/tickets/1/clocks").await;
    assert!(!commitments(&hidden, "items").contains(&"hand_over".to_owned()));
}

#[tokio::test]
async fn a_note_moves_nothing_that_its_customer_reads() {
    let service = Service::start().await;
    let handed = Handed::over(&service).await;
    let before = handed.boss.get("/tickets/1").await.body["updated_at"].clone();
    service.advance(SignedDuration::from_mins(9));
    let note = json!({"text": "Do not tell them yet.", "visibility": "internal"});
    let noted = handed.admin.post("/tickets/1/messages", note).await;
    assert_eq!(noted.status, 201, "{}", noted.body);

    let (ours, theirs) = handed.read("/tickets/1").await;
    assert_ne!(ours.body["updated_at"], before);
    assert_eq!(theirs.body["updated_at"], before);
    let (ours, theirs) = handed.read("/tickets?sort=-updated").await;
    let first = |answer: &Answer| answer.body["items"][0]["number"].clone();
    assert_eq!((first(&ours), first(&theirs)), (json!(1), json!(2)));
    assert_eq!(theirs.body["items"][1]["updated_at"], before);
    let since = "/tickets/count?updated_from=2026-03-02T09:05:00Z";
    let (ours, theirs) = handed.read(since).await;
    let counted = |answer: &Answer| answer.body["tickets"].clone();
    assert_eq!((counted(&ours), counted(&theirs)), (json!(1), json!(0)));
    let mut archive = fetched(&service, &handed.boss, &handed.account).await;
    let told: Value = serde_json::from_str(&text(&mut archive, "account.json")).unwrap();
    let mut exported = told["tickets"].as_array().unwrap().iter();
    let exported = exported.find(|ticket| ticket["number"] == 1).unwrap();
    assert_eq!(exported["updated_at"], before);

    let reply = json!({"text": "It is mended."});
    handed.admin.post("/tickets/1/messages", reply).await;
    let (ours, theirs) = handed.read("/tickets/1").await;
    assert_eq!(ours.body["updated_at"], theirs.body["updated_at"]);
    assert_ne!(theirs.body["updated_at"], before);
}
