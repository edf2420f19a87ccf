//! Addresses: the lists of `From`, `To`, `Cc` and `Reply-To` (RFC 5322, section 3.4), read leniently.

use super::header::{collapse, decode_words};

/// A person or a mailbox a message names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Address {
    /// The display name, decoded; empty when the message gives none.
    pub name: String,
    /// The address in lower case.
    pub address: String,
}

/// Reads an address list. Group names and comments are left out; what is no address at all is dropped.
pub fn parse_list(value: &str) -> Vec<Address> {
    let mut reader = Reader::default();
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => reader.quoted(&mut chars),
            '(' => skip_comment(&mut chars),
            '<' => reader.angle(&mut chars),
            ',' | ';' => reader.finish(),
            ':' if !reader.phrase.contains('@') => reader.clear(),
            '\\' => reader.phrase.extend(chars.next()),
            c => reader.phrase.push(c),
        }
    }
    reader.finish();
    reader.addresses
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

#[derive(Default)]
struct Reader {
    phrase: String,
    angle: Option<String>,
    /// How much of the phrase stands before the angle bracket.
    name_end: usize,
    addresses: Vec<Address>,
}

impl Reader {
    fn quoted(&mut self, chars: &mut Chars<'_>) {
        // A quotation mark that is never closed quotes nothing.
        if !chars.clone().any(|c| c == '"') {
            return;
        }
        let text = unquoted(chars);
        if chars.peek() == Some(&'@') {
            self.phrase.push_str(&local_part(&text));
        } else {
            self.phrase.push_str(&text);
        }
    }

    fn angle(&mut self, chars: &mut Chars<'_>) {
        let mut address = String::new();
        while let Some(c) = chars.next() {
            match c {
                '>' => break,
                '(' => skip_comment(chars),
                // A second bracket opens the real address: `<John Doe <john@example.com>`.
                '<' => address.clear(),
                '"' if address.is_empty() && quotes_local_part(chars) => {
                    address = local_part(&unquoted(chars));
                }
                c if c.is_whitespace() => {}
                c => address.push(c),
            }
        }
        // An obsolete route, `@relay,@other:name@example.com`.
        if address.starts_with('@')
            && let Some((_, after)) = address.split_once(':')
        {
            address = after.to_owned();
        }
        if self.angle.as_ref().is_none_or(|known| !known.contains('@')) {
            self.angle = Some(address);
            self.name_end = self.phrase.len();
        }
    }

    fn clear(&mut self) {
        self.phrase.clear();
        self.angle = None;
    }

    fn finish(&mut self) {
        let phrase = std::mem::take(&mut self.phrase);
        let (name, address) = match self.angle.take() {
            Some(address) => (display_name(&phrase, self.name_end), address),
            None => split_bare(&phrase),
        };
        let address = without_blanks(&decode_words(address.trim_matches(['<', '>', '\'', '"'])));
        // Some programs write the link to the address in place of the address.
        let address = address
            .strip_prefix("mailto:")
            .unwrap_or(&address)
            .to_owned();
        let address = with_quotes(&address);
        if !address.is_empty() {
            self.addresses.push(Address { name, address });
        }
    }
}

/// The address in lower case. What is encoded within may be anything; no address has blanks, line ends or brackets.
fn without_blanks(address: &str) -> String {
    let is_part = |c: &char| !c.is_whitespace() && !c.is_control() && !"<>".contains(*c);
    address.to_lowercase().chars().filter(is_part).collect()
}

/// The name is what stands before the bracket; what follows it only when nothing stands before and it is no address.
fn display_name(phrase: &str, name_end: usize) -> String {
    let (before, after) = phrase.split_at(name_end);
    let name = if before.trim().is_empty() && !after.contains('@') {
        after
    } else {
        before
    };
    let name = collapse(&decode_words(name));
    name.strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
        .map(str::to_owned)
        .unwrap_or(name)
}

/// An address without angle brackets: everything around the word with the `@` is a name.
fn split_bare(phrase: &str) -> (String, String) {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    match words.iter().position(|word| word.contains('@')) {
        Some(index) if words.len() > 1 && words[index].len() > 1 => {
            let name: Vec<&str> = words
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, word)| *word)
                .collect();
            (
                collapse(&decode_words(&name.join(" "))),
                words[index].to_owned(),
            )
        }
        _ => (String::new(), words.concat()),
    }
}

