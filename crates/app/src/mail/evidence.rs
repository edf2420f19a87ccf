//! Gathering what is known of a mail, for the decision where it belongs.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_channels::reply_address::TicketReference;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::id::{AccountId, RawMailId, TicketId};
use mainstay_domain::mail::RawMail;
use mainstay_domain::message::Message;
use mainstay_domain::threading::{Evidence, KnownTicket, Sender};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::mail::{Compared, SeenBefore};
use mainstay_store::thread::ThreadEntry;
use mainstay_store::{Connection, account, contact, mail, message, participant, thread, ticket};

use super::file::text_of;
use super::identity::{FloodLimit, Identity};
use super::proof::{personal_ticket, prove};
use super::reading::Letter;
use crate::attachment::digest;
use crate::context::App;
use crate::error::{AppError, Result};

/// What is known of a mail, and of its sender.
pub(super) struct Gathered {
    pub evidence: Evidence,
    pub contact: Option<Contact>,
    pub account: Option<AccountId>,
    /// The agent who wrote it, when that is proven.
    pub agent: Option<Agent>,
    /// The agent whose address it bears, when that is not.
    pub unproven: Option<Claim>,
}

/// A mail that bears an agent's address and is not proven to be theirs.
pub(super) struct Claim {
    pub agent: Agent,
    pub why: String,
}

/// How often a merged ticket may lead on to another, so that a circle in damaged data ends.
const LONGEST_CHAIN: usize = 50;

/// What is asked at once of mails that show nothing in common but a sender.
pub(super) struct Background {
    people: BTreeMap<String, (Option<Agent>, Option<Contact>)>,
    seen: BTreeMap<RawMailId, SeenBefore>,
}

impl Background {
    /// Asks who the senders of mails are, and what was seen of the mails before.
    pub async fn of(
        app: &App,
        on: &impl Connection,
        mails: &[(&RawMail, &Letter)],
    ) -> Result<Self> {
        let senders: BTreeSet<&str> = mails
            .iter()
            .filter_map(|(_, letter)| sender(letter))
            .collect();
        let senders = Vec::from_iter(senders);
        let agents = app.agents_by_email(on, &senders).await?;
        let contacts = contact::find_by_addresses(on, &senders).await?;
        let people = agents.into_iter().zip(contacts);
        let people = senders.into_iter().map(str::to_owned).zip(people);
        let within = app.options().mail.flood.within;
        let compared = mails.iter().map(|(raw, letter)| {
            let at = raw.received_at;
            let since = at.saturating_sub(within).unwrap_or(at);
            Compared {
                mail: raw,
                message_id: letter.message_id.as_deref(),
                sender: sender(letter).map(|address| (address, since)),
            }
        });
        let compared: Vec<Compared<'_>> = compared.collect();
        let mut seen = mail::seen_before(on, &compared).await?;
        for (index, mail) in compared.iter().enumerate() {
            if let Some(seen) = seen.get_mut(&mail.mail.id) {
                seen.from_sender += from_the_same(&compared[..index], mail);
            }
        }
        Ok(Self {
            people: people.collect(),
            seen,
        })
    }
}

/// How many of the mails before one came from its sender, which the store does not know yet.
fn from_the_same(before: &[Compared<'_>], mail: &Compared<'_>) -> u64 {
    let Some((address, since)) = mail.sender else {
        return 0;
    };
    let is_same = |other: &&Compared<'_>| {
        let from = other.sender.map(|(from, _)| from.to_lowercase());
        from == Some(address.to_lowercase()) && other.mail.received_at >= since
    };
    before.iter().filter(is_same).count() as u64
}

fn sender(letter: &Letter) -> Option<&str> {
    letter.from.as_ref().map(|from| from.address.as_str())
}

