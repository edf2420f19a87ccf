//! What we tell of ourselves, and the test of mail, as the first run uses them.

use std::sync::{Arc, Mutex};

use mainstay_app::company::Company;
use mainstay_app::mail::{Checked, CheckedMailbox, MailCheck, MailFault, MailOptions, MailStep};
use mainstay_app::{Caller, Options};
use mainstay_domain::mail::OutgoingMail;
use serde_json::json;

use crate::service::{Client, Service};

#[tokio::test]
async fn what_is_told_is_what_customers_see_and_agents_begin_with() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let before = admin.get("/company").await.body;
    assert_eq!(
        before,
        json!({"name": null, "logo": null, "colour": null, "language": null, "time_zone": null, "fixed": []})
    );
    let told = json!({
        "name": " Desk Inc ", "logo": "data:image/svg+xml;base64,PHN2Zy8+", "colour": "#0B6E7F",
        "language": "es", "time_zone": "Europe/Madrid",
    });
    let unread = admin.put("/company", told.clone()).await;
    assert_eq!(unread.status, 428, "{}", unread.body);
    let read = admin.get("/company").await;
    let tag = read.headers["etag"].to_str().unwrap();
    let knows = admin.with("if-none-match", tag).get("/company").await;
    assert_eq!(knows.status, 304);
    let reader = admin.with("if-match", tag);
    let answer = reader.put("/company", told.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_ne!(answer.headers["etag"], read.headers["etag"]);
    let stale = reader.put("/company", told).await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    assert_eq!(answer.body, admin.get("/company").await.body);
    let shown = Client::nobody(&service).get("/portal").await.body;
    assert_eq!(
        shown,
        json!({"name": "Desk Inc", "logo": "data:image/svg+xml;base64,PHN2Zy8+", "colour": "#0b6e7f"})
    );
    let input = json!({"email": "bea@example.com", "name": "Bea"});
    let made = admin.post("/agents", input).await;
    assert_eq!(made.body["time_zone"], "Europe/Madrid", "{}", made.body);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let wrong = json!({
        "name": "", "logo": "https://example.com/logo.png", "colour": "teal", "language": "?", "time_zone": "Mars",
    });
    let answer = admin.with("if-match", "*").put("/company", wrong).await;
    assert_eq!(answer.status, 422);
    let faults = answer.body["errors"].as_array().unwrap();
    let mut pointers: Vec<&str> = faults
        .iter()
        .map(|f| f["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/colour", "/language", "/logo", "/name", "/time_zone"]
    );
}

#[tokio::test]
async fn what_stands_in_the_settings_stays() {
    let options = Options {
        company: Company {
            name: Some("Set Inc".to_owned()),
            ..Company::default()
        },
        ..Options::default()
    };
    let service = Service::start_with(options).await;
    let admin = service.admin().await;
    let told = json!({"name": "Another", "colour": "#0b6e7f"});
    let answer = admin.with("if-match", "*").put("/company", told).await.body;
    assert_eq!(answer["name"], "Set Inc");
    assert_eq!(answer["colour"], "#0b6e7f");
    assert_eq!(answer["fixed"], json!(["name"]));
}

/// Servers that answer as they are told, and keep what they are given.
#[derive(Debug, Default)]
struct Servers {
    fault: Option<MailFault>,
    sent: Mutex<Vec<OutgoingMail>>,
}

#[async_trait::async_trait]
impl MailCheck for Servers {
    async fn send(&self, mail: &OutgoingMail) -> Checked {
        self.sent.lock().unwrap().push(mail.clone());
        self.fault.clone().map_or(Checked::Passed, Checked::Failed)
    }

    async fn mailboxes(&self) -> Vec<CheckedMailbox> {
        vec![CheckedMailbox {
            user: "support".to_owned(),
            host: "imap.example.com".to_owned(),
            folder: "INBOX".to_owned(),
            checked: Checked::Passed,
        }]
    }
}

async fn tested(servers: Option<Arc<Servers>>) -> Service {
    let check = servers.map(|servers| servers as Arc<dyn MailCheck>);
    Service::start_with(Options {
        mail: MailOptions {
            from: "support@desk.example".to_owned(),
            check,
            ..MailOptions::default()
        },
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_test_mail_is_seen_to_arrive_and_becomes_no_ticket() {
    let servers = Arc::new(Servers::default());
    let service = tested(Some(servers.clone())).await;
    let admin = service.admin().await;
    let made = admin.post("/mail/tests", json!({})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["address"], "support@desk.example");
    assert_eq!(made.body["sending"]["outcome"], "passed");
    assert_eq!(made.body["mailboxes"][0]["checked"]["outcome"], "passed");
    let path = format!("/mail/tests/{}", made.body["id"].as_str().unwrap());
    let waiting = admin.get(&path).await.body;
    assert_eq!(waiting, json!({"arrived_at": null, "source": null}));

    let mail = servers.sent.lock().unwrap().remove(0);
    assert_eq!(mail.recipients, ["support@desk.example"]);
    let received = service
        .app
        .receive_mail(
            &Caller::machine(),
            mail.bytes,
            "imap:support",
            service.app.now(),
        )
        .await
        .unwrap();
    service.app.file_received(received.id).await.unwrap();
    let arrived = admin.get(&path).await.body;
    assert_eq!(arrived["source"], "imap:support");
    assert!(arrived["arrived_at"].is_string());
    assert_eq!(admin.get("/tickets").await.body["items"], json!([]));

    // Another's mail is not taken for it.
    let other = admin.post("/mail/tests", json!({})).await.body;
    let path = format!("/mail/tests/{}", other["id"].as_str().unwrap());
    assert!(admin.get(&path).await.body["arrived_at"].is_null());
}

#[tokio::test]
async fn a_failing_step_is_named_with_the_servers_words() {
    let servers = Servers {
        fault: Some(MailFault {
            step: MailStep::SignIn,
            reason: "535 no".to_owned(),
        }),
        ..Servers::default()
    };
    let service = tested(Some(Arc::new(servers))).await;
    let made = service.admin().await.post("/mail/tests", json!({})).await;
    assert_eq!(
        made.body["sending"],
        json!({"outcome": "failed", "step": "sign_in", "reason": "535 no"})
    );
    let service = tested(None).await;
    let made = service.admin().await.post("/mail/tests", json!({})).await;
    assert_eq!(made.body["sending"]["outcome"], "not_set");
    assert_eq!(made.body["mailboxes"], json!([]));
}
