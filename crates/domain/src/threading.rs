//! Threading: to which ticket a mail belongs, or why to none.
//!
//! What counts is what a stranger cannot make up: the signature of a reply address and the identifiers of messages that
//! we sent. A number in a subject counts for nothing. Every decision carries its reason, so that a person can follow it
//! and undo it.

use std::fmt;

use crate::id::{AccountId, ContactId, TicketId};
use crate::status::StatusKind;

/// What is known of a mail when it is to be threaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// A mail with the same identifier and the same content was taken in before.
    pub is_duplicate: bool,
    /// Why the mail is taken to come from this program itself, if it is.
    pub loops_back: Option<String>,
    /// Why the mail is taken to be a machine's, if it is.
    pub automatic: Option<String>,
    /// The mail says that another could not be delivered.
    pub is_bounce: bool,
    /// The sender has sent more than the flood limit allows; the sentence says how much.
    pub flood: Option<String>,
    /// Why a mail that bears the address of one of our agents is not taken as theirs, if it is not.
    pub unproven: Option<String>,
    /// Who sent it, as far as is known.
    pub sender: Sender,
    /// The ticket of a reply address whose signature was verified.
    pub reply_address: Option<KnownTicket>,
    /// The tickets of the messages that the mail answers or refers to, the nearest first.
    pub references: Vec<KnownTicket>,
}

/// Who sent a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sender {
    /// The contact of that address.
    pub contact: Option<ContactId>,
    /// The contact's account, or the one the address's domain belongs to.
    pub account: Option<AccountId>,
    /// An agent of ours wrote from their own mail program, and that is proven.
    pub is_agent: bool,
}

/// A ticket that a mail may belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownTicket {
    /// The ticket, or the one it was merged into.
    pub ticket: TicketId,
    /// Its number, for the reason.
    pub number: u64,
    /// What its status means.
    pub status: StatusKind,
    /// Its account.
    pub account: Option<AccountId>,
    /// Whether the sender is on the ticket: its contact, or copied in the conversation.
    pub has_sender: bool,
}

/// Where a mail goes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Where it goes.
    pub route: Route,
    /// Why, in a sentence for people.
    pub reason: String,
}

/// Where a mail can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Into this ticket.
    Append(TicketId),
    /// Into a new ticket, linked with the one it follows, if it follows one.
    Open {
        /// The ticket it follows.
        follows: Option<TicketId>,
    },
    /// Nowhere until a person accepts it; it is noted on the ticket it would belong to, if there is one.
    Hold(Option<TicketId>),
    /// Nowhere. The mail is kept as received and can be read again.
    Ignore,
}

/// Decides where a mail goes.
#[must_use]
pub fn thread(evidence: &Evidence) -> Decision {
    if evidence.is_duplicate {
        return ignore("The same mail was taken in before.");
    }
    if let Some(why) = &evidence.loops_back {
        return ignore(format_args!("The mail is our own, come back: {why}."));
    }
    if let Some(why) = &evidence.flood {
        return ignore(format_args!("The sender is held back: {why}."));
    }
    let belongs = belongs_to(evidence);
    let is_machine = evidence.is_bounce || evidence.automatic.is_some();
    if let Some(why) = evidence.unproven.as_ref().filter(|_| !is_machine) {
        let at = belongs.map_or_else(String::new, |(known, _)| {
            format!(" at ticket {}", known.number)
        });
        return Decision {
            route: Route::Hold(belongs.map(|(known, _)| known.ticket)),
            reason: format!("Held{at} until a person accepts it: {why}."),
        };
    }
    match belongs {
        Some((known, why)) if is_machine || known.status != StatusKind::Closed => Decision {
            route: Route::Append(known.ticket),
            reason: format!("Belongs to ticket {}: {why}.", known.number),
        },
        Some((known, why)) => Decision {
            route: Route::Open {
                follows: Some(known.ticket),
            },
            reason: format!("Follows ticket {}, which is closed: {why}.", known.number),
        },
        None if evidence.is_bounce => {
            ignore("A mail could not be delivered, but it was not one of ours.")
        }
        None => match &evidence.automatic {
            Some(why) => ignore(format_args!("A machine wrote it to nobody here: {why}.")),
            None => Decision {
                route: Route::Open { follows: None },
                reason: unrelated(evidence),
            },
        },
    }
}

