//! Waiting for mail instead of asking for it.

use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use async_imap::imap_proto::{MailboxDatum, Response, Status};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, or_broken, within};
use super::{ImapError, Intake, MailboxClient, PollReport, Position};

impl MailboxClient {
    /// Hands over messages as they arrive, until `stop` is cancelled; returns the position reached.
    ///
    /// The server announces them (IDLE, RFC 2177). A connection that fails is made anew after `backoff(attempt)`, where
    /// `attempt` counts from 1 since it last worked. A message that the receiver refused is offered again after
    /// `backoff(1)`, or with the next one that arrives.
    pub async fn watch<I: Intake>(
        &self,
        mut position: Position,
        intake: &I,
        backoff: &(dyn Fn(u32) -> Duration + Send + Sync),
        stop: &CancellationToken,
    ) -> Position {
        let mut attempt = 0;
        while !stop.is_cancelled() {
            let stay = self.stay(&mut position, intake, backoff, &mut attempt, stop);
            let Err(error) = stay.await else { break };
            attempt += 1;
            intake.interrupted(&error, attempt).await;
            // Cancelled or slept, the loop decides what follows.
            let _ = stop.run_until_cancelled(sleep(backoff(attempt))).await;
        }
        position
    }

    /// One connection, from signing in to its end. `Ok` means that we were told to stop.
    async fn stay<I: Intake>(
        &self,
        position: &mut Position,
        intake: &I,
        backoff: &(dyn Fn(u32) -> Duration + Send + Sync),
        attempt: &mut u32,
        stop: &CancellationToken,
    ) -> Result<(), ImapError> {
        let Some(connection) = stop.run_until_cancelled(Connection::open(self)).await else {
            return Ok(());
        };
        let mut connection = connection?;
        loop {
            let report = self.look(&mut connection, position, intake, stop).await?;
            *attempt = 0;
            intake.looked(&report).await;
            if stop.is_cancelled() {
                break;
            }
            let longest = self.longest_wait(&report, backoff);
            connection = self.wait_for_news(connection, longest, stop).await?;
        }
        connection.close(self).await;
        Ok(())
    }

    fn longest_wait(
        &self,
        report: &PollReport,
        backoff: &(dyn Fn(u32) -> Duration + Send + Sync),
    ) -> Duration {
        match report.left.is_empty() {
            true => self.mailbox.idle,
            false => self.mailbox.idle.min(backoff(1)),
        }
    }

    /// Returns when the server announces a message, when `longest` is over, or when told to stop.
    async fn wait_for_news(
        &self,
        mut connection: Connection,
        longest: Duration,
        stop: &CancellationToken,
    ) -> Result<Connection, ImapError> {
        if connection.has_news() {
            return Ok(connection);
        }
        if !connection.can_idle {
            let _ = stop.run_until_cancelled(sleep(longest)).await;
            return Ok(connection);
        }
        let (limit, step) = (self.mailbox.timeout, "waiting for news");
        let news = connection.session.unsolicited_responses.clone();
        let mut idle = connection.session.idle();
        or_broken(step, within(limit, step, idle.init()).await?)?;
        // A message that arrived between the listing and IDLE is announced before the waiting begins.
        if news.is_empty() {
            let waited =
                stop.run_until_cancelled(tokio::time::timeout(longest, announced(&mut idle)));
            if let Some(Ok(ended)) = waited.await {
                ended?;
            }
        }
        connection.session = or_broken(step, within(limit, step, idle.done()).await?)?;
        Ok(connection)
    }
}

/// Returns when the server announces that the folder grew.
async fn announced<T>(idle: &mut async_imap::extensions::idle::Handle<T>) -> Result<(), ImapError>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + std::fmt::Debug + Send,
{
    let lost = |reason: String| ImapError::Broken {
        step: "waiting for news",
        reason,
    };
    loop {
        let (waiting, _interrupt) = idle.wait();
        match waiting
            .await
            .map_err(|error| lost(super::connection::describe(&error)))?
        {
            IdleResponse::NewData(data) => match data.parsed() {
                Response::MailboxData(MailboxDatum::Exists(_)) => return Ok(()),
                Response::Data {
                    status: Status::Bye,
                    ..
                } => return Err(lost("the server says goodbye".to_owned())),
                _ => {}
            },
            IdleResponse::Timeout => return Ok(()),
            // We interrupt nothing ourselves; the library also says this when the server hangs up.
            IdleResponse::ManualInterrupt => return Err(lost("the server hung up".to_owned())),
        }
    }
}
