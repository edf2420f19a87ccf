//! Reading escalations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::escalation::{
    DueStep, Escalation, EscalationEvent, Part, Reason, StepCause, next_due,
};
use mainstay_domain::id::EscalationId;
use mainstay_domain::name::LadderName;
use mainstay_domain::notification::Notification;
use mainstay_domain::role::Permission;
use mainstay_store::escalation::{self, EscalationFilter, StoredEscalation};
use mainstay_store::{Page, PageRequest, notification};

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// An escalation with everything that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EscalationView {
    /// What lists show of it.
    pub stored: StoredEscalation,
    /// As it stands.
    pub escalation: Escalation,
    /// Its facts, in order.
    pub events: Vec<EscalationEvent>,
    /// Whom it told, and how far each notification is: those that are shown in the program and go by a channel as well twice, as
    /// each way stands.
    pub notifications: Vec<Notification>,
    /// What remains to be written down.
    pub unrecorded: Vec<Part>,
    /// What happens next by itself, unless somebody acts.
    pub next: Option<NextStep>,
}

/// What happens next by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// When.
    pub at: Timestamp,
    /// On which ladder.
    pub ladder: LadderName,
    /// The step's name; absent for a hand-over to the ladder's foot.
    pub name: Option<String>,
    /// The level it reaches, of a step.
    pub level: Option<u8>,
    /// Why.
    pub cause: StepCause,
}

impl App {
    /// Lists escalations, the latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `escalation.read`.
    pub async fn escalations(
        &self,
        caller: &Caller,
        filter: &EscalationFilter,
        page: PageRequest,
    ) -> Result<Page<StoredEscalation>> {
        caller.require(Permission::ReadEscalations)?;
        Ok(escalation::list(&self.read(), filter, page).await?)
    }

    /// Why each of these escalations was raised, in parts; those that an earlier version of the program raised have none.
    ///
    /// # Errors
    /// As [`App::escalations`].
    pub async fn escalation_reasons(
        &self,
        caller: &Caller,
        ids: &[EscalationId],
    ) -> Result<BTreeMap<EscalationId, Reason>> {
        caller.require(Permission::ReadEscalations)?;
        Ok(escalation::reasons(&self.read(), ids).await?)
    }

    /// An escalation: what was recorded of it, what was not, and what comes next.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `escalation.read`, [`AppError::NotFound`] when there is none.
    pub async fn escalation(&self, caller: &Caller, id: EscalationId) -> Result<EscalationView> {
        caller.require(Permission::ReadEscalations)?;
        let reader = self.read();
        let stored = escalation::find(&reader, id)
            .await?
            .ok_or_else(|| AppError::no_such("escalation", id))?;
        let events = escalation::load(&reader, id).await?;
        let told = notification::of_escalation(&reader, id).await?;
        let escalation = Escalation::fold(&events).ok_or_else(|| {
            AppError::broken(
                "The record of an escalation is broken.",
                format!("escalation {id} was never raised"),
            )
        })?;
        Ok(EscalationView {
            notifications: told.iter().flat_map(Notification::by_each_way).collect(),
            unrecorded: escalation.unrecorded(),
            next: self.next_step(&stored, &escalation),
            stored,
            escalation,
            events,
        })
    }

    fn next_step(&self, stored: &StoredEscalation, escalation: &Escalation) -> Option<NextStep> {
        let ladders = self.policy().ladder_rules_of(stored.policy);
        let due = next_due(escalation, ladders.rules()).ok().flatten()?;
        let (ladder, name, level) = match due.what {
            DueStep::Step(step) => {
                let ladder = ladders.rules().ladders.get(escalation.ladder())?;
                let step = ladder.steps.get(step)?;
                let name = Some(step.name.clone());
                (ladder.name.clone(), name, Some(step.level))
            }
            DueStep::HandOver(to) => (to, None, None),
        };
        Some(NextStep {
            at: due.at,
            ladder,
            name,
            level,
            cause: due.cause,
        })
    }
}
