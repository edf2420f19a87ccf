//! The first run: on a store in which nobody serves yet, whoever can read what the program prints makes the first
//! administrator.
//!
//! A server may be reachable before anybody has set it up, so that a stranger could come first. The proof is a code that is
//! printed where the program runs, kept in the store so that all nodes print the same, and gone once it was used.

use mainstay_domain::event::Actor;
use mainstay_domain::role::BuiltIn;
use mainstay_store::{agent, setting};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::secret::digest;
use crate::session::SignedIn;

/// The name under which the store keeps the code.
const CODE: &str = "set_up_code";

/// Who is to be the first administrator.
#[derive(Clone)]
pub struct FirstAdministrator {
    /// The code that the program printed.
    pub code: String,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their IANA time zone.
    pub time_zone: String,
    /// The program they use, in its own words.
    pub user_agent: String,
}

impl App {
    /// The code that lets somebody become the first administrator; nothing where somebody serves already. For those who
    /// print it on the machine, never for an answer to a request.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn set_up_code(&self) -> Result<Option<String>> {
        let tx = self.begin().await?;
        if !agent::all(&tx).await?.is_empty() {
            return Ok(None);
        }
        let code = setting::get_or_set(&tx, CODE, &self.new_password()).await?;
        tx.commit().await?;
        Ok(Some(code))
    }

    /// Makes the first administrator and signs them in.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] where somebody serves already and for a wrong code, [`AppError::Invalid`] for wrong fields.
    pub async fn set_up(&self, first: FirstAdministrator) -> Result<SignedIn> {
        let now = self.now();
        let done = || {
            AppError::Forbidden(
                "Mainstay is set up already: sign in, or ask an administrator to make you an agent."
                    .to_owned(),
            )
        };
        if self.has_agents().await? {
            return Err(done());
        }
        let kept = setting::get(&self.read(), CODE).await?;
        // Digests are compared, so that the time it takes tells nothing about the code.
        let given = digest(first.code.trim().as_bytes());
        if kept.is_none_or(|kept| digest(kept.as_bytes()) != given) {
            return Err(AppError::Forbidden(
                "This is not the code that `mainstay serve` printed when it started: look at its output, or its log."
                    .to_owned(),
            ));
        }
        let mut agent = self.blank_agent(now);
        agent.name = first.name;
        agent.email = first.email;
        agent.time_zone = first.time_zone;
        agent.roles = vec![BuiltIn::Administrator.as_str().into()];
        self.check_agent(&agent)?;
        let hash = self.hash_password(first.password).await?;
        let tx = self.begin().await?;
        // Of two who come at once, one finds the code gone.
        if !setting::remove(&tx, CODE).await? || !agent::all(&tx).await?.is_empty() {
            return Err(done());
        }
        agent::insert(&tx, &agent).await?;
        agent::set_password_hash(&tx, agent.id, Some(&hash)).await?;
        let action = Action::new("agent.created", "agent", agent.id)
            .with(serde_json::json!({ "first": true }));
        self.record(&tx, &Caller::machine(), action).await?;
        tx.commit().await?;
        self.open_session(Actor::Agent(agent.id), &first.user_agent, now)
            .await
    }
}
