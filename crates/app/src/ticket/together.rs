//! Doing the same with many tickets, several in one transaction, so that one with which it cannot be done stops no other.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use mainstay_domain::event::ContractTerms;
use mainstay_domain::id::{AccountId, TicketId};
use mainstay_domain::ticket::Ticket;
use mainstay_store::Transaction;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::TicketWriter;
use super::fire::fire;
use super::open::terms_of;
use super::terms::set_terms;
use super::writer::write_together;
use crate::apart::apart;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::escalation::prepare_responses;
use crate::transaction::transact;

/// How many tickets share a transaction, and so a write to the disk. The first of them waits for the last, and so does whoever
/// else wants to change one of them.
const TOGETHER: usize = 50;

/// How many such transactions are under way at once: while the disk takes one, the next one is decided.
const SIDE_BY_SIDE: usize = 6;

/// What is done with tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// What has come due on their clocks is recorded.
    Fire,
    /// Their ladders are asked about them.
    AskLadders,
    /// The terms that this account has now, whose tickets they are, are put on them.
    SetTerms(AccountId),
}

/// The same, with what must be known for it.
#[derive(PartialEq)]
enum Ready {
    Fire,
    AskLadders,
    SetTerms(AccountId, ContractTerms),
}

impl Work {
    async fn ready(self, app: &App, tx: &Transaction) -> Result<Ready> {
        Ok(match self {
            Self::Fire => Ready::Fire,
            Self::AskLadders => Ready::AskLadders,
            Self::SetTerms(account) => {
                let terms = terms_of(tx, Some(account), app.now()).await?;
                Ready::SetTerms(account, terms)
            }
        })
    }
}

impl Ready {
    /// Does it with a ticket; says whether the ticket is to be written.
    fn decide(&self, writer: &mut TicketWriter<'_>) -> Result<bool> {
        match self {
            Self::Fire => fire(writer),
            Self::AskLadders => {}
            Self::SetTerms(account, terms) => {
                // It may have been moved since somebody looked whose tickets there are: then it has other terms.
                if writer.ticket.facts.account == Some(*account) {
                    set_terms(writer, terms)?;
                }
                return Ok(writer.is_changed());
            }
        }
        Ok(true)
    }
}

impl App {
    /// Does something with each of these tickets, with several in one transaction. Where that fails, each has a transaction of its
    /// own; so have those that may change others. Says with which it could not be done, and why.
    pub(crate) async fn for_each_ticket(
        &self,
        tickets: &[TicketId],
        work: Work,
    ) -> Vec<(TicketId, AppError)> {
        let parts = tickets.chunks(TOGETHER).map(<[_]>::to_vec);
        let parts = parts.map(|part| {
            let app = self.clone();
            let doing = async move { app.do_part(&part, work).await };
            AbortOnDropHandle::new(tokio::spawn(doing.in_current_span()))
        });
        let done = stream::iter(parts).buffered(SIDE_BY_SIDE).collect();
        let done: Vec<_> = done.await;
        let mut failed = Vec::new();
        for (done, part) in done.into_iter().zip(tickets.chunks(TOGETHER)) {
            match done {
                Ok(of_part) => failed.extend(of_part),
                Err(error) => {
                    tracing::error!(%error, "what was done with several tickets broke off: they are taken one by one");
                    for id in part {
                        failed.extend(self.do_apart(*id, work).await.err());
                    }
                }
            }
        }
        failed
    }

    /// Does it with a ticket so that it breaks off nothing else, whatever breaks.
    async fn do_apart(&self, id: TicketId, work: Work) -> Result<(), (TicketId, AppError)> {
        let app = self.clone();
        let doing = async move { app.do_alone(id, work).await };
        let done = apart("What was done with the ticket", doing).await;
        done.map_err(|error| (id, error))
    }

    async fn do_part(&self, tickets: &[TicketId], work: Work) -> Vec<(TicketId, AppError)> {
        let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
        if tickets.len() > 1 {
            match Box::pin(self.do_together(tickets, work)).await {
                Ok(tickets) => done = tickets,
                Err(error) => tracing::debug!(%error, "tickets are taken one by one"),
            }
        }
        for id in tickets {
            if !done.contains(id)
                && let Err(error) = Box::pin(self.do_alone(*id, work)).await
            {
                failed.push((*id, error));
            }
        }
        failed
    }

    async fn do_alone(&self, id: TicketId, work: Work) -> Result<()> {
        transact!(self, tx => async {
            let mut writer = TicketWriter::load(self, tx, id).await?;
            if work.ready(self, tx).await?.decide(&mut writer)? {
                writer.refresh().await?;
            }
            Ok(())
        })
    }

