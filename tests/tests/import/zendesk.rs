//! Exports of other systems: their forms and their encodings.

use mainstay_app::import::{ImportMap, Remark};

use mainstay_domain::ticket::Scope;

use mainstay_store::{contact, message};
use mainstay_tests::TestApp;

use crate::log::{HEADER, INCIDENT, LOG, assert_cache_is_fold, import, log_map, tell, tickets};

pub const ZENDESK: &str = r#"{"count": 4, "end_of_stream": true, "tickets": [
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

const ZENDESK_CSV: &str = "\u{feff}Summation column,Id,Requester,Requester id,Requester email,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Organization,Due date,Solved at,Satisfaction Score\r\n1,7,Eva Roth,11,eva@acme.example,Tim Berg,Support,Printer on fire,vip urgent,Solved,Urgent,Mail,Incident,2026-01-05 10:00,2026-01-06 12:00,Acme,-,2026-01-05 11:00,Good\r\n1,8,Eva Roth,11,eva@acme.example,-,-,-,,On-hold,-,Carrier pigeon,-,2026-02-05 10:00:00,2026-02-05 11:00:00,-,-,-,-\r\n1,9,Eva Roth,11,eva@acme.example,-,-,Door,,Closed,Low,Web form,-,2026-02-05 10:00,2026-02-06 10:00,Acme,-,2026-02-04 10:00,-\r\n";

#[tokio::test]
async fn a_zendesk_view_is_brought_in() {
    let test = TestApp::start("mainstay").await;
    let map = ImportMap::builtin("zendesk-csv").unwrap();
    let report = import(&test, &map, ZENDESK_CSV.as_bytes()).await.unwrap();
    let told: Vec<String> = report
        .remarks
        .iter()
        .map(|r| format!("{} {}: {}", r.row, r.remark.as_str(), r.reason))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"3 noted: the time of the resolution is before the opening: the opening is taken for it");
    let found = tickets(&test).await;
    let seen: Vec<String> = found
        .iter()
        .map(|stored| {
            let facts = &stored.ticket.facts;
            format!(
                "{}: {} {}, account {}, assigned {}",
                stored.ticket.subject,
                facts.severity,
                facts.status.name,
                facts.account.is_some(),
                facts.assignee.is_some(),
            )
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"), @r"
    Printer on fire: P1 resolved, account true, assigned true
    Ticket 8: P3 on_hold, account false, assigned false
    Door: P4 closed, account true, assigned false
    ");
    for stored in &found {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn the_export_of_all_data_names_people() {
    let test = TestApp::start("mainstay").await;
    let map = ImportMap::builtin("zendesk-tickets").unwrap();
    let line = r#"{"id": 7, "subject": "Printer", "status": "solved", "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-09T10:00:00Z", "requester": {"id": 1, "name": "Eva Roth", "email": "eva@acme.example"}, "organization": {"id": 4, "name": "Acme"}, "metric_set": {"solved_at": "2026-01-05T11:00:00Z"}}"#;
    let other = line.replace("\"id\": 7", "\"id\": 8");
    import(&test, &map, format!("{line}\n{other}\n").as_bytes())
        .await
        .unwrap();
    let ticket = &tickets(&test).await[0].ticket;
    let reader = test.app.store().read();
    let asker = contact::find(&reader, ticket.contact.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(asker.name, "Eva Roth");
    assert!(
        tell(&test.ledger(ticket.id).await)
            .contains("2026-01-05T11:00:00Z status_changed resolved")
    );
    test.run_due().await;
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
