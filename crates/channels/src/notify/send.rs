//! Sending short messages.

use std::time::Duration;

use reqwest::Response;

use super::judge::{NotifyOutcome, judge};
use super::pager::Pager;
use super::request::{Act, Medium, Request, ShortMessage};
use super::slack::Slack;
use super::twilio::Telephone;
use crate::outbound::{Destinations, Outbound, OutboundSettings, Unanswered, retry_after, send};

/// How much of an answer is read, in bytes.
const MOST_OF_ANSWER: usize = 64 << 10;

/// How short messages are sent: by which of the ways, and where they may go.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// Where they may go.
    pub destinations: Destinations,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: String,
    /// Slack, where it is set up.
    pub slack: Option<Slack>,
    /// Text messages, where they are.
    pub sms: Option<Telephone>,
    /// Telephone calls, where they are.
    pub voice: Option<Telephone>,
    /// Pagers, where they are.
    pub pager: Option<Pager>,
}

/// Why the settings cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("short messages cannot be sent: {0}")]
pub struct NotifySettingsError(String);

/// Sends short messages.
#[derive(Clone, Debug)]
pub struct Notifier {
    outbound: Outbound,
    slack: Option<Slack>,
    sms: Option<Telephone>,
    voice: Option<Telephone>,
    pager: Option<Pager>,
}

impl Notifier {
    /// Prepares connections; nothing is connected yet.
    ///
    /// # Errors
    /// When an extra authority cannot be read or TLS cannot be prepared.
    pub fn new(settings: NotifySettings) -> Result<Self, NotifySettingsError> {
        let outbound = Outbound::new(&OutboundSettings {
            destinations: settings.destinations,
            timeout: settings.timeout,
            extra_authorities: &settings.extra_authorities,
            user_agent: &settings.user_agent,
        });
        Ok(Self {
            outbound: outbound.map_err(NotifySettingsError)?,
            slack: settings.slack,
            sms: settings.sms,
            voice: settings.voice,
            pager: settings.pager,
        })
    }

    /// Whether a way is set up.
    #[must_use]
    pub fn is_set_up(&self, medium: Medium) -> bool {
        match medium {
            Medium::Slack => self.slack.is_some(),
            Medium::Sms => self.sms.is_some(),
            Medium::Voice => self.voice.is_some(),
            Medium::Pager => self.pager.is_some(),
        }
    }

    /// Whether a way reaches somebody whose own address is not known: a channel, or a key for everybody.
    #[must_use]
    pub fn reaches_anybody(&self, medium: Medium) -> bool {
        match medium {
            Medium::Slack => self.slack.as_ref().is_some_and(Slack::has_channel),
            Medium::Pager => self.pager.as_ref().is_some_and(Pager::has_key),
            Medium::Sms | Medium::Voice => false,
        }
    }

    /// Makes one attempt. Only the message's id and the outcome are fit for a log.
    pub async fn send(&self, medium: Medium, message: &ShortMessage<'_>) -> NotifyOutcome {
        let request = match self.request(medium, message) {
            Some(Ok(request)) => request,
            Some(Err(reason)) => return NotifyOutcome::Permanent { reason },
            None => {
                let reason = "there is no address to send it to".to_owned();
                return NotifyOutcome::Permanent { reason };
            }
        };
        match self.post(medium, request).await {
            Ok(outcome) => outcome,
            Err(Unanswered::Permanent(reason)) => NotifyOutcome::Permanent { reason },
            Err(Unanswered::Retry(reason)) => NotifyOutcome::Retry {
                reason,
                retry_after: None,
            },
        }
    }

    fn request(
        &self,
        medium: Medium,
        message: &ShortMessage<'_>,
    ) -> Option<Result<Request, String>> {
        if medium != Medium::Pager && message.act != Act::Tell {
            return None;
        }
        match medium {
            Medium::Slack => self.slack.as_ref()?.request(message).map(Ok),
            Medium::Sms => self.sms.as_ref()?.request(medium, message),
            Medium::Voice => self.voice.as_ref()?.request(medium, message),
            Medium::Pager => self.pager.as_ref()?.request(message),
        }
    }

    async fn post(&self, medium: Medium, request: Request) -> Result<NotifyOutcome, Unanswered> {
        let mut post = self.outbound.post(request.url.expose())?.body(request.body);
        for (name, value) in &request.headers {
            post = post.header(name, value.expose());
        }
        let mut response = send(post).await?;
        let (status, wait) = (response.status().as_u16(), retry_after(&response));
        let body = beginning(&mut response).await;
        Ok(judge(medium, status, wait, &body))
    }
}

/// The beginning of an answer. One that breaks off was given all the same: its status counts.
async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST_OF_ANSWER {
            break;
        }
    }
    body
}
