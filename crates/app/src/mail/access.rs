//! Mails to people about how they sign in.

use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail as Letter, ReturnPath};
use mainstay_channels::template::Language;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::event::Actor;
use mainstay_domain::id::OutgoingMailId;
use mainstay_policy::default_templates;
use mainstay_store::{Transaction, account, agent, contact};
use serde_json::{Value, json};
use uuid::Uuid;

use super::identity::Identity;
use super::post::post;
use super::templates;
use crate::context::App;
use crate::error::{AppError, Result};

/// Somebody who signs in, as they are written to.
pub(crate) struct Addressee {
    pub actor: Actor,
    name: String,
    address: String,
    language: Language,
}

impl Addressee {
    /// Whose address it is, if they may sign in.
    pub async fn at(tx: &Transaction, address: &str) -> Result<Option<Self>> {
        if let Some(agent) = agent::find_by_email(tx, address).await? {
            return Ok(Self::agent(agent));
        }
        match contact::find_by_address(tx, address).await? {
            Some(contact) => Self::contact(tx, contact, address).await,
            None => Ok(None),
        }
    }

    /// Somebody, if they may sign in.
    pub async fn of(tx: &Transaction, actor: Actor) -> Result<Option<Self>> {
        match actor {
            Actor::Agent(id) => Ok(agent::find(tx, id).await?.and_then(Self::agent)),
            Actor::Contact(id) => {
                let Some(contact) = contact::find(tx, id).await? else {
                    return Ok(None);
                };
                let address = contact.addresses.first().cloned().unwrap_or_default();
                Self::contact(tx, contact, &address).await
            }
            Actor::System => Ok(None),
        }
    }

    fn agent(agent: Agent) -> Option<Self> {
        agent.active.then(|| Self {
            actor: Actor::Agent(agent.id),
            language: language(agent.languages.iter()),
            name: agent.name,
            address: agent.email,
        })
    }

    async fn contact(tx: &Transaction, contact: Contact, address: &str) -> Result<Option<Self>> {
        if !contact.active || contact.portal.is_none() {
            return Ok(None);
        }
        let account = match contact.account {
            Some(id) => account::find(tx, id).await?,
            None => None,
        };
        let spoken = account.and_then(|account| account.language);
        Ok(Some(Self {
            actor: Actor::Contact(contact.id),
            language: language(contact.language.iter().chain(&spoken)),
            name: contact.name,
            address: address.to_owned(),
        }))
    }

    /// Writes to them by a template, to whose variables `more` is added. The mail is known by what made it.
    pub async fn write(
        &self,
        app: &App,
        tx: &Transaction,
        identity: &Identity,
        (template, cause): (&str, Uuid),
        more: Value,
    ) -> Result<()> {
        let company = app.company_in_mail(tx).await?;
        let mut context = json!({
            "contact": { "name": self.name, "email": self.address },
            "company": {
                "name": company,
                "product": company,
                "url": app.options().public_url,
                "support_address": identity.from,
            },
        });
        if let (Some(context), Value::Object(more)) = (context.as_object_mut(), more) {
            context.extend(more);
        }
        let policy = app.policy();
        let own = &policy.current().templates;
        // A sign-in may be asked for before any pack is applied.
        let words = match own.iter().any(|own| own.name.as_str() == template) {
            true => own,
            false => default_templates(),
        };
        let rendered = templates(words, template)
            .and_then(|templates| templates.render(template, self.language, &context))
            .map_err(|error| AppError::broken("A mail could not be written.", error))?;
        let letter = Letter {
            from: Correspondent::named(&company, &identity.from),
            to: vec![Correspondent::named(&self.name, &self.address)],
            cc: Vec::new(),
            reply_to: None,
            return_path: ReturnPath::Nowhere,
            subject: rendered.subject,
            text: rendered.text,
            html: None,
            message_id: identity.message_id(cause),
            in_reply_to: None,
            references: Vec::new(),
            origin: Origin::Generated,
            date: app.now(),
            attachments: Vec::new(),
        };
        let id = app.new_id::<OutgoingMailId>(app.now());
        post(app, tx, id, identity, &letter, None).await
    }
}

/// The first language that we write in.
fn language<'a>(mut spoken: impl Iterator<Item = &'a String>) -> Language {
    spoken
        .find_map(|code| Language::from_code(code))
        .unwrap_or(Language::English)
}
