//! The running service: it listens, works, and ends in order.

mod connections;
mod open;
mod worker;

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use mainstay_app::{App, Clock};
use mainstay_web::{Hosts, Limits, Passed, Rate, Rates, Web};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::mail::{self, SetUpServers, Watched};
use crate::metrics::Metrics;
use crate::settings::{Settings, Shown};
use crate::time::passed;

use open::open_with_servers;
pub use open::{claim, clock_of, look_at_store, open_with_policy, store_file, store_options};
pub use worker::is_worked_on;
use worker::{Pulse, share_news, sole_worker, work};

/// How often a silent stream is given a sign of life, so that no proxy between us and the listener ends it.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A worker that has not done a round of what is due for this long is dead or stuck.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// The same of a round of jobs, which waits for other servers.
const SIGN_OF_LIFE_OF_JOBS: Duration = Duration::from_secs(15 * 60);

/// A service that is ready to run: its store is open and its address taken, so it accepts connections already.
pub struct Service {
    app: App,
    settings: Settings,
    mailboxes: Vec<Watched>,
    servers: Arc<SetUpServers>,
    metrics: Option<Metrics>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Service {
    /// Takes the address, opens the store and puts the policy in force.
    ///
    /// # Errors
    /// Fails when the store cannot be opened, the policy cannot be read or the address is taken.
    pub async fn start(mut settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let listen = settings.http.listen;
        let refused = |error| {
            Failure::new(format!("cannot listen on {listen}: {error}"))
                .with_remedy("choose another address with --listen, such as --listen 127.0.0.1:0")
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        settings.http.found_at(address);
        let servers = Arc::new(SetUpServers::new(&settings));
        let app = open_with_servers(&settings, clock, Arc::clone(&servers)).await?;
        let mailboxes = mail::mailboxes(&settings)?;
        let metrics = match settings.metrics {
            Some(listen) => Some(Metrics::start(listen).await?),
            None => None,
        };
        Ok(Self {
            app,
            settings,
            mailboxes,
            servers,
            metrics,
            listener,
            address,
        })
    }

    /// The use cases, for commands that do something before the service runs.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The address it listens on, with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address at which measurements are given out, if they are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
            .as_ref()
            .and_then(|metrics| metrics.address().ok())
    }

    /// Serves until `stop` is cancelled, then finishes the requests and the round of work that are under way, and
    /// abandons what takes longer than the deadline.
    ///
    /// # Errors
    /// Fails when the listener breaks.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Failure> {
        let (due, jobs) = (Pulse::default(), Pulse::default());
        let works = self.settings.worker;
        let alive = |pulse: &Pulse, within: Duration| -> Box<dyn Fn() -> bool + Send + Sync> {
            let pulse = pulse.clone();
            Box::new(move || !works || pulse.age() < within)
        };
        let options = mainstay_web::Options {
            limits: Limits {
                body: self.settings.http.max_body.bytes(),
                time: self.settings.http.request_timeout.get(),
                upload_time: self.settings.attachments.upload_timeout.get(),
                body_time: self.settings.http.body_timeout.get(),
                heartbeat: HEARTBEAT,
            },
            stop: stop.clone(),
            rates: Rates {
                credential: rate(self.settings.http.requests_per_second),
                address: rate(self.settings.http.anonymous_requests_per_second),
            },
            passed: Passed(Arc::new(passed())),
            hosts: hosts(&self.settings.http.hosts),
            trusted_proxies: self.settings.http.trusted_proxies.clone(),
            worker_alive: alive(&due, SIGN_OF_LIFE),
            jobs_alive: alive(&jobs, SIGN_OF_LIFE_OF_JOBS),
            settings: self.settings.shown.iter().map(in_web).collect(),
        };
        let web = Web::new(self.app.clone(), options);
        let _sole_worker = match works {
            true => sole_worker(&self.app, &self.settings).await?,
            false => None,
        };
        let mut parts = JoinSet::new();
        if works {
            parts.spawn(mail::watch(
                self.app.clone(),
                self.mailboxes,
                self.servers,
                stop.clone(),
            ));
        }
        let limits = connections::limits(&self.settings.http);
        if let Some(metrics) = self.metrics {
            parts.spawn(metrics.serve(self.app.clone(), limits, stop.clone()));
        }
        parts.spawn(share_news(self.app.clone(), stop.clone()));
        parts.spawn(work(self.app.clone(), works, stop.clone(), (due, jobs)));
        let supervised = supervise(parts, stop.clone());
        let router = mainstay_web::router(web);
        let server = mainstay_web::serve(self.listener, router, limits, stop.clone());
        let ended = async { tokio::join!(server, supervised) };
        let deadline = self.settings.shutdown_deadline.get();
        let Some((served, worked)) = until(ended, stop, deadline).await else {
            tracing::warn!(
                "some requests or work took longer than the deadline and were abandoned"
            );
            return Ok(());
        };
        served.map_err(|error| Failure::new(format!("the service broke: {error}")))?;
        worked?;
        tracing::info!("ended in order");
        Ok(())
    }
}

/// So many requests a second on average, and those of ten seconds at once; without a limit for none.
fn rate(per_second: u32) -> Option<Rate> {
    Some(Rate {
        per_second: NonZeroU32::new(per_second)?,
        burst: NonZeroU32::new(per_second.saturating_mul(10))?,
    })
}

/// Names between commas; `*` stands for any.
fn hosts(text: &str) -> Hosts {
    let names: Vec<String> = text
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    match names.iter().any(|name| name == "*") {
        true => Hosts::Any,
        false => Hosts::These(names),
    }
}

