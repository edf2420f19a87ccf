//! The time of a demonstration, moved through the API.

use serde_json::json;

use crate::service::Service;

#[tokio::test]
async fn the_time_is_moved_on() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let time = admin.get("/time").await;
    assert_eq!(
        time.body,
        json!({"now": "2026-03-02T09:00:00.123456Z", "simulated": true, "speed": 0.0})
    );
    let later = admin.post("/time", json!({"advance": "1d 30m"})).await;
    assert_eq!(later.body["now"], "2026-03-03T09:30:00.123456Z");
    // The clock of the tests moves only by hand.
    assert_eq!(admin.post("/time", json!({"speed": 60})).await.status, 409);
}

#[tokio::test]
async fn a_wrong_length_of_time_is_named() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for (wrong, pointer) in [
        (json!({"advance": "soon"}), "/advance"),
        (json!({"advance": "-2h"}), "/advance"),
        (json!({"advance": "99999w"}), "/advance"),
        (json!({"speed": -1}), "/speed"),
        (json!({"speed": 1, "advance": "1h"}), "/speed"),
        (json!({}), "/advance"),
    ] {
        let refused = admin.post("/time", wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(
        admin.get("/time").await.body["now"],
        "2026-03-02T09:00:00.123456Z"
    );
}

#[tokio::test]
async fn only_an_administrator_moves_the_time() {
    let service = Service::start().await;
    service.agent("manager@example.com", "manager").await;
    let manager = service.client("manager@example.com").await;
    assert_eq!(manager.get("/time").await.status, 200);
    let refused = manager.post("/time", json!({"advance": "1h"})).await;
    assert_eq!(refused.status, 403);
}
