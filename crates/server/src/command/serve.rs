//! `mainstay serve`: runs the service.

use std::future::Future;
use std::sync::Arc;

use clap::Args;
use mainstay_app::{App, Caller, Clock};
use mainstay_store::Claim;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::service::{Service, claim};
use crate::settings::{Flags, Settings};
use crate::time::WallClock;
use crate::{Failure, logging};

/// Run the service.
///
/// Everything is kept in ./data unless the settings say otherwise: in a file mainstay.toml, in the environment, or here.
/// Where no policy was applied yet, the default pack is put in force.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

const EXAMPLES: &str = "\
Examples:
  mainstay serve
  mainstay serve --data /var/lib/mainstay --listen 0.0.0.0:8080
  mainstay serve --database postgres://mainstay@db/mainstay --log-format json";

impl Command {
    /// Runs the command until the process is asked to end.
    ///
    /// # Errors
    /// Returns what is wrong with the settings, the store or the address.
    pub fn run(self) -> Result<(), Failure> {
        self.run_by(Arc::new(WallClock))
    }

    /// The same by another clock than the machine's.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_by(self, clock: Arc<dyn Clock>) -> Result<(), Failure> {
        let settings = Settings::load(&Flags {
            listen: self.listen,
            ..self.flags
        })?;
        let _traces = logging::start(&settings)?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        in_runtime(async {
            let Some(_claimed) = claim(&settings, Claim::Shared).await? else {
                return Err(Failure::new(
                    "a demonstration works on this store, and its time can be only one",
                )
                .with_remedy("end it, or name another store with --database"));
            };
            let service = Service::start(settings, clock).await?;
            let stop = stop_on_signal()?;
            ensure_policy(service.app()).await?;
            if let Some(address) = service.metrics_address() {
                tracing::info!("measurements at http://{address}/metrics");
            }
            tracing::info!("serving at http://{}", service.address());
            announce_set_up(service.app()).await?;
            service.run(stop).await
        })
    }
}

/// Tells the person at the machine how the first administrator is made, where nobody serves yet. The code stands behind a
/// `#`, which no browser sends and no proxy logs.
async fn announce_set_up(app: &App) -> Result<(), Failure> {
    let code = app.set_up_code().await;
    if let Some(code) = code.map_err(|error| Failure::of(&error))? {
        let url = &app.options().public_url;
        tracing::warn!(
            "nobody can sign in yet: set Mainstay up at {url}/set-up#{code}, \
             or run `mainstay admin create --email you@example.com`"
        );
    }
    Ok(())
}

/// Applies the default pack where none was ever applied: a service without a policy promises nothing to anybody.
async fn ensure_policy(app: &App) -> Result<(), Failure> {
    let name = mainstay_policy::DEFAULT_PACK;
    let pack = mainstay_policy::builtin(name)
        .ok_or_else(|| Failure::new(format!("the program came without its pack {name}")))?;
    let note = "The default pack: no other was applied before the service started.";
    let applied = app
        .apply_first_policy(&Caller::machine(), &pack, note)
        .await
        .map_err(|error| Failure::of(&error))?;
    if applied.is_some() {
        tracing::warn!(
            pack = name,
            "no policy was applied yet, so the default pack is in force: look at it with `mainstay policy show {name}`, \
             apply another with `mainstay policy apply`"
        );
    }
    let in_force = app.policy();
    tracing::info!(
        pack = in_force.current().pack,
        version = in_force.version().0,
        "the policy is in force"
    );
    Ok(())
}

/// Runs something asynchronous to its end, with the program's one way to encrypt connections installed.
///
/// # Errors
/// Returns what the future returns.
pub fn in_runtime<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    encrypt_in_one_way();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the program cannot start its threads: {error}")))?
        .block_on(future)
}

/// Installs the program's one way to encrypt connections: two libraries bring one each, and without a choice rustls panics at the
/// first connection. A second call in one process is refused, which changes nothing.
pub fn encrypt_in_one_way() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Ends when the process is asked to: by `SIGTERM`, or by `SIGINT` (Ctrl-C). A second signal ends it at once.
///
/// # Errors
/// Fails when the system does not let the program listen for signals.
pub fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let refused = |error| Failure::new(format!("the program cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        tracing::info!("asked to end: finishing what is under way");
        token.cancel();
        next().await;
        tracing::warn!("asked again: ending at once");
        std::process::exit(1);
    });
    Ok(stop)
}
