//! Exports over HTTP: asked for, written by the worker, fetched while they last.

use std::io::{Cursor, Read as _};

use axum::body::to_bytes;
use jiff::SignedDuration;
use mainstay_app::Tick;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Client, PASSWORD, Service};

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
    service.app.finish_long_jobs().await;
}

/// An account with a ticket that holds a note, and its administrator.
async fn company<'a>(service: &'a Service, admin: &Client<'_>, name: &str) -> (String, Client<'a>) {
    let account = admin
        .make("/accounts", json!({"name": name, "notes": "hush"}))
        .await;
    let email = format!("casey@{name}.example");
    let contact = json!({
        "name": "Casey", "addresses": [email], "account": account, "portal": "administrator",
    });
    let contact = admin.make("/contacts", contact).await;
    let path = format!("/contacts/{contact}/password");
    admin.put(&path, json!({"password": PASSWORD})).await;
    let client = service.client(&email).await;
    let mut request = client.request("POST", "/attachments?name=..%2F..%2Fevil.txt", None);
    *request.body_mut() = "the file".into();
    let upload = service.send(request).await.body["id"].take();
    let ticket = json!({"subject": name, "message": "Help.", "attachments": [upload]});
    let ticket = client.make("/tickets", ticket).await;
    let note = json!({"text": "between us", "visibility": "internal"});
    let noted = admin
        .post(&format!("/tickets/{ticket}/messages"), note)
        .await;
    assert_eq!(noted.status, 201, "{}", noted.body);
    (account, client)
}

/// Asks for an export, has it written and fetches it.
pub async fn fetched(
    service: &Service,
    client: &Client<'_>,
    account: &str,
) -> zip::ZipArchive<Cursor<Vec<u8>>> {
    let asked = client
        .post(&format!("/accounts/{account}/exports"), json!({}))
        .await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    assert_eq!(asked.body["state"], "queued");
    let place = asked.headers["location"].to_str().unwrap().to_owned();
    work(service).await;
    let read = client.get(&place).await.body;
    assert_eq!(read["state"], "ready", "{read}");
    let request = client.request("GET", read["url"].as_str().unwrap(), None);
    let response = service.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("account-"), "{disposition}");
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(read["size"], bytes.len());
    zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap()
}

pub fn text(archive: &mut zip::ZipArchive<Cursor<Vec<u8>>>, name: &str) -> String {
    let mut text = String::new();
    let mut file = archive.by_name(name).unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn each_side_fetches_what_it_may() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (ours, casey) = company(&service, &admin, "ours").await;
    let (theirs, _) = company(&service, &admin, "theirs").await;

    let mut whole = fetched(&service, &admin, &ours).await;
    let told = text(&mut whole, "account.json");
    assert!(
        told.contains("between us") && told.contains("hush"),
        "{told}"
    );
    let document: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(document["scope"], "everything");
    assert_eq!(document["facts"].as_array().unwrap().len(), 2, "{document}");

    let mut portal = fetched(&service, &casey, &ours).await;
    let told = text(&mut portal, "account.json");
    for hidden in ["between us", "hush", "theirs"] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    let document: Value = serde_json::from_str(&told).unwrap();
    let file = &document["tickets"][0]["messages"][0]["attachments"][0];
    assert_eq!(
        text(&mut portal, file["file"].as_str().unwrap()),
        "the file"
    );
    // Nothing leaves the folder into which an archive is unpacked.
    let folder = tempfile::tempdir().unwrap();
    for index in 0..portal.len() {
        let entry = portal.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let stays = entry.enclosed_name().is_some() && !name.contains("..");
        assert!(stays, "{name}");
    }
    portal.extract(folder.path()).unwrap();

    // What those who serve asked for holds more than the portal shows, and is not the portal's.
    let seen = casey.get(&format!("/accounts/{ours}/exports")).await.body;
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    let all = admin.get(&format!("/accounts/{ours}/exports")).await.body;
    let all = all["items"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    let whole = all
        .iter()
        .find(|export| export["extent"] == "everything")
        .unwrap();
    assert_eq!(casey.get(whole["url"].as_str().unwrap()).await.status, 404);
    for path in [
        "exports",
        &format!("exports/{}", whole["id"].as_str().unwrap()),
    ] {
        assert_eq!(
            casey
                .get(&format!("/accounts/{theirs}/{path}"))
                .await
                .status,
            404
        );
    }
    let refused = casey
        .post(&format!("/accounts/{theirs}/exports"), json!({}))
        .await;
    assert_eq!(refused.status, 404);
    let audit = admin.get("/audit?action=account.exported").await.body;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
}

#[tokio::test]
async fn an_export_is_written_once_at_a_time_and_expires() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (account, _) = company(&service, &admin, "ours").await;
    let path = format!("/accounts/{account}/exports");
    let first = admin.post(&path, json!({})).await.body;
    let again = admin.post(&path, json!({})).await.body;
    assert_eq!(first["id"], again["id"]);
    let place = format!("{path}/{}", first["id"].as_str().unwrap());
    let early = admin.get(&format!("{place}/archive")).await;
    assert_eq!(early.status, 409, "{}", early.body);
    work(&service).await;
    assert_eq!(admin.get(&format!("{place}/archive")).await.status, 200);
    let other = admin.post(&path, json!({})).await.body;
    assert_ne!(
        first["id"], other["id"],
        "what was written is not what is there now"
    );
    service.advance(SignedDuration::from_hours(8 * 24));
    assert_eq!(admin.get(&format!("{place}/archive")).await.status, 409);
    work(&service).await;
    let read = admin.get(&place).await.body;
    assert_eq!(
        (&read["state"], &read["url"]),
        (&json!("expired"), &Value::Null)
    );
}