    /// Does it with those that need not be alone: with all of them, or with none. Says with which.
    async fn do_together(&self, tickets: &[TicketId], work: Work) -> Result<BTreeSet<TicketId>> {
        transact!(self, begin_looking, tx => async {
            let policy = self.policy().version();
            let mut writers = TicketWriter::lock_many(self, tx, tickets).await?;
            writers.retain(|writer| !writer.stands_alone());
            let done = writers.iter().map(|writer| writer.ticket.id).collect();
            // Where the tickets are locked nobody changes them from here on, so that what is read now holds of them.
            let ready = work.ready(self, tx).await?;
            let (mut decided, mut responses) = (Vec::new(), Vec::new());
            for mut writer in writers {
                if ready.decide(&mut writer)? {
                    let (ticket, response) = Box::pin(writer.conclude()).await?;
                    decided.push(ticket);
                    responses.push(response);
                }
            }
            let decided_tickets = decided.iter().map(|it| it.stored.ticket.clone());
            let tickets: Vec<Ticket> = decided_tickets.collect();
            let prepared = Box::pin(prepare_responses(self, tx, responses, &tickets)).await?;
            if decided.is_empty() {
                return Ok(done);
            }
            // On SQLite it was decided while others wrote: what was changed of the tickets is seen as they are written.
            tx.take_turn().await?;
            if self.policy().version() != policy || work.ready(self, tx).await? != ready {
                let what = "another policy or other terms are in force than those by which it was decided";
                return Err(AppError::Conflict(what.to_owned()));
            }
            Box::pin(write_together(self, tx, &decided)).await?;
            Box::pin(prepared.write(self, tx)).await?;
            Ok(done)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use mainstay_domain::contract::Contract;
    use mainstay_domain::event::Channel;
    use mainstay_domain::severity::Severity;
    use mainstay_store::{Store, StoreOptions, contract, ledger};

    use super::*;
    use crate::caller::Caller;
    use crate::context::{ManualClock, Options};
    use crate::ticket::OpenTicket;

    async fn an_app() -> App {
        let store = Store::open(&StoreOptions::new("sqlite::memory:")).await;
        let monday: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(monday));
        let app = App::new(store.unwrap(), clock, [1; 32], Options::default());
        let pack = mainstay_policy::builtin("client-scaling").unwrap();
        let applied = app.apply_policy(&Caller::machine(), &pack, "test").await;
        applied.unwrap();
        app
    }

    /// An account that was sold a tier.
    async fn account(app: &App, tier: &str) -> AccountId {
        let fill =
            |account: &mut mainstay_domain::account::Account| tier.clone_into(&mut account.name);
        let account = app.create_account(&Caller::machine(), fill).await.unwrap();
        let contract = Contract {
            id: app.new_id(app.now()),
            account: account.id,
            tier: tier.into(),
            starts_on: "2026-01-01".parse().unwrap(),
            ends_on: None,
            renews_on: None,
            value: 0,
            currency: "USD".to_owned(),
            overrides: Vec::new(),
            created_at: app.now(),
        };
        let tx = app.store().begin().await.unwrap();
        contract::insert(&tx, &contract).await.unwrap();
        tx.commit().await.unwrap();
        account.id
    }

    /// Somebody looked whose tickets there are, and then they were moved.
    #[tokio::test]
    async fn tickets_of_another_account_keep_their_terms() {
        let app = an_app().await;
        let (before, now) = (
            account(&app, "Professional").await,
            account(&app, "Enterprise").await,
        );
        let mut tickets = Vec::new();
        for _ in 0..2 {
            let open = OpenTicket {
                subject: "It does not work".to_owned(),
                account: Some(now),
                contact: None,
                channel: Channel::Api,
                severity: Some(Severity::P2),
                category: None,
                team: None,
                assignee: None,
                tags: Vec::new(),
                message: None,
                at: None,
            };
            let opened = app.open_ticket(&Caller::machine(), open).await.unwrap();
            tickets.push(opened.ticket.id);
        }
        let on = app.read();
        let ledgers = ledger::load_many(&on, &tickets).await.unwrap();
        let work = Work::SetTerms(before);
        for ids in [&tickets[..], &tickets[..1]] {
            assert!(app.for_each_ticket(ids, work).await.is_empty());
        }
        assert_eq!(ledger::load_many(&on, &tickets).await.unwrap(), ledgers);
    }
}
