//! Attachments: files that came with a message, and uploads that wait for one. Their bytes are kept elsewhere.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::{AccountId, UploadId};

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What its bytes are stored under.
    pub digest: Digest,
    /// Its name, as the sender gave it.
    pub file_name: String,
    /// Its media type: as a mail's sender gave it, or as the content of an upload says; such as `image/png`.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// By which id the message's HTML shows it, when it is part of the text.
    pub content_id: Option<String>,
}

/// A file that somebody uploaded, for a message that they are going to write. It is theirs alone until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Identifies it.
    pub id: UploadId,
    /// Who uploaded it.
    pub uploader: Actor,
    /// The account of a contact.
    pub account: Option<AccountId>,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// Its name, cleaned.
    pub file_name: String,
    /// Its media type, as its content says.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// When a message took it, if one did.
    pub attached_at: Option<Timestamp>,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// When it is removed; what a message took stays with the message.
    pub expires_at: Timestamp,
}

impl Upload {
    /// The attachment that it becomes.
    #[must_use]
    pub fn attachment(&self) -> Attachment {
        Attachment {
            digest: self.digest,
            file_name: self.file_name.clone(),
            content_type: self.content_type.clone(),
            size: self.size,
            content_id: None,
        }
    }
}

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 150;

/// The names that mean a device on Windows, whatever follows the dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name of a file without what could lead a program or a reader astray: folders, control characters, characters that
/// turn the direction of writing, what a file system reserves. Never empty.
#[must_use]
pub fn clean_file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if "<>:\"|?*".contains(c) { '_' } else { c })
        .collect();
    let name = kept.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 20 => (stem, Some(extension)),
        _ => (name, None),
    };
    let room = LONGEST_NAME - extension.map_or(0, |extension| extension.chars().count() + 1);
    let mut name: String = stem.chars().take(room).collect();
    let device = name.split('.').next().unwrap_or_default().trim_end();
    if DEVICES
        .iter()
        .any(|known| device.eq_ignore_ascii_case(known))
        || is_port(device)
    {
        name.insert(0, '_');
    }
    if let Some(extension) = extension {
        name.push('.');
        name.push_str(extension);
    }
    if name.is_empty() {
        name.push_str("file");
    }
    name
}

/// `COM1` to `LPT9`.
fn is_port(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let number = name
        .strip_prefix("com")
        .or_else(|| name.strip_prefix("lpt"));
    number.is_some_and(|number| number.len() == 1 && number.chars().all(|c| c.is_ascii_digit()))
}

/// Characters that are not seen, and change how others are: `invoice\u{202e}gpj.exe` reads as a picture.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_what_leads_astray() {
        for (given, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\Übersicht 1.pdf", "Übersicht 1.pdf"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
            (" .htaccess ", "htaccess"),
            ("a\r\nset-cookie: x\0.txt", "aset-cookie_ x.txt"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("say \"hello\"|<b>.txt", "say _hello___b_.txt"),
            ("CON.txt", "_CON.txt"),
            ("con.tar.gz", "_con.tar.gz"),
            ("lpt1", "_lpt1"),
            ("contract.txt", "contract.txt"),
            ("日本語.txt", "日本語.txt"),
        ] {
            assert_eq!(clean_file_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = clean_file_name(&format!("{}.pdf", "é".repeat(500)));
        assert_eq!(name.chars().count(), LONGEST_NAME);
        assert!(name.ends_with("é.pdf"), "{name}");
        assert_eq!(
            clean_file_name(&format!("a.{}", "x".repeat(500)))
                .chars()
                .count(),
            LONGEST_NAME
        );
    }
}
