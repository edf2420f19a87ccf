//! The text of a message as it is to be read: parts that were written one after the other put together, lines that only
//! the way broke joined again (RFC 3676), and without the frame of an OpenPGP signature (RFC 9580, 7).

use super::structure::Part;
use super::{charset, message};

/// The text of all parts that are read one after the other, of which `first` is the first: mail programs part a text
/// where the writer put a picture, and mailing lists put a part of their own below it.
pub fn body(parts: &[Part], first: usize, first_text: &str, raw: &[u8]) -> String {
    let mut texts = Vec::new();
    for (index, part) in parts.iter().enumerate().skip(first) {
        let text = if index == first {
            if is_flowed(part) {
                message::below_stray_lines(part, &readable(part, raw))
            } else {
                first_text.to_owned()
            }
        } else if is_read_with(parts, first, index) {
            readable(part, raw)
        } else {
            continue;
        };
        texts.push(without_armour(&text));
    }
    texts.retain(|text| !text.is_empty());
    texts.join("\n\n")
}

/// Whether the part at `index` is read below the one at `first`, rather than in the place of another.
pub fn is_read_with(parts: &[Part], first: usize, index: usize) -> bool {
    let part = &parts[index];
    let is_text = index > first
        && !part.is_multipart
        && part.content_type.value == "text/plain"
        && !part.is_attachment();
    is_text
        && around(parts, index).all(|outer| {
            // What stands beside the first part in a choice of forms is the same once more.
            let is_choice = outer.content_type.value == "multipart/alternative";
            matches!(
                outer.content_type.value.as_str(),
                "multipart/mixed" | "multipart/related" | "multipart/signed"
            ) || (is_choice && !outer.body.contains(&parts[first].body.start))
        })
}

/// The multiparts that the part at `index` stands in.
fn around(parts: &[Part], index: usize) -> impl Iterator<Item = &Part> {
    let at = parts[index].body.start;
    parts[..index]
        .iter()
        .filter(move |part| part.is_multipart && part.body.contains(&at))
}

fn is_flowed(part: &Part) -> bool {
    part.content_type
        .get("format")
        .is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
}

fn readable(part: &Part, raw: &[u8]) -> String {
    let text = charset::decode(&part.decoded(raw), part.content_type.get("charset"));
    if !is_flowed(part) {
        return message::clean_text(&text);
    }
    let blank = part
        .content_type
        .get("delsp")
        .is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    message::clean_text(&unfold(&text, blank))
}

/// Joins the lines that end in a blank with those that follow; the blank itself goes where `drop_blank` says so.
fn unfold(text: &str, drop_blank: bool) -> String {
    let mut unfolded = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        if open != Some(depth) || content == "-- " {
            if open.is_some() {
                unfolded.push('\n');
            }
            unfolded.push_str(&">".repeat(depth));
            if depth > 0 && !content.is_empty() {
                unfolded.push(' ');
            }
        }
        let flows = content.ends_with(' ') && content != "-- ";
        unfolded.push_str(if flows && drop_blank {
            &content[..content.len() - 1]
        } else {
            content
        });
        open = flows.then_some(depth);
        if !flows {
            unfolded.push('\n');
        }
    }
    unfolded
}

/// The text between the lines of a cleartext signature; any other text as it is.
fn without_armour(text: &str) -> String {
    const START: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    const END: &str = "-----END PGP SIGNATURE-----";
    let is = |line: &str, mark: &str| line.trim_end() == mark;
    let lines: Vec<&str> = text.lines().collect();
    let found = (
        lines.iter().position(|line| is(line, START)),
        lines.iter().position(|line| is(line, SIGNATURE)),
        lines.iter().rposition(|line| is(line, END)),
    );
    let (Some(start), Some(signature), Some(end)) = found else {
        return text.to_owned();
    };
    if !(start < signature && signature < end) {
        return text.to_owned();
    }
    // The hash that was used stands above the first empty line.
    let signed = lines[start..signature]
        .iter()
        .position(|line| line.trim().is_empty())
        .map_or(start + 1, |empty| start + empty + 1);
    let signed = lines[signed..signature]
        .iter()
        .map(|line| line.strip_prefix("- ").unwrap_or(line));
    let whole: Vec<&str> = lines[..start]
        .iter()
        .copied()
        .chain(signed)
        .chain(lines[end + 1..].iter().copied())
        .collect();
    message::clean_text(&whole.join("\n"))
}

#[cfg(test)]
mod tests {
    use crate::mail::{Reading, read};

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        let message = read(raw.as_bytes());
        assert_eq!(message.body.as_deref(), Some(expected), "{raw}");
    }

    #[test]
    fn what_stands_below_a_picture_is_read_too() {
        let raw = concat!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
            "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nIt looks so:\n--a\n\nonce more\n--a--\n",
            "--b\nContent-Type: image/png\n\npicture\n--b\n\nCan you help?\n",
            "--b\nContent-Disposition: attachment; filename=log.txt\n\nlog\n--b--\n",
        );
        check(raw, "It looks so:\n\nCan you help?");
        let message = read(raw.as_bytes());
        assert_eq!(message.text.as_deref(), Some("It looks so:"));
        let kept = message.attachments.iter().map(|file| &file.bytes[..]);
        assert_eq!(
            kept.collect::<Vec<_>>(),
            [&b"once more"[..], b"picture", b"log"]
        );
        assert_eq!(
            Reading::of(&message).visible_reply,
            "It looks so:\n\nCan you help?"
        );
    }

    #[test]
    fn flowed_lines_are_joined() {
        let flowed = "Content-Type: text/plain; format=flowed";
        check(
            &format!(
                "{flowed}\n\nThis line \ngoes on.\n\n>> It is \n>> quoted.\n> So.\n-- \nEva \nRoth\n"
            ),
            "This line goes on.\n\n>> It is quoted.\n> So.\n--\nEva Roth",
        );
        check(
            &format!("{flowed}; delsp=yes\n\nプリンター \nです。\n"),
            "プリンターです。",
        );
        check(
            "Content-Type: text/plain\n\nThis line \nstands alone.\n",
            "This line\nstands alone.",
        );
    }

    #[test]
    fn the_frame_of_a_signature_is_left_out() {
        check(
            "Subject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt burns.\n- -- \nEva\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n\nfooter\n",
            "It burns.\n--\nEva\n\nfooter",
        );
        let cut = "-----BEGIN PGP SIGNED MESSAGE-----\nIt burns.";
        check(&format!("Subject: x\n\n{cut}"), cut);
    }
}
