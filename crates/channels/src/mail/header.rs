//! Header fields: unfolding, encoded words (RFC 2047), parameters (RFC 2045, RFC 2231) and message ids.

use super::{charset, transfer};

/// One header field as it stands in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as written.
    pub name: String,
    /// The value, unfolded, its encoded words not yet decoded.
    pub value: String,
}

/// The header fields of a message or of one of its parts, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<Field>,
}

impl Headers {
    /// Adds a field at the end; `value` is what follows the colon, still folded.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let value = charset::decode_unlabelled(value);
        self.fields.push(Field {
            name: String::from_utf8_lossy(name).trim().to_owned(),
            value: unfold(&value).trim().to_owned(),
        });
    }

    /// All fields in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The value of the first field called `name`, its encoded words not yet decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    /// The values of all fields called `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    /// The text of the first field called `name`, its encoded words decoded, runs of white space collapsed.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| collapse(&decode_words(value)))
    }
}

/// Runs of white space become one space; none at either end.
pub fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Decodes the encoded words of a header value (RFC 2047).
///
/// White space between two encoded words is dropped, and neighbours of one character set are joined before they are
/// decoded: many senders cut a character in two.
pub fn decode_words(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let mut decoded = String::with_capacity(value.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let Some(word) = EncodedWord::at_start(&rest[start..]) else {
            flush(&mut pending, &mut decoded);
            decoded.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        if pending.is_none() || !between.trim().is_empty() {
            flush(&mut pending, &mut decoded);
            decoded.push_str(between);
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => {
                flush(&mut pending, &mut decoded);
                pending = Some((word.charset.to_owned(), word.bytes));
            }
        }
        rest = &rest[start + word.length..];
    }
    flush(&mut pending, &mut decoded);
    decoded.push_str(rest);
    decoded
}

/// The message ids of a `Message-ID`, `In-Reply-To` or `References` value, without angle brackets. One whose bracket is not
/// closed ends where the next one begins.
pub fn message_ids(value: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find(['<', '>']).unwrap_or(after.len());
        let id: String = after[..end]
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        if !id.is_empty() {
            ids.push(id);
        }
        rest = after[end..].trim_start_matches('>');
    }
    if ids.is_empty() && !value.contains('<') {
        ids.extend(
            value
                .split(|c: char| c.is_whitespace() || ",>".contains(c))
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
        );
    }
    ids
}

/// A value with parameters, such as that of `Content-Type`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameterised {
    /// The value before the first semicolon, in lower case.
    pub value: String,
    /// The parameters by lower-case name, continuations joined and character sets decoded (RFC 2231).
    pub parameters: Vec<(String, String)>,
}

impl Parameterised {
    /// Reads a value with parameters.
    pub fn parse(text: &str) -> Self {
        let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        let value = value.split_whitespace().next().unwrap_or_default();
        Self {
            value: value.to_ascii_lowercase(),
            parameters: join_continuations(split_parameters(rest)),
        }
    }

    /// The parameter called `name` (in lower case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

struct EncodedWord<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    length: usize,
}

impl<'a> EncodedWord<'a> {
    fn at_start(text: &'a str) -> Option<Self> {
        let inner = text.strip_prefix("=?")?;
        let charset_end = inner.find('?')?;
        let charset = &inner[..charset_end];
        if charset.is_empty() || charset.len() > 60 || charset.contains(char::is_whitespace) {
            return None;
        }
        let after = &inner[charset_end + 1..];
        let encoding = after.bytes().next()?.to_ascii_lowercase();
        let encoded = after.get(1..)?.strip_prefix('?')?;
        // A word ends at the first "?=", but "=?=" may be an encoded "=" cut short: the Q text "?=3D" holds none.
        let end = encoded.find("?=")?;
        let bytes = match encoding {
            b'b' => transfer::base64(&encoded.as_bytes()[..end]),
            b'q' => transfer::q_word(&word_bytes(&encoded[..end], charset)),
            _ => return None,
        };
        Some(Self {
            // A language may follow the character set (RFC 2231, section 5).
            charset: charset.split('*').next().unwrap_or(charset),
            bytes,
            length: 2 + charset_end + 1 + 2 + end + 2,
        })
    }
}

/// The bytes of a Q word. Characters beyond ASCII do not belong there, but senders put the plain bytes of the character
/// set there all the same; when the header was decoded they became the characters of the same number.
fn word_bytes(text: &str, charset: &str) -> Vec<u8> {
    let is_utf8 = charset.to_ascii_lowercase().starts_with("utf");
    if text.is_ascii() || is_utf8 {
        return text.as_bytes().to_vec();
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, decoded: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        decoded.push_str(&charset::decode(&bytes, Some(&charset)));
    }
}

fn unfold(value: &str) -> String {
    value.chars().filter(|c| *c != '\r' && *c != '\n').collect()
}

/// A parameter before its continuations are joined.
struct Raw {
    name: String,
    value: String,
}