/// Gathers what is known of a mail, given what was asked of it, with others or by itself.
pub(super) async fn gather(
    app: &App,
    on: &impl Connection,
    identity: &Identity,
    (raw, letter): (&RawMail, &Letter),
    background: &Background,
) -> Result<Gathered> {
    let address = sender(letter);
    let person = address.and_then(|address| background.people.get(address));
    let (named, known) = person.cloned().unwrap_or_default();
    let named = named.filter(|agent| agent.active);
    // A server does not vouch for what another one took in, as it did where the mailbox is read elsewhere by now, or removed.
    let authserv_id = match identity.mailbox_of(&raw.source, raw.mailbox) {
        Some(mailbox) if mailbox.source().as_ref() == Some(&raw.source) => {
            mailbox.authserv_id.as_deref()
        }
        None if raw.mailbox.is_none() => app.options().mail.authserv_id.as_deref(),
        Some(_) | None => None,
    };
    let (agent, unproven) = match named {
        None => (None, None),
        Some(named) => match prove(identity, authserv_id, letter, &named) {
            Ok(()) => (Some(named), None),
            Err(why) => (None, Some(Claim { agent: named, why })),
        },
    };
    let is_outside = agent.is_none() && unproven.is_none();
    let contact = known.filter(|_| is_outside);
    let account = match (&contact, address) {
        (Some(contact), _) if contact.account.is_some() => contact.account,
        (_, Some(address)) if is_outside => account_of(on, address).await?,
        _ => None,
    };
    let sender = Sender {
        contact: contact.as_ref().map(|contact| contact.id),
        account,
        is_agent: agent.is_some(),
    };
    // Our own people are not counted.
    let counts = address.is_some() && agent.is_none();
    let nothing = || AppError::Conflict("the mail was not compared with those before".to_owned());
    let seen = background.seen.get(&raw.id).ok_or_else(nothing)?;
    let evidence = Evidence {
        is_duplicate: is_duplicate(on, raw, letter, seen).await?,
        loops_back: loops_back(identity, letter),
        automatic: letter.automatic.clone(),
        is_bounce: letter.bounce.is_some(),
        flood: counts
            .then(|| flood(app.options().mail.flood, seen.from_sender))
            .flatten(),
        unproven: unproven.as_ref().map(|claim| claim.why.clone()),
        sender,
        reply_address: by_reply_address(on, identity, letter, agent.as_ref()).await?,
        references: by_references(on, letter, sender).await?,
    };
    Ok(Gathered {
        evidence,
        contact,
        account,
        agent,
        unproven,
    })
}

async fn account_of(on: &impl Connection, address: &str) -> Result<Option<AccountId>> {
    let Some((_, domain)) = address.rsplit_once('@') else {
        return Ok(None);
    };
    let account = account::find_by_domain(on, domain).await?;
    Ok(account
        .filter(|account| account.archived_at.is_none())
        .map(|account| account.id))
}

/// The very same bytes that came another way, or the same message by another road: then the id and what was said agree,
/// though the servers on the way have written other trace lines.
async fn is_duplicate(
    on: &impl Connection,
    raw: &RawMail,
    letter: &Letter,
    seen: &SeenBefore,
) -> Result<bool> {
    if seen.has_twin {
        return Ok(true);
    }
    let Some(known) = seen.message else {
        return Ok(false);
    };
    let known = message::find(on, Scope::Everything, known).await?;
    let address = letter.from.as_ref().map(|from| &from.address);
    Ok(known.is_some_and(|known| {
        known.raw_mail != Some(raw.id)
            && known.raw_mail.is_some()
            && known.sender.as_ref() == address
            && known.text == text_of(letter)
            && has_files(&known, letter)
    }))
}

fn has_files(known: &Message, letter: &Letter) -> bool {
    let kept = known.attachments.iter().map(|file| file.digest);
    kept.eq(letter.attachments.iter().map(|file| digest(&file.bytes)))
}

fn loops_back(identity: &Identity, letter: &Letter) -> Option<String> {
    if let Some(id) = &letter.message_id
        && identity.is_our_message_id(id)
    {
        return Some("it bears a message id that we gave".to_owned());
    }
    if let Some(from) = &letter.from
        && identity.is_ours(&from.address)
    {
        return Some("its sender is our own address".to_owned());
    }
    let marked = letter.loop_marks.iter().any(|mark| identity.is_ours(mark));
    marked.then(|| "its X-Loop mark names our own address".to_owned())
}

