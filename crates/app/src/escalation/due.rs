//! What happens when an escalation's next step is due.

use mainstay_domain::escalation::Command;
use mainstay_domain::event::Actor;
use mainstay_domain::id::EscalationId;

use super::EscalationWriter;
use crate::context::App;
use crate::error::Result;
use crate::transaction::transact;

impl App {
    /// Takes every step of an escalation that is due, each stamped with its own instant, and tells its people.
    pub(crate) async fn climb(&self, escalation: EscalationId) -> Result<()> {
        transact!(self, tx => async {
            let mut writer = EscalationWriter::load(self, tx, escalation).await?;
            writer.decide(Actor::System, Command::Advance)?;
            writer.save().await
        })
    }
}
