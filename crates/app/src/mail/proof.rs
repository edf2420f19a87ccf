//! Whether a mail that bears an agent's address is theirs.
//!
//! An agent's mail is sent on to the customer and stops clocks, and anybody can write any address into `From`. So it
//! counts only when something proves it that a stranger cannot make up.

use mainstay_channels::reply_address::TicketReference;
use mainstay_domain::agent::Agent;

use super::identity::Identity;
use super::reading::Letter;
use super::verdict::{Standing, Verdict};

/// Looks for a proof that the mail is the agent's.
///
/// # Errors
/// Says why there is none, in a sentence without its end.
pub(super) fn prove(
    identity: &Identity,
    authserv_id: Option<&str>,
    letter: &Letter,
    agent: &Agent,
) -> Result<(), String> {
    let claimed = format!("it bears the address of {}", agent.name);
    if !letter.names_one_author {
        return Err(format!("{claimed} among others, or not as its author's"));
    }
    let domain = agent.email.rsplit_once('@').map_or("", |(_, it)| it);
    let domain = domain.to_ascii_lowercase();
    let verdict = letter.authentication.as_deref().map(Verdict::read);
    let trusted = |verdict: &Verdict| {
        authserv_id.is_none_or(|server| verdict.server.eq_ignore_ascii_case(server))
    };
    let standing = verdict
        .filter(trusted)
        .map_or(Standing::Unknown, |verdict| verdict.of(&domain));
    match (standing, authserv_id) {
        // Anybody can write such a verdict, but nobody gains by writing it about their own mail.
        (Standing::Failed(method), _) => {
            return Err(format!(
                "{claimed}, and a mail server found that {method} failed"
            ));
        }
        (Standing::Passed(_), Some(_)) => return Ok(()),
        (Standing::Passed(_) | Standing::Unknown, _) => {}
    }
    if personal_ticket(identity, letter, agent).is_some() {
        return Ok(());
    }
    Err(match authserv_id {
        Some(server) => format!("{claimed}, and {server} does not vouch for it"),
        None => {
            format!("{claimed}, and no mail server is trusted to vouch for it (mail.authserv_id)")
        }
    })
}

/// The ticket of the address that was signed for this agent, if the mail was sent to one.
pub(super) fn personal_ticket(
    identity: &Identity,
    letter: &Letter,
    agent: &Agent,
) -> Option<TicketReference> {
    let mut recipients = letter.recipients.iter();
    recipients.find_map(|address| identity.ticket_of_agent(address, agent.id))
}
