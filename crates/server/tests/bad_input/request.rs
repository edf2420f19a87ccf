//! Requests that are wrong.

use serde_json::{Value, json};

use crate::house::House;

#[test]
fn a_request_that_is_wrong_is_told_what_is_wrong_with_it() {
    let house = House::open(&[]);
    let kept = house.open_ticket("Kept");

    let stranger = ["authorization: Bearer mst_nobody"];
    let told = house.send("GET", "/api/v1/tickets", &stranger, b"");
    assert!(told.problem(401).contains("token"), "{told:?}");
    assert!(told.head.contains("www-authenticate: Bearer"), "{told:?}");

    let told = house.get("/accounts/seven");
    assert!(told.problem(400).contains("a UUID like"), "{told:?}");
    assert_eq!(told.json()["errors"][0]["parameter"], "id");

    let nobodys = "0190163d-8694-739b-aea5-966c26f8ad91";
    let told = house.get(&format!("/tickets/{nobodys}"));
    assert!(!told.problem(404).is_empty(), "{told:?}");

    let told = house.ask("POST", "/tickets", &json!({"subject": "x", "subjekt": "y"}));
    assert!(
        told.problem(422).contains("unknown field `subjekt`"),
        "{told:?}"
    );
    assert_eq!(told.json()["errors"][0]["pointer"], "/subjekt");

    let told = house.get("/tickets?sorted=number");
    assert!(told.problem(422).contains("unknown parameter"), "{told:?}");

    let tickets = house.get("/tickets").json();
    let ids: Vec<&Value> = tickets["items"]
        .as_array()
        .expect("tickets")
        .iter()
        .map(|ticket| &ticket["id"])
        .collect();
    assert_eq!(ids, [&json!(kept)], "nothing came of what was refused");
}

#[test]
fn ten_megabytes_of_json_are_refused_in_words() {
    let house = House::open(&[("HTTP_MAX_BODY", "8 MiB")]);
    let long = json!({"subject": "x", "message": "y".repeat(10 << 20)});
    let told = house.ask("POST", "/tickets", &long);
    assert!(
        told.problem(413)
            .contains("larger than this server accepts"),
        "{told:?}"
    );
    house.serves();
    drop(house);

    // Where so much is accepted, what it says is judged.
    let house = House::open(&[]);
    let told = house.ask(
        "POST",
        "/tickets",
        &json!({"subject": "x".repeat(10 << 20)}),
    );
    assert!(told.problem(422).contains("subject"), "{}", told.status);
    let deep = format!("{{\"subject\":{}", "[".repeat(10 << 20));
    let headers = [
        format!("authorization: Bearer {}", house.token),
        "content-type: application/json".to_owned(),
    ];
    let headers = headers.each_ref().map(String::as_str);
    let told = house.send("POST", "/api/v1/tickets", &headers, deep.as_bytes());
    assert!((400..500).contains(&told.status), "{told:?}");
    house.serves();
}

/// Somebody of one account who asks for what belongs to another is told that there is no such thing.
#[test]
fn another_accounts_id_is_nobodys() {
    let house = House::open(&[]);
    let account = |name: &str| {
        let made = house.ask("POST", "/accounts", &json!({"name": name}));
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].clone()
    };
    let (ours, theirs) = (account("Acme"), account("Globex"));
    let contact = json!({
        "name": "Eva", "account": ours, "addresses": ["eva@acme.example"], "portal": "administrator"
    });
    let contact = house.ask("POST", "/contacts", &contact);
    assert_eq!(contact.status, 201, "{contact:?}");
    let path = format!(
        "/contacts/{}/password",
        contact.json()["id"].as_str().expect("an id")
    );
    let password = "correct horse battery";
    let set = house.ask("PUT", &path, &json!({"password": password}));
    assert_eq!(set.status, 204, "{set:?}");
    let secret = house.ask(
        "POST",
        "/tickets",
        &json!({"subject": "A secret of Globex", "account": theirs}),
    );
    assert_eq!(secret.status, 201, "{secret:?}");
    let secret = secret.json()["id"].as_str().expect("an id").to_owned();

    let json = "content-type: application/json";
    let ours = "x-requested-with: mainstay";
    let body = json!({"email": "eva@acme.example", "password": password}).to_string();
    let signed_in = house.send("POST", "/api/v1/sessions", &[json, ours], body.as_bytes());
    assert_eq!(signed_in.status, 201, "{signed_in:?}");
    let cookie = signed_in
        .head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .and_then(|cookie| cookie.split(';').next())
        .expect("a cookie");
    assert!(!cookie.is_empty());
    for path in [
        format!("/tickets/{secret}"),
        format!("/tickets/{secret}/messages"),
        format!("/accounts/{}", theirs.as_str().expect("an id")),
    ] {
        let cookie = format!("cookie: {cookie}");
        let told = house.send("GET", &format!("/api/v1{path}"), &[&cookie], b"");
        assert!(!told.problem(404).contains("Globex"), "{told:?}");
    }
    let told = house.send(
        "GET",
        "/api/v1/tickets",
        &[&format!("cookie: {cookie}")],
        b"",
    );
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.json()["items"], json!([]));
}
