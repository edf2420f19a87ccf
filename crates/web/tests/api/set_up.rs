//! The first run: who may make the first administrator, and when.

use serde_json::{Value, json};

use crate::service::{Client, PASSWORD, Service};

async fn empty() -> Service {
    Service::on("sqlite::memory:", 1, mainstay_app::Options::default()).await
}

fn first(code: &str, email: &str) -> Value {
    json!({"code": code, "name": "Ada", "email": email, "password": PASSWORD, "time_zone": "Europe/Madrid"})
}

#[tokio::test]
async fn who_has_the_code_becomes_the_administrator_and_is_signed_in() {
    let service = empty().await;
    let nobody = Client::nobody(&service);
    assert_eq!(nobody.get("/set-up").await.body, json!({"needed": true}));
    let code = service.app.set_up_code().await.unwrap().unwrap();
    assert_eq!(
        service.app.set_up_code().await.unwrap(),
        Some(code.clone()),
        "a restart prints the same"
    );

    let made = nobody
        .post("/set-up", first(&code, "ada@example.com"))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["roles"], json!(["administrator"]));
    let cookie = made.headers["set-cookie"].to_str().unwrap();
    let ada = nobody.with("cookie", cookie.split(';').next().unwrap());
    assert_eq!(ada.get("/me").await.body["email"], "ada@example.com");
    assert_eq!(nobody.get("/set-up").await.body, json!({"needed": false}));
    assert_eq!(
        service
            .client("ada@example.com")
            .await
            .get("/me")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_stranger_without_the_code_is_refused() {
    let service = empty().await;
    let nobody = Client::nobody(&service);
    for guess in ["", "guessed"] {
        let refused = nobody
            .post("/set-up", first(guess, "eve@example.com"))
            .await;
        assert_eq!(refused.status, 403, "before a code was printed");
    }
    let code = service.app.set_up_code().await.unwrap().unwrap();
    let refused = nobody
        .post("/set-up", first("guessed", "eve@example.com"))
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(nobody.get("/set-up").await.body, json!({"needed": true}));
    // What is wrong in the form does not use the code up.
    let wrong = nobody.post("/set-up", first(&code, "no address")).await;
    assert_eq!(wrong.status, 422);
    let right = nobody
        .post("/set-up", first(&code, "ada@example.com"))
        .await;
    assert_eq!(right.status, 201, "{}", right.body);
}

#[tokio::test]
async fn the_code_serves_once_and_never_where_somebody_serves() {
    let service = empty().await;
    let code = service.app.set_up_code().await.unwrap().unwrap();
    let nobody = Client::nobody(&service);
    let (one, other) = tokio::join!(
        nobody.post("/set-up", first(&code, "ada@example.com")),
        nobody.post("/set-up", first(&code, "bob@example.com")),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);

    let service = empty().await;
    let code = service.app.set_up_code().await.unwrap().unwrap();
    service.agent("admin@example.com", "administrator").await;
    assert_eq!(service.app.set_up_code().await.unwrap(), None);
    let late = Client::nobody(&service);
    let refused = late.post("/set-up", first(&code, "eve@example.com")).await;
    assert_eq!(refused.status, 403);
}
