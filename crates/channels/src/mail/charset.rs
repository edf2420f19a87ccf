//! Bytes of a named character set to text.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes `bytes` as `label` says.
///
/// Without a label, with an unknown one, or where the label promises ASCII but the bytes are not, the bytes are taken
/// as UTF-8 when they are valid UTF-8 and as Windows-1252 when not: senders that forget the label use one of the two.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label
        .map(|label| label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\''))
        .map(str::to_ascii_lowercase)
        .filter(|label| !label.is_empty());
    match label.as_deref() {
        None
        | Some("us-ascii" | "ascii" | "ansi_x3.4-1968" | "ansi-x3.4-1968" | "utf-8" | "utf8") => {
            decode_unlabelled(bytes)
        }
        Some(label) if label.starts_with("iso-2022-") => match decoder(label) {
            Some(decode) => decode(&without_idle_escapes(bytes)),
            None => decode_unlabelled(bytes),
        },
        Some(label) => match decoder(label) {
            Some(decode) => decode(bytes),
            None => decode_unlabelled(bytes),
        },
    }
}

/// Decodes `bytes` of which the sender says nothing.
pub fn decode_unlabelled(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        // One broken sequence in a text that is otherwise UTF-8 is damage, not another character set.
        Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// ISO-2022 without the escape sequences that another follows at once: where two texts were joined, decoders take such
/// a pair for an error.
fn without_idle_escapes(bytes: &[u8]) -> Vec<u8> {
    const ESCAPE: u8 = 0x1b;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == ESCAPE && rest.get(3) == Some(&ESCAPE) {
            rest = &rest[3..];
        } else {
            kept.push(byte);
            rest = after;
        }
    }
    kept
}

fn mostly_utf8(bytes: &[u8]) -> bool {
    let mut valid = 0_usize;
    let mut broken = 0_usize;
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    valid > broken * 4
}

fn decoder(label: &str) -> Option<mail_parser::decoders::charsets::DecoderFnc> {
    // The decoders know their labels with at most 45 bytes and panic-free only for non-empty ones.
    if label.is_empty() || label.len() > 45 {
        return None;
    }
    charset_decoder(label.as_bytes()).or_else(|| {
        let bare = label
            .strip_prefix("x-")
            .or_else(|| label.strip_prefix("cs"))?;
        (!bare.is_empty()).then(|| charset_decoder(bare.as_bytes()))?
    })
}
