//! Contacts: the people at an account.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::ContactFilter;
use mainstay_app::secret::fingerprint;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, ContactId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use super::session::{PasswordInput, SessionBody};
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, InnerId, Parameters, change, given};
use crate::page::{self, Limit, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(set_password))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
        .routes(routes!(reset_second_factor))
}

/// A person at an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactBody {
    /// Identifies them.
    pub id: Uuid,
    /// The account they work at.
    pub account: Option<Uuid>,
    /// Their name.
    pub name: String,
    /// Their e-mail addresses, the one to write to first.
    pub addresses: Vec<String>,
    /// The language to write to them in, where it is not the account's.
    pub language: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// What they may see in the portal; nothing when absent.
    pub portal: Option<PortalRoleBody>,
    /// Whether they may sign in and be written to.
    pub active: bool,
    /// When they were created.
    pub created_at: Timestamp,
}

/// What a contact may see in the portal.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = PortalRole)]
#[serde(rename_all = "snake_case")]
pub enum PortalRoleBody {
    /// Their own tickets.
    Contact,
    /// Every ticket of the account.
    Administrator,
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        Self {
            id: contact.id.uuid(),
            account: contact.account.map(AccountId::uuid),
            name: contact.name,
            addresses: contact.addresses,
            language: contact.language,
            phone: contact.phone,
            portal: contact.portal.map(|role| match role {
                PortalRole::Contact => PortalRoleBody::Contact,
                PortalRole::Administrator => PortalRoleBody::Administrator,
            }),
            active: contact.active,
            created_at: contact.created_at,
        }
    }
}

/// What a contact is to be. What is left out stays as it is; a new contact needs a name and an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    /// The account they work at.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub account: Option<Option<Uuid>>,
    /// Their name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// Their e-mail addresses, the one to write to first. An address belongs to one contact.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub addresses: Option<Vec<String>>,
    /// The language to write to them in, as a BCP 47 tag.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// Their telephone number.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// What they may see in the portal; nothing when `null`.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<PortalRoleBody>)]
    pub portal: Option<Option<PortalRoleBody>>,
    /// Whether they may sign in and be written to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub active: Option<bool>,
}

impl ContactInput {
    fn apply(self, contact: &mut Contact) {
        set(
            &mut contact.account,
            self.account.map(|account| account.map(AccountId::from)),
        );
        set(&mut contact.name, self.name);
        set(&mut contact.addresses, self.addresses);
        set(&mut contact.language, self.language);
        set(&mut contact.phone, self.phone);
        set(&mut contact.active, self.active);
        let portal = self.portal.map(|role| {
            role.map(|role| match role {
                PortalRoleBody::Contact => PortalRole::Contact,
                PortalRoleBody::Administrator => PortalRole::Administrator,
            })
        });
        set(&mut contact.portal, portal);
    }
}

/// Which contacts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListContacts {
    /// Contacts of this account.
    account: Option<Uuid>,
    /// Contacts whose name or address holds this text.
    text: Option<String>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// List contacts by name. A portal administrator sees those of the account, another portal user themself.
#[utoipa::path(get, path = "/contacts", tag = "contacts", params(ListContacts),
    responses((status = 200, body = Page<ContactBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListContacts>,
) -> Result<Json<Page<ContactBody>>> {
    let filter = ContactFilter {
        account: query.account.map(AccountId::from),
        text: query.text,
    };
    let part = page::request("contacts", query.limit, query.cursor.as_deref())?;
    let found = web.app.contacts(&caller, filter, part).await?;
    Ok(Json(page::of(&uri, "contacts", found, ContactBody::from)))
}

/// Make a contact.
#[utoipa::path(post, path = "/contacts", tag = "contacts", request_body = ContactInput,
    responses((status = 201, body = ContactBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<ContactInput>,
) -> Result<Response> {
    let contact = web
        .app
        .create_contact(&caller, |contact| input.apply(contact))
        .await?;
    let path = format!("/contacts/{}", contact.id);
    let version = fingerprint(&contact);
    Ok(created(&path, version, Json(ContactBody::from(contact))))
}

/// Read a contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContactId>,
    known: Known,
) -> Result<Response> {
    let contact = web.app.contact(&caller, id).await?;
    let version = fingerprint(&contact);
    Ok(known.answer(version, Json(ContactBody::from(contact))))
}

/// Change a contact.
#[utoipa::path(patch, path = "/contacts/{id}", tag = "contacts", request_body = ContactInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = ContactBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContactId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<ContactInput>,
) -> Result<Tagged<Json<ContactBody>>> {
    let contact = web
        .app
        .update_contact(&caller, id, &expected, |contact| input.apply(contact))
        .await?;
    Ok(Tagged(fingerprint(&contact), Json(contact.into())))
}

/// Give a contact a password for the portal.
#[utoipa::path(put, path = "/contacts/{id}/password", tag = "contacts", request_body = PasswordInput,
    params(("id" = Uuid, Path)), responses((status = 204)))]
async fn set_password(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContactId>,
    Body(input): Body<PasswordInput>,
) -> Result<StatusCode> {
    web.app
        .set_contact_password(&caller, id, input.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List where a contact is signed in, the latest used first.
#[utoipa::path(get, path = "/contacts/{id}/sessions", tag = "contacts",
    params(("id" = Uuid, Path), ListQuery), responses((status = 200, body = Page<SessionBody>)))]
async fn list_sessions(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContactId>,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<SessionBody>>> {
    let sessions = web.app.sessions_of(&caller, Actor::Contact(id)).await?;
    SessionBody::page(&uri, &part, sessions, caller.credential)
}

/// End a session of a contact.
#[utoipa::path(delete, path = "/contacts/{id}/sessions/{session}", tag = "contacts",
    params(("id" = Uuid, Path), ("session" = Uuid, Path)), responses((status = 204)))]
async fn end_session(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(id, session): InnerId<ContactId, SessionId>,
) -> Result<StatusCode> {
    web.app
        .end_session_of(&caller, Actor::Contact(id), session)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the second factor of a contact away who lost it. Their sessions end.
#[utoipa::path(delete, path = "/contacts/{id}/second-factor", tag = "contacts",
    params(("id" = Uuid, Path)), responses((status = 204)))]
async fn reset_second_factor(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContactId>,
) -> Result<StatusCode> {
    web.app
        .reset_second_factor(&caller, Actor::Contact(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
