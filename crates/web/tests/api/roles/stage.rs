//! A store in which somebody has everything, and everybody who asks.

use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use mainstay_app::remote_image::RecordingImages;
use mainstay_app::token::NewToken;
use mainstay_app::webhook::RecordingWebhooks;
use mainstay_app::{Caller, Options};
use mainstay_domain::event::Actor;
use mainstay_domain::role::Permission;
use mainstay_store::second_factor;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::fill::{CONTACTS, fill, give_passkey, give_second_factor, text};
use super::question::{self, Things};
use super::table::{Line, Mark, Route};
use crate::service::{Client, Service};

const AGENTS: [&str; 6] = [
    "administrator",
    "manager",
    "agent",
    "engineer",
    "success_manager",
    "viewer",
];

/// A store prepared once, and a copy of it that is asked.
pub struct Stage {
    folder: TempDir,
    options: Options,
    things: Things,
    callers: Vec<(String, Vec<(String, String)>)>,
    copies: u8,
    service: Service,
}

impl Stage {
    pub async fn set(columns: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            webhooks: Some(Arc::new(RecordingWebhooks::default())),
            images: Some(RecordingImages::holding([(
                "https://pictures.example/1.gif",
                Ok(b"GIF89a".to_vec()),
            )])),
            ..Options::default()
        };
        let template = folder.path().join("template");
        std::fs::create_dir(&template).unwrap();
        let service = Service::on(&url(&template), 1, options.clone()).await;
        let mut things = Things::new();
        let mut callers = vec![("anonymous".to_owned(), Vec::new())];
        for role in AGENTS {
            let email = format!("{role}@example.com");
            let id = service.agent(&email, role).await;
            things.insert(role, id);
            callers.push((role.to_owned(), signed_in(&service, &email).await));
        }
        fill(&service, &mut things).await;
        for (name, _, email, _) in CONTACTS {
            callers.push((name.to_owned(), signed_in(&service, email).await));
        }
        // What one owns oneself: made last, since its owner goes on using it.
        let admin = Client::nobody(&service).with_all(&callers[1].1);
        let session = admin.get("/me").await.body["session"].take();
        things.insert("/sessions", text(&session));
        for (noun, column) in [("agent", "engineer"), ("contact", "own_asker")] {
            let (_, headers) = callers.iter().find(|(name, _)| name == column).unwrap();
            let session = Client::nobody(&service)
                .with_all(headers)
                .get("/me")
                .await
                .body["session"]
                .take();
            let key = ["/agents/sessions", "/contacts/sessions"][usize::from(noun == "contact")];
            things.insert(key, text(&session));
            give_second_factor(&service, noun, &things[&*format!("/{noun}s")]).await;
            if noun == "agent" {
                let passkey = give_passkey(&service, &things["/agents"]).await;
                things.insert("/me/passkeys", passkey);
            }
        }
        for column in columns {
            let token = ["token", "token_without"].contains(&column.as_str());
            let known = token || callers.iter().any(|(name, _)| name == column);
            assert!(known, "nobody is called {column}");
        }
        let mut stage = Self {
            folder,
            options,
            things,
            callers,
            copies: 1,
            service,
        };
        stage.renew().await;
        stage
    }

    /// Asks in somebody's name and says what came of it.
    pub async fn ask(&mut self, column: &str, line: &Line) -> Mark {
        let headers = match column {
            "token" => self.token(line, true).await,
            "token_without" => self.token(line, false).await,
            name => {
                let known = self.callers.iter().find(|(caller, _)| caller == name);
                known.unwrap().1.clone()
            }
        };
        let begins = line.route == Route::new("POST", "/me/second-factor");
        if begins {
            self.take_second_factors().await;
        }
        let client = Client::nobody(&self.service).with_all(&headers);
        let request = request(&client, &line.route, &self.things);
        let response = self.service.router.clone().oneshot(request).await.unwrap();
        let mark = Mark::of(response.status().as_u16());
        self.keeps_to_its_side(column, line, response).await;
        let is_changed = line.route.method != "GET"
            && !matches!(mark, Mark::Forbidden | Mark::Hidden | Mark::Unknown);
        // Guesses are counted, whoever makes them, and the next one is to be the first.
        let guesses = line.route == Route::new("POST", "/passkeys/session");
        if is_changed || begins || guesses {
            self.renew().await;
        }
        mark
    }

    /// Whoever sets up a second factor has none.
    async fn take_second_factors(&self) {
        let tx = self.service.app.store().begin().await.unwrap();
        let agent = Actor::Agent(self.things["/agents"].parse().unwrap());
        let contact = Actor::Contact(self.things["/contacts"].parse().unwrap());
        for actor in [agent, contact] {
            second_factor::remove_of(&tx, actor).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// What somebody of another account is shown names nothing of this one.
    async fn keeps_to_its_side(&self, column: &str, line: &Line, response: Response) {
        // The stream of events goes on for ever; it has tests of its own.
        if !column.starts_with("foreign") || line.route.path == "/events" {
            return;
        }
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let shown = String::from_utf8_lossy(&bytes);
        let asked = question::path(&line.route, &self.things);
        for thing in [
            "/accounts",
            "/contacts",
            "/tickets",
            "/messages",
            "/contracts",
            "other ticket",
        ] {
            let id = &self.things[thing];
            let told = shown.contains(id.as_str()) && !asked.contains(id.as_str());
            assert!(!told, "{line}\ntells {column} of {thing} {id}: {shown}");
        }
    }

    /// A token of the administrator with what the route needs and nothing else, or with everything else.
    async fn token(&self, line: &Line, with: bool) -> Vec<(String, String)> {
        let mut scopes: Vec<String> = Permission::ALL
            .iter()
            .map(|permission| permission.as_str().to_owned())
            .filter(|scope| line.needs.contains(scope) == with)
            .collect();
        if scopes.is_empty() {
            // A token needs one at least: this one opens nothing that the table asks for.
            scopes.push("ticket.import".to_owned());
        }
        let owner = self.things["administrator"].parse().unwrap();
        let new = NewToken {
            name: "asks".to_owned(),
            scopes,
            expires_at: None,
        };
        let app = &self.service.app;
        let machine = Caller::machine();
        let (_, secret) = app
            .issue_token(&machine, Actor::Agent(owner), new)
            .await
            .unwrap();
        vec![("authorization".to_owned(), format!("Bearer {secret}"))]
    }

    /// Goes on with a fresh copy.
    async fn renew(&mut self) {
        let copy = self.folder.path().join("copy");
        if copy.exists() {
            std::fs::remove_dir_all(&copy).unwrap();
        }
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(self.folder.path().join("template")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        self.copies = self.copies.wrapping_add(1).max(2);
        self.service = Service::on(&url(&copy), self.copies, self.options.clone()).await;
        self.service.app.load_policy().await.unwrap();
    }
}

fn url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("store.db").display())
}

fn request(client: &Client<'_>, route: &Route, things: &Things) -> axum::http::Request<Body> {
    let path = question::path(route, things);
    let client = match route.method.as_str() {
        "PATCH" | "PUT" => client.with("if-match", "*"),
        _ => client.clone(),
    };
    if (route.method.as_str(), route.path.as_str()) == ("POST", "/mail") {
        let client = client.with("content-type", "message/rfc822");
        let mut request = client.request("POST", &path, None);
        *request.body_mut() =
            Body::from("From: x@y.example\r\nMessage-ID: <new@y.example>\r\n\r\nNew.\r\n");
        return request;
    }
    client.request(&route.method, &path, question::body(route, things))
}

async fn signed_in(service: &Service, email: &str) -> Vec<(String, String)> {
    service.client(email).await.headers().to_vec()
}
