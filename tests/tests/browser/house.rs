//! The service with its web client on a port of its own, and browsers that look at it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fantoccini::actions::{InputSource as _, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use mainstay_app::Caller;
use mainstay_app::mail::MailOptions;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use mainstay_domain::role::BuiltIn;
use mainstay_store::{agent, contact};
use mainstay_testing::{ChromeDriver, chromedriver, chromium, free_port, require};
use mainstay_tests::TestApp;
use mainstay_web::{Hosts, Limits, Options, Passed, Rates, Web, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Everybody's password.
pub const PASSWORD: &str = "keep every promise";

/// How long a page may take to become what is waited for, and a script to end. Generous: the machine may be building at the
/// same time.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The service, listening.
pub struct House {
    pub test: TestApp,
    pub url: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// Serves until it is told to stop.
fn serve(test: &TestApp, listener: TcpListener, stop: &CancellationToken) -> JoinHandle<()> {
    let options = Options {
        limits: Limits {
            body: 1 << 20,
            time: Duration::from_secs(60),
            upload_time: Duration::from_secs(60),
            body_time: Duration::from_secs(60),
            heartbeat: Duration::from_secs(1),
        },
        stop: stop.clone(),
        rates: Rates::default(),
        passed: Passed(Arc::new(|| Duration::ZERO)),
        hosts: Hosts::default(),
        trusted_proxies: Vec::new(),
        worker_alive: Box::new(|| true),
        jobs_alive: Box::new(|| true),
        settings: Vec::new(),
    };
    let service = router(Web::new(test.app.clone(), options))
        .into_make_service_with_connect_info::<SocketAddr>();
    let ended = stop.clone();
    tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(ended.cancelled_owned())
            .await
            .unwrap();
    })
}

impl House {
    /// Opens the house; nothing when a browser is not installed or the client was not built.
    pub async fn open() -> Option<Self> {
        Self::open_with(MailOptions::default()).await
    }

    /// The same with other settings for its mail.
    pub async fn open_with(mail: MailOptions) -> Option<Self> {
        Self::open_as(mainstay_app::Options {
            mail,
            ..mainstay_app::Options::default()
        })
        .await
    }

    /// The same with other options.
    pub async fn open_as(options: mainstay_app::Options) -> Option<Self> {
        driver()?;
        // It is taken again when the service comes back: none that others are given in between.
        let listener = TcpListener::bind(("127.0.0.1", free_port())).await.unwrap();
        // By a name, because a browser makes no passkeys for an address of numbers.
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let options = mainstay_app::Options {
            public_url: url.clone(),
            ..options
        };
        let test = TestApp::start_with("sqlite::memory:", "mainstay", options).await;
        // While nobody serves, every page leads to the first run.
        test.serving("Host", &[BuiltIn::Administrator]).await;
        let stop = CancellationToken::new();
        let serving = serve(&test, listener, &stop);
        let house = Self {
            test,
            url,
            stop,
            serving,
        };
        if !has_client(&house.url).await {
            house.close().await;
            return None;
        }
        Some(house)
    }

    /// Somebody at a customer who signs in as `name@customer.example`.
    pub async fn customer(&self, account: AccountId, name: &str, portal: PortalRole) -> String {
        let app = &self.test.app;
        let address = format!("{}@customer.example", name.to_lowercase());
        let person = Contact {
            id: app.new_id(app.now()),
            account: Some(account),
            name: name.to_owned(),
            addresses: vec![address.clone()],
            language: None,
            phone: None,
            portal: Some(portal),
            active: true,
            created_at: app.now(),
        };
        let hash = app.hash_password(PASSWORD.to_owned()).await.unwrap();
        let tx = app.store().begin().await.unwrap();
        contact::insert(&tx, &person).await.unwrap();
        contact::set_password_hash(&tx, person.id, Some(&hash))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        address
    }

    /// Somebody who serves, signed in.
    pub async fn at_work(&self, name: &str, role: BuiltIn) -> Visitor {
        let caller = self.lets_in(name, role).await;
        let visitor = self.signed_in(&caller.email).await;
        visitor.finds("//nav//a[contains(., 'Inbox')]").await;
        visitor
    }

    /// Somebody who serves and has a password to sign in with.
    pub async fn lets_in(&self, name: &str, role: BuiltIn) -> Caller {
        let caller = self.test.serving(name, &[role]).await;
        let Actor::Agent(id) = caller.actor else {
            panic!("{name} serves");
        };
        let app = &self.test.app;
        let hash = app.hash_password(PASSWORD.to_owned()).await.unwrap();
        let tx = app.store().begin().await.unwrap();
        agent::set_password_hash(&tx, id, Some(&hash))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        caller
    }

    /// A browser at the sign-in page.
    pub async fn visitor(&self) -> Visitor {
        let visitor = Visitor::at(&self.url).await;
        visitor.goes("/").await;
        visitor
    }

