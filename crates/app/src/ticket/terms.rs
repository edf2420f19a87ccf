//! Carrying a change of a contract over to the open tickets of the account.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mainstay_domain::contract::Contract;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use mainstay_domain::ticket::Command;
use mainstay_store::Transaction;
use mainstay_store::ticket::StoredTicket;

use super::open::terms_of;
use super::{OpenTickets, TicketWriter};
use crate::context::App;
use crate::error::Result;
use crate::job::Job;
use crate::transaction::transact;

impl App {
    /// Queues what a contract changes for the account's open tickets: now, on the day it begins, and on the day after it
    /// ends.
    pub(crate) async fn queue_terms(&self, tx: &Transaction, contract: &Contract) -> Result<()> {
        let now = self.now();
        let job = |day| Job::ReviewTerms {
            account: contract.account,
            day,
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
    /// beside it.
    pub(crate) async fn review_terms(&self, account: AccountId) -> Result<()> {
        let mut open = OpenTickets::of_account(self, account);
        while let Some(tickets) = open.next().await? {
            for part in tickets.chunks(REVIEWED_TOGETHER) {
                self.review_terms_of(part, account).await?;
            }
        }
        Ok(())
    }

    async fn review_terms_of(&self, tickets: &[StoredTicket], account: AccountId) -> Result<()> {
        transact!(self, tx => async {
            let terms = terms_of(tx, Some(account), self.now()).await?;
            let reason = match &terms.tier {
                Some(tier) => format!("The contract in force sells the tier {tier}."),
                None => "No contract is in force any more.".to_owned(),
            };
            for stored in tickets {
                let mut writer = TicketWriter::load(self, tx, stored.ticket.id).await?;
                let (terms, reason) = (terms.clone(), reason.clone());
                writer.decide(Actor::System, Command::SetTerms { terms, reason })?;
                writer.save().await?;
            }
            Ok(())
        })
    }
}

/// How many tickets share a transaction when their terms are reviewed: others wait for no longer than that takes.
const REVIEWED_TOGETHER: usize = 20;

/// The day of a contract's term in which an instant lies: terms begin and end at midnight in UTC.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
