//! Who we are in mail: our addresses, and the key by which we recognise what we wrote.

use std::sync::Arc;

use jiff::SignedDuration;
use mainstay_channels::reply_address::{
    LinkClaim, LinkPurpose, MessageIdDomain, MessageIdVerdict, ReplyAddress, ReplyVerdict,
    SigningKey, TicketReference, UnverifiedLink,
};
use mainstay_domain::id::{AgentId, MailboxId};
use mainstay_domain::mailbox::Mailbox;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{Connection, mail, mailbox, setting};
use uuid::Uuid;

use super::check::MailCheck;
use super::transport::MailTransport;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::mailbox::{MailServers, Out, choose, primary};
use crate::transaction::transact;

/// How mail is received and sent.
#[derive(Debug, Clone)]
pub struct MailOptions {
    /// The address mails come from, and answers go to where no reply domain is set.
    pub from: String,
    /// The domain of the signed addresses that answers go to. Its server must deliver `name+anything@domain` to us.
    pub reply_domain: Option<String>,
    /// Other addresses of ours: those of the mailboxes that are read, for recognising mail that comes back.
    pub own_addresses: Vec<String>,
    /// The mailboxes of the settings, to be shown: without their secrets, their ids nil.
    pub mailboxes: Vec<Mailbox>,
    /// What reaches the servers of mailboxes that are set up in the browser.
    pub servers: Option<Arc<dyn MailServers>>,
    /// The name by which our own mail server signs its verdicts (`Authentication-Results`, RFC 8601). A mail counts as an
    /// agent's only when that server vouches for the sender's domain, or when it answers by an address that was signed for
    /// that agent; any other is held for a person to accept.
    pub authserv_id: Option<String>,
    /// Our name in messages, where it is another than the [company's](crate::company::Company).
    pub company: Option<String>,
    /// A longer message is not taken in, in bytes.
    pub max_message: usize,
    /// How much one sender may write.
    pub flood: FloodLimit,
    /// At least so long between two receipts to the same person.
    pub acknowledge_every: SignedDuration,
    /// Whether the customer is asked to rate how a ticket was handled when it is resolved.
    pub ask_for_rating: bool,
    /// What hands mails over; they wait where there is none.
    pub transport: Option<Arc<dyn MailTransport>>,
    /// What asks the mail servers of the settings, where mail is set.
    pub check: Option<Arc<dyn MailCheck>>,
}

/// How much one sender may write before the rest is held back. What is held back is kept and can be filed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodLimit {
    /// So many mails.
    pub mails: u32,
    /// In so long a time.
    pub within: SignedDuration,
}

impl Default for MailOptions {
    fn default() -> Self {
        Self {
            from: "support@localhost".to_owned(),
            reply_domain: None,
            own_addresses: Vec::new(),
            mailboxes: Vec::new(),
            servers: None,
            authserv_id: None,
            company: None,
            max_message: 64 << 20,
            flood: FloodLimit {
                mails: 40,
                within: SignedDuration::from_mins(10),
            },
            acknowledge_every: SignedDuration::from_hours(1),
            ask_for_rating: false,
            transport: None,
            check: None,
        }
    }
}

/// Who we are in mail, ready to be asked.
#[derive(Clone)]
pub(crate) struct Identity {
    pub from: String,
    /// The mailbox in whose name we write; absent for the one of the settings.
    pub mailbox: Option<MailboxId>,
    /// The signed addresses that answers go to, where there are such.
    reply: Option<ReplyAddress>,
    /// Every kind of signed address that we may have given.
    replies: Vec<ReplyAddress>,
    ids: MessageIdDomain,
    /// Every domain whose message ids may be ours.
    domains: Vec<MessageIdDomain>,
    key: SigningKey,
    own: Vec<String>,
    mailboxes: Vec<Mailbox>,
    has_settings: bool,
}

/// Where the key lies in the store, sealed for this name, so that every node signs alike.
pub(crate) const KEY_NAME: &str = "mail.signing_key";

impl App {
    /// Who we are where nothing says in which mailbox's name we write.
    pub(crate) async fn mail_identity(&self) -> Result<Arc<Identity>> {
        let key = self
            .mail_key_cell()
            .get_or_try_init(|| self.load_mail_key())
            .await?
            .clone();
        let mailboxes = mailbox::all(&self.read()).await?;
        Identity::new(&self.options().mail, key, mailboxes).map(Arc::new)
    }

