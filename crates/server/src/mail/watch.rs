//! Watching mailboxes: those of the settings for as long as the service runs, and those that are set up for as long as they are
//! set up so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::mail::{MailFault, WayIn};
use mainstay_app::mailbox::{OpenMailbox, SEALED};
use mainstay_app::{App, AppError, Caller};
use mainstay_channels::imap::{
    FetchedMessage, ImapError, Intake, MailboxClient, PollReport, Position,
};
use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::{MailStep, Mailbox, source_of};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::check::fault;
use super::server::{COMMAND_TIMEOUT, SetUpServers};

/// The longest pause between two tries to reach a mailbox.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// How often the right to watch a mailbox is asked for and kept.
const ASK: Duration = Duration::from_secs(15);

/// How often it is looked whether a mailbox was changed elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// A mailbox that is to be watched.
pub struct Watched {
    /// By which the store knows it.
    pub(super) name: String,
    /// By which the log speaks of it: without the address of anybody.
    pub(super) label: String,
    /// Which of those that are set up it is.
    pub(super) id: Option<MailboxId>,
    pub(super) client: MailboxClient,
}

/// Watches mailboxes until `stop` is cancelled, each for itself: one that cannot be reached stops no other. Of several nodes
/// one watches each. Those that are set up are followed as they change.
pub async fn watch(
    app: App,
    set: Vec<Watched>,
    servers: Arc<SetUpServers>,
    stop: CancellationToken,
) {
    if !set.is_empty() && app.options().mail.authserv_id.is_none() {
        tracing::warn!(
            "mail that agents write themselves is held until somebody accepts it, unless it answers a notice: set mail.authserv_id"
        );
    }
    let mut watches = Watches::default();
    for mailbox in set {
        watches.begin(attend(app.clone(), mailbox, stop.clone()));
    }
    let mut set_up = SetUp {
        app: app.clone(),
        servers,
        watches,
        attended: BTreeMap::new(),
        sealed: Vec::new(),
        last_error: None,
    };
    while !stop.is_cancelled() {
        set_up.follow(&stop).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = set_up.watches.broken() => {}
            () = app.mailboxes_may_have_changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    set_up.watches.end().await;
}

/// The watches that are under way. One that breaks ends the service, as every part of it does.
#[derive(Default)]
struct Watches(JoinSet<()>);

impl Watches {
    /// Begins a watch. What is given back is cancelled when it is over, however it ends.
    fn begin(&mut self, watch: impl Future<Output = ()> + Send + 'static) -> CancellationToken {
        let over = CancellationToken::new();
        let guard = over.clone().drop_guard();
        self.0.spawn(async move {
            let _guard = guard;
            watch.await;
        });
        over
    }

    /// Waits for a watch to break, and breaks then; for ever where none does.
    async fn broken(&mut self) {
        while let Some(ended) = self.0.join_next().await {
            pass_on(ended);
        }
        std::future::pending::<()>().await;
    }

    /// Waits until all are over.
    async fn end(&mut self) {
        while let Some(ended) = self.0.join_next().await {
            pass_on(ended);
        }
    }
}

fn pass_on(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// The mailboxes that are set up and attended to.
struct SetUp {
    app: App,
    servers: Arc<SetUpServers>,
    watches: Watches,
    attended: BTreeMap<MailboxId, Attended>,
    /// Those whose secrets cannot be opened.
    sealed: Vec<Mailbox>,
    /// What was said last of a store that cannot be read, so that it is said once.
    last_error: Option<String>,
}

/// A mailbox as it is attended to.
struct Attended {
    mailbox: OpenMailbox,
    stop: CancellationToken,
    /// Cancelled when its watch is over. Absent where it cannot be read as it is set up.
    over: Option<CancellationToken>,
}

impl SetUp {
    /// Starts, stops and changes what is attended to, as the store says now.
    async fn follow(&mut self, stop: &CancellationToken) {
        let found = match self.app.open_mailboxes().await {
            Ok(found) => found,
            Err(error) => {
                let error = error.to_string();
                if self.last_error.as_ref() != Some(&error) {
                    tracing::warn!("the mailboxes that are set up cannot be read: {error}");
                    self.last_error = Some(error);
                }
                return;
            }
        };
        self.last_error = None;
        self.servers.keep(&found.open);
        self.note_sealed(found.sealed).await;
        let wanted: Vec<OpenMailbox> = found
            .open
            .into_iter()
            .filter(|mailbox| mailbox.active && mailbox.incoming.is_some())
            .collect();
        let is_wanted = |attended: &Attended| {
            let mut wanted = wanted.iter();
            wanted.any(|mailbox| reads_alike(mailbox, &attended.mailbox))
        };
        let over: Vec<MailboxId> = self
            .attended
            .iter()
            .filter(|(_, attended)| !is_wanted(attended))
            .map(|(id, _)| *id)
            .collect();
        // What is over has ended before anything begins: a mailbox is never read twice at once.
        self.stop(&over).await;
        for mailbox in wanted {
            if !self.attended.contains_key(&mailbox.id) {
                self.start(mailbox, stop).await;
            }
        }
    }

    /// Writes down once of each mailbox that its secrets cannot be opened.
    async fn note_sealed(&mut self, found: Vec<Mailbox>) {
        self.sealed.retain(|known| found.contains(known));
        for mailbox in found {
            if self.sealed.contains(&mailbox) {
                continue;
            }
            if let Some(name) = mailbox.reading_name().filter(|_| mailbox.active) {
                tracing::warn!(mailbox = %mailbox.id, reason = SEALED, "a mailbox cannot be used");
                let fault = MailFault {
                    step: MailStep::SignIn,
                    reason: SEALED.to_owned(),
                };
                note(&self.app, &name, Err(fault)).await;
            }
            self.sealed.push(mailbox);
        }
    }

    async fn start(&mut self, mailbox: OpenMailbox, stop: &CancellationToken) {
        let stop = stop.child_token();
        let name = mailbox.reading_name().unwrap_or_default();
        let over = match self.servers.client(&mailbox, COMMAND_TIMEOUT) {
            Ok(None) => None,
            Ok(Some(client)) => {
                let watched = Watched {
                    label: label(&mailbox),
                    id: Some(mailbox.id),
                    name,
                    client,
                };
                let attend = attend(self.app.clone(), watched, stop.clone());
                Some(self.watches.begin(attend))
            }
            Err(why) => {
                let fault = MailFault {
                    step: MailStep::Reach,
                    reason: why.reason,
                };
                tracing::warn!(mailbox = %mailbox.id, reason = %fault.reason, "a mailbox cannot be used");
                note(&self.app, &name, Err(fault)).await;
                None
            }
        };
        let attended = Attended {
            stop,
            over,
            mailbox,
        };
        self.attended.insert(attended.mailbox.id, attended);
    }

    async fn stop(&mut self, over: &[MailboxId]) {
        let mut ending = Vec::new();
        for id in over {
            if let Some(attended) = self.attended.remove(id) {
                attended.stop.cancel();
                ending.extend(attended.over);
            }
        }
        for over in ending {
            over.cancelled().await;
        }
    }
}

/// Whether two are read in the same way: what else changes, such as a team, interrupts nothing.
fn reads_alike(one: &Mailbox, other: &Mailbox) -> bool {
    one.id == other.id && one.incoming == other.incoming
}

/// By which the log speaks of a mailbox: without the address of anybody.
fn label(mailbox: &Mailbox) -> String {
    mailbox.incoming.as_ref().map_or_else(String::new, |read| {
        format!("{}/{}", read.server.host, read.folder)
    })
}

/// Watches one mailbox whenever no other node does.
async fn attend(app: App, mailbox: Watched, stop: CancellationToken) {
    let attendant = Attendant {
        app,
        way: WayIn {
            source: source_of(&mailbox.name),
            mailbox: mailbox.id,
        },
        name: mailbox.name,
        label: mailbox.label,
    };
    while !stop.is_cancelled() {
        if let Some(position) = attendant.take().await {
            let until = stop.child_token();
            tokio::join!(
                mailbox.client.watch(position, &attendant, &backoff, &until),
                attendant.keep(&until),
            );
            attendant.leave().await;
        }
        let _ = stop.run_until_cancelled(tokio::time::sleep(ASK)).await;
    }
}

/// Writes down how reading went, for whoever looks after the mailboxes; nothing depends on it.
async fn note(app: &App, name: &str, outcome: Result<(), MailFault>) {
    if let Err(error) = app.note_reading(name, outcome).await {
        tracing::debug!(%error, "how a mailbox was read could not be written down");
    }
}

/// Two seconds, doubled with each failure.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.clamp(1, 9)).min(LONGEST_PAUSE)
}

/// A mail server says only in which second it received a message. Taken for the second's beginning, an answer would seem to
/// have been written before the message it answers, when that was sent in the same second.
fn end_of_second(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_micros(999_999))
        .unwrap_or(at)
}

