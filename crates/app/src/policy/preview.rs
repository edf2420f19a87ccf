//! Looking ahead: what a draft would change of the clocks that run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::clock::{Clock, fold, fold_under};
use mainstay_domain::name::CommitmentName;
use mainstay_domain::role::Permission;
use mainstay_policy::PackSource;
use mainstay_store::{PageRequest, ledger};

use super::applied::{check, settled_teams};
use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::ticket::OpenTickets;

/// A running clock that would be due at another instant under a draft of a policy or of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockDifference {
    /// The ticket's number.
    pub ticket: u64,
    /// The commitment.
    pub commitment: CommitmentName,
    /// When it is due as promised; absent where nothing of the kind is promised.
    pub due_at: Option<Timestamp>,
    /// When it would be due; absent where the draft promises nothing of the kind.
    pub would_be_due_at: Option<Timestamp>,
}

/// What a draft would change of some of the open tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPreview {
    /// How many tickets were looked at.
    pub tickets: usize,
    /// The running clocks that would be due at another instant.
    pub clocks: Vec<ClockDifference>,
    /// Where to go on; nothing when every open ticket was looked at.
    pub next: Option<mainstay_store::Cursor>,
}

impl App {
    /// Which running clocks would be due at another instant, had the draft been in force all along. Nothing is changed.
    /// Looks at one page of the open tickets, by number.
    ///
    /// # Errors
    /// [`AppError::Invalid`](crate::AppError::Invalid) when the draft is refused,
    /// [`AppError::Forbidden`](crate::AppError::Forbidden) without the permissions `policy.read` and `ticket.read`.
    pub async fn preview_policy(
        &self,
        caller: &Caller,
        draft: &PackSource,
        page: PageRequest,
    ) -> Result<PolicyPreview> {
        caller.require(Permission::ReadPolicy)?;
        caller.require(Permission::ReadTickets)?;
        let mut draft = check(draft).await?.policy;
        let reader = self.read();
        let teams = settled_teams(&reader).await?;
        draft.settle_teams(|name| teams.get(name).copied());
        let now = self.now();
        let in_force = self.policy();
        let mut open = OpenTickets::all(self).from(page);
        let tickets = open.next().await?.unwrap_or_default();
        let mut clocks = Vec::new();
        for stored in &tickets {
            let events = ledger::load(&reader, stored.ticket.id).await?;
            let promised = fold(&events, in_force.book(), now);
            let drafted = fold_under(&events, &draft, now);
            clocks.extend(compare(stored.ticket.number, &promised, &drafted));
        }
        Ok(PolicyPreview {
            tickets: tickets.len(),
            clocks,
            next: open.place(),
        })
    }
}

/// The open clocks of one ticket that would be due at another instant, or not at all, were they as drafted. A clock that is
/// paused under both is due at no instant under either.
pub(crate) fn compare(number: u64, promised: &[Clock], drafted: &[Clock]) -> Vec<ClockDifference> {
    let key = |clock: &Clock| (clock.commitment.clone(), clock.cycle);
    let due = |clocks: &[Clock]| -> BTreeMap<_, _> {
        clocks
            .iter()
            .filter(|clock| clock.is_open())
            .filter_map(|clock| Some((key(clock), clock.due_at?)))
            .collect()
    };
    let (before, after) = (due(promised), due(drafted));
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| before.get(key) != after.get(key))
        .map(|key| ClockDifference {
            ticket: number,
            commitment: key.0.clone(),
            due_at: before.get(key).copied(),
            would_be_due_at: after.get(key).copied(),
        })
        .collect()
}
