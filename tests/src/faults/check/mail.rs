//! What the mail server was given against what should have been sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sea_orm::DbBackend;

use super::{Figures, Store, count, text};
use crate::faults::Failed;
use crate::faults::harm::History;
use crate::faults::sink::Taken;

/// How long a node that nothing hinders may take on a busy machine to write down that a mail was taken. A node that is killed within this
/// time may have known of it alone; one that lives for longer and has not written it down is wrong.
const WRITING: Duration = Duration::from_secs(15);

/// Makes the store itself take down each receipt that is written into it, in the transaction that writes it.
///
/// # Errors
/// Fails when the store refuses.
pub async fn watch_mail(url: &str) -> Result<(), Failed> {
    let store = Store::open(url).await?;
    store
        .run("CREATE TABLE fault_receipt (message_id TEXT NOT NULL, receipt TEXT NOT NULL)")
        .await?;
    let noted =
        "INSERT INTO fault_receipt (message_id, receipt) VALUES (NEW.message_id, NEW.receipt);";
    let when = "WHEN (NEW.state = 'sent')";
    match store.connection.get_database_backend() {
        DbBackend::Postgres => {
            store
                .run(&format!(
                    "CREATE FUNCTION fault_receipt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {noted} RETURN NEW; END $$"
                ))
                .await?;
            store
                .run(&format!(
                    "CREATE TRIGGER fault_receipt AFTER UPDATE ON outgoing_mail FOR EACH ROW {when} EXECUTE FUNCTION fault_receipt()"
                ))
                .await
        }
        _ => {
            store
                .run(&format!(
                    "CREATE TRIGGER fault_receipt AFTER UPDATE ON outgoing_mail {when} BEGIN {noted} END"
                ))
                .await
        }
    }
}

/// Every mail arrived; and arrived again only when the store had not been told of the time before, and could not: because
/// the mail server hung up instead of answering, or because the node was killed right after the answer.
pub async fn mail(
    store: &Store,
    taken: &BTreeMap<String, Vec<Taken>>,
    history: &History,
    figures: &mut Figures,
) -> Result<Vec<String>, Failed> {
    let mut violations = Vec::new();
    let mut sent = BTreeSet::new();
    let sql = "SELECT message_id, state, recipients FROM outgoing_mail";
    for row in store.rows(sql).await? {
        let id = text(&row, 0)?.trim_matches(['<', '>']).to_owned();
        let state = text(&row, 1)?;
        if state != "sent" {
            violations.push(format!("mail {id} is {state}"));
        }
        let recipients = text(&row, 2)?;
        match taken.get(&id) {
            None => violations.push(format!("mail {id} never arrived")),
            Some(copies) => violations.extend(astray(&id, copies, &recipients)),
        }
        sent.insert(id);
    }
    count(figures, "mails sent", sent.len() as u64);
    let known = receipts(store).await?;
    for (id, copies) in taken {
        if !sent.contains(id) {
            violations.push(format!("mail {id} was sent by nobody"));
        }
        let told = known.get(id).map_or(&[][..], Vec::as_slice);
        violations.extend(twice(id, copies, told, history, figures));
    }
    violations.extend(unsent(store).await?);
    Ok(violations)
}

fn astray(id: &str, copies: &[Taken], recipients: &str) -> Option<String> {
    let mut to = copies.iter().flat_map(|copy| &copy.recipients);
    to.any(|to| !recipients.contains(to.as_str()))
        .then(|| format!("mail {id} is for {recipients} and went elsewhere: {copies:?}"))
}