/// Takes in what arrives in a mailbox.
struct Attendant {
    app: App,
    name: String,
    label: String,
    way: WayIn,
}

impl Attendant {
    /// Takes the right to watch the mailbox and says how far it was read; nothing when another node has it.
    async fn take(&self) -> Option<Position> {
        let taken = match self.app.watch_mailbox(&self.name).await {
            Ok(true) => self.app.mailbox_position(&self.name).await,
            Ok(false) => return None,
            Err(error) => Err(error),
        };
        if let Err(error) = &taken {
            tracing::warn!(mailbox = %self.label, %error, "how far the mailbox was read is unknown");
        }
        taken.ok()
    }

    /// Keeps the right; when it is lost, the watch ends.
    async fn keep(&self, until: &CancellationToken) {
        let rest = || until.run_until_cancelled(tokio::time::sleep(ASK));
        while rest().await.is_some() {
            let kept = self.app.watch_mailbox(&self.name).await;
            if !matches!(kept, Ok(true)) {
                tracing::warn!(mailbox = %self.label, ?kept, "a mailbox is left to other nodes");
                until.cancel();
            }
        }
    }

    /// Lets another node have it at once.
    async fn leave(&self) {
        if let Err(error) = self.app.unwatch_mailbox(&self.name).await {
            tracing::warn!(mailbox = %self.label, %error, "a mailbox is left to other nodes in a minute");
        }
    }
}

