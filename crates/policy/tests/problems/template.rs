//! What is wrong with templates.

use insta::assert_snapshot;

use crate::problems;

/// A template that asks for what messages do not have.
#[test]
fn an_unknown_variable_in_a_template() {
    assert_snapshot!(
        problems(
            "templates.toml",
            r##"
[[template]]
name = "acknowledgement"
language = "en"
subject = "[#{{ ticket.numbr }}]"
body = """
Hello {{ contact.name }},
we know about {{ weather }}.
{% if ticket.url %}{{ ticket.url }}
"""
"##
        ),
        @r##"
error: unknown variable `ticket.numbr` in a template
 --> templates.toml:4:17
  |
4 | subject = "[#{{ ticket.numbr }}]"
  |                 ^^^^^^^^^^^^ expected a variable that messages have
  = help: did you mean `ticket.number`?

error: the template does not work: syntax error: unexpected end of input, expected end of block
 --> templates.toml:6:23
  |
6 | Hello {{ contact.name }},
  |                       ^^ expected the syntax of minijinja, such as {{ ticket.number }}
"##
    );
}