fn in_web(shown: &Shown) -> mainstay_web::Setting {
    mainstay_web::Setting {
        key: shown.key.clone(),
        value: shown.value.clone(),
        origin: shown.origin.to_string(),
    }
}

/// Waits for the parts of the service that work beside the requests. None of them ends before it is asked to: when one
/// does, the service ends too, so that whoever watches over it starts it anew instead of believing that it works.
async fn supervise(mut parts: JoinSet<()>, stop: CancellationToken) -> Result<(), Failure> {
    let mut outcome = Ok(());
    while let Some(ended) = parts.join_next().await {
        let early = !stop.is_cancelled();
        if let Err(error) = ended {
            tracing::error!("a part of the service broke: {error}");
            outcome = Err(
                Failure::new(format!("a part of the service broke: {error}")).with_remedy(
                    "see the log for the place, report it, and start the service again",
                ),
            );
        } else if early && parts.is_empty() {
            outcome = Err(Failure::new("the worker ended though nobody asked it to"));
        }
        if outcome.is_err() {
            stop.cancel();
        }
    }
    outcome
}

/// Waits for the end, but no longer than the deadline once it was asked for.
async fn until<T>(
    ended: impl Future<Output = T>,
    stop: CancellationToken,
    deadline: Duration,
) -> Option<T> {
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(deadline).await;
    };
    tokio::select! {
        outcome = ended => Some(outcome),
        () = overdue => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Reader;
    use crate::time::WallClock;
    use std::collections::BTreeMap;
    use std::path::Path;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    async fn service(folder: &Path, more: &str) -> Result<Service, Failure> {
        let data = folder.display();
        let file = format!("data = \"{data}\"\n[http]\nlisten = \"127.0.0.1:0\"\n{more}\n");
        let file = Some((Path::new("mainstay.toml"), file.as_str()));
        let reader = Reader::new(file, BTreeMap::new(), BTreeMap::new())?;
        Service::start(Settings::read(reader)?, Arc::new(WallClock)).await
    }

    async fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_service_serves_and_ends_in_order_while_a_client_idles() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path(), "").await.unwrap();
        let address = service.address();
        let told = &service.app().options().public_url;
        assert_eq!(*told, format!("http://{address}"), "with the port taken");
        let stop = CancellationToken::new();
        let running = tokio::spawn(service.run(stop.clone()));
        assert!(ask(address, "/healthz").await.ends_with("ok\n"));
        let ready = ask(address, "/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        assert!(ready.contains("\"ready\":true"), "{ready}");
        let _idle = TcpStream::connect(address).await.unwrap();
        stop.cancel();
        running.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_part_that_breaks_ends_the_service_with_an_error() {
        let stop = CancellationToken::new();
        let mut parts = JoinSet::new();
        let asked = stop.clone();
        parts.spawn(async move { asked.cancelled().await });
        parts.spawn(async { panic!("the worker met what it cannot") });
        let failure = supervise(parts, stop.clone()).await.unwrap_err();
        assert!(stop.is_cancelled());
        assert!(failure.to_string().contains("a part of the service broke"));
    }

    #[tokio::test]
    async fn parts_that_end_when_they_are_asked_to_are_no_fault() {
        let stop = CancellationToken::new();
        let mut parts = JoinSet::new();
        for _ in 0..3 {
            let asked = stop.clone();
            parts.spawn(async move { asked.cancelled().await });
        }
        stop.cancel();
        supervise(parts, stop).await.unwrap();
    }

    /// Requests that are under way when the service is asked to end are answered, each of them.
    #[tokio::test(flavor = "multi_thread")]
    async fn requests_under_way_are_answered_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        // The last body comes when all the other requests are answered.
        let patient =
            "body_timeout = \"120s\"\nrequest_timeout = \"120s\"\n[shutdown]\ndeadline = \"120s\"";
        let service = service(folder.path(), patient).await.unwrap();
        let address = service.address();
        let stop = CancellationToken::new();
        let running = tokio::spawn(service.run(stop.clone()));
        let mut streams = Vec::new();
        for _ in 0..40 {
            // The head is on its way, the body is not there yet: the request is under way.
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = "POST /api/v1/sessions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 38\r\nexpect: 100-continue\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).await.unwrap();
            assert!(interim.starts_with(b"HTTP/1.1 100"));
            streams.push(stream);
        }
        stop.cancel();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        for mut stream in streams {
            let body = b"{\"email\":\"a@b.co\",\"password\":\"wrong!\"}";
            assert_eq!(body.len(), 38);
            stream.write_all(body).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 401") || answer.starts_with("HTTP/1.1 429"),
                "{answer}"
            );
        }
        running.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_a_clear_failure() {
        let folder = tempfile::tempdir().unwrap();
        let first = service(folder.path(), "").await.unwrap();
        let mut second = service(folder.path(), "").await.unwrap().settings;
        second.http.listen = first.address();
        let failure = Service::start(second, Arc::new(WallClock)).await.err();
        let text = failure.unwrap().to_string();
        assert!(text.contains("cannot listen on"), "{text}");
        assert!(text.contains("--listen"), "{text}");
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_opened_is_a_clear_failure() {
        let folder = tempfile::tempdir().unwrap();
        let more = "[database]\nurl = \"mysql://x\"";
        let failure = service(folder.path(), more).await.err();
        let text = failure.unwrap().to_string();
        assert!(text.contains("the store cannot be opened"), "{text}");
        assert!(text.contains("sqlite:PATH"), "{text}");
    }
}
