//! What a file is, by its content.

/// How much of a file's beginning says what it is.
pub(super) const HEAD: usize = 8192;

/// The media types of pictures that a browser may show in place: none of them can hold anything that runs.
pub const SHOWN_INLINE: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The media type of a file, by how it begins. Its name is believed only as to which kind of text it is, and only where
/// that kind is harmless.
#[must_use]
pub fn media_type(head: &[u8], file_name: &str) -> &'static str {
    if let Some(known) = infer::get(head) {
        return match known.mime_type() {
            "text/xml" if is_svg(head) => "image/svg+xml",
            known => known,
        };
    }
    if !is_text(head) {
        return "application/octet-stream";
    }
    if is_svg(head) {
        return "image/svg+xml";
    }
    if looks_like_html(head) {
        return "text/html";
    }
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        Some("ics") => "text/calendar",
        Some("eml") => "message/rfc822",
        _ => "text/plain",
    }
}

/// Whether it is UTF-8 without the characters that no text has. It may end within a character where it was cut off.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}'))
}

fn is_svg(head: &[u8]) -> bool {
    contains(head, b"<svg")
}

/// What a browser that guesses would take for a page.
fn looks_like_html(head: &[u8]) -> bool {
    let beginning = &head[..head.len().min(1024)];
    [
        b"<!doctype html".as_slice(),
        b"<html",
        b"<head",
        b"<body",
        b"<script",
        b"<iframe",
    ]
    .iter()
    .any(|tag| contains(beginning, tag))
}

fn contains(head: &[u8], text: &[u8]) -> bool {
    head.windows(text.len())
        .any(|window| window.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_a_file_is_and_its_name_does_not() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (head, name, is) in [
            (&png[..], "page.html", "image/png"),
            (b"%PDF-1.7\n", "x.png", "application/pdf"),
            (b"<!DOCTYPE html><p>", "picture.png", "text/html"),
            (b"hello <SCRIPT>alert(1)</script>", "a.txt", "text/html"),
            (
                b"<svg xmlns='x' onload='alert(1)'>",
                "a.png",
                "image/svg+xml",
            ),
            (b"<?xml version='1.0'?>\n<svg>", "a.png", "image/svg+xml"),
            (
                b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff",
                "a.txt",
                "application/vnd.microsoft.portable-executable",
            ),
            (b"a,b\n1,2\n", "a.CSV", "text/csv"),
            (b"a,b\n1,2\n", "a.html", "text/plain"),
            ("größer".as_bytes(), "log", "text/plain"),
            (b"\xff\xfe\0\x01", "a.txt", "application/octet-stream"),
            (b"", "empty", "text/plain"),
        ] {
            assert_eq!(media_type(head, name), is, "{name}");
        }
    }

    #[test]
    fn a_text_that_is_cut_within_a_character_is_a_text() {
        let text = format!("a{}", "é".repeat(HEAD));
        assert_eq!(media_type(&text.as_bytes()[..HEAD], "a"), "text/plain");
    }
}
