//! Checks of what people fill in. Every fault is collected, so that a form can show them all at once.

use crate::error::{AppError, Fault, Result};

/// The longest name or subject, in characters.
const LONGEST_NAME: usize = 200;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 100_000;

/// The longest message that somebody writes, in bytes.
const LONGEST_MESSAGE: usize = 1_000_000;

/// Refuses a text of any number of lines that is longer than any may be.
pub(crate) fn check_text(field: &str, text: &str) -> Result<()> {
    let mut faults = Faults::default();
    faults.text(field, text);
    faults.finish()
}

/// Refuses a message that is longer than any that somebody writes.
pub(crate) fn check_message(field: &str, text: &str) -> Result<()> {
    if text.len() > LONGEST_MESSAGE {
        let detail = format!("at most {LONGEST_MESSAGE} bytes: attach what is longer as a file");
        return Err(AppError::invalid(field, detail));
    }
    Ok(())
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub(crate) fn add(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(Fault::at(field, detail));
    }

    /// Notes a fault of one entry of a list.
    pub(crate) fn add_entry(&mut self, field: &str, index: usize, detail: impl Into<String>) {
        self.0.push(Fault {
            path: vec![field.to_owned(), index.to_string()],
            detail: detail.into(),
        });
    }

    /// A name: something, not too long, on one line.
    pub(crate) fn name(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(field, "this is needed");
        } else if text.chars().count() > LONGEST_NAME {
            self.add(field, format!("at most {LONGEST_NAME} characters"));
        } else if text.chars().any(char::is_control) {
            self.add(field, "this is one line of text without control characters");
        }
    }

    /// A text of any number of lines.
    pub(crate) fn text(&mut self, field: &str, text: &str) {
        if text.len() > LONGEST_TEXT {
            self.add(field, format!("at most {LONGEST_TEXT} bytes"));
        }
    }

    /// An e-mail address.
    pub(crate) fn address(&mut self, field: &str, text: &str) {
        if !is_address(text) {
            self.add(field, not_an_address(text));
        }
    }

    /// A list of e-mail addresses.
    pub(crate) fn addresses(&mut self, field: &str, texts: &[String]) {
        for (index, text) in texts.iter().enumerate() {
            if !is_address(text) {
                self.add_entry(field, index, not_an_address(text));
            }
        }
    }

    /// A list of domains.
    pub(crate) fn domains(&mut self, field: &str, texts: &[String]) {
        for (index, text) in texts.iter().enumerate() {
            if !is_domain(text) {
                let detail = format!("{text:?} is not a domain: expected one like example.com");
                self.add_entry(field, index, detail);
            }
        }
    }

    /// A BCP 47 language tag, as far as its shape goes.
    pub(crate) fn language(&mut self, field: &str, text: &str) {
        if !is_language(text) {
            let detail = format!("{text:?} is not a language: expected a tag such as en or pt-BR");
            self.add(field, detail);
        }
    }

    /// An IANA time zone.
    pub(crate) fn time_zone(&mut self, field: &str, text: &str) {
        if jiff::tz::TimeZone::get(text).is_err() {
            let detail = format!("{text:?} is not a time zone: expected one such as Europe/Berlin");
            self.add(field, detail);
        }
    }

    /// A telephone number as E.164 writes it.
    pub(crate) fn phone(&mut self, field: &str, text: &str) {
        if !is_phone(text) {
            self.add(field, format!("{text:?} is not a telephone number: expected + and the country code, as in +34600000000"));
        }
    }

    /// The id of a member in Slack.
    pub(crate) fn slack_member(&mut self, field: &str, text: &str) {
        let is_id = text.starts_with(['U', 'W'])
            && (2..=40).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !is_id {
            self.add(field, format!("{text:?} is not a Slack member id: copy it from the person's profile, as U012AB3CD"));
        }
    }

    /// The key of a pager. It is a secret, so the fault does not repeat it.
    pub(crate) fn pager_key(&mut self, field: &str, text: &str) {
        if text.is_empty() || text.len() > 200 || !text.chars().all(|c| c.is_ascii_graphic()) {
            self.add(
                field,
                "expected a key of 1 to 200 letters, digits and signs without blanks",
            );
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// Returns [`AppError::Invalid`] with every fault.
    pub(crate) fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(AppError::Invalid(self.0))
    }
}

fn not_an_address(text: &str) -> String {
    format!("{text:?} is not an e-mail address: expected one like ana@example.com")
}

/// Whether a text is an address that mail can be sent to and that somebody can sign in with: what RFC 5321 calls a
/// mailbox, without the quoted and bracketed forms that nobody uses.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |c: char| {
        c.is_alphanumeric()
            || (!c.is_ascii() && !c.is_control())
            || "!#$%&'*+-/=?^_`{|}~.".contains(c)
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && (is_domain(domain) || domain == "localhost")
}

/// Whether a text is a telephone number in the form of ITU-T E.164: a plus, then up to 15 digits of which the first is not
/// zero.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.chars().all(|c| c.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        })
        && text.len() <= 35
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        for text in ["+34600000000", "+15005550006", "+6421000000"] {
            assert!(is_phone(text), "{text}");
        }
        for text in [
            "34600000000",
            "+0600000000",
            "+34 600",
            "+3460000000000000",
            "0034600000000",
            "",
        ] {
            assert!(!is_phone(text), "{text}");
        }
    }

    #[test]
    fn addresses() {
        for text in [
            "a@b.co",
            "o'neil+x@mail.example.com",
            "jürgen@müller.de",
            "root@localhost",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a b@c.de",
            "a@b..c",
            ".a@b.co",
            "a..b@c.de",
            "a@-b.co",
            "a\n@b.co",
            "a@b.co\r\nBcc: x@y.z",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn languages() {
        assert!(
            ["en", "pt-BR", "zh-Hant-TW"]
                .iter()
                .all(|text| is_language(text))
        );
        assert!(
            ["", "e", "english", "en_US", "en-"]
                .iter()
                .all(|text| !is_language(text))
        );
    }

    #[test]
    fn every_fault_is_collected_with_its_place() {
        let mut faults = Faults::default();
        faults.name("name", " ");
        faults.addresses("addresses", &["a@b.co".into(), "no".into()]);
        faults.time_zone("time_zone", "Mars/Olympus");
        let error = faults.finish().unwrap_err().to_string();
        insta::assert_snapshot!(error, @r#"name: this is needed; addresses.1: "no" is not an e-mail address: expected one like ana@example.com; time_zone: "Mars/Olympus" is not a time zone: expected one such as Europe/Berlin"#);
    }
}
