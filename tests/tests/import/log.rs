//! A log of incidents to bring in, and what is looked at afterwards.

use std::collections::BTreeSet;

use mainstay_app::import::{ImportMap, ImportOptions, ImportReport};
use mainstay_app::{AppError, Caller};
use mainstay_domain::clock::fold;
use mainstay_domain::event::{Event, EventKind};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::ticket::{Direction, StoredTicket, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, clock, ticket};
use mainstay_tests::TestApp;

pub const LOG: &str = "
name = \"helpdesk\"
missing = [\"?\"]
time_zone = \"America/Sao_Paulo\"
date_formats = [\"%d/%m/%Y %H:%M\"]

[events]
at = \"{updated}\"
order_by = \"{change}\"

[ticket]
external_id = \"{number}\"
subject = \"{number}: {about}\"
opened_at = \"{opened}\"
resolved_at = \"{resolved}\"

[account]
name = [\"{customer}\", \"Nobody\"]

[contact]
name = \"{caller}\"

[team]
name = \"{group}\"

[assignee]
name = \"{agent}\"

[tier]
from = \"Standard\"

[status]
from = \"{state}\"

[status.values]
New = \"new\"
Active = \"open\"
Waiting = \"pending_customer\"
Resolved = \"resolved\"
Closed = \"closed\"
\"-100\" = { ignore = \"no state\" }

[severity]
from = \"{priority}\"

[severity.values]
\"1\" = \"P1\"
\"3\" = \"P3\"

[fields]
reopened = \"{reopened}\"

[compare]
name = \"made_sla\"
from = \"{made_sla}\"
met = [\"true\"]
missed = [\"false\"]
";

pub const HEADER: &str = "number,state,change,updated,opened,resolved,about,customer,caller,group,agent,priority,reopened,made_sla\n";

/// One incident, its rows out of order, one of them of no state.
pub const INCIDENT: &str = "\
INC1,Active,1,2/3/2015 10:00,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,New,0,2/3/2015 09:31,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,-100,2,2/3/2015 10:30,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,Active,4,2/3/2015 11:00,2/3/2015 09:30,?,printer,Acme,Ana,Network,Bo,1,0,true
INC1,Waiting,3,2/3/2015 11:00,2/3/2015 09:30,?,printer,Acme,Ana,Network,Bo,3,0,true
INC1,Resolved,5,2/3/2015 16:00,2/3/2015 09:30,2/3/2015 16:00,printer,Acme,Ana,Network,Bo,1,1,false
INC1,Closed,6,7/3/2015 16:00,2/3/2015 09:30,2/3/2015 16:00,printer,Acme,Ana,Network,Bo,1,1,false
";

pub fn log_map() -> ImportMap {
    ImportMap::parse("log.toml", LOG).expect("a sound map")
}

/// A log of so many incidents, some late, some open, with shared customers and agents.
pub fn synthetic_log(incidents: usize) -> String {
    let mut text = HEADER.to_owned();
    for index in 0..incidents {
        let (day, late) = (1 + index % 27, if index % 5 == 0 { 6 } else { 3 });
        let (customer, agent) = (index % 7, index % 11);
        for (change, state, month) in [
            (0, "New", 3),
            (1, "Active", 3),
            (2, "Resolved", late),
            (3, "Closed", 7),
        ] {
            if index % 50 == 49 && change > 1 {
                continue;
            }
            text += &format!(
                "INC{index},{state},{change},{day}/{month}/2015 1{change}:00,{day}/3/2015 09:30,?,thing {index},\
                 Customer {customer},Caller {index},Desk,Agent {agent},3,0,{}\n",
                late == 3
            );
        }
    }
    text
}

pub async fn import(
    test: &TestApp,
    map: &ImportMap,
    file: &[u8],
) -> Result<ImportReport, AppError> {
    let options = ImportOptions::default();
    test.app
        .import_tickets(&Caller::machine(), map, file, &options, |_| {}, || false)
        .await
}

pub async fn tickets(test: &TestApp) -> Vec<StoredTicket> {
    let sort = TicketSort {
        key: TicketKey::Number,
        direction: Direction::Ascending,
    };
    let (filter, page) = (TicketFilter::default(), PageRequest::first(10_000));
    ticket::list(
        &test.app.store().read(),
        Scope::Everything,
        &filter,
        sort,
        page,
    )
    .await
    .expect("a store that answers")
    .items
}

/// The stored clocks are what the ledger folds to.
pub async fn assert_cache_is_fold(test: &TestApp, ticket: &Ticket) {
    let events = test.ledger(ticket.id).await;
    let folded = fold(&events, test.app.policy().book(), test.app.now());
    let stored = clock::of_ticket(&test.app.store().read(), ticket.id)
        .await
        .expect("a store that answers");
    let key =
        |commitment: &str,
         cycle: u32,
         due: Option<jiff::Timestamp>,
         missed: Option<jiff::Timestamp>| { (commitment.to_owned(), cycle, due, missed) };
    let folded: BTreeSet<_> = folded
        .iter()
        .map(|c| key(c.commitment.as_str(), c.cycle, c.due_at, c.missed_at))
        .collect();
    let stored: BTreeSet<_> = stored
        .iter()
        .map(|c| key(c.commitment.as_str(), c.cycle, c.due_at, c.missed_at))
        .collect();
    assert_eq!(folded, stored, "ticket {}", ticket.number);
}

pub fn tell(events: &[Event]) -> String {
    let lines: Vec<String> = events
        .iter()
        .map(|event| {
            let what = match &event.kind {
                EventKind::Opened {
                    severity,
                    status,
                    channel,
                    ..
                } => {
                    format!("{severity} {} by {}", status.name, channel.as_str())
                }
                EventKind::StatusChanged { to, .. } => to.name.to_string(),
                EventKind::SeverityChanged { to, .. } => to.to_string(),
                EventKind::FieldChanged { field, to } => {
                    format!("{field} = {}", to.as_deref().unwrap_or("nothing"))
                }
                EventKind::ClockMissed { commitment, .. }
                | EventKind::ClockWarned { commitment, .. } => commitment.to_string(),
                _ => String::new(),
            };
            format!("{} {} {what}", event.at, event.kind.name())
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}
