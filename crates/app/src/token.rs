//! API tokens: how programs prove in whose name they act.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::event::Actor;
use mainstay_domain::id::TokenId;
use mainstay_domain::role::Permission;
use mainstay_domain::token::ApiToken;
use mainstay_store::token;
use mainstay_store::{Page, PageRequest};

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::Faults;
use crate::secret::digest;

/// What the secret of a token begins with.
const PREFIX: &str = "mst_";

/// The scope that leaves nothing out.
pub const EVERYTHING: &str = "*";

/// A token's last use is noted at most this often, so that reading does not become writing.
const USED_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// What a new token is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may do: names of permissions, or `*` for everything its owner may.
    pub scopes: Vec<String>,
    /// When it ends; never when absent.
    pub expires_at: Option<Timestamp>,
}

impl App {
    /// Makes a token that acts in the caller's name and can do no more than they, and returns it with its secret,
    /// which is not kept.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a scope that is no permission or not the caller's, or an end that is past; [`AppError::Forbidden`] when
    /// the caller themself came with a token, so that a leaked one cannot make others.
    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<(ApiToken, String)> {
        caller.require_sign_in()?;
        check_held(caller, &new.scopes)?;
        self.issue_token(caller, caller.actor, new).await
    }

    /// Makes a token in the name of somebody else, for commands run on the machine.
    ///
    /// # Errors
    /// As [`create_token`](Self::create_token).
    pub async fn issue_token(
        &self,
        caller: &Caller,
        actor: Actor,
        new: NewToken,
    ) -> Result<(ApiToken, String)> {
        let now = self.now();
        check(&new, now)?;
        let scopes = narrowed(caller, new.scopes);
        let secret = self.new_secret(PREFIX);
        let token = ApiToken {
            id: self.new_id(now),
            name: new.name.trim().to_owned(),
            secret: digest(secret.as_bytes()),
            actor,
            scopes,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let tx = self.begin().await?;
        token::insert(&tx, &token).await?;
        let action = Action::new("token.created", "token", token.id);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// Who bears a token's secret.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] when nobody does, or no longer.
    pub async fn by_token(&self, secret: &str) -> Result<Caller> {
        let now = self.now();
        let refused = || {
            AppError::Unauthorised(
                "This token is unknown, expired or revoked: make another.".into(),
            )
        };
        if !secret.starts_with(PREFIX) {
            return Err(AppError::Unauthorised(format!(
                "This is not a token of ours: one begins with {PREFIX}."
            )));
        }
        let secret = digest(secret.as_bytes());
        let reader = self.read();
        let find = async { Ok(token::find_by_secret(&reader, secret).await?) };
        let known = self.kept().tokens.or_ask(self, &reader, &secret, find);
        let token = known
            .await?
            .filter(|token| token.is_valid(now))
            .ok_or_else(refused)?;
        let mut caller = self
            .caller(token.actor, Credential::Token(token.id))
            .await?
            .ok_or_else(refused)?;
        if !token.scopes.iter().any(|scope| scope == EVERYTHING) {
            caller.permissions.retain(|permission| {
                token
                    .scopes
                    .iter()
                    .any(|scope| scope == permission.as_str())
            });
        }
        let used_lately = token
            .last_used_at
            .is_some_and(|used| now.duration_since(used) < USED_AT_MOST_EVERY);
        if !used_lately {
            let tx = self.begin().await?;
            token::touch(&tx, token.id, now).await?;
            tx.commit().await?;
            self.kept().tokens.forget(&secret);
        }
        Ok(caller)
    }

    /// The caller's tokens, latest first; everybody's for those who may withdraw anybody's.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a token that may not keep tokens.
    pub async fn tokens(&self, caller: &Caller, page: PageRequest) -> Result<Page<ApiToken>> {
        caller.require_sign_in()?;
        let everybodys = caller.may(Permission::UpdateTokens);
        let actor = (!everybodys).then_some(caller.actor);
        Ok(token::list(&self.read(), actor, page).await?)
    }

    /// Revokes a token. One that is revoked already stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such token, or it is not the caller's to revoke.
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<()> {
        caller.require_sign_in()?;
        let now = self.now();
        let tx = self.begin().await?;
        let token = token::find(&tx, id)
            .await?
            .filter(|token| token.actor == caller.actor || caller.may(Permission::UpdateTokens))
            .ok_or_else(|| AppError::no_such("token", id))?;
        if token.revoked_at.is_none() {
            token::revoke(&tx, id, now).await?;
            self.record(&tx, caller, Action::new("token.revoked", "token", id))
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Everything that a token may do that makes another is written out: the other has none of what the first one lacks.
fn narrowed(caller: &Caller, scopes: Vec<String>) -> Vec<String> {
    let is_token = matches!(caller.credential, Credential::Token(_));
    if !is_token || !scopes.iter().any(|scope| scope == EVERYTHING) {
        return scopes;
    }
    let held = caller.permissions.iter();
    held.map(|permission| permission.as_str().to_owned())
        .collect()
}

/// A token cannot do what its owner may not: to promise it would only disappoint later.
fn check_held(caller: &Caller, scopes: &[String]) -> Result<()> {
    let mut faults = Faults::default();
    for (index, scope) in scopes.iter().enumerate() {
        if let Ok(permission) = scope.parse::<Permission>()
            && !caller.may(permission)
        {
            let detail = format!(
                "you may not do {permission} yourself: leave it out, or ask for a role that may"
            );
            faults.add_entry("scopes", index, detail);
        }
    }
    faults.finish()
}

fn check(new: &NewToken, now: Timestamp) -> Result<()> {
    let mut faults = Faults::default();
    faults.name("name", &new.name);
    if new.scopes.is_empty() {
        faults.add(
            "scopes",
            "name at least one permission, or * for everything you may do",
        );
    }
    for (index, scope) in new.scopes.iter().enumerate() {
        if scope != EVERYTHING
            && let Err(error) = scope.parse::<Permission>()
        {
            faults.add_entry("scopes", index, error.to_string());
        }
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        faults.add("expires_at", "this is past already");
    }
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn a_scope_that_is_no_permission_is_named() {
        let new = NewToken {
            name: "ci".into(),
            scopes: vec!["ticket.read".into(), "ticket.raed".into()],
            expires_at: None,
        };
        let Err(AppError::Invalid(faults)) = check(&new, Timestamp::UNIX_EPOCH) else {
            unreachable!("the scope is wrong");
        };
        let paths: Vec<Vec<String>> = faults.into_iter().map(|Fault { path, .. }| path).collect();
        assert_eq!(paths, [["scopes", "1"]]);
    }

    #[test]
    fn a_token_made_by_a_token_has_no_more_than_it() {
        let mut caller = Caller::machine();
        caller.credential = Credential::Token(TokenId::from(uuid::Uuid::nil()));
        caller.permissions = [Permission::ReadTickets, Permission::UpdateTokens].into();
        assert_eq!(
            narrowed(&caller, vec!["*".into()]),
            ["ticket.read", "token.update"]
        );
        assert_eq!(
            narrowed(&caller, vec!["ticket.read".into()]),
            ["ticket.read"]
        );
        let Err(AppError::Invalid(faults)) =
            check_held(&caller, &["ticket.read".into(), "policy.apply".into()])
        else {
            unreachable!("the caller may not apply policies");
        };
        assert_eq!(faults[0].path, ["scopes", "1"]);
    }
}
