//! Mail fetched from mailboxes by IMAP.
//!
//! A message is handed over first, and marked or moved only when the receiver has acknowledged it. So nothing is lost
//! when anything fails in between; the same message may be handed over twice, which the receiver must notice.
//!
//! What was acknowledged is remembered in a [`Position`] that the caller keeps, not in the mailbox: a person who reads
//! the mailbox with another program changes nothing. A message that the receiver refuses does not stop those after
//! it, and is handed over again at each following look until it is acknowledged.

mod connection;
mod folder_name;
mod position;
mod settings;
mod watch;

use std::future::Future;

use async_imap::types::UnsolicitedResponse;
use futures::TryStreamExt;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use connection::{Connection, within};
pub use position::Position;
pub use settings::{AfterFetch, ImapSecurity, Mailbox, MailboxClient, MailboxSettingsError};

/// A message as it lies in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedMessage {
    /// The folder's UIDVALIDITY: together with `uid` it names this message for ever.
    pub uid_validity: u32,
    /// The message's number in the folder.
    pub uid: u32,
    /// When the server received it, if it says so.
    pub received_at: Option<Timestamp>,
    /// The message byte for byte.
    pub raw: Vec<u8>,
}

/// Who takes the messages.
pub trait Intake: Send + Sync {
    /// Takes one message. `Ok` acknowledges it: it is safe on our side and will not be handed over again.
    ///
    /// An `Err` says why not; the message stays in the folder and is handed over again later.
    fn receive(&self, message: FetchedMessage) -> impl Future<Output = Result<(), String>> + Send;

    /// The position changed and is worth storing. A position that is not stored costs a second delivery, no more.
    fn advanced(&self, _position: &Position) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Watching was interrupted; it goes on after a while. `attempt` counts from 1 since it last worked.
    fn interrupted(&self, _error: &ImapError, _attempt: u32) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// The outcome of each look at the folder while watching.
    fn looked(&self, _report: &PollReport) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// What came of one look at a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollReport {
    /// How many messages were acknowledged.
    pub acknowledged: usize,
    /// The messages that stay for the next look, with the reason.
    pub left: Vec<(u32, String)>,
    /// The messages that are safe on our side but could not be marked or moved, with the reason.
    pub unfiled: Vec<(u32, String)>,
}

/// Why a mailbox could not be read. All of these may pass: the caller tries again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImapError {
    /// The server cannot be reached, or speaks no TLS that we trust.
    #[error("{host}:{port} cannot be reached: {reason}")]
    Unreachable {
        /// The server's name.
        host: String,
        /// The server's port.
        port: u16,
        /// What happened.
        reason: String,
    },
    /// The server refuses user or password.
    #[error("the server refuses to sign in `{user}`: {reason}; check user and password")]
    SignIn {
        /// The user.
        user: String,
        /// What the server says.
        reason: String,
    },
    /// There is no token to sign in with.
    #[error("no token to sign in `{user}` with: {reason}")]
    Token {
        /// The user.
        user: String,
        /// Why.
        reason: String,
    },
    /// The server does not open the folder.
    #[error("the folder `{folder}` cannot be opened: {reason}")]
    Folder {
        /// The folder's name.
        folder: String,
        /// What the server says.
        reason: String,
    },
    /// The conversation broke.
    #[error("the connection failed while {step}: {reason}")]
    Broken {
        /// What was being done.
        step: &'static str,
        /// What happened.
        reason: String,
    },
}

impl MailboxClient {
    /// Connects, signs in and opens the folder, and says goodbye: nothing is read.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses us, or has no such folder.
    pub async fn check(&self) -> Result<(), ImapError> {
        let mut connection = Connection::open(self).await?;
        self.select(&mut connection).await?;
        connection.close(self).await;
        Ok(())
    }