    /// Somebody who has signed in.
    pub async fn signed_in(&self, address: &str) -> Visitor {
        let visitor = self.visitor().await;
        visitor.signs_in(address).await;
        visitor
    }

    /// The service stops, as for an upgrade.
    pub async fn goes_away(&mut self) {
        self.stop.cancel();
        (&mut self.serving).await.unwrap();
    }

    /// It serves again where it did.
    pub async fn comes_back(&mut self) {
        let place = self.url.trim_start_matches("http://");
        let listener = TcpListener::bind(place).await.unwrap();
        self.stop = CancellationToken::new();
        self.serving = serve(&self.test, listener, &self.stop);
    }

    /// Ends the test.
    pub async fn close(self) {
        self.stop.cancel();
        self.test.run_due().await;
        self.test.finish().await;
    }
}

/// Whether the service at an address has its web client in it.
pub async fn has_client(url: &str) -> bool {
    // A second test of the process finds it installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    let has = !page.contains("MAINSTAY_SKIP_UI");
    if !has {
        let required = std::env::var("MAINSTAY_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "the web client was left out: unset MAINSTAY_SKIP_UI"
        );
        eprintln!("SKIPPED: the web client was left out of this build (MAINSTAY_SKIP_UI)");
    }
    has
}

/// Whether there is a browser to look with.
pub fn has_browser() -> bool {
    driver().is_some()
}

/// One driver for all the tests of the process, and the browser that it starts.
fn driver() -> Option<(&'static ChromeDriver, PathBuf)> {
    static DRIVER: OnceLock<Option<(ChromeDriver, PathBuf)>> = OnceLock::new();
    let found = DRIVER.get_or_init(|| {
        let browser = require(chromium())?;
        let driver = require(chromedriver())?;
        Some((ChromeDriver::start(&driver), browser))
    });
    found
        .as_ref()
        .map(|(driver, browser)| (driver, browser.clone()))
}

/// How often an element can be drawn anew between being found and being used.
const MOST_DRAWN: usize = 20;

/// Where the field with this label is.
fn labelled(label: &str) -> String {
    format!("//*[@id=//label[starts-with(normalize-space(.), {label:?})]/@for]")
}

/// Somebody at a browser.
pub struct Visitor {
    client: Client,
    url: String,
}

