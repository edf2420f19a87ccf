//! Notifications as e-mail: one about one thing, or a digest of many.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail as Letter, ReturnPath};
use mainstay_channels::template::{Language, RenderedMessage};
use mainstay_domain::agent::Agent;
use mainstay_domain::clock::{Clock, fold};
use mainstay_domain::escalation::Escalation;
use mainstay_domain::id::{OutgoingMailId, TicketId};
use mainstay_domain::notification::{About, Notification};
use mainstay_domain::policy::Policy;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::{Transaction, account, escalation, ledger, ticket};
use serde_json::{Value, json};

use super::link::Links;
use super::words::{alerts, language_of, local, reason_of, unknown};
use crate::context::App;
use crate::error::Result;
use crate::mail::{Identity, post, templates};
use crate::policy::PolicyInForce;

/// Renders one mail of one notification or of several, and queues it.
pub(super) async fn send_notification_mail(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    person: &Agent,
    carried: &[Notification],
) -> Result<OutgoingMailId> {
    let now = app.now();
    let id: OutgoingMailId = app.new_id(now);
    let told = once(carried);
    let about = match only_ticket(&told) {
        Some(id) => ticket::find(tx, Scope::Everything, id).await?,
        None => None,
    };
    let about = about.map(|found| found.ticket);
    let rendered = render(app, tx, identity, person, &told, about.as_ref()).await?;
    let company = &app.company_in_mail(tx).await?;
    // An answer to a colleague's note is not meant for the customer.
    let is_mention = |told: &&Notification| matches!(told.about, About::Mentioned { .. });
    let answered = about.as_ref().filter(|_| !told.iter().any(is_mention));
    // By this address their own answer is known to be theirs.
    let reply_to = answered
        .and_then(|ticket| identity.personal_address(ticket.number, person.id))
        .map(|address| Correspondent::named(company, &address));
    let text = match &reply_to {
        Some(_) => format!(
            "{}\n\n{}\n",
            rendered.text.trim_end(),
            invitation(rendered.language)
        ),
        None => rendered.text,
    };
    let letter = Letter {
        from: Correspondent::named(company, &identity.from),
        to: vec![Correspondent::named(&person.name, &person.email)],
        cc: Vec::new(),
        reply_to,
        return_path: ReturnPath::Nowhere,
        subject: rendered.subject,
        text,
        html: None,
        message_id: identity.message_id(id.uuid()),
        in_reply_to: None,
        // What is told of one ticket stands together in a mailbox, below what its customer was told first.
        references: about
            .iter()
            .map(|ticket| identity.message_id(ticket.id.uuid()))
            .collect(),
        origin: Origin::Generated,
        date: now,
        attachments: Vec::new(),
    };
    let ticket = about.map(|ticket| ticket.id);
    post(app, tx, id, identity, &letter, ticket).await?;
    Ok(id)
}

async fn render(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    person: &Agent,
    carried: &[&Notification],
    about: Option<&Ticket>,
) -> Result<RenderedMessage> {
    let policy = app.policy();
    let language = language_of(person);
    let links = Links::of(app, tx, identity, carried.iter().copied()).await?;
    let (name, context) = match carried {
        [only] => match template_of(&only.about) {
            Some(name) => (name, context(app, tx, &links, person, only).await?),
            None => return Ok(plain(&links, person, carried)),
        },
        several => ("digest", digest(&links, person, several, about)),
    };
    let rendered = templates(&policy.current().templates, name)
        .and_then(|templates| templates.render(name, language, &context));
    match rendered {
        Ok(rendered) => Ok(rendered),
        Err(error) => {
            tracing::warn!(%error, "a template does not work, and the plain words are sent");
            Ok(plain(&links, person, carried))
        }
    }
}

/// Each thing once: what several channels were to tell is said in one e-mail once.
fn once(carried: &[Notification]) -> Vec<&Notification> {
    let mut causes = BTreeSet::new();
    carried
        .iter()
        .filter(|told| causes.insert(told.cause.as_str()))
        .collect()
}

/// The ticket, where all of them are about one.
fn only_ticket(told: &[&Notification]) -> Option<TicketId> {
    let first = told.first()?.ticket?;
    let is_alike = told.iter().all(|told| told.ticket == Some(first));
    is_alike.then_some(first)
}

/// The template for it; what colleagues write is told in their own words.
fn template_of(about: &About) -> Option<&'static str> {
    match about {
        About::EscalationStep { .. } => Some("escalation_notice"),
        About::ClockWarned { .. } => Some("warning"),
        About::ClockMissed { .. } => Some("breach_notice"),
        About::Mentioned { .. } => None,
    }
}

/// What an answer to a notification does.
fn invitation(language: Language) -> &'static str {
    match language {
        Language::English => "Answer this mail, and the customer reads it as your public reply.",
        Language::Spanish => {
            "Si responde a este correo, el cliente lo leerá como su respuesta pública."
        }
        Language::Portuguese => {
            "Se responder a este e-mail, o cliente o lerá como a sua resposta pública."
        }
    }
}

/// What is sent where the policy has no template that works: nobody stays untold because of a slip in a pack.
fn plain(links: &Links<'_>, person: &Agent, carried: &[&Notification]) -> RenderedMessage {
    let subject = match carried {
        [only] => only.title.clone(),
        several => alerts(several.len(), person),
    };
    let text = carried
        .iter()
        .map(|told| format!("{}\n{}\n{}\n\n", told.title, told.detail, links.url(told)))
        .collect();
    RenderedMessage {
        language: language_of(person),
        subject,
        text,
        html: None,
    }
}