    /// The key that signs reply addresses and message ids: made at the first use, the same on every node.
    async fn load_mail_key(&self) -> Result<SigningKey> {
        let fresh: String = self
            .random_bytes::<32>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let fresh = self.seal(KEY_NAME, &fresh)?;
        let key = transact!(self, tx => async {
            Ok(setting::get_or_set(tx, KEY_NAME, &fresh).await?)
        })?;
        let key = self.unseal(KEY_NAME, &key)?;
        SigningKey::new(key.into_bytes()).map_err(|error| {
            AppError::broken("The key of signed mail addresses is unusable.", error)
        })
    }
}

impl Identity {
    fn new(options: &MailOptions, key: SigningKey, mailboxes: Vec<Mailbox>) -> Result<Self> {
        let has_settings = options.transport.is_some();
        let identity = Self::of_settings(options, key, mailboxes)?;
        if has_settings {
            return Ok(identity);
        }
        // Nobody sends in the name that the settings give, which may be their default.
        let reads_alone = || {
            let mut mailboxes = identity.mailboxes.iter();
            mailboxes.find(|_| options.mailboxes.is_empty())
        };
        let found = primary(&identity.mailboxes).or_else(reads_alone).cloned();
        Ok(match found {
            Some(mailbox) => {
                let (_, domain) = split(&mailbox.address);
                let ids = MessageIdDomain::new(domain).unwrap_or_else(|_| identity.ids.clone());
                Self {
                    mailbox: Some(mailbox.id),
                    reply: signed(&mailbox).or_else(|| identity.reply.clone()),
                    from: mailbox.address.clone(),
                    ids,
                    ..identity
                }
            }
            None => identity,
        })
    }