/// Whatever became of them, all mails of a sender count, so that a flood ends when it ebbs and not when it is noticed.
fn flood(limit: FloodLimit, received: u64) -> Option<String> {
    (received >= u64::from(limit.mails)).then(|| {
        format!(
            "{received} mails of this address came in the {} before this one, and the limit is {}",
            minutes(limit.within),
            limit.mails
        )
    })
}

fn minutes(span: jiff::SignedDuration) -> String {
    match span.as_mins() {
        1 => "minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

async fn by_reply_address(
    on: &impl Connection,
    identity: &Identity,
    letter: &Letter,
    agent: Option<&Agent>,
) -> Result<Option<KnownTicket>> {
    let personal = agent.and_then(|agent| personal_ticket(identity, letter, agent));
    let everybodys = letter.recipients.iter();
    let everybodys = everybodys.map(|address| identity.ticket_of(address));
    for reference in std::iter::once(personal).chain(everybodys) {
        let found = match reference {
            Some(TicketReference::Number(number)) => {
                ticket::find_by_number(on, Scope::Everything, number).await?
            }
            Some(TicketReference::Id(id)) => ticket::find(on, Scope::Everything, id.into()).await?,
            None => None,
        };
        if let Some(found) = found {
            let ticket = living(on, found.ticket).await?;
            return Ok(Some(known(&ticket, true)));
        }
    }
    Ok(None)
}

async fn by_references(
    on: &impl Connection,
    letter: &Letter,
    sender: Sender,
) -> Result<Vec<KnownTicket>> {
    let mut tickets: Vec<KnownTicket> = Vec::new();
    for entry in thread::find_many(on, &letter.references).await? {
        let Some(found) = ticket::find(on, Scope::Everything, entry.ticket).await? else {
            continue;
        };
        let ticket = living(on, found.ticket).await?;
        let is_contact = sender.contact.is_some() && ticket.contact == sender.contact;
        let has_sender = is_contact || took_part(on, &entry, ticket.id, letter).await?;
        match tickets.iter_mut().find(|known| known.ticket == ticket.id) {
            Some(known) => known.has_sender |= has_sender,
            None => tickets.push(known(&ticket, has_sender)),
        }
    }
    Ok(tickets)
}

/// Whether the sender wrote the message referred to, it was sent to them, or they were copied on the ticket.
async fn took_part(
    on: &impl Connection,
    entry: &ThreadEntry,
    ticket: TicketId,
    letter: &Letter,
) -> Result<bool> {
    let Some(from) = &letter.from else {
        return Ok(false);
    };
    let address = from.address.as_str();
    if participant::has(on, entry.ticket, address).await?
        || participant::has(on, ticket, address).await?
    {
        return Ok(true);
    }
    let is_sender = |other: &str| other.eq_ignore_ascii_case(address);
    if let Some(sent) = mail::find_by_message_id(on, &entry.message_id).await?
        && sent.recipients.iter().any(|to| is_sender(to))
    {
        return Ok(true);
    }
    let Some(id) = entry.message else {
        return Ok(false);
    };
    let Some(referred) = message::find(on, Scope::Everything, id).await? else {
        return Ok(false);
    };
    Ok(referred.sender.as_deref().is_some_and(is_sender))
}

/// The ticket, or the one it was merged into.
pub(super) async fn living(on: &impl Connection, mut ticket: Ticket) -> Result<Ticket> {
    for _ in 0..LONGEST_CHAIN {
        let Some(next) = ticket.merged_into else {
            break;
        };
        match ticket::find(on, Scope::Everything, next).await? {
            Some(found) => ticket = found.ticket,
            None => break,
        }
    }
    Ok(ticket)
}

fn known(ticket: &Ticket, has_sender: bool) -> KnownTicket {
    KnownTicket {
        ticket: ticket.id,
        number: ticket.number,
        status: ticket.facts.status.kind,
        account: ticket.facts.account,
        has_sender,
    }
}
