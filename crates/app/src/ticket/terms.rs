//! Carrying a change of a contract over to the open tickets of the account.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, ContractTerms};
use mainstay_domain::id::AccountId;
use mainstay_domain::ticket::Command;
use mainstay_store::{Transaction, ticket};

use super::{TicketWriter, Work};
use crate::context::App;
use crate::error::Result;
use crate::job::Job;

impl App {
    /// Queues what a contract changes for the account's open tickets: now, on the day it begins, and on the day after it
    /// ends.
    pub(crate) async fn queue_terms(&self, tx: &Transaction, contract: &Contract) -> Result<()> {
        let now = self.now();
        let job = |day| Job::ReviewTerms {
            account: contract.account,
            day,
            changed_at: Some(now),
        };
        job(day_of(now)).queue(self, tx, now).await?;
        let ended = contract
            .ends_on
            .and_then(|day| day.checked_add(1.day()).ok());
        for day in [Some(contract.starts_on), ended].into_iter().flatten() {
            let midnight = day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
            if let Ok(midnight) = midnight
                && midnight > now
            {
                job(day).queue(self, tx, midnight).await?;
            }
        }
        Ok(())
    }

    /// Puts the terms now in force on every open ticket of an account. Clocks are recomputed; what was promised stays
    /// beside it. A ticket that cannot take them stops no other; in the end it fails, to be tried again.
    pub(crate) async fn review_terms(&self, account: AccountId) -> Result<()> {
        let mut failure = None;
        let mut met = HashSet::new();
        // Those that were being opened when it was first asked are met the second time.
        for _ in 0..2 {
            let mut tickets = ticket::not_closed_of_account(&self.read(), account).await?;
            tickets.retain(|ticket| met.insert(*ticket));
            for (ticket, error) in self
                .for_each_ticket(&tickets, Work::SetTerms(account))
                .await
            {
                tracing::error!(%ticket, %error, "a ticket could not take the terms of its contract");
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

/// Puts the terms of a contract on a ticket.
pub(super) fn set_terms(writer: &mut TicketWriter<'_>, terms: &ContractTerms) -> Result<()> {
    let reason = match &terms.tier {
        Some(tier) => format!("The contract in force sells the tier {tier}."),
        None => "No contract is in force any more.".to_owned(),
    };
    let terms = terms.clone();
    writer.decide(Actor::System, Command::SetTerms { terms, reason })?;
    Ok(())
}

/// The day of a contract's term in which an instant lies: terms begin and end at midnight in UTC.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