/// Stand for a quotation mark and a blank of a quoted local part while an address is read, so that neither is taken for one
/// that ends it. No address holds them.
const QUOTE: char = '\u{e001}';
const BLANK: char = '\u{e002}';

/// The address with the quotation marks and blanks of its local part. Whatever else came in by their signs is left out, so
/// that nothing encoded gets a blank into an address.
fn with_quotes(address: &str) -> String {
    let quoted = address.strip_prefix(QUOTE);
    let quoted = quoted.and_then(|rest| rest.split_once(QUOTE));
    match quoted.filter(|(_, rest)| rest.starts_with('@') && !rest.contains([QUOTE, BLANK])) {
        Some((local, domain)) => {
            let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{}\"{domain}", escaped.replace(BLANK, " "))
        }
        None => address.replace([QUOTE, BLANK], ""),
    }
}

/// The text up to the closing quotation mark.
fn unquoted(chars: &mut Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// Whether what an opening quotation mark quotes is the local part of an address.
fn quotes_local_part(chars: &Chars<'_>) -> bool {
    let mut ahead = chars.clone();
    unquoted(&mut ahead);
    ahead.peek() == Some(&'@')
}

/// A quoted local part: without its quotation marks where it would be the same without them (RFC 5321, 4.1.2).
fn local_part(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_plain);
    if text.split('.').all(is_atom) {
        return text.to_owned();
    }
    let blanks = text.replace(char::is_whitespace, &BLANK.to_string());
    format!("{QUOTE}{blanks}{QUOTE}")
}

fn skip_comment(chars: &mut Chars<'_>) {
    let mut depth = 1_usize;
    while let Some(c) = chars.next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\\' => {
                chars.next();
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[(&str, &str)]) {
        let read = parse_list(value);
        let read: Vec<(&str, &str)> = read
            .iter()
            .map(|address| (address.name.as_str(), address.address.as_str()))
            .collect();
        assert_eq!(read, expected, "{value}");
    }

    #[test]
    fn reads_the_forms_of_an_address() {
        check("eva@example.com", &[("", "eva@example.com")]);
        check(
            "Eva Roth <Eva@Example.com>",
            &[("Eva Roth", "eva@example.com")],
        );
        check(
            "\"Roth, Eva\" <eva@example.com>, tim@example.com",
            &[("Roth, Eva", "eva@example.com"), ("", "tim@example.com")],
        );
        check(
            "=?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <j@example.com>",
            &[("Jürgen Groß", "j@example.com")],
        );
        check(
            "Team: eva@example.com, Tim <tim@example.com>;",
            &[("", "eva@example.com"), ("Tim", "tim@example.com")],
        );
        check("undisclosed-recipients:;", &[]);
    }

    #[test]
    fn keeps_a_quoted_local_part_whole() {
        let odd = "\"very unusual\"@example.com";
        check(odd, &[("", odd)]);
        check(
            &format!("Eva <{odd}>, tim@example.com"),
            &[("Eva", odd), ("", "tim@example.com")],
        );
        check("\"eva.roth\"@example.com", &[("", "eva.roth@example.com")]);
        check(
            "\"Roth, Eva\" <\"Eva Roth\"@example.com>",
            &[("Roth, Eva", "\"eva roth\"@example.com")],
        );
    }

    #[test]
    fn leaves_comments_and_routes_out() {
        check(
            "eva@example.com (Eva (the first) Roth)",
            &[("", "eva@example.com")],
        );
        check(
            "Eva <@relay.example.com:eva@example.com>",
            &[("Eva", "eva@example.com")],
        );
    }

    #[test]
    fn nothing_encoded_gets_blanks_or_line_ends_into_an_address() {
        check(
            "<=?utf-8?q?a=0D=0ABcc:_x?=@example.com>",
            &[("", "abcc:x@example.com")],
        );
        check("Mailer>Daemon", &[("", "mailerdaemon")]);
    }

    #[test]
    fn reads_what_is_not_closed() {
        check("Eva <eva@example.com", &[("Eva", "eva@example.com")]);
        check("\"Eva <eva@example.com>", &[("Eva", "eva@example.com")]);
        check(
            "<eva@example.com>eva@example.com",
            &[("", "eva@example.com")],
        );
        check("'Eva' <eva@example.com>", &[("Eva", "eva@example.com")]);
        check(
            "Eva <mailto:Eva@example.com>, mailto:tim@example.com",
            &[("Eva", "eva@example.com"), ("", "tim@example.com")],
        );
        check(", ,;", &[]);
    }
}