    /// Looks at the folder once and hands over every message that is new since `position`.
    ///
    /// `position` is brought up to date message by message, so that it is right even when this ends with an error.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses us, or the conversation breaks.
    pub async fn poll<I: Intake>(
        &self,
        position: &mut Position,
        intake: &I,
    ) -> Result<PollReport, ImapError> {
        let mut connection = Connection::open(self).await?;
        let report = self
            .look(&mut connection, position, intake, &CancellationToken::new())
            .await?;
        connection.close(self).await;
        Ok(report)
    }

    /// Hands over what is new, on an open connection, until done or told to stop.
    async fn look<I: Intake>(
        &self,
        connection: &mut Connection,
        position: &mut Position,
        intake: &I,
        stop: &CancellationToken,
    ) -> Result<PollReport, ImapError> {
        let listing = async {
            position.follow(self.select(connection).await?);
            self.list_new(connection, position).await
        };
        let new = stop
            .run_until_cancelled(listing)
            .await
            .transpose()?
            .unwrap_or_default();
        let mut look = position.look(new.iter().map(|listed| listed.uid));
        let mut report = PollReport::default();
        for listed in new {
            if stop.is_cancelled() {
                break;
            }
            if listed.bytes > self.mailbox.most_bytes {
                let reason = format!(
                    "{} bytes are more than the {} allowed",
                    listed.bytes, self.mailbox.most_bytes
                );
                report.left.push((listed.uid, reason));
                continue;
            }
            let fetching = self.fetch(connection, position.uid_validity, listed.uid);
            let Some(fetched) = stop.run_until_cancelled(fetching).await else {
                break;
            };
            // A message that somebody deleted since it was listed needs no acknowledgement.
            if let Some(message) = fetched? {
                if let Err(reason) = intake.receive(message).await {
                    report.left.push((listed.uid, reason));
                    continue;
                }
                // When the connection breaks here, the message is handed over again rather than never filed.
                if let Err(reason) = self.file(connection, listed.uid).await? {
                    report.unfiled.push((listed.uid, reason));
                }
                report.acknowledged += 1;
            }
            look.acknowledge(position, listed.uid);
            intake.advanced(position).await;
        }
        Ok(report)
    }

    async fn select(&self, connection: &mut Connection) -> Result<u32, ImapError> {
        let folder = &self.mailbox.folder;
        let refuse = |reason: String| ImapError::Folder {
            folder: folder.clone(),
            reason,
        };
        let name = folder_name::encode(folder);
        let selected = within(
            self.mailbox.timeout,
            "opening the folder",
            connection.session.select(&name),
        )
        .await?;
        let selected = selected.map_err(refuse)?;
        selected
            .uid_validity
            .ok_or_else(|| refuse("the server gives it no UIDVALIDITY".to_owned()))
    }

    /// The messages after the position, lowest number first.
    async fn list_new(
        &self,
        connection: &mut Connection,
        position: &Position,
    ) -> Result<Vec<Listed>, ImapError> {
        // What was announced before this listing is in it.
        connection.has_news();
        let step = "listing the folder";
        let after = format!("{}:*", position.through.saturating_add(1));
        let listing = async {
            let answers = connection
                .session
                .uid_fetch(after, "(UID RFC822.SIZE)")
                .await?;
            // Each answer holds a whole buffer of the library, so that a long list of them would fill the memory.
            let listed = answers.map_ok(|answer| Listed {
                uid: answer.uid.unwrap_or(0),
                bytes: answer.size.unwrap_or(0),
            });
            listed.try_collect::<Vec<_>>().await
        };
        let mut new = connection::or_broken(
            step,
            within(self.mailbox.content_timeout, step, listing).await?,
        )?;
        // `n:*` names the last message even when its number is below n, and news of a change names none.
        new.retain(|listed| position.is_new(listed.uid));
        new.sort_by_key(|listed| listed.uid);
        new.dedup_by_key(|listed| listed.uid);
        Ok(new)
    }

