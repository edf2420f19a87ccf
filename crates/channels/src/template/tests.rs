use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn facts() -> Json {
    json!({
        "ticket": {"number": 7, "subject": "Printer", "severity": "P1"},
        "contact": {"name": "Zoë", "email": "zoe@customer.example"},
        "due": "10:30",
        "replies": [{"by": "Ana", "text": "On it"}],
    })
}

fn template(subject: &str, text: &str, html: Option<&str>) -> MessageTemplate {
    MessageTemplate {
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: html.map(ToOwned::to_owned),
    }
}

fn one(language: Language, text: &str) -> Templates {
    let mut templates = Templates::new();
    templates
        .add("received", language, template("s", text, None))
        .unwrap();
    templates
}

fn error(text: &str) -> String {
    match one(Language::English, text).render("received", Language::English, &facts()) {
        Ok(message) => panic!("rendered {message:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_language_has_its_own_text_and_falls_back_to_english() {
    let mut templates = one(Language::English, "Dear {{ contact.name }}");
    templates
        .add(
            "received",
            Language::Spanish,
            template("s", "Hola, {{ contact.name }}", None),
        )
        .unwrap();
    let text = |language| {
        let message = templates.render("received", language, &facts()).unwrap();
        (message.text, message.language)
    };
    assert_eq!(
        text(Language::Spanish),
        ("Hola, Zoë".to_owned(), Language::Spanish)
    );
    assert_eq!(
        text(Language::Portuguese),
        ("Dear Zoë".to_owned(), Language::English)
    );
    assert_eq!(templates.names().count(), 2);
}

#[test]
fn languages_are_known_by_their_codes() {
    assert_eq!(Language::from_code("pt-BR"), Some(Language::Portuguese));
    assert_eq!(Language::from_code("ES_mx"), Some(Language::Spanish));
    assert_eq!(Language::from_code("de"), None);
    assert_eq!(Language::from_code(""), None);
}

#[test]
fn blocks_leave_no_empty_lines() {
    let text = "Replies:\n{% for reply in replies %}\n- {{ reply.by }}: {{ reply.text }}\n{% endfor %}\nDue {{ due }}\n";
    let message = one(Language::English, text)
        .render("received", Language::English, &facts())
        .unwrap();
    assert_eq!(message.text, "Replies:\n- Ana: On it\nDue 10:30\n");
}

#[test]
fn a_subject_stays_on_one_line() {
    let mut templates = Templates::new();
    templates
        .add(
            "t",
            Language::English,
            template("Re: {{ ticket.subject }}\n", "x", None),
        )
        .unwrap();
    let facts = json!({"ticket": {"subject": "a\r\nBcc: all@customer.example"}});
    let message = templates.render("t", Language::English, &facts).unwrap();
    assert_eq!(message.subject, "Re: a Bcc: all@customer.example");
}

#[test]
fn unknown_variables_are_named_with_their_line_and_a_suggestion() {
    insta::assert_snapshot!(error("Hello\n#{{ ticket.nmber }}"), @"template `received` (en, text), line 2: `ticket.nmber` is not known here; did you mean `ticket.number`?");
    insta::assert_snapshot!(error("{{ tiket.number }}"), @"template `received` (en, text), line 1: `tiket.number` is not known here; did you mean `ticket.number`?");
    insta::assert_snapshot!(error("{{ contact.phone }}"), @"template `received` (en, text), line 1: `contact.phone` is not known here; known are `contact.email`, `contact.name`");
    insta::assert_snapshot!(error("a\nb\n{{ contact.nme | upper }}"), @"template `received` (en, text), line 3: `contact.nme` is not known here; did you mean `contact.name`?");
    insta::assert_snapshot!(error("{{ 'by ' ~ deu }}"), @"template `received` (en, text), line 1: `deu` is not known here; did you mean `due`?");
    insta::assert_snapshot!(error("{% for reply in repleis %}{{ reply }}{% endfor %}"), @"template `received` (en, text), line 1: `repleis` is not known here; did you mean `replies`?");
    insta::assert_snapshot!(error("{% for reply in replies %}{{ reply.txt }}{% endfor %}"), @"template `received` (en, text), line 1: `reply.txt` is not known here");
    insta::assert_snapshot!(error("{% if ticket.sevrity == 'P1' %}!{% endif %}"), @"template `received` (en, text), line 1: `ticket.sevrity` is not known here; did you mean `ticket.severity`?");
}

#[test]
fn other_mistakes_say_where_they_are() {
    insta::assert_snapshot!(error("{{ due | uper }}"), @"template `received` (en, text), line 1: filter uper is unknown");
    insta::assert_snapshot!(error("{{ due | safe }}"), @"template `received` (en, text), line 1: filter safe is unknown");
    insta::assert_snapshot!(error("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"), @"template `received` (en, text), line 1: it takes too many steps; look for a loop that does not end");
    let mut templates = Templates::new();
    let mut add = |text: &str, html: Option<&str>| {
        let added = templates.add("received", Language::Spanish, template("s", text, html));
        added.unwrap_err().to_string()
    };
    insta::assert_snapshot!(add("one\n{% if due %}", None), @"template `received` (es, text), line 2: unexpected end of input, expected end of block");
    insta::assert_snapshot!(add("x", Some("<p>\n{%- autoescape false %}{{ due }}{% endautoescape %}")), @"template `received` (es, html), line 2: `autoescape` is not allowed; a template stands alone, and what is filled into HTML is always escaped");
    insta::assert_snapshot!(add("x", Some("{% include 'received/es/text' %}")), @"template `received` (es, html), line 1: `include` is not allowed; a template stands alone, and what is filled into HTML is always escaped");
}

#[test]
fn a_missing_template_is_named() {
    let templates = one(Language::Spanish, "x");
    let error = |name| {
        templates
            .render(name, Language::Portuguese, &facts())
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error("recieved"), @"template `recieved`: there is no such template; did you mean `received`?");
    insta::assert_snapshot!(error("received"), @"template `received`: it is not there in `pt` nor in `en`; add it in English, which all languages fall back to");
}

#[test]
fn a_pack_is_checked_as_a_whole() {
    let mut templates = one(Language::English, "{{ due }}");
    templates
        .add(
            "a",
            Language::English,
            template("{{ x }}", "{{ due }}", Some("{{ y }}")),
        )
        .unwrap();
    let errors: Vec<String> = templates
        .check(&facts())
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @r"
    template `a` (en, subject), line 1: `x` is not known here; known are `contact`, `due`, `replies`, `ticket`
    template `a` (en, html), line 1: `y` is not known here; known are `contact`, `due`, `replies`, `ticket`
    ");
}

#[test]
fn html_keeps_lines_and_escapes_what_is_filled_in() {
    let mut templates = Templates::new();
    let html = "<p>{{ message | lines }}</p><b title=\"{{ message }}\">";
    templates
        .add(
            "t",
            Language::English,
            template("s", "{{ message }}", Some(html)),
        )
        .unwrap();
    let facts = json!({"message": "a <b>\n\"c\""});
    let message = templates.render("t", Language::English, &facts).unwrap();
    assert_eq!(message.text, "a <b>\n\"c\"");
    insta::assert_snapshot!(message.html.unwrap(), @r#"
    <p>a &lt;b&gt;<br>
    &quot;c&quot;</p><b title="a &lt;b&gt;
    &quot;c&quot;">
    "#);
}

proptest! {
    #[test]
    fn nothing_filled_into_html_becomes_markup(value in "[<>\"'&a\n/=]{0,30}") {
        let mut templates = Templates::new();
        let html = "{% macro m(x) %}{{ x }}{% endmacro %}{% set s %}{{ v }}{% endset %}\
            {{ v }}{{ v | lines }}{{ m(v) }}{{ s }}{{ v | upper }}{{ [v] | join(v) }}{{ v ~ v }}{{ {'k': v} }}";
        templates.add("t", Language::English, template("s", "x", Some(html))).unwrap();
        let rendered = templates.render("t", Language::English, &json!({"v": value})).unwrap();
        let html = rendered.html.unwrap().replace("<br>", "");
        prop_assert!(!html.contains(['<', '>', '\'']), "{}", html);
    }

    #[test]
    fn no_template_makes_it_panic(source in "(\\{\\{|\\}\\}|\\{%|%\\}|due|ticket|\\.|\\||for|in|if|end| |\n|x){0,20}") {
        let mut templates = Templates::new();
        if templates.add("t", Language::English, template("s", &source, None)).is_ok() {
            let _ = templates.render("t", Language::English, &facts());
        }
    }
}
