//! How what was promised was kept.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::id::{AccountId, TeamId};
use mainstay_domain::name::{CommitmentName, TierName};
use mainstay_domain::role::Permission;
pub use mainstay_store::clock::Attainment;
use mainstay_store::clock::{self, AttainmentFilter};

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// How far back attainment is counted when nobody says.
pub(crate) const USUAL_PERIOD: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Of which promises somebody wants to know how they were kept. What is absent asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct AttainmentQuery {
    /// Those that started from this instant on; 90 days before the end when absent.
    pub from: Option<Timestamp>,
    /// Those that started before this instant; now when absent.
    pub until: Option<Timestamp>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of tickets that lie with this team now.
    pub team: Option<TeamId>,
    /// Of tickets in this tier now.
    pub tier: Option<TierName>,
    /// Of this commitment.
    pub commitment: Option<CommitmentName>,
}

/// How the promises that started in a period were kept.
#[derive(Debug, Clone)]
pub struct AttainmentReport {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// By commitment, tier and severity.
    pub kinds: Vec<Attainment>,
}

impl App {
    /// How promises were kept. A contact sees those of the tickets they may see.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who may not see clocks, [`AppError::NotFound`] for an account that is not there
    /// or that the caller may not know of, [`AppError::Invalid`] for a period that ends before it begins.
    pub async fn attainment(
        &self,
        caller: &Caller,
        query: AttainmentQuery,
    ) -> Result<AttainmentReport> {
        caller.require(match caller.contact() {
            Some(_) => Permission::PortalReadPromises,
            None => Permission::ReadClocks,
        })?;
        if let Some(account) = query.account {
            self.account(caller, account).await?;
        }
        let until = query.until.unwrap_or(self.now());
        let usual = until.saturating_sub(USUAL_PERIOD).unwrap_or(Timestamp::MIN);
        let from = query.from.unwrap_or(usual);
        if from >= until {
            let detail = "the period ends before it begins: from must be earlier than until";
            return Err(AppError::invalid("from", detail));
        }
        let filter = AttainmentFilter {
            from,
            until,
            account: query.account,
            team: query.team,
            tier: query.tier,
            commitment: query.commitment,
            hidden: self.hidden_from(caller),
        };
        let kinds = clock::attainment(&self.read(), caller.scope()?, &filter).await?;
        Ok(AttainmentReport { from, until, kinds })
    }
}