fn digest(
    links: &Links<'_>,
    person: &Agent,
    carried: &[&Notification],
    about: Option<&Ticket>,
) -> Value {
    let since = carried.iter().map(|told| told.at).min();
    let items: Vec<Value> = carried
        .iter()
        .map(|told| {
            json!({
                "title": told.title,
                "detail": told.detail,
                "at": arose(told, person),
                "url": links.url(told),
            })
        })
        .collect();
    json!({
        "agent": { "name": person.name },
        "digest": {
            "count": carried.len(),
            "since": since.map(|since| local(since, person)),
            "items": items,
            "ticket": about.map(|ticket| ticket.number),
        },
    })
}

/// When something arose. The title of what befalls a clock says an instant already: that at which it is due.
fn arose(told: &Notification, person: &Agent) -> Option<String> {
    match told.about {
        About::ClockWarned { .. } | About::ClockMissed { .. } => None,
        About::EscalationStep { .. } | About::Mentioned { .. } => Some(local(told.at, person)),
    }
}

/// Everything a template may say of one notification.
async fn context(
    app: &App,
    tx: &Transaction,
    links: &Links<'_>,
    person: &Agent,
    told: &Notification,
) -> Result<Value> {
    let in_force = app.policy();
    let policy = in_force.current();
    let ticket = match told.ticket {
        Some(id) => ticket::find(tx, Scope::Everything, id).await?,
        None => None,
    };
    let clocks = match told.ticket {
        Some(id) => fold(&ledger::load(tx, id).await?, in_force.book(), app.now()),
        None => Vec::new(),
    };
    let reason = match told.escalation {
        Some(id) => Escalation::fold(&escalation::load(tx, id).await?)
            .map(|escalation| reason_of(&escalation, person, &in_force)),
        None => None,
    };
    let account = match ticket
        .as_ref()
        .and_then(|stored| stored.ticket.facts.account)
    {
        Some(id) => account::find(tx, id).await?,
        None => None,
    };
    let ticket = ticket.map(|stored| stored.ticket).map(|ticket| {
        let severity = ticket.facts.severity;
        let title = policy
            .severities
            .iter()
            .find(|defined| defined.severity == severity)
            .map(|defined| defined.title.clone());
        json!({
            "number": ticket.number,
            "subject": ticket.subject,
            "severity": severity.to_string(),
            "severity_title": title.unwrap_or_else(|| severity.to_string()),
            "status": ticket.facts.status.name.as_str(),
            "category": ticket.facts.category.as_ref().map(|name| name.as_str()),
            "tier": ticket.facts.terms.tier.as_ref().map(|tier| tier.as_str()),
            "url": format!("{}/tickets/{}", app.options().public_url, ticket.number),
            "opened_at": local(ticket.opened_at, person),
        })
    });
    let tier = ticket.as_ref().map(|ticket| ticket["tier"].clone());
    let (no_account, no_tier) = unknown(person);
    let account = json!({
        "name": account.map_or(no_account.to_owned(), |account| account.name),
        "tier": tier.filter(|tier| !tier.is_null()).unwrap_or_else(|| json!(no_tier)),
    });
    Ok(json!({
        "agent": { "name": person.name },
        "ticket": ticket,
        "account": account,
        "commitment": commitment_of(&in_force, person, told, &clocks),
        "escalation": escalation_of(policy, links, told, reason.as_deref()),
    }))
}

fn commitment_of(
    policy: &PolicyInForce,
    person: &Agent,
    told: &Notification,
    clocks: &[Clock],
) -> Value {
    let (name, due_at) = match &told.about {
        About::ClockWarned { commitment, due_at } | About::ClockMissed { commitment, due_at } => {
            (commitment, *due_at)
        }
        About::EscalationStep { .. } | About::Mentioned { .. } => return Value::Null,
    };
    let description = policy
        .current()
        .commitments
        .iter()
        .find(|commitment| commitment.name == *name)
        .map_or(name.as_str(), |commitment| &commitment.description);
    let clock = clocks.iter().rfind(|clock| clock.commitment == *name);
    let target = clock
        .and_then(|clock| clock.terms.as_ref())
        .map_or_else(String::new, |terms| format!("{:#}", terms.target));
    // In the clock's own time: what is left of a working day, not of the night after it.
    let left = clock.and_then(Clock::left).unwrap_or_default();
    json!({
        "name": name.as_str(),
        "title": policy.commitment_title(name, language_of(person)),
        "description": description,
        "target": target,
        "due_at": local(due_at, person),
        "left": minutes(left),
        "late_by": minutes(-left),
    })
}

/// A time in full minutes; none when it is negative.
fn minutes(time: SignedDuration) -> String {
    let minutes = time.as_mins().max(0);
    format!("{:#}", SignedDuration::from_mins(minutes))
}

fn escalation_of(
    policy: &Policy,
    links: &Links<'_>,
    told: &Notification,
    reason: Option<&str>,
) -> Value {
    let About::EscalationStep { step, name, level } = &told.about else {
        return Value::Null;
    };
    let respond_within = policy
        .ladders
        .iter()
        .find(|ladder| ladder.name == step.ladder)
        .and_then(|ladder| ladder.steps.get(step.step))
        .and_then(|step| step.respond_within)
        .map(|within| format!("{within:#}"));
    json!({
        "ladder": step.ladder.as_str(),
        "step": name,
        "level": level,
        "reason": reason.unwrap_or(&told.detail),
        "respond_within": respond_within,
        "url": links.url(told),
    })
}