/// The ticket a mail belongs to, with the proof. A signed address proves it for any sender, as somebody on the ticket must
/// have passed it on; a reference proves it only for a sender who is on the ticket or of its account, since identifiers
/// of messages travel further than the conversation.
fn belongs_to(evidence: &Evidence) -> Option<(&KnownTicket, &'static str)> {
    if let Some(known) = &evidence.reply_address {
        return Some((known, "it was sent to the ticket's signed reply address"));
    }
    evidence.references.iter().find_map(|known| {
        let of_account = known.account.is_some() && known.account == evidence.sender.account;
        if known.has_sender {
            Some((
                known,
                "it answers a message of the ticket, and its sender is on it",
            ))
        } else if of_account {
            Some((
                known,
                "it answers a message of the ticket, and its sender is of the same account",
            ))
        } else if evidence.sender.is_agent || evidence.unproven.is_some() {
            Some((
                known,
                "it answers a message of the ticket, and its sender is an agent",
            ))
        } else if evidence.is_bounce {
            Some((
                known,
                "it says that a message of the ticket could not be delivered",
            ))
        } else {
            None
        }
    })
}

fn unrelated(evidence: &Evidence) -> String {
    match evidence.references.first() {
        Some(known) => format!(
            "A new ticket: it refers to ticket {}, but its sender has nothing to do with that one.",
            known.number
        ),
        None => "A new ticket: it refers to nothing we know.".to_owned(),
    }
}

