//! Testing mail as it is set: the servers are asked, and a mail that is sent is seen to come in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use mainstay_app::mail::{Checked, CheckedMailbox, MailTest};
use mainstay_domain::id::OutgoingMailId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::mailbox::step;
use crate::Web;
use crate::auth::Auth;
use crate::input::Id;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(read))
}

/// What a test of mail has shown. Whether the mail arrives is asked for afterwards, by the test's id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailTest)]
pub(super) struct TestBody {
    /// Identifies the test.
    id: Uuid,
    /// The address that a mail was sent to: the one that customers write to.
    address: String,
    /// What became of sending it.
    sending: CheckedBody,
    /// What became of opening each mailbox that mail is fetched from.
    mailboxes: Vec<MailboxBody>,
}

/// What became of asking a mail server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckedMailServer)]
struct CheckedBody {
    /// `passed`, `failed`, or `not_set` where the settings name no server.
    outcome: &'static str,
    /// The step that failed: `reach`, `sign_in`, `open_folder` or `hand_over`. Those before it were taken.
    step: Option<&'static str>,
    /// Why it failed, in the server's words where it said something.
    reason: Option<String>,
}

/// A mailbox that was opened, or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckedMailbox)]
struct MailboxBody {
    /// Who signs in.
    user: String,
    /// The server.
    host: String,
    /// The folder.
    folder: String,
    /// What became of it.
    checked: CheckedBody,
}

/// Whether the mail of a test came in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailTestArrival)]
struct ArrivalBody {
    /// When it came in; absent as long as it has not.
    arrived_at: Option<Timestamp>,
    /// By which way: `pipe`, `http`, or `imap:` and the mailbox's name.
    source: Option<String>,
}

impl From<Checked> for CheckedBody {
    fn from(checked: Checked) -> Self {
        let (outcome, fault) = match checked {
            Checked::NotSet => ("not_set", None),
            Checked::Passed => ("passed", None),
            Checked::Failed(fault) => ("failed", Some(fault)),
        };
        Self {
            outcome,
            step: fault.as_ref().map(|fault| step(fault.step)),
            reason: fault.map(|fault| fault.reason),
        }
    }
}

impl From<MailTest> for TestBody {
    fn from(test: MailTest) -> Self {
        Self {
            id: test.id.uuid(),
            address: test.address,
            sending: test.sending.into(),
            mailboxes: test.mailboxes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<CheckedMailbox> for MailboxBody {
    fn from(mailbox: CheckedMailbox) -> Self {
        Self {
            user: mailbox.user,
            host: mailbox.host,
            folder: mailbox.folder,
            checked: mailbox.checked.into(),
        }
    }
}

/// Test mail as it is set: open each mailbox, and send a mail to the address that customers write to. It is recognised as
/// our own when it comes in, and becomes no ticket.
#[utoipa::path(post, path = "/mail/tests", tag = "mail_tests", responses((status = 201, body = TestBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<(StatusCode, Json<TestBody>)> {
    let test = web.app.test_mail(&caller).await?;
    Ok((StatusCode::CREATED, Json(test.into())))
}

/// Tell whether the mail of a test came in.
#[utoipa::path(get, path = "/mail/tests/{id}", tag = "mail_tests", params(("id" = Uuid, Path)),
    responses((status = 200, body = ArrivalBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<OutgoingMailId>,
) -> Result<Json<ArrivalBody>> {
    let arrived = web.app.mail_test_arrival(&caller, id).await?;
    Ok(Json(ArrivalBody {
        arrived_at: arrived.as_ref().map(|mail| mail.received_at),
        source: arrived.map(|mail| mail.source),
    }))
}