/// Whether a mail came again that need not have.
fn twice(
    id: &str,
    copies: &[Taken],
    told: &[String],
    history: &History,
    figures: &mut Figures,
) -> Vec<String> {
    let mut violations = Vec::new();
    match told {
        [] => violations.push(format!("nobody wrote down that mail {id} was taken")),
        [one] => {
            let last = copies.last().map(|copy| &copy.receipt);
            if last.is_none_or(|last| !one.contains(last.as_str())) {
                violations.push(format!(
                    "mail {id} was sent again after {one:?} was written down"
                ));
            }
        }
        several => violations.push(format!(
            "mail {id} was written down as taken more than once: {several:?}"
        )),
    }
    for (copy, next) in copies.iter().zip(copies.iter().skip(1)) {
        if !copy.answered {
            count(
                figures,
                "mails that came again because the mail server did not answer",
                1,
            );
            continue;
        }
        match history.free_until_killed(copy.node, copy.began, copy.at, next.at) {
            Some(free) if free <= WRITING => {
                count(figures, "mails that came again because a node was killed at the answer", 1);
                let millis = u64::try_from(free.as_millis()).unwrap_or(u64::MAX);
                longest(figures, "milliseconds at most from the answer to that kill", millis);
            }
            Some(free) => violations.push(format!(
                "mail {id} came again though node {} had {free:?} to write down that it was taken",
                copy.node
            )),
            None => violations.push(format!(
                "mail {id} came again after {:?} from node {}, though node {} was not killed between",
                next.at.duration_since(copy.at),
                next.node,
                copy.node
            )),
        }
    }
    violations
}

fn longest(figures: &mut Figures, name: &'static str, value: u64) {
    match figures.iter_mut().find(|(known, _)| *known == name) {
        Some((_, longest)) => *longest = value.max(*longest),
        None => figures.push((name, value)),
    }
}

/// What the store took down, by message id.
async fn receipts(store: &Store) -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in store
        .rows("SELECT message_id, receipt FROM fault_receipt")
        .await?
    {
        let id = text(&row, 0)?.trim_matches(['<', '>']).to_owned();
        known.entry(id).or_default().push(text(&row, 1)?);
    }
    Ok(known)
}

/// Every public reply of an agent goes out once, and every mail that opened a ticket is acknowledged once.
async fn unsent(store: &Store) -> Result<Vec<String>, Failed> {
    let replies = "SELECT COUNT(*) FROM message m WHERE m.visibility = 'public' AND m.origin = 'person' AND m.channel = 'api' \
         AND m.text LIKE 'We looked%' AND (SELECT COUNT(*) FROM outgoing_mail o WHERE o.message = m.id) <> 1";
    let receipts = "SELECT COUNT(*) FROM ticket t WHERE t.channel = 'email' \
         AND (SELECT COUNT(*) FROM outgoing_mail o WHERE o.ticket = t.id AND o.message IS NULL AND o.recipients LIKE '%word%') <> 1";
    let mut violations = Vec::new();
    for (what, sql) in [("replies", replies), ("tickets by mail", receipts)] {
        let found = store.number(sql).await?;
        if found > 0 {
            violations.push(format!("{found} {what} have not exactly one mail"));
        }
    }
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::faults::harm::Harm;

    #[test]
    fn only_what_a_killed_node_took_with_it_may_come_again() {
        let start = Instant::now();
        let copy = |after: u64, node, number| Taken {
            node,
            receipt: format!("taken as number {number}."),
            began: start + Duration::from_secs(after),
            at: start + Duration::from_secs(after),
            answered: true,
            recipients: Vec::new(),
        };
        let mut killed = History::default();
        killed.note(Harm::Killed, Some(0), start);
        let twice = |copies: &[Taken], told: &str, history: &History| {
            twice(
                "it",
                copies,
                &[told.to_owned()],
                history,
                &mut Figures::new(),
            )
            .len()
        };
        let both = [copy(0, 0, 1), copy(9, 0, 2)];
        assert_eq!(twice(&both, "taken as number 2.", &killed), 0);
        // It had been written down, and went out again all the same.
        assert_eq!(twice(&both, "taken as number 1.", &killed), 1);
        assert_eq!(twice(&both, "taken as number 2.", &History::default()), 1);
        // Another node was killed.
        let other = [copy(0, 1, 1), copy(9, 0, 2)];
        assert_eq!(twice(&other, "taken as number 2.", &killed), 1);
        let unanswered = Taken {
            answered: false,
            ..copy(0, 1, 1)
        };
        let again = [unanswered, copy(9, 0, 2)];
        assert_eq!(twice(&again, "taken as number 2.", &killed), 0);
    }
}
