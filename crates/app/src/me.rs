//! What everybody may say of themselves.

use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::event::Actor;
use mainstay_store::{agent, contact};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::Faults;

/// How somebody is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Their name.
    pub name: String,
    /// The language they are written to in, as a BCP 47 tag.
    pub language: Option<String>,
    /// Their IANA time zone; absent for contacts, who are served in the account's.
    pub time_zone: Option<String>,
}

/// A change of what somebody says of themselves; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// Their name.
    pub name: Option<String>,
    /// Their language.
    pub language: Option<String>,
    /// Their time zone, of those who serve.
    pub time_zone: Option<String>,
}

impl App {
    /// What the caller says of themselves; nothing of the program itself.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn profile(&self, caller: &Caller) -> Result<Option<Profile>> {
        let on = self.read();
        Ok(match caller.actor {
            Actor::Agent(id) => agent::find(&on, id).await?.map(Profile::from),
            Actor::Contact(id) => contact::find(&on, id).await?.map(Profile::from),
            Actor::System => None,
        })
    }

    /// Changes what the caller says of themselves.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Forbidden`] for a token that may not keep tokens.
    pub async fn update_profile(&self, caller: &Caller, change: ProfileChange) -> Result<()> {
        caller.require_sign_in()?;
        match caller.actor {
            Actor::Agent(id) => {
                let tx = self.begin().await?;
                let before = agent::lock(&tx, id)
                    .await?
                    .ok_or_else(|| AppError::no_such("agent", id))?;
                let mut after = before.clone();
                change_agent(&mut after, change)?;
                if after != before {
                    agent::update(&tx, &after).await?;
                    let action = Action::new("agent.changed", "agent", id);
                    self.record(&tx, caller, action).await?;
                }
                Ok(tx.commit().await?)
            }
            Actor::Contact(id) => {
                let tx = self.begin().await?;
                let before = contact::lock(&tx, id)
                    .await?
                    .ok_or_else(|| AppError::no_such("contact", id))?;
                let mut after = before.clone();
                change_contact(&mut after, change)?;
                if after != before {
                    contact::update(&tx, &after).await?;
                    let facts = self.facts(caller.actor).contact(Some(&before), &after)?;
                    facts.write(&tx).await?;
                    let action =
                        Action::new("contact.changed", "contact", id).of_account(after.account);
                    self.record(&tx, caller, action).await?;
                }
                Ok(tx.commit().await?)
            }
            Actor::System => Err(AppError::Forbidden(
                "Only people have a profile.".to_owned(),
            )),
        }
    }
}

impl From<Agent> for Profile {
    fn from(agent: Agent) -> Self {
        Self {
            name: agent.name,
            language: agent.languages.into_iter().next(),
            time_zone: Some(agent.time_zone),
        }
    }
}

impl From<Contact> for Profile {
    fn from(contact: Contact) -> Self {
        Self {
            name: contact.name,
            language: contact.language,
            time_zone: None,
        }
    }
}

fn change_agent(agent: &mut Agent, change: ProfileChange) -> Result<()> {
    let mut faults = Faults::default();
    if let Some(name) = change.name {
        agent.name = name.trim().to_owned();
        faults.name("name", &agent.name);
    }
    if let Some(language) = change.language {
        faults.language("language", &language);
        // The first is the one they are written to in; the others are those they serve in besides.
        agent.languages.retain(|spoken| *spoken != language);
        agent.languages.insert(0, language);
    }
    if let Some(time_zone) = change.time_zone {
        faults.time_zone("time_zone", &time_zone);
        agent.time_zone = time_zone;
    }
    faults.finish()
}

fn change_contact(contact: &mut Contact, change: ProfileChange) -> Result<()> {
    let mut faults = Faults::default();
    if let Some(name) = change.name {
        contact.name = name.trim().to_owned();
        faults.name("name", &contact.name);
    }
    if let Some(language) = change.language {
        faults.language("language", &language);
        contact.language = Some(language);
    }
    if change.time_zone.is_some() {
        let detail = "a contact has no time zone: times are shown in the account's";
        faults.add("time_zone", detail);
    }
    faults.finish()
}