impl Visitor {
    /// A browser that looks at nothing yet, for the service at an address.
    pub async fn at(url: &str) -> Self {
        let (driver, binary) = driver().expect("whoever asks has seen that it is there");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--window-size=1440,900",
            "--lang=en",
        ];
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "args": arguments, "binary": binary, "prefs": { "intl.accept_languages": "en" } },
            "timeouts": { "script": u64::try_from(PATIENCE.as_millis()).unwrap() },
        }) else {
            unreachable!("an object was just written down")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(driver.url())
            .await
            .unwrap();
        Self {
            client,
            url: url.to_owned(),
        }
    }

    pub async fn goes(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.url))
            .await
            .unwrap();
    }

    /// Waits for what an XPath finds.
    pub async fn finds(&self, path: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(path))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{path}: {error}; the page says:\n{}", self.text().await),
        }
    }

    /// Waits until the page says something.
    pub async fn sees(&self, words: &str) -> Element {
        self.finds(&format!("//*[text()[contains(., {words:?})]]"))
            .await
    }

    /// Writes into the field with this label.
    pub async fn writes(&self, label: &str, text: &str) {
        self.types_into(&labelled(label), text).await;
    }

    /// Waits until a script says that something is true.
    pub async fn sees_that(&self, condition: &str) {
        let look = format!(
            "const done = arguments[0]; const look = () => ({condition}) ? done(true) : setTimeout(look, 50); look();"
        );
        if let Err(error) = self.client.execute_async(&look, Vec::new()).await {
            panic!(
                "{condition}: {error}; the page says:\n{}",
                self.text().await
            );
        }
    }

    /// The field with this label.
    pub async fn field(&self, label: &str) -> Element {
        self.finds(&labelled(label)).await
    }

    /// Clicks what an XPath finds. Something else can have come in its place since it was found, as when a page is drawn
    /// anew; a person would click on what is there now, so it is found again.
    pub async fn clicks_on(&self, path: &str) {
        for _ in 0..MOST_DRAWN {
            match self.finds(path).await.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return clicked.unwrap(),
            }
        }
        panic!("{path} is drawn anew again and again");
    }

    /// Types into what an XPath finds; found again as for a click.
    pub async fn types_into(&self, path: &str, text: &str) {
        for _ in 0..MOST_DRAWN {
            match self.finds(path).await.send_keys(text).await {
                Err(error) if error.is_stale_element_reference() => {}
                typed => return typed.unwrap(),
            }
        }
        panic!("{path} is drawn anew again and again");
    }

    /// Clicks the button or link with these words.
    pub async fn clicks(&self, words: &str) {
        let path =
            format!("(//button | //a)[contains(normalize-space(.), {words:?}) and not(@disabled)]");
        self.clicks_on(&path).await;
    }

    /// Rests with the pointer on what a selector finds.
    pub async fn rests_on(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        let there = PointerAction::MoveToElement {
            element,
            duration: None,
            x: 0.0,
            y: 0.0,
        };
        let mouse = MouseActions::new("mouse".to_owned()).then(there);
        self.client.perform_actions(mouse).await.unwrap();
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn presses(&self, keys: &str) {
        for key in keys.chars() {
            let active = self.client.active_element().await.unwrap();
            active.send_keys(&key.to_string()).await.unwrap();
        }
    }

    /// Presses a key that is no letter.
    pub async fn press(&self, key: Key) {
        let active = self.client.active_element().await.unwrap();
        active
            .send_keys(&char::from(key).to_string())
            .await
            .unwrap();
    }

    /// Presses a key while Control is held.
    pub async fn presses_with_control(&self, key: Key) {
        let active = self.client.active_element().await.unwrap();
        let chord = format!("{}{}", char::from(Key::Control), char::from(key));
        active.send_keys(&chord).await.unwrap();
    }

    /// Waits until the element that has the focus matches a selector.
    pub async fn is_at(&self, selector: &str) {
        self.finds_css(&format!("{selector}:focus")).await;
    }

    async fn finds_css(&self, selector: &str) {
        let wait = self.client.wait().at_most(PATIENCE);
        if let Err(error) = wait.for_element(Locator::Css(selector)).await {
            panic!("{selector}: {error}; the page says:\n{}", self.text().await);
        }
    }

    /// Chooses light or dark.
    pub async fn prefers(&self, scheme: &str) {
        self.asks(&format!(
            "localStorage.setItem('mantine-color-scheme-value', '{scheme}')"
        ))
        .await;
    }

    /// Waits until nothing is loading any more.
    pub async fn has_loaded(&self) {
        self.finds("//h1").await;
        self.finds("//body[not(.//*[@role='status'][@aria-label])]")
            .await;
    }

    pub async fn signs_in(&self, address: &str) {
        self.writes("E-mail address", address).await;
        self.writes("Password", PASSWORD).await;
        self.clicks_on("//button[@type='submit']").await;
        self.finds("//html[not(.//input[@autocomplete='current-password'])]")
            .await;
    }

    /// What the page says.
    pub async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await;
        match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// What axe-core finds wrong with the page: rules and the elements that break them.
    pub async fn barriers(&self) -> Vec<String> {
        self.barriers_within("html").await
    }

    /// The same of the part of the page that a selector finds.
    pub async fn barriers_within(&self, selector: &str) -> Vec<String> {
        let axe = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../ui/node_modules/axe-core/axe.min.js"
        );
        let axe = std::fs::read_to_string(axe).expect("npm ci in ui/ brings axe-core");
        self.client.execute(&axe, Vec::new()).await.unwrap();
        let found = self
            .client
            .execute_async(
                "const [part, done] = arguments; axe.run(part).then((r) => done(r.violations.flatMap((v) => \
                 v.nodes.map((n) => v.id + ': ' + n.target.join(' ') + ' ' + n.failureSummary))));",
                vec![selector.into()],
            )
            .await
            .unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Gives the browser a device that makes passkeys and knows its owner by touch.
    pub async fn holds_a_device(&self) {
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true,
        });
        self.tells_driver("webauthn/authenticator", device).await;
    }

    /// Pages find a browser that offers no passkeys unless it is asked: the virtual device takes each offer at once.
    pub async fn waits_to_be_asked(&self) {
        let source = "PublicKeyCredential.isConditionalMediationAvailable = async () => false";
        let command = "Page.addScriptToEvaluateOnNewDocument";
        let body = json!({ "cmd": command, "params": { "source": source } });
        self.tells_driver("goog/cdp/execute", body).await;
    }

    /// Tells the driver what no command of the standard says.
    async fn tells_driver(&self, path: &str, body: Value) {
        let (driver, _) = driver().expect("it was there when the house was opened");
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/{path}", driver.url());
        let answer = reqwest::Client::new().post(url).json(&body).send().await;
        assert_eq!(answer.unwrap().status(), 200, "{path}");
    }

    /// Runs a script and takes its answer.
    pub async fn asks(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script that calls `done` with its answer.
    pub async fn asks_and_waits(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        self.client
            .execute_async(&script, Vec::new())
            .await
            .unwrap()
    }

    /// The tab dies without a word to the page, and another one is opened.
    pub async fn crashes(&self) {
        let dying = self.client.window().await.unwrap();
        let next = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(dying).await.unwrap();
        // The driver says that the tab has crashed.
        let _ = self.client.goto("chrome://crash").await;
        self.client.switch_to_window(next).await.unwrap();
    }

    pub async fn leaves(self) {
        self.client.close().await.unwrap();
    }
}
