//! What a client may rely on in a problem document.

use super::*;

#[test]
fn a_pointer_escapes_what_json_pointers_escape() {
    let error = InputError::in_body(&["fields".into(), "a/b~c".into(), "0".into()], "x");
    assert_eq!(error.pointer.as_deref(), Some("/fields/a~1b~0c/0"));
}

#[test]
fn names_and_statuses_are_stable() {
    let table: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| format!("{} {}", kind.status().as_u16(), kind.name()))
        .collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    400 malformed
    401 unauthorised
    401 second-factor-required
    403 forbidden
    404 not-found
    405 method-not-allowed
    409 conflict
    412 changed
    413 too-large
    415 unsupported-media-type
    422 invalid
    422 key-reused
    428 precondition-required
    421 misdirected
    429 too-many
    408 too-slow
    500 broken
    500 in-doubt
    503 unavailable
    ");
}

#[test]
fn the_cause_of_a_broken_thing_stays_inside() {
    let cause: Box<dyn Error + Send + Sync> = "no such column: secret".into();
    let problem = Problem::from(AppError::broken("The store is broken", cause));
    let body = String::from_utf8(problem.render(None)).unwrap();
    assert!(!body.contains("secret"), "{body}");
}

#[test]
fn waiting_is_rounded_up() {
    assert_eq!(seconds_up(Duration::from_millis(1)), 1);
    assert_eq!(seconds_up(Duration::from_secs(2)), 2);
}
