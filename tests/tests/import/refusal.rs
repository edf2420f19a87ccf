//! What cannot be brought in says why.

use mainstay_app::import::{ImportMap, ImportMode, ImportOptions};
use mainstay_app::{AppError, Caller};

use mainstay_store::ledger;
use mainstay_tests::TestApp;
use proptest::prelude::*;

use crate::log::{HEADER, INCIDENT, LOG, import, log_map, synthetic_log, tickets};

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
        good.replace("N,", "CUT,").replace("true\n", "tru"),
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
    14 noted CUT: "tru" is no verdict that the map knows for made_sla: it is not compared
    14 noted CUT: the file ends without a line end: if it was cut off, this row's last value is cut too, and rows are missing
    "#);
    let subjects: Vec<String> = tickets(&test)
        .await
        .into_iter()
        .map(|stored| stored.ticket.subject)
        .collect();
    assert_eq!(subjects, ["GOOD: x", "VERDICT: x", "LAST: x", "CUT: x"]);
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