impl Intake for Attendant {
    /// A message is acknowledged once it is committed, and not before.
    async fn receive(&self, message: FetchedMessage) -> Result<(), String> {
        let now = self.app.now();
        let received_at = message
            .received_at
            .map_or(now, |at| end_of_second(at).min(now));
        let uid = message.uid;
        match self
            .app
            .receive_mail(
                &Caller::machine(),
                message.raw,
                self.way.clone(),
                received_at,
            )
            .await
        {
            Ok(_) => Ok(()),
            Err(AppError::Invalid(_)) => {
                tracing::warn!(mailbox = %self.label, uid, "an empty message was left alone");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn advanced(&self, position: &Position) {
        if let Err(error) = self.app.note_mailbox_position(&self.name, position).await {
            // It is fetched again after a restart, and recognised.
            tracing::warn!(mailbox = %self.label, %error, "how far the mailbox was read could not be written down");
        }
    }

    async fn interrupted(&self, error: &ImapError, attempt: u32) {
        tracing::warn!(mailbox = %self.label, attempt, %error, "a mailbox cannot be read");
        note(&self.app, &self.name, Err(fault(error))).await;
    }

    async fn looked(&self, report: &PollReport) {
        note(&self.app, &self.name, Ok(())).await;
        for (uid, reason) in &report.left {
            tracing::warn!(mailbox = %self.label, uid, %reason, "a message stays in the mailbox");
        }
        for (uid, reason) in &report.unfiled {
            tracing::warn!(mailbox = %self.label, uid, %reason, "a message could not be marked as read");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watch_that_ends_says_so_and_disturbs_nobody() {
        let mut watches = Watches::default();
        let stop = CancellationToken::new();
        let others = stop.clone();
        watches.begin(async move { others.cancelled().await });
        let over = watches.begin(async {});
        over.cancelled().await;
        tokio::select! {
            biased;
            () = watches.broken() => panic!("none broke"),
            () = tokio::task::yield_now() => {}
        }
        stop.cancel();
        watches.end().await;
    }

    #[tokio::test]
    #[should_panic(expected = "this watch broke")]
    async fn a_watch_that_breaks_is_noticed_while_others_go_on() {
        let mut watches = Watches::default();
        watches.begin(std::future::pending());
        let over = watches.begin(async { panic!("this watch broke") });
        over.cancelled().await;
        watches.broken().await;
    }
}
