//! Handing mails over.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mainstay_channels::smtp::{SmtpFailure, SmtpReceipt, SmtpTransport};
use mainstay_domain::mail::OutgoingMail;

/// Hands mails over to a server.
#[async_trait]
pub trait MailTransport: fmt::Debug + Send + Sync + 'static {
    /// Hands a mail over to its recipients.
    ///
    /// # Errors
    /// When not one recipient was taken; the error says whether to try again.
    async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure>;
}

#[async_trait]
impl MailTransport for SmtpTransport {
    async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        self.hand_over(&mail.sender, &mail.recipients, &mail.bytes)
            .await
    }
}

/// Keeps what it is given, for tests. It takes everything unless it is told what to answer next.
#[derive(Default)]
pub struct RecordingTransport {
    sent: Mutex<Vec<OutgoingMail>>,
    answers: Mutex<VecDeque<Result<SmtpReceipt, SmtpFailure>>>,
}

impl fmt::Debug for RecordingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingTransport")
    }
}

impl RecordingTransport {
    /// What was handed over and taken, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<OutgoingMail> {
        lock(&self.sent).clone()
    }

    /// Answers the next mail so, instead of taking it.
    pub fn answer_next(&self, answer: Result<SmtpReceipt, SmtpFailure>) {
        lock(&self.answers).push_back(answer);
    }

    /// Takes everything again, whatever was still to be answered.
    pub fn take_again(&self) {
        lock(&self.answers).clear();
    }
}

#[async_trait]
impl MailTransport for RecordingTransport {
    async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        let answer = lock(&self.answers).pop_front().unwrap_or_else(|| {
            Ok(SmtpReceipt {
                accepted: mail.recipients.clone(),
                refused: Vec::new(),
                response: "taken".to_owned(),
            })
        });
        if answer.is_ok() {
            lock(&self.sent).push(mail.clone());
        }
        answer
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
