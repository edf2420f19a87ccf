//! Tickets are brought in with their histories, once, whatever is wrong with the file.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;

use mainstay_app::import::{ImportMap, ImportMode, ImportOptions, ImportReport, Remark};
use mainstay_app::{AppError, Caller};
use mainstay_domain::clock::fold;
use mainstay_domain::event::{Event, EventKind};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::ticket::{Direction, StoredTicket, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, account, agent, clock, contact, ledger, message, team, ticket};
use mainstay_tests::TestApp;
use proptest::prelude::*;

const LOG: &str = "
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

const HEADER: &str = "number,state,change,updated,opened,resolved,about,customer,caller,group,agent,priority,reopened,made_sla\n";

/// One incident, its rows out of order, one of them of no state.
const INCIDENT: &str = "\
INC1,Active,1,2/3/2015 10:00,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,New,0,2/3/2015 09:31,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,-100,2,2/3/2015 10:30,2/3/2015 09:30,?,printer,Acme,Ana,Desk,?,3,0,true
INC1,Active,4,2/3/2015 11:00,2/3/2015 09:30,?,printer,Acme,Ana,Network,Bo,1,0,true
INC1,Waiting,3,2/3/2015 11:00,2/3/2015 09:30,?,printer,Acme,Ana,Network,Bo,3,0,true
INC1,Resolved,5,2/3/2015 16:00,2/3/2015 09:30,2/3/2015 16:00,printer,Acme,Ana,Network,Bo,1,1,false
INC1,Closed,6,7/3/2015 16:00,2/3/2015 09:30,2/3/2015 16:00,printer,Acme,Ana,Network,Bo,1,1,false
";

fn log_map() -> ImportMap {
    ImportMap::parse("log.toml", LOG).expect("a sound map")
}

async fn import(test: &TestApp, map: &ImportMap, file: &[u8]) -> Result<ImportReport, AppError> {
    let options = ImportOptions::default();
    test.app
        .import_tickets(&Caller::machine(), map, file, &options, |_| {}, || false)
        .await
}

