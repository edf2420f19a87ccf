//! What the log holds of people: nothing, also where it says most. A process has one log, so this is alone in its file.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use mainstay_app::Caller;
use mainstay_domain::agent::Agent;
use mainstay_domain::role::BuiltIn;
use mainstay_server::logging;
use mainstay_server::time::WallClock;
use mainstay_tests::service::{RunningService, settings};
use serde_json::json;

#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("nobody panicked");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const MAIL: &str = "From: Zacharias Quill <zquill@customer.example>\r\nTo: support@example.com\r\n\
    Subject: Xylophones are broken\r\nMessage-ID: <1@customer.example>\r\nContent-Type: text/html\r\n\r\n\
    <p>The bassoon plays <b>itself</b>.</p>\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_nobody_and_tells_no_secret() {
    let written = Written::default();
    let sink = written.clone();
    tracing_subscriber::fmt()
        .with_env_filter(logging::filter("debug").expect("a level"))
        .with_ansi(false)
        .with_writer(move || sink.clone())
        .init();
    let folder = tempfile::tempdir().expect("a folder");
    // Nobody listens at the mail server's port, so that what fails is logged as well.
    let text = format!(
        "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[mail]\nfrom = \"support@example.com\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n",
        folder.path()
    );
    let service = RunningService::begin(settings(&text), Arc::new(WallClock)).await;
    let (app, url) = (&service.app, &service.url);
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    app.apply_policy(&Caller::machine(), &pack, "test")
        .await
        .expect("a policy");

    let fill = |agent: &mut Agent| {
        agent.email = "yvonne@house.example".to_owned();
        agent.name = "Yvonne Umber".to_owned();
        agent.roles = vec![BuiltIn::Administrator.as_str().into()];
    };
    app.create_agent(
        &Caller::machine(),
        Some("correct-horse-battery".to_owned()),
        fill,
    )
    .await
    .expect("an administrator");
    let client = reqwest::Client::new();
    let mut cookie = String::new();
    for (password, expected) in [("wrong-horse-battery", 401), ("correct-horse-battery", 201)] {
        let answer = client
            .post(format!("{url}/api/v1/sessions"))
            .json(&json!({ "email": "yvonne@house.example", "password": password }))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), expected);
        if let Some(set) = answer.headers().get("set-cookie") {
            let pair = set
                .to_str()
                .expect("a cookie")
                .split(';')
                .next()
                .unwrap_or_default();
            cookie = pair.to_owned();
        }
    }
    let answer = client
        .get(format!("{url}/api/v1/search?q=bassoon"))
        .header("cookie", &cookie)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);

    let mail = app
        .receive_mail(&Caller::machine(), MAIL.into(), "pipe", app.now())
        .await
        .expect("a mail");
    let filed = app.file_received(mail.id).await.expect("a filed mail");
    assert!(filed.ticket.is_some(), "{filed:?}");
    service.end().await;

    let log = written.text();
    assert!(
        log.contains("/api/v1/sessions"),
        "requests are logged: {log}"
    );
    let secret = cookie.split('=').next_back().unwrap_or_default();
    assert!(secret.len() > 20, "{cookie}");
    for private in [
        "zquill",
        "Quill",
        "Xylophone",
        "bassoon",
        "yvonne",
        "Umber",
        "horse-battery",
        secret,
    ] {
        assert!(!log.contains(private), "the log holds {private:?}:\n{log}");
    }
}
