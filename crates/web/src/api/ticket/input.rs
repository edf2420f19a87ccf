//! What is asked of tickets over the wire.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use mainstay_app::ticket::StoredTicket;
use mainstay_app::ticket::{Change, MessageText, OpenTicket};
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::event::{Channel, Side, Visibility};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId, UploadId};
use mainstay_domain::name::{CategoryName, StatusName, Tag};
use mainstay_domain::rating::Score;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::normalise_tag;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::list::channel;
use crate::input::{change, given};
use crate::problem::Result;

/// A ticket in the path: its identifier, or its number.
#[derive(Debug, Clone, Copy)]
pub enum TicketKey {
    /// By its identifier.
    Id(TicketId),
    /// By its number.
    Number(u64),
}

/// A text that names no ticket.
#[derive(Debug)]
pub struct NoTicketKey(String);

impl fmt::Display for NoTicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither the identifier of a ticket (a UUID) nor its number",
            self.0
        )
    }
}

impl FromStr for TicketKey {
    type Err = NoTicketKey;

    fn from_str(text: &str) -> Result<Self, NoTicketKey> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        text.parse()
            .map(Self::Id)
            .map_err(|_| NoTicketKey(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for TicketKey {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected the identifier of a ticket or its number"
        )]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(reader)? {
            Written::Number(number) => Ok(Self::Number(number)),
            Written::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

impl fmt::Display for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl PartialSchema for TicketKey {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        OneOfBuilder::new()
            .description(Some("A ticket: its identifier, or its number."))
            .item(text)
            .item(number)
            .into()
    }
}

impl ToSchema for TicketKey {}

impl TicketKey {
    /// The identifier of the ticket that a field of a body names, if the caller may see it.
    pub(in crate::api) async fn resolve(
        self,
        app: &App,
        caller: &Caller,
        field: &'static str,
    ) -> Result<TicketId> {
        let found = match self {
            Self::Id(id) => app.ticket(caller, id).await,
            Self::Number(number) => app.ticket_by_number(caller, number).await,
        };
        match found {
            Ok(stored) => Ok(stored.ticket.id),
            Err(AppError::NotFound(detail)) => Err(AppError::invalid(field, detail).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The ticket, if the caller may see it.
    pub(in crate::api) async fn find(self, app: &App, caller: &Caller) -> Result<StoredTicket> {
        Ok(match self {
            Self::Id(id) => app.ticket(caller, id).await?,
            Self::Number(number) => app.ticket_by_number(caller, number).await?,
        })
    }
}

/// A ticket to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicketInput {
    /// What it is about, in a line.
    pub subject: String,
    /// Whose it is; a contact's own account when a contact asks.
    pub account: Option<Uuid>,
    /// For which contact; the contact who asks.
    pub contact: Option<Uuid>,
    /// By which way it came; `api` for those who serve, `portal` for contacts, when absent.
    pub channel: Option<String>,
    /// `P1` to `P4`; routing chooses when absent, and `P3` where no rule does.
    pub severity: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// The team it goes to; routing chooses when absent.
    pub team: Option<Uuid>,
    /// The agent it goes to; assignment chooses when absent.
    pub assignee: Option<Uuid>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What the customer says.
    pub message: Option<String>,
    /// The uploads that come with it, by their ids from `POST /attachments`.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
    /// When it came in, if that was earlier.
    pub at: Option<Timestamp>,
}

impl NewTicketInput {
    pub(super) fn into_request(self, app: &App, caller: &Caller) -> Result<OpenTicket> {
        let channel = match &self.channel {
            Some(name) => channel(name).map_err(|detail| AppError::invalid("channel", detail))?,
            None if caller.contact().is_some() => Channel::Portal,
            None => Channel::Api,
        };
        let at = self.at;
        let uploads: Vec<UploadId> = self.attachments.into_iter().map(UploadId::from).collect();
        let said = match self.message {
            None if !uploads.is_empty() => Some(String::new()),
            said => said,
        };
        let message = said.map(|text| {
            let mut message = MessageText::plain(app, Side::Customer, Visibility::Public, text);
            message.channel = channel;
            message.uploads = uploads;
            message.at = at.unwrap_or(message.at).min(message.at);
            message
        });
        Ok(OpenTicket {
            subject: self.subject,
            account: self.account.map(AccountId::from),
            contact: self.contact.map(ContactId::from),
            channel,
            severity: self.severity.as_deref().map(severity).transpose()?,
            category: self.category.map(CategoryName::from),
            team: self.team.map(TeamId::from),
            assignee: self.assignee.map(AgentId::from),
            tags: tags("tags", &self.tags)?,
            message,
            at,
        })
    }
}

/// A change of a ticket. What is left out stays as it is; `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketChangeInput {
    /// The status, by its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub status: Option<String>,
    /// `P1` to `P4`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub severity: Option<String>,
    /// Why the severity changes.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub severity_reason: Option<String>,
    /// The category.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// The account it is filed under.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub account: Option<Option<Uuid>>,
    /// The contact it is for.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub contact: Option<Option<Uuid>>,
    /// The team it lies with.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub team: Option<Option<Uuid>>,
    /// The agent it is assigned to.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub assignee: Option<Option<Uuid>>,
    /// Tags to add.
    #[serde(default)]
    pub add_tags: Vec<String>,
    /// Tags to remove.
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// The subject.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub subject: Option<String>,
    /// Custom fields to set, or to clear by `null`.
    #[serde(default)]
    pub fields: BTreeMap<String, Option<String>>,
    /// Agents who begin to follow.
    #[serde(default)]
    pub add_followers: Vec<Uuid>,
    /// Agents who cease to follow.
    #[serde(default)]
    pub remove_followers: Vec<Uuid>,
    /// Links to make.
    #[serde(default)]
    pub add_links: Vec<LinkInput>,
    /// Tickets to which links are removed.
    #[serde(default)]
    pub remove_links: Vec<TicketKey>,
}

/// A link to another ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The other ticket.
    pub to: TicketKey,
    /// How they relate, such as `caused_by`.
    pub relation: String,
}

impl TicketChangeInput {
    pub(super) async fn into_changes(self, app: &App, caller: &Caller) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        if let Some(text) = self.severity {
            changes.push(Change::Severity(severity(&text)?, self.severity_reason));
        }
        changes.extend(self.category.map(|to| Change::Category(to.map(Into::into))));
        changes.extend(self.account.map(|to| Change::Account(to.map(Into::into))));
        changes.extend(self.contact.map(|to| Change::Contact(to.map(Into::into))));
        changes.extend(self.team.map(|to| Change::Team(to.map(Into::into))));
        changes.extend(self.assignee.map(|to| Change::Assignee(to.map(Into::into))));
        changes.push(Change::AddTags(tags("add_tags", &self.add_tags)?));
        changes.push(Change::RemoveTags(tags("remove_tags", &self.remove_tags)?));
        changes.extend(self.subject.map(Change::Subject));
        let fields = self.fields.into_iter();
        changes.extend(fields.map(|(field, to)| Change::Field(field, to)));
        changes.extend(
            self.add_followers
                .into_iter()
                .map(|agent| Change::Follow(agent.into())),
        );
        let left = self.remove_followers.into_iter();
        changes.extend(left.map(|agent| Change::Unfollow(agent.into())));
        for link in self.add_links {
            let to = link.to.resolve(app, caller, "add_links").await?;
            changes.push(Change::Link(to, link.relation));
        }
        for link in self.remove_links {
            let to = link.resolve(app, caller, "remove_links").await?;
            changes.push(Change::Unlink(to));
        }
        // The status comes last: what is set with it then counts for the clocks that it moves.
        changes.extend(
            self.status
                .map(|name| Change::Status(StatusName::from(name))),
        );
        Ok(changes)
    }
}

/// A message to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessageInput {
    /// What is said; may be left out where files say it.
    #[serde(default)]
    pub text: String,
    /// `public` (the default) or `internal`.
    #[serde(default)]
    pub visibility: VisibilityInput,
    /// The agents it mentions.
    #[serde(default)]
    pub mentions: Vec<Uuid>,
    /// The uploads that come with it, by their ids from `POST /attachments`.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
    /// The status the ticket is to have then, by its name.
    pub status: Option<String>,
}

