//! What a text about a ticket may speak of, for those who write texts outside of mails.

use std::sync::Arc;

use mainstay_domain::id::AgentId;
use mainstay_domain::ticket::Ticket;
use mainstay_store::Connection;
use serde_json::Value;

use super::identity::Identity;
use super::letter::Subject;
use crate::context::App;
use crate::error::Result;

/// The same words that the templates of mails know.
pub(crate) struct Vocabulary(Arc<Identity>);

impl Vocabulary {
    /// Prepares it. To be called outside of a transaction: the first call ever writes the keys of signed addresses.
    pub(crate) async fn load(app: &App) -> Result<Self> {
        Ok(Self(app.mail_identity().await?))
    }

    /// What the variables stand for on a ticket; `writer` is the agent who writes.
    pub(crate) async fn of(
        &self,
        app: &App,
        on: &impl Connection,
        ticket: Ticket,
        writer: Option<AgentId>,
    ) -> Result<Value> {
        let subject = Subject::load(app, on, ticket, writer).await?;
        Ok(subject.context(app, &self.0, None))
    }
}
