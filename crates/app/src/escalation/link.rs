//! Taking an escalation on by the signed link of a notification.

use jiff::Timestamp;
use mainstay_channels::reply_address::{LinkPurpose, UnverifiedLink};
use mainstay_channels::template::Language;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::{Command, Escalation, Phase};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{EscalationId, NotificationId};
use mainstay_domain::notification::Notification;
use mainstay_domain::role::Permission;
use mainstay_store::{Connection, Transaction, agent, escalation, notification};

use super::EscalationWriter;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::notification::{language_of, local};
use crate::transaction::transact;

/// A link, and whether it can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// The escalation.
    pub escalation: EscalationId,
    /// The language of the person whose link it is.
    pub language: Language,
    /// What the person was told, in a line.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// The name of the person whose link it is.
    pub person: String,
    /// Whether it can be used.
    pub standing: LinkStanding,
}

/// Whether a link can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStanding {
    /// It acknowledges the escalation.
    Ready,
    /// It just did.
    Done,
    /// Somebody took the escalation on already.
    Taken {
        /// Their name, where it is known.
        by: Option<String>,
        /// When, in the time zone of the person whose link it is.
        at: String,
    },
    /// The escalation is over.
    Over {
        /// Since when, in the same time zone.
        at: String,
    },
    /// It was valid until an instant that has passed.
    Expired {
        /// Until when, in the same time zone.
        at: String,
    },
    /// Its person may not take escalations on any more.
    Forbidden,
}

impl App {
    /// Shows what a link would do, and changes nothing: mail scanners open every link.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a link that we did not sign.
    pub async fn look_at_link(&self, token: &str) -> Result<LinkView> {
        let link = self.opened_link(&self.read(), token).await?;
        Ok(link.view)
    }

    /// Takes the escalation of a link on, in the name of its person. A link that cannot be used says why, and changes
    /// nothing.
    ///
    /// # Errors
    /// As [`look_at_link`](Self::look_at_link).
    pub async fn acknowledge_by_link(&self, token: &str) -> Result<LinkView> {
        let view = transact!(self, tx => acknowledge(self, tx, token))?;
        self.wake();
        Ok(view)
    }

    async fn opened_link(&self, on: &impl Connection, token: &str) -> Result<Opened> {
        let unknown = || {
            AppError::NotFound("There is no such link: open it exactly as it was sent.".to_owned())
        };
        let link = UnverifiedLink::read(token).ok_or_else(unknown)?;
        let told = notification::find(on, NotificationId::from(link.names))
            .await?
            .ok_or_else(unknown)?;
        let id = told.escalation.ok_or_else(unknown)?;
        let identity = self.mail_identity().await?;
        let bound_to = [told.recipient.uuid(), id.uuid()];
        if !identity.is_our_link(&link, LinkPurpose::Acknowledgement, &bound_to) {
            return Err(unknown());
        }
        let person = agent::find(on, told.recipient).await?.ok_or_else(unknown)?;
        let state = Escalation::fold(&escalation::load(on, id).await?).ok_or_else(unknown)?;
        let standing = self.standing(on, &link, &person, &state).await?;
        Ok(Opened {
            view: LinkView {
                escalation: id,
                language: language_of(&person),
                title: told.title.clone(),
                detail: told.detail.clone(),
                person: person.name.clone(),
                standing,
            },
            told,
        })
    }

    async fn standing(
        &self,
        on: &impl Connection,
        link: &UnverifiedLink,
        person: &Agent,
        state: &Escalation,
    ) -> Result<LinkStanding> {
        let over = |at: Timestamp| LinkStanding::Over {
            at: local(at, person),
        };
        match state.phase {
            Phase::Resolved { at } | Phase::Cancelled { at } => return Ok(over(at)),
            Phase::Open => {}
        }
        if let Some(taken) = &state.acknowledged {
            let by = match taken.by {
                Actor::Agent(id) => agent::find(on, id).await?.map(|agent| agent.name),
                _ => None,
            };
            return Ok(LinkStanding::Taken {
                by,
                at: local(taken.at, person),
            });
        }
        if link.expires_at <= self.now() {
            return Ok(LinkStanding::Expired {
                at: local(link.expires_at, person),
            });
        }
        let may = person.active
            && self
                .roles()
                .allows(&person.roles, Permission::AcknowledgeEscalations);
        Ok(match may {
            true => LinkStanding::Ready,
            false => LinkStanding::Forbidden,
        })
    }
}

struct Opened {
    view: LinkView,
    told: Notification,
}

async fn acknowledge(app: &App, tx: &Transaction, token: &str) -> Result<LinkView> {
    let Opened { mut view, told } = app.opened_link(tx, token).await?;
    if view.standing != LinkStanding::Ready {
        return Ok(view);
    }
    let mut writer = EscalationWriter::load(app, tx, view.escalation).await?;
    let step = told.step().map(|step| step.step);
    writer.decide(Actor::Agent(told.recipient), Command::Acknowledge { step })?;
    writer.save().await?;
    view.standing = LinkStanding::Done;
    Ok(view)
}