/// Who may read a message.
#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisibilityInput {
    /// Everybody on the ticket.
    #[default]
    Public,
    /// Only those who serve.
    Internal,
}

impl NewMessageInput {
    pub(super) fn text(self, app: &App, caller: &Caller) -> (MessageText, Option<StatusName>) {
        let visibility = match self.visibility {
            VisibilityInput::Public => Visibility::Public,
            VisibilityInput::Internal => Visibility::Internal,
        };
        let side = caller.actor.side().unwrap_or(Side::Agent);
        let mut message = MessageText::plain(app, side, visibility, self.text);
        message.uploads = self.attachments.into_iter().map(UploadId::from).collect();
        message.mentions = self.mentions.into_iter().map(AgentId::from).collect();
        message.channel = match side {
            Side::Customer => Channel::Portal,
            Side::Agent => Channel::Api,
        };
        (message, self.status.map(StatusName::from))
    }
}

/// Into which ticket to merge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The ticket that remains.
    pub into: TicketKey,
}

/// What to split off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitInput {
    /// The messages that go into the new ticket.
    pub messages: Vec<Uuid>,
    /// What the new ticket is about.
    pub subject: String,
}

fn severity(text: &str) -> Result<Severity> {
    text.parse()
        .map_err(|error: mainstay_domain::severity::UnknownSeverity| {
            AppError::invalid("severity", error.to_string()).into()
        })
}

fn tags(field: &'static str, texts: &[String]) -> Result<Vec<Tag>> {
    let tag = |text: &String| {
        normalise_tag(text).ok_or_else(|| {
            let words = "a tag has 1 to 100 characters, none of them a control character";
            AppError::invalid(field, words).into()
        })
    };
    texts.iter().map(tag).collect()
}

/// A rating of a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingInput {
    /// How it was handled.
    pub score: ScoreBody,
    /// What there is to say besides.
    pub comment: Option<String>,
}

/// How a customer rates.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = Score)]
#[serde(rename_all = "snake_case")]
pub enum ScoreBody {
    /// It was handled well.
    Good,
    /// It was not.
    Bad,
}

impl From<ScoreBody> for Score {
    fn from(score: ScoreBody) -> Self {
        match score {
            ScoreBody::Good => Self::Good,
            ScoreBody::Bad => Self::Bad,
        }
    }
}