async fn tickets(test: &TestApp) -> Vec<StoredTicket> {
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
async fn assert_cache_is_fold(test: &TestApp, ticket: &Ticket) {
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

fn tell(events: &[Event]) -> String {
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

#[tokio::test]
async fn rows_of_a_log_become_facts_in_the_order_of_time() {
    let test = TestApp::start("mainstay").await;
    let report = import(&test, &log_map(), format!("{HEADER}{INCIDENT}").as_bytes())
        .await
        .unwrap();
    assert_eq!((report.rows, report.tickets, report.imported), (7, 1, 1));
    assert_eq!(report.count(Remark::Ignored), 1);
    let found = tickets(&test).await;
    let ticket = &found[0].ticket;
    assert_eq!(ticket.subject, "INC1: printer");
    insta::assert_snapshot!(tell(&test.ledger(ticket.id).await), @r"
    2015-03-02T12:30:00Z opened P3 new by import
    2015-03-02T12:30:00Z field_changed reopened = 0
    2015-03-02T13:00:00Z status_changed open
    2015-03-02T14:00:00Z team_changed
    2015-03-02T14:00:00Z assignee_changed
    2015-03-02T14:00:00Z status_changed pending_customer
    2015-03-02T14:00:00Z severity_changed P1
    2015-03-02T14:00:00Z status_changed open
    2015-03-02T14:30:00Z clock_warned first_response
    2015-03-02T15:42:00Z clock_warned first_response
    2015-03-02T15:42:00Z clock_warned update
    2015-03-02T16:30:00Z clock_missed first_response
    2015-03-02T16:30:00Z clock_missed update
    2015-03-02T19:00:00Z field_changed reopened = 1
    2015-03-02T19:00:00Z status_changed resolved
    2015-03-07T19:00:00Z status_changed closed
    ");
    assert_cache_is_fold(&test, ticket).await;
    let comparison = report.comparison.unwrap();
    assert_eq!(comparison.theirs_missed.total(), 1, "the last row counts");
    let reader = test.app.store().read();
    let people = agent::all(&reader).await.unwrap();
    let made = people.iter().find(|agent| agent.name == "Bo").unwrap();
    assert!(
        !made.active,
        "somebody whom nobody has placed yet is given no work"
    );
    assert_eq!(team::all(&reader).await.unwrap().len(), 2);
    assert!(
        account::find_by_name(&reader, "acme")
            .await
            .unwrap()
            .is_some()
    );
    test.run_due().await;
    test.finish().await;
}

/// A log of so many incidents, some late, some open, with shared customers and agents.
fn synthetic_log(incidents: usize) -> String {
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

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_and_brings_nothing_in_twice() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), synthetic_log(450));
    let options = ImportOptions::default();
    let asked = std::cell::Cell::new(0);
    let stopped = || asked.replace(asked.get() + 1) >= 1;
    let caller = Caller::machine();
    let first = test
        .app
        .import_tickets(&caller, &map, log.as_bytes(), &options, |_| {}, stopped)
        .await
        .unwrap();
    assert_eq!((first.imported, first.known, first.left), (200, 0, 250));
    let second = import(&test, &map, log.as_bytes()).await.unwrap();
    assert_eq!((second.imported, second.known, second.left), (250, 200, 0));
    let third = import(&test, &map, log.as_bytes()).await.unwrap();
    assert_eq!((third.imported, third.known), (0, 450));
    // Whoever runs last is shown the whole comparison.
    assert_eq!(second.comparison, third.comparison);
    assert_eq!(third.comparison.as_ref().unwrap().theirs_met.total(), 360);
    let found = tickets(&test).await;
    assert_eq!(found.len(), 450);
    assert_eq!(second.made.accounts + first.made.accounts, 7);
    assert_eq!(second.made.agents + first.made.agents, 11);
    for stored in found.iter().step_by(37) {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn an_import_may_be_cut_off_anywhere() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), synthetic_log(420));
    let mut polls = 1;
    let report = loop {
        let mut work = pin!(import(&test, &map, log.as_bytes()));
        let mut left = polls;
        let ended = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(report) => Poll::Ready(Some(report)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await;
        if let Some(report) = ended {
            break report.unwrap();
        }
        polls += 7;
    };
    assert_eq!(report.imported + report.known, 420);
    let subjects: BTreeSet<String> = tickets(&test)
        .await
        .into_iter()
        .map(|stored| stored.ticket.subject)
        .collect();
    assert_eq!(subjects.len(), 420);
    assert_eq!(tickets(&test).await.len(), 420);
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn two_systems_keep_their_tickets_apart() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), format!("{HEADER}{INCIDENT}"));
    import(&test, &map, log.as_bytes()).await.unwrap();
    let options = ImportOptions {
        source: Some("another".to_owned()),
        ..ImportOptions::default()
    };
    let caller = Caller::machine();
    let report = test
        .app
        .import_tickets(&caller, &map, log.as_bytes(), &options, |_| {}, || false)
        .await
        .unwrap();
    assert_eq!(
        (report.imported, report.made.accounts),
        (1, 0),
        "the account is known by its name"
    );
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn every_bad_row_is_reported_with_its_number_and_reason() {
    let test = TestApp::start("mainstay").await;
    let good = "N,New,0,2/3/2015 10:00,2/3/2015 09:30,?,x,Acme,Ana,Desk,?,3,0,true\n";
    let rows = [
        good.replace("N,", "GOOD,"),
        good.replace("N,", "?,"),
        good.replace("N,", "BADDATE,")
            .replace("2/3/2015 10:00", "31/2/2015 10:00"),
        good.replace("N,", "NOOPENING,")
            .replace("2/3/2015 09:30", "?"),
        good.replace("N,", "STATE,").replace("New", "Wild"),
        good.replace("N,", "PRIO,").replace(",3,0", ",9,0"),
        good.replace("N,", "FUTURE,").replace("2015 10", "2045 10"),
        good.replace("N,", "OLD,").replace("2015 09", "1901 09"),
        good.replace("N,", "VERDICT,").replace("true", "maybe"),
        good.replace("N,", "SHORT,").replace(",true", ""),
        good.replace("N,", "QUOTE,").replace(",x,", ",\"x,"),
        good.replace("N,", &format!("{},", "L".repeat(201))),
        good.replace("N,", "LAST,"),
    ];
    let report = import(
        &test,
        &log_map(),
        format!("{HEADER}{}", rows.concat()).as_bytes(),
    )
    .await
    .unwrap();
    let told: Vec<String> = report
        .remarks
        .iter()
        .map(|r| {
            let id = r.external_id.as_deref().unwrap_or("-");
            format!("{} {} {id}: {}", r.row, r.remark.as_str(), r.reason)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    2 rejected -: the row has no external id
    3 rejected BADDATE: "31/2/2015 10:00" is not a date and time of the form %d/%m/%Y %H:%M
    4 rejected NOOPENING: the row does not say when the ticket was opened
    5 rejected STATE: unknown status "Wild": the map knows -100, Active, Closed, New, Resolved, Waiting; add it under [status.values], or say `when_unknown`
    6 rejected PRIO: unknown severity "9": the map knows 1, 3; add it under [severity.values], or say `when_unknown`
    7 rejected FUTURE: "2/3/2045 10:00" is in the future
    8 rejected OLD: the time of the opening: "2/3/1901 09:30" is before 1970: such a date stands for none
    9 noted VERDICT: "maybe" is no verdict that the map knows for made_sla: it is not compared
    10 rejected -: the row has 13 columns, the header has 14
    11 rejected -: a quote is opened and never closed
    12 rejected -: the external id has 201 characters; at most 200 can be kept
    "#);
    let subjects: Vec<String> = tickets(&test)
        .await
        .into_iter()
        .map(|stored| stored.ticket.subject)
        .collect();
    assert_eq!(subjects, ["GOOD: x", "VERDICT: x", "LAST: x"]);
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_says_why() {
    let test = TestApp::start("mainstay").await;
    let packed = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let whole = packed(format!("{HEADER}{INCIDENT}").as_bytes());
    let mut told = Vec::new();
    for file in [
        &b""[..],
        b"PK\x03\x04",
        b"number,status\n1,New\n",
        b"[1,",
        b"{\"a\": [{}], \"b\": [{}]}",
        &whole[..whole.len() / 2],
    ] {
        told.push(
            import(&test, &log_map(), file)
                .await
                .unwrap_err()
                .to_string(),
        );
    }
    insta::assert_snapshot!(told.join("\n--\n"), @r#"
    the file is empty.
    --
    the file is a ZIP archive, as an Excel workbook is: unpack it, or save the sheet as CSV.
    --
    log.toml:13:11: the file has no column "about"; it has number, status
       |
    13 | subject = "{number}: {about}"
       |           ^^^^^^^^^^^^^^^^^^^
    --
    the file is not JSON: EOF while parsing a value at line 1 column 3. Nothing was brought in.
    --
    the object holds several arrays: say which with `records` in the map, one of a, b.
    --
    the compressed file cannot be unpacked (incomplete deflate stream): it is damaged, or its end is missing. Nothing was brought in; fetch the file again.
    "#);
    assert!(
        tickets(&test).await.is_empty(),
        "nothing of such a file is brought in"
    );
    let report = import(&test, &log_map(), &whole).await.unwrap();
    assert_eq!(report.imported, 1, "the whole of it can be read");
    test.run_due().await;
    test.finish().await;
}

#[test]
fn a_mistake_in_a_map_is_shown_where_it_stands() {
    let wrong = [
        LOG.replace("missing =", "mising ="),
        LOG.replace("America/Sao_Paulo", "Sao_Paulo/America"),
        LOG.replace("%d/%m/%Y %H:%M", "dd/mm/yyyy"),
        LOG.replace("\"{number}: {about}\"", "\"{number: about\""),
        LOG.replace("external_id = \"{number}\"\n", ""),
        LOG.replace("{ ignore = \"no state\" }", "{ reject = \"no state\" }"),
        LOG.replace("\"helpdesk\"", "\"help desk\""),
        LOG.replace("missing = [", "missing = "),
    ];
    let told: Vec<String> = wrong
        .iter()
        .map(|text| ImportMap::parse("log.toml", text).unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    log.toml:3:1: unknown field `mising`, expected one of `name`, `description`, `format`, `records`, `delimiter`, `encoding`, `missing`, `time_zone`, `date_formats`, `ticket`, `events`, `account`, `contact`, `team`, `assignee`, `status`, `severity`, `category`, `channel`, `tier`, `fields`, `field_list`, `compare`
      |
    3 | mising = ["?"]
      | ^^^^^^

    log.toml:4:13: "Sao_Paulo/America" is not a time zone: expected an IANA name such as "Europe/Berlin" or "UTC"
      |
    4 | time_zone = "Sao_Paulo/America"
      |             ^^^^^^^^^^^^^^^^^^^

    log.toml:5:16: "dd/mm/yyyy" is not a form of dates: expected "rfc3339", "unix-seconds", "unix-milliseconds" or a pattern such as "%d/%m/%Y %H:%M" that names a day
      |
    5 | date_formats = ["dd/mm/yyyy"]
      |                ^^^^^^^^^^^^^^

    log.toml:13:11: `{` is not closed in "{number: about"
       |
    13 | subject = "{number: about"
       |           ^^^^^^^^^^^^^^^^

    log.toml:11:1: missing field `external_id`
       |
    11 | [ticket]
       | ^^^^^^^^

    log.toml:41:10: expected { ignore = "why" }
       |
    41 | "-100" = { reject = "no state" }
       |          ^^^^^^^^^^^^^^^^^^^^^^^

    log.toml:2:8: "help desk" is not a name: expected 1 to 60 letters, digits, hyphens and underscores
      |
    2 | name = "help desk"
      |        ^^^^^^^^^^^

    log.toml:3:14: unexpected key or value, expected newline, `#`
      |
    3 | missing = "?"]
      |              ^
    "#);
}

#[tokio::test]
async fn a_map_that_does_not_fit_the_file_or_the_policy_is_refused() {
    let test = TestApp::start("mainstay").await;
    let log = format!("{HEADER}{INCIDENT}");
    let mut told = Vec::new();
    for text in [
        LOG.replace("{about}", "{abuot}"),
        LOG.replace("\"Standard\"", "\"Gold\""),
        LOG.replace("\"1\" = \"P1\"", "\"1\" = \"P0\""),
        LOG.replace("\"pending_customer\"", "\"waiting\""),
    ] {
        let map = ImportMap::parse("log.toml", &text).unwrap();
        told.push(
            import(&test, &map, log.as_bytes())
                .await
                .unwrap_err()
                .to_string(),
        );
    }
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    log.toml:13:11: the file has no column "abuot"; did you mean "about"?
       |
    13 | subject = "{number}: {abuot}"
       |           ^^^^^^^^^^^^^^^^^^^

    log.toml:30:8: there is no tier "Gold" here: expected one of Enterprise, Professional, Standard, Starter
       |
    30 | from = "Gold"
       |        ^^^^^^
      Say which tier to take with --tier.

    log.toml:47:7: there is no severity "P0" here: expected one of P1, P2, P3, P4
       |
    47 | "1" = "P0"
       |       ^^^^

    log.toml:38:11: there is no status "waiting" here: expected one of new, open, pending_customer, on_hold, resolved, closed, waiting_for_engineering, waiting_for_third_party
       |
    38 | Waiting = "waiting"
       |           ^^^^^^^^^
    "#);
    test.finish().await;
}

#[tokio::test]
async fn other_encodings_are_read_where_the_map_names_them() {
    let test = TestApp::start("mainstay").await;
    let mut file = format!("{HEADER}{}", INCIDENT.replace("printer", "impress*")).into_bytes();
    for byte in &mut file {
        if *byte == b'*' {
            *byte = 0xe3;
        }
    }
    let report = import(&test, &log_map(), &file).await.unwrap();
    assert_eq!((report.tickets, report.count(Remark::Rejected)), (0, 7));
    let map = format!("encoding = \"latin-1\"\n{LOG}");
    let map = ImportMap::parse("log.toml", &map).unwrap();
    import(&test, &map, &file).await.unwrap();
    assert_eq!(tickets(&test).await[0].ticket.subject, "INC1: impressã");
    test.run_due().await;
    test.finish().await;
}

const ZENDESK: &str = r#"{"count": 4, "end_of_stream": true, "tickets": [
  {"id": 7, "subject": "Printer on fire", "description": "It burns.", "status": "closed", "priority": "urgent",
   "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-06T12:00:00+01:00", "requester_id": 1, "submitter_id": 2,
   "assignee_id": 3, "organization_id": 4, "group_id": 5, "tags": ["enterprise", "VIP"], "due_at": null,
   "custom_fields": [{"id": 27642, "value": "745"}, {"id": 27648, "value": null}], "via": {"channel": "web"},
   "satisfaction_rating": {"score": "good", "comment": "Great!"}},
  {"id": 8, "subject": null, "raw_subject": "raw", "status": "pending", "priority": null,
   "created_at": "2026-02-05T10:00:00Z", "updated_at": "2026-02-05T11:00:00Z", "requester_id": 1,
   "organization_id": 4, "via": {"channel": "carrier pigeon"}},
  {"id": 9, "status": "deleted", "created_at": "2026-02-05T10:00:00Z"},
  {"id": 7, "subject": "again", "status": "open", "created_at": "2026-02-05T10:00:00Z"},
  "no object"
]}"#;

#[tokio::test]
async fn a_zendesk_export_is_brought_in() {
    let test = TestApp::start("mainstay").await;
    let map = ImportMap::builtin("zendesk-tickets").unwrap();
    let report = import(&test, &map, ZENDESK.as_bytes()).await.unwrap();
    let told: Vec<String> = report
        .remarks
        .iter()
        .map(|r| format!("{} {}: {}", r.row, r.remark.as_str(), r.reason))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    3 ignored: the ticket was deleted in Zendesk
    4 rejected: row 1 has the same external id
    5 rejected: this is not a JSON object
    ");
    let found = tickets(&test).await;
    assert_eq!(found.len(), 2);
    let ticket = &found[0].ticket;
    insta::assert_snapshot!(tell(&test.ledger(ticket.id).await), @r"
    2026-01-05T10:00:00Z opened P1 new by portal
    2026-01-05T10:00:00Z message_added
    2026-01-05T10:07:30Z clock_warned first_response
    2026-01-05T10:12:00Z clock_warned first_response
    2026-01-05T10:15:00Z clock_missed first_response
    2026-01-05T10:24:00Z clock_warned update
    2026-01-05T10:30:00Z clock_missed update
    2026-01-05T12:00:00Z clock_warned resolution
    2026-01-05T13:00:00Z clock_warned resolution
    2026-01-05T14:00:00Z clock_missed resolution
    2026-01-06T11:00:00Z status_changed closed
    2026-01-06T11:00:00Z field_changed satisfaction = good
    2026-01-06T11:00:00Z field_changed satisfaction_comment = Great!
    2026-01-06T11:00:00Z field_changed zendesk_27642 = 745
    2026-01-06T11:00:00Z field_changed zendesk_id = 7
    2026-01-06T11:00:00Z field_changed zendesk_submitter = 2
    ");
    assert_eq!(
        ticket.facts.terms.tier.as_ref().unwrap().as_str(),
        "Enterprise"
    );
    assert_eq!(
        ticket
            .facts
            .tags
            .iter()
            .map(|tag| tag.as_str())
            .collect::<Vec<_>>(),
        ["enterprise", "vip"]
    );
    let fields: Vec<String> = ticket
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    insta::assert_snapshot!(fields.join("\n"), @r"
    satisfaction=good
    satisfaction_comment=Great!
    zendesk_27642=745
    zendesk_id=7
    zendesk_submitter=2
    ");
    let reader = test.app.store().read();
    let said = message::of_ticket(&reader, Scope::Everything, ticket.id)
        .await
        .unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].text, "It burns.");
    let asker = contact::find(&reader, ticket.contact.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(asker.name, "Zendesk user 1");
    assert_eq!(
        found[1].ticket.facts.status.name.as_str(),
        "pending_customer"
    );
    assert_eq!(found[1].ticket.subject, "raw");
    for stored in &found {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_check_writes_nothing_and_an_agent_may_not_import() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), format!("{HEADER}{INCIDENT}"));
    let options = ImportOptions {
        mode: ImportMode::Check,
        ..ImportOptions::default()
    };
    let caller = Caller::machine();
    let report = test
        .app
        .import_tickets(&caller, &map, log.as_bytes(), &options, |_| {}, || false)
        .await
        .unwrap();
    assert_eq!((report.tickets, report.imported, report.left), (1, 0, 1));
    assert_eq!(ledger::count(&test.app.store().read()).await.unwrap(), 0);
    let account = test.account("Acme", "Standard").await;
    let nobody = test.contact_of(account);
    let refused = test
        .app
        .import_tickets(&nobody, &map, log.as_bytes(), &options, |_| {}, || false)
        .await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    test.finish().await;
}

#[test]
fn no_bytes_are_too_strange() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(TestApp::start("mainstay"));
    let map = log_map();
    let zendesk = ImportMap::builtin("zendesk-tickets").unwrap();
    let log = synthetic_log(3);
    let edits = proptest::collection::vec((0..log.len(), any::<u8>()), 0..12);
    proptest!(ProptestConfig::with_cases(96), |(edits in edits, noise in proptest::collection::vec(any::<u8>(), 0..200))| {
        let mut file = log.clone().into_bytes();
        for (place, byte) in edits {
            file[place] = byte;
        }
        runtime.block_on(async {
            let _ = import(&test, &map, &noise).await;
            let _ = import(&test, &zendesk, &noise).await;
            if let Ok(report) = import(&test, &map, &file).await {
                // Nothing is lost without a word: each ticket is there, or a row says why not.
                assert_eq!(report.imported + report.known, report.tickets);
            }
        });
    });
    runtime.block_on(async {
        test.run_due().await;
        test.finish().await;
    });
}

/// The incident log that is described in `docs/import.md`; only its first incidents, so that the test is short.
#[tokio::test]
async fn the_first_incidents_of_a_real_log_are_brought_in() {
    let Some(folder) = std::env::var_os("MAINSTAY_TEST_DATA") else {
        assert!(
            std::env::var_os("MAINSTAY_REQUIRE_ALL").is_none_or(|value| value != "1"),
            "MAINSTAY_TEST_DATA is not set, and MAINSTAY_REQUIRE_ALL=1 wants every test run"
        );
        eprintln!(
            "skipped: the log is absent; set MAINSTAY_TEST_DATA to the folder that holds `tickets`"
        );
        return;
    };
    let path = std::path::Path::new(&folder).join("tickets/incident_event_log.csv.gz");
    let test = TestApp::start("mainstay").await;
    let map = ImportMap::builtin("servicenow-incidents").unwrap();
    let options = ImportOptions {
        limit: Some(2_000),
        ..ImportOptions::default()
    };
    let file = std::fs::File::open(&path).unwrap();
    let caller = Caller::machine();
    let report = test
        .app
        .import_tickets(&caller, &map, file, &options, |_| {}, || false)
        .await
        .unwrap();
    assert_eq!(
        (report.rows, report.tickets, report.imported),
        (119_998, 20_769, 2_000)
    );
    assert_eq!(
        (
            report.count(Remark::Rejected),
            report.count(Remark::Ignored)
        ),
        (0, 2)
    );
    let comparison = report.comparison.unwrap();
    let judged = comparison.theirs_met.total() + comparison.theirs_missed.total();
    assert_eq!(judged, 2_000);
    assert_eq!(
        comparison.theirs_met.none + comparison.theirs_missed.none,
        0,
        "every incident is promised something"
    );
    let found = tickets(&test).await;
    for stored in found.iter().step_by(97) {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}