    fn of_settings(
        options: &MailOptions,
        key: SigningKey,
        mailboxes: Vec<Mailbox>,
    ) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| {
            AppError::invalid(
                "mail.from",
                format!("{:?} cannot be used: {error}", options.from),
            )
        };
        let from = options.from.trim().to_lowercase();
        let (local, domain) = from
            .rsplit_once('@')
            .ok_or_else(|| wrong(&"it is no address"))?;
        let reply = options
            .reply_domain
            .as_ref()
            .map(|domain| ReplyAddress::new(local, domain))
            .transpose()
            .map_err(|error| wrong(&error))?;
        let ids = MessageIdDomain::new(domain).map_err(|error| wrong(&error))?;
        let mut own: Vec<String> = options
            .own_addresses
            .iter()
            .map(|address| address.trim().to_lowercase())
            .collect();
        if let Some(reply_domain) = &options.reply_domain {
            own.push(format!("{local}@{}", reply_domain.to_lowercase()));
        }
        own.push(from.clone());
        own.extend(mailboxes.iter().map(|mailbox| mailbox.address.clone()));
        let addresses = mailboxes.iter().map(|mailbox| mailbox.address.as_str());
        let mut domains = vec![ids.clone()];
        for address in addresses {
            if let Ok(domain) = MessageIdDomain::new(split(address).1)
                && !domains.contains(&domain)
            {
                domains.push(domain);
            }
        }
        let mut replies: Vec<ReplyAddress> = mailboxes.iter().filter_map(signed).collect();
        replies.extend(reply.clone());
        Ok(Self {
            mailbox: None,
            reply,
            replies,
            ids,
            domains,
            key,
            own,
            from,
            mailboxes,
            has_settings: options.transport.is_some(),
        })
    }

    /// Who we are to the customer of a ticket: the mailbox that its first mail came to, or else its team's.
    pub async fn towards(
        self: &Arc<Self>,
        on: &impl Connection,
        ticket: &Ticket,
    ) -> Result<Arc<Self>> {
        if self.mailboxes.is_empty() {
            return Ok(Arc::clone(self));
        }
        let first = mail::first_way(on, ticket.id).await?;
        let of_source = first.and_then(|(source, id)| self.mailbox_of(&source, id));
        let of_team = || {
            let mut mailboxes = self.mailboxes.iter();
            mailboxes.find(|found| found.team.is_some() && found.team == ticket.facts.team)
        };
        let found = of_source.or_else(of_team);
        // In the name of a mailbox only where something sends what is written so.
        let found = found.filter(|mailbox| mailbox.outgoing.is_some() || self.has_settings);
        Ok(match found {
            Some(mailbox) => Arc::new(Self {
                mailbox: Some(mailbox.id),
                reply: signed(mailbox),
                from: mailbox.address.clone(),
                ..Self::clone(self)
            }),
            None => Arc::clone(self),
        })
    }

    /// The mailbox that a mail came to by this way: the very one it was read in, also where that is read elsewhere by now; or else
    /// the one that is read so.
    pub fn mailbox_of(&self, source: &str, id: Option<MailboxId>) -> Option<&Mailbox> {
        let mut mailboxes = self.mailboxes.iter();
        let same = mailboxes.find(|mailbox| Some(mailbox.id) == id);
        same.or_else(|| {
            let mut mailboxes = self.mailboxes.iter();
            mailboxes.find(|mailbox| mailbox.source().as_deref() == Some(source))
        })
    }

    /// The mailbox in whose name a mail from this address leaves.
    pub fn mailbox_from(&self, address: &str) -> Option<MailboxId> {
        let mut mailboxes = self.mailboxes.iter();
        let named = mailboxes.find(|mailbox| {
            mailbox.outgoing.is_some() && mailbox.address.eq_ignore_ascii_case(address)
        });
        named.map(|mailbox| mailbox.id).or(self.mailbox)
    }

    /// Whether there is a server for what leaves in the name of a mailbox: else it waits.
    pub fn has_way_out(&self, mailbox: Option<MailboxId>) -> bool {
        choose(&self.mailboxes, self.has_settings, mailbox) != Out::Waits
    }

    /// The message id of what we write, without angle brackets: always the same for the same thing.
    pub fn message_id(&self, of: Uuid) -> String {
        self.ids.sign(of, &self.key)
    }

    /// Whether we gave this message id.
    pub fn is_our_message_id(&self, id: &str) -> bool {
        let mut domains = self.domains.iter();
        domains.any(|ids| matches!(ids.verify(id, &self.key), MessageIdVerdict::Ours(_)))
    }

    /// The token of a link by which somebody does one thing without signing in.
    pub fn sign_link(&self, claim: &LinkClaim<'_>) -> String {
        claim.sign(&self.key)
    }

    /// The signature of a claim to see a picture.
    pub fn sign_image(&self, claim: &str) -> String {
        self.key.sign("image", claim)
    }

    /// Whether we signed a claim to see a picture.
    pub fn is_our_image(&self, claim: &str, signature: &str) -> bool {
        self.key.verify("image", claim, signature)
    }

    /// Whether we signed a link for this purpose, bound to these.
    pub fn is_our_link(
        &self,
        link: &UnverifiedLink,
        purpose: LinkPurpose,
        bound_to: &[Uuid],
    ) -> bool {
        link.verify(purpose, bound_to, &self.key)
    }

    /// The signed address that answers about a ticket go to, where there are such.
    pub fn reply_address(&self, ticket: &Ticket) -> Option<String> {
        let reply = self.reply.as_ref()?;
        Some(reply.sign(TicketReference::Number(ticket.number), &self.key))
    }

    /// The address that an agent's own answer about a ticket goes to, signed for that agent alone.
    pub fn personal_address(&self, number: u64, agent: AgentId) -> Option<String> {
        let reply = self.reply.as_ref()?;
        Some(reply.sign_for(TicketReference::Number(number), agent.uuid(), &self.key))
    }

    /// The ticket of an address that was signed for this very agent.
    pub fn ticket_of_agent(&self, address: &str, agent: AgentId) -> Option<TicketReference> {
        let mut replies = self.replies.iter();
        replies.find_map(|reply| reply.verify_for(address, agent.uuid(), &self.key))
    }

    /// The ticket that a signed address of ours names.
    pub fn ticket_of(&self, address: &str) -> Option<TicketReference> {
        let mut replies = self.replies.iter();
        replies.find_map(|reply| match reply.verify(address, &self.key) {
            ReplyVerdict::Ours(ticket) => Some(ticket),
            ReplyVerdict::Forged | ReplyVerdict::Unrelated => None,
        })
    }

    /// The ticket that an address of ours names, whether or not we signed it.
    pub fn named_ticket(&self, address: &str) -> Option<TicketReference> {
        let mut replies = self.replies.iter();
        replies.find_map(|reply| reply.named(address))
    }

    /// Whether an address is ours: one that we read, or a reply address, whoever signed it.
    pub fn is_ours(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        self.own.contains(&address) || self.is_reply_address(&address)
    }

    /// Whether answers about one ticket go to an address, whoever signed it.
    fn is_reply_address(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        self.replies
            .iter()
            .any(|reply| !matches!(reply.verify(&address, &self.key), ReplyVerdict::Unrelated))
    }
}

/// The part of an address before its last `@`, and the one after it.
fn split(address: &str) -> (&str, &str) {
    address.rsplit_once('@').unwrap_or((address, ""))
}

/// The signed addresses of a mailbox, where its server delivers them.
fn signed(mailbox: &Mailbox) -> Option<ReplyAddress> {
    let (local, domain) = split(&mailbox.address);
    let reply = ReplyAddress::new(local, domain).ok();
    reply.filter(|_| mailbox.signed_replies)
}