fn split_parameters(text: &str) -> Vec<Raw> {
    let mut parameters = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace() || *c == ';').is_some() {}
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && *c != ';') {
            name.push(c);
        }
        if chars.next_if_eq(&'=').is_none() {
            if chars.peek().is_none() {
                return parameters;
            }
            continue;
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut value = String::new();
        if chars.next_if_eq(&'"').is_some() {
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(chars.next()),
                    c => value.push(c),
                }
            }
            while chars.next_if(|c| *c != ';').is_some() {}
        } else {
            while let Some(c) = chars.next_if(|c| *c != ';') {
                value.push(c);
            }
            value = value.trim().to_owned();
        }
        let name = name.trim().to_ascii_lowercase();
        if !name.is_empty() && parameters.len() < 200 {
            parameters.push(Raw { name, value });
        }
    }
}

fn join_continuations(raw: Vec<Raw>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    let mut sections: Vec<(String, Vec<Section>)> = Vec::new();
    for Raw { name, value } in raw {
        match Section::parse(&name, value) {
            Err(value) => {
                if !joined.iter().any(|(known, _)| *known == name) {
                    joined.push((name, decode_words(&value)));
                }
            }
            Ok((base, section)) => match sections.iter_mut().find(|(known, _)| *known == base) {
                Some((_, list)) => list.push(section),
                None => sections.push((base, vec![section])),
            },
        }
    }
    for (base, mut list) in sections {
        list.sort_by_key(|section| section.number);
        let value = Section::join(&list);
        match joined.iter_mut().find(|(known, _)| *known == base) {
            // The extended form is the richer one when a sender gives both.
            Some((_, known)) => *known = value,
            None => joined.push((base, value)),
        }
    }
    joined
}

/// One piece of a parameter that RFC 2231 splits or encodes.
struct Section {
    number: u32,
    encoded: bool,
    value: String,
}

impl Section {
    /// Reads `name*`, `name*0` or `name*0*`; gives the value back when the name is a plain one.
    fn parse(name: &str, value: String) -> Result<(String, Self), String> {
        let Some((base, rest)) = name.split_once('*') else {
            return Err(value);
        };
        let (number, encoded) = match rest.strip_suffix('*') {
            Some(number) => (number, true),
            None => (rest, rest.is_empty()),
        };
        let number = if number.is_empty() {
            0
        } else if let Ok(number) = number.parse() {
            number
        } else {
            return Err(value);
        };
        Ok((
            base.to_owned(),
            Self {
                number,
                encoded,
                value,
            },
        ))
    }

    fn join(sections: &[Self]) -> String {
        let mut charset = None;
        let mut bytes = Vec::new();
        for (index, section) in sections.iter().enumerate() {
            let mut value = section.value.as_str();
            if section.encoded {
                if index == 0
                    && let Some((label, rest)) = value.split_once('\'')
                {
                    charset = Some(label.to_owned()).filter(|label| !label.is_empty());
                    value = rest.split_once('\'').map_or(rest, |(_, text)| text);
                }
                bytes.extend(percent_decode(value));
            } else {
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        decode_words(&charset::decode(&bytes, charset.as_deref()))
    }
}

fn percent_decode(value: &str) -> Vec<u8> {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escape = bytes
            .get(index + 1..index + 3)
            .filter(|_| bytes[index] == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escape {
            decoded.push(byte);
            index += 3;
        } else {
            decoded.push(bytes[index]);
            index += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_encoded_words() {
        assert_eq!(
            decode_words("=?UTF-8?B?R3LDvMOfZQ==?= an =?iso-8859-1?Q?J=FCrgen?="),
            "Grüße an Jürgen"
        );
        // One character cut in two by its sender.
        assert_eq!(
            decode_words("=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?="),
            "Grüße"
        );
        assert_eq!(decode_words("=?gb18030?B?suLK1A==?="), "测试");
        assert_eq!(decode_words("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?="), "Grüße");
    }

    #[test]
    fn leaves_what_is_no_encoded_word() {
        for text in [
            "=?",
            "=?utf-8?",
            "=?utf-8?x?abc?=",
            "a =? b ?= c",
            "=?utf-8?q?abc",
            "=??q?abc?=",
        ] {
            assert_eq!(decode_words(text), text);
        }
    }

    #[test]
    fn joins_continued_parameters() {
        let value = Parameterised::parse(
            "attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=\".txt\"",
        );
        assert_eq!(value.value, "attachment");
        assert_eq!(value.get("filename"), Some("Grüße.txt"));
    }

    #[test]
    fn reads_parameters_leniently() {
        let value =
            Parameterised::parse("Text/Plain ; charset = \"utf-8\" ;; name=a b.txt; broken");
        assert_eq!(value.value, "text/plain");
        assert_eq!(value.get("charset"), Some("utf-8"));
        assert_eq!(value.get("name"), Some("a b.txt"));
        assert_eq!(value.get("broken"), None);
    }

    #[test]
    fn reads_message_ids() {
        assert_eq!(
            message_ids("<a@x> <b@y>\t(comment)<c@z>"),
            ["a@x", "b@y", "c@z"]
        );
        assert_eq!(message_ids("a@x b@y"), ["a@x", "b@y"]);
        assert_eq!(message_ids("<a@x"), ["a@x"]);
        assert_eq!(message_ids("<a@x\t<b@y>> c@z"), ["a@x", "b@y"]);
        assert_eq!(message_ids("a@x> b@y>"), ["a@x", "b@y"]);
        assert!(message_ids("<>").is_empty());
    }
}
