//! The hub of live events: reads the feed of changes once for this process and hands it to everybody who listens.

use std::sync::Arc;
use std::time::Duration;

use mainstay_app::feed::{Change, Place};
use mainstay_app::{App, AppError, Result};
use tokio::sync::{OnceCell, broadcast};
use tokio_util::sync::CancellationToken;

/// How many changes a listener may lag behind before it is told to reload.
const BUFFER: usize = 1024;

/// How often the feed is read when nobody announces anything: changes that other nodes made.
const INTERVAL: Duration = Duration::from_millis(200);

/// A change with its place.
pub type News = Arc<(Place, Change)>;

/// The hub. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    app: App,
    stop: CancellationToken,
    sender: broadcast::Sender<News>,
    started: OnceCell<()>,
}

impl Hub {
    /// A hub that begins to read the feed when somebody first listens.
    pub fn new(app: App, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            app,
            stop,
            sender: broadcast::Sender::new(BUFFER),
            started: OnceCell::new(),
        }))
    }

    /// Listens from now on: what is committed after this returns is told.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn listen(&self) -> Result<broadcast::Receiver<News>> {
        let receiver = self.0.sender.subscribe();
        let start = async || {
            // Where the hub begins must be known before anybody relies on it, or what happens in between is lost.
            let place = self.0.app.latest_place().await?;
            let (app, sender) = (self.0.app.clone(), self.0.sender.clone());
            let stop = self.0.stop.clone();
            tokio::spawn(async move {
                stop.run_until_cancelled(read(app, sender, place)).await;
            });
            Ok::<(), AppError>(())
        };
        self.0.started.get_or_try_init(start).await?;
        Ok(receiver)
    }
}

/// Reads the feed for ever. It goes on from where it was, also after the store did not answer, so nothing is skipped.
async fn read(app: App, sender: broadcast::Sender<News>, mut place: Place) {
    loop {
        match app.changes_after(place).await {
            Ok(changes) if !changes.is_empty() => {
                for change in changes {
                    place = change.0;
                    // Nobody listening is no fault.
                    let _ = sender.send(Arc::new(change));
                }
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("the feed of changes cannot be read: {error}"),
        }
        tokio::select! {
            () = app.announced() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}