    async fn fetch(
        &self,
        connection: &mut Connection,
        uid_validity: u32,
        uid: u32,
    ) -> Result<Option<FetchedMessage>, ImapError> {
        let step = "fetching a message";
        let fetching = async {
            // PEEK: only an acknowledged message becomes read.
            let query = "(UID INTERNALDATE BODY.PEEK[])";
            let answers = connection.session.uid_fetch(uid.to_string(), query).await?;
            answers.try_collect::<Vec<_>>().await
        };
        let answers = connection::or_broken(
            step,
            within(self.mailbox.content_timeout, step, fetching).await?,
        )?;
        Ok(answers.iter().find_map(|answer| {
            (answer.uid == Some(uid)).then_some(())?;
            Some(FetchedMessage {
                uid_validity,
                uid,
                received_at: answer
                    .internal_date()
                    .and_then(|date| Timestamp::from_second(date.timestamp()).ok()),
                raw: answer.body()?.to_vec(),
            })
        }))
    }

    /// Marks or moves a message; the inner error is the server's refusal.
    async fn file(
        &self,
        connection: &mut Connection,
        uid: u32,
    ) -> Result<Result<(), String>, ImapError> {
        let filed = match &self.mailbox.after_fetch {
            AfterFetch::Leave => Ok(()),
            AfterFetch::MarkSeen => self.mark(connection, uid, "\\Seen").await?,
            AfterFetch::MoveTo(folder) => self.move_to(connection, uid, folder).await?,
        };
        // Our own changes come back as news; what is kept of them would push out the news that matters.
        connection.forget_expunges();
        Ok(filed)
    }

    async fn mark(
        &self,
        connection: &mut Connection,
        uid: u32,
        flag: &str,
    ) -> Result<Result<(), String>, ImapError> {
        let marking = async {
            let command = format!("+FLAGS.SILENT ({flag})");
            let answers = connection
                .session
                .uid_store(uid.to_string(), command)
                .await?;
            answers.try_collect::<Vec<_>>().await
        };
        let marked = within(self.mailbox.timeout, "marking a message", marking).await?;
        Ok(marked.map(|_| ()))
    }

    /// Moves by MOVE where the server can, else by copying and deleting (RFC 6851, 3.3).
    async fn move_to(
        &self,
        connection: &mut Connection,
        uid: u32,
        folder: &str,
    ) -> Result<Result<(), String>, ImapError> {
        let (limit, step) = (self.mailbox.timeout, "moving a message");
        let name = folder_name::encode(folder);
        let mut made = false;
        loop {
            let moved = if connection.can_move {
                within(
                    limit,
                    step,
                    connection.session.uid_mv(uid.to_string(), &name),
                )
                .await?
            } else {
                within(
                    limit,
                    step,
                    connection.session.uid_copy(uid.to_string(), &name),
                )
                .await?
            };
            match moved {
                Ok(()) => break,
                // The first message of a new set-up: the folder is not there yet.
                Err(reason) if !made => {
                    let created =
                        within(limit, "making a folder", connection.session.create(&name)).await?;
                    if created.is_err() {
                        return Ok(Err(reason));
                    }
                    made = true;
                }
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if connection.can_move {
            return Ok(Ok(()));
        }
        let marked = self.mark(connection, uid, "\\Deleted").await?;
        if marked.is_err() || !connection.can_expunge_one {
            // Expunging everything could remove what somebody else marked; it stays hidden as deleted instead.
            return Ok(marked);
        }
        let expunging = async {
            let answers = connection.session.uid_expunge(uid.to_string()).await?;
            answers.try_collect::<Vec<_>>().await
        };
        Ok(within(limit, step, expunging).await?.map(|_| ()))
    }
}

/// A message that the folder lists.
struct Listed {
    uid: u32,
    bytes: u32,
}

impl Connection {
    /// Drops what is queued about removed messages and keeps whether there is something new.
    fn forget_expunges(&mut self) {
        while let Ok(news) = self.session.unsolicited_responses.try_recv() {
            self.arrived |= matches!(news, UnsolicitedResponse::Exists(_));
        }
    }

    /// Whether the server announced a message since the last listing began.
    fn has_news(&mut self) -> bool {
        self.forget_expunges();
        std::mem::take(&mut self.arrived)
    }
}
