//! Where a notification leads.

use jiff::SignedDuration;
use mainstay_channels::reply_address::LinkClaim;
use mainstay_domain::notification::Notification;

use crate::context::App;
use crate::mail::Identity;

/// How long the link of a notification acknowledges: over a long weekend.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// Where more is to be seen. Of an escalation's step, a signed link by which the person takes it on without signing in.
pub(super) fn url(app: &App, identity: &Identity, told: &Notification) -> String {
    let root = &app.options().public_url;
    match (told.escalation, told.ticket) {
        (Some(escalation), _) if told.step().is_some() => {
            let now = app.now();
            let token = identity.sign_link(&LinkClaim {
                notification: told.id.uuid(),
                person: told.recipient.uuid(),
                escalation: escalation.uuid(),
                expires_at: now.checked_add(LINK_LIFETIME).unwrap_or(now),
            });
            format!("{root}/a/{token}")
        }
        (Some(escalation), _) => format!("{root}/escalations/{escalation}"),
        (None, Some(ticket)) => format!("{root}/tickets/{ticket}"),
        (None, None) => root.clone(),
    }
}