fn ignore(reason: impl fmt::Display) -> Decision {
    Decision {
        route: Route::Ignore,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn known(number: u64) -> KnownTicket {
        KnownTicket {
            ticket: TicketId::from(Uuid::from_u128(number.into())),
            number,
            status: StatusKind::Open,
            account: Some(AccountId::from(Uuid::from_u128(70))),
            has_sender: false,
        }
    }

    fn check(evidence: &Evidence, expected: &str) {
        let decision = thread(evidence);
        let route = match decision.route {
            Route::Append(ticket) => format!("append {}", ticket.uuid().as_u128()),
            Route::Open { follows: None } => "open".to_owned(),
            Route::Open {
                follows: Some(ticket),
            } => format!("open after {}", ticket.uuid().as_u128()),
            Route::Hold(None) => "hold".to_owned(),
            Route::Hold(Some(ticket)) => format!("hold at {}", ticket.uuid().as_u128()),
            Route::Ignore => "ignore".to_owned(),
        };
        assert_eq!(format!("{route}: {}", decision.reason), expected);
    }

    #[test]
    fn a_mail_that_refers_to_nothing_opens_a_ticket() {
        check(
            &Evidence::default(),
            "open: A new ticket: it refers to nothing we know.",
        );
    }

    #[test]
    fn a_signed_address_is_proof_and_the_number_in_it_is_not_asked_for() {
        check(
            &Evidence {
                reply_address: Some(known(5)),
                references: vec![known(6)],
                ..Evidence::default()
            },
            "append 5: Belongs to ticket 5: it was sent to the ticket's signed reply address.",
        );
    }

    #[test]
    fn a_stranger_who_refers_to_a_ticket_does_not_write_into_it() {
        check(
            &Evidence {
                references: vec![known(6)],
                ..Evidence::default()
            },
            "open: A new ticket: it refers to ticket 6, but its sender has nothing to do with that one.",
        );
    }

    #[test]
    fn a_reference_counts_for_whoever_is_on_the_ticket_or_of_its_account() {
        let on_it = KnownTicket {
            has_sender: true,
            ..known(6)
        };
        check(
            &Evidence {
                references: vec![known(7), on_it],
                ..Evidence::default()
            },
            "append 6: Belongs to ticket 6: it answers a message of the ticket, and its sender is on it.",
        );
        check(
            &Evidence {
                references: vec![known(7)],
                sender: Sender {
                    account: known(7).account,
                    ..Sender::default()
                },
                ..Evidence::default()
            },
            "append 7: Belongs to ticket 7: it answers a message of the ticket, and its sender is of the same account.",
        );
    }

    #[test]
    fn two_unknown_accounts_are_not_the_same_account() {
        let nobodys = KnownTicket {
            account: None,
            ..known(7)
        };
        check(
            &Evidence {
                references: vec![nobodys],
                ..Evidence::default()
            },
            "open: A new ticket: it refers to ticket 7, but its sender has nothing to do with that one.",
        );
    }

    #[test]
    fn a_closed_ticket_is_followed_up_but_takes_in_what_machines_say() {
        let closed = KnownTicket {
            status: StatusKind::Closed,
            has_sender: true,
            ..known(5)
        };
        check(
            &Evidence {
                references: vec![closed],
                ..Evidence::default()
            },
            "open after 5: Follows ticket 5, which is closed: it answers a message of the ticket, and its sender is on it.",
        );
        check(
            &Evidence {
                references: vec![closed],
                automatic: Some("Auto-Submitted: auto-replied".to_owned()),
                ..Evidence::default()
            },
            "append 5: Belongs to ticket 5: it answers a message of the ticket, and its sender is on it.",
        );
    }

    #[test]
    fn machines_never_open_a_ticket() {
        check(
            &Evidence {
                automatic: Some("Auto-Submitted: auto-replied".to_owned()),
                ..Evidence::default()
            },
            "ignore: A machine wrote it to nobody here: Auto-Submitted: auto-replied.",
        );
        check(
            &Evidence {
                is_bounce: true,
                ..Evidence::default()
            },
            "ignore: A mail could not be delivered, but it was not one of ours.",
        );
        check(
            &Evidence {
                is_bounce: true,
                references: vec![known(6)],
                ..Evidence::default()
            },
            "append 6: Belongs to ticket 6: it says that a message of the ticket could not be delivered.",
        );
    }

    #[test]
    fn what_only_claims_to_be_an_agents_is_held_wherever_it_would_go() {
        let claims = Evidence {
            unproven: Some("nobody vouches for it".to_owned()),
            ..Evidence::default()
        };
        check(
            &claims,
            "hold: Held until a person accepts it: nobody vouches for it.",
        );
        for belongs in [
            Evidence {
                reply_address: Some(known(5)),
                ..claims.clone()
            },
            Evidence {
                references: vec![known(5)],
                ..claims.clone()
            },
        ] {
            check(
                &belongs,
                "hold at 5: Held at ticket 5 until a person accepts it: nobody vouches for it.",
            );
        }
        check(
            &Evidence {
                automatic: Some("Auto-Submitted: auto-replied".to_owned()),
                ..claims
            },
            "ignore: A machine wrote it to nobody here: Auto-Submitted: auto-replied.",
        );
    }

    #[test]
    fn duplicates_loops_and_floods_are_stopped_before_anything_else() {
        let belongs = Evidence {
            reply_address: Some(known(5)),
            ..Evidence::default()
        };
        check(
            &Evidence {
                is_duplicate: true,
                ..belongs.clone()
            },
            "ignore: The same mail was taken in before.",
        );
        check(
            &Evidence {
                loops_back: Some("it bears our own message id".to_owned()),
                ..belongs.clone()
            },
            "ignore: The mail is our own, come back: it bears our own message id.",
        );
        check(
            &Evidence {
                flood: Some("50 mails in 10 minutes".to_owned()),
                ..belongs
            },
            "ignore: The sender is held back: 50 mails in 10 minutes.",
        );
    }
}
