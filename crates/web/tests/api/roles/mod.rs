//! The table of roles: every route, asked by everybody.
//!
//! `table.txt` says what each answer must be. A route that the description of the API has and the table has not fails the
//! test, and so does a line of the table without a route. Each question is put to a store in which somebody has
//! everything that a route can name; whoever changed it leaves a fresh one to the next.

mod fill;
mod question;
mod stage;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stage::Stage;
use table::{Mark, Route, Table};

/// The routes of the API's description.
fn described() -> BTreeSet<Route> {
    let description = serde_json::to_value(mainstay_web::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let mut routes = BTreeSet::new();
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys() {
            if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                routes.insert(Route::new(&method.to_uppercase(), path));
            }
        }
    }
    routes
}

#[test]
fn the_table_has_a_line_for_every_route_and_no_other() {
    let table = Table::read();
    let listed: BTreeSet<Route> = table.lines.iter().map(|line| line.route.clone()).collect();
    let described = described();
    let missing: Vec<&Route> = described.difference(&listed).collect();
    let gone: Vec<&Route> = listed.difference(&described).collect();
    assert!(missing.is_empty(), "not in roles/table.txt: {missing:#?}");
    assert!(
        gone.is_empty(),
        "in roles/table.txt, and not in the API: {gone:#?}"
    );
    assert_eq!(table.lines.len(), listed.len(), "a route has two lines");
}

/// The methods are asked apart, so that they are asked at the same time.
async fn every_cell_is_as_the_table_says(methods: &[&str]) {
    let table = Table::read();
    let mut stage = Stage::set(&table.columns).await;
    let mut wrong = String::new();
    for line in &table.lines {
        if !methods.contains(&line.route.method.as_str()) {
            continue;
        }
        let mut marks = Vec::new();
        for column in &table.columns {
            marks.push(stage.ask(column, line).await);
        }
        if marks != line.marks {
            let found: Vec<String> = marks.iter().map(Mark::to_string).collect();
            let _ = writeln!(wrong, "{}\n{}", line, line.with(&found));
        }
    }
    assert!(
        wrong.is_empty(),
        "each pair of lines is what the table says, and what the program does:\n{}\n{wrong}",
        table.head()
    );
}

#[tokio::test]
async fn whoever_reads_gets_what_the_table_says() {
    every_cell_is_as_the_table_says(&["GET"]).await;
}

#[tokio::test]
async fn whoever_posts_gets_what_the_table_says() {
    every_cell_is_as_the_table_says(&["POST"]).await;
}

#[tokio::test]
async fn whoever_changes_or_removes_gets_what_the_table_says() {
    every_cell_is_as_the_table_says(&["PUT", "PATCH", "DELETE"]).await;
}
