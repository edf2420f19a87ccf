//! The tree of parts of a message (RFC 2046), found in one pass over its lines.
//!
//! A line is compared with the boundaries of all open multiparts, the outermost first, so a multipart whose end is
//! missing, or whose boundary is that of the one around it, ends with the one around it. Messages inside the message are leaves: what they contain is theirs.

use std::ops::Range;

use super::header::{Headers, Parameterised};
use super::{Defect, MailLimits, charset, transfer};

/// One part of a message: a leaf with a body, or a multipart with children.
#[derive(Debug, Clone)]
pub struct Part {
    /// The header fields of the part.
    pub headers: Headers,
    /// The content type with its parameters; `text/plain` when the part names none.
    pub content_type: Parameterised,
    /// The content disposition with its parameters; empty when the part names none.
    pub disposition: Parameterised,
    /// Where the body lies in the message.
    pub body: Range<usize>,
    /// Whether the part holds other parts.
    pub is_multipart: bool,
    /// The lines between the last header field and the empty line that ends the header: a program that forgets the
    /// empty line puts the beginning of its text there.
    pub stray: Vec<String>,
}

impl Part {
    /// The body with its transfer encoding undone.
    pub fn decoded(&self, raw: &[u8]) -> Vec<u8> {
        let body = raw.get(self.body.clone()).unwrap_or_default();
        transfer::decode(body, &self.transfer_encoding())
    }

    /// The transfer encoding in lower case, comments and rubbish left out.
    pub fn transfer_encoding(&self) -> String {
        self.headers
            .get("Content-Transfer-Encoding")
            .and_then(|value| {
                value
                    .split(|c: char| c.is_whitespace() || c == ';' || c == '(')
                    .next()
            })
            .unwrap_or_default()
            .trim_matches('"')
            .to_ascii_lowercase()
    }

    /// The name of the file the part is to be saved as.
    pub fn filename(&self) -> Option<&str> {
        self.disposition
            .get("filename")
            .or_else(|| self.content_type.get("name"))
            .filter(|name| !name.trim().is_empty())
    }

    /// Whether the sender means the part to be an attachment rather than something to read in the message.
    pub fn is_attachment(&self) -> bool {
        self.disposition.value == "attachment" || self.filename().is_some()
    }
}

/// The parts of a message in document order; the first is the message itself.
#[derive(Debug, Clone, Default)]
pub struct Structure {
    /// The parts, the message itself first.
    pub parts: Vec<Part>,
    /// What was wrong with the form of the message.
    pub defects: Vec<Defect>,
}

/// Finds the parts of a message.
pub fn parse(raw: &[u8], limits: &MailLimits) -> Structure {
    let mut scan = Scan::new(raw, limits);
    scan.skip_empty_lines();
    while scan.position < scan.raw.len() {
        match scan.state {
            State::Header => scan.header_line(),
            State::Body | State::Preamble | State::Epilogue => scan.body_line(),
        }
    }
    scan.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    Preamble,
    Epilogue,
}

struct Frame {
    part: usize,
    boundary: Vec<u8>,
    has_children: bool,
    closed: bool,
}

struct Scan<'a> {
    raw: &'a [u8],
    limits: &'a MailLimits,
    structure: Structure,
    frames: Vec<Frame>,
    state: State,
    position: usize,
    header_start: usize,
    /// The field being read: its name and where its value lies, continuation lines taken in.
    field: Option<(Range<usize>, Range<usize>)>,
    pending: Headers,
    stray: Vec<String>,
    line_end: u8,
}

impl<'a> Scan<'a> {
    fn new(raw: &'a [u8], limits: &'a MailLimits) -> Self {
        let mut structure = Structure::default();
        let raw = match raw.get(..limits.size) {
            Some(start) if raw.len() > limits.size => {
                structure.defects.push(Defect::TooLarge);
                start
            }
            _ => raw,
        };
        // Old systems end lines with a carriage return alone.
        let line_end = if raw.contains(&b'\n') { b'\n' } else { b'\r' };
        Self {
            raw,
            limits,
            structure,
            frames: Vec::new(),
            state: State::Header,
            position: 0,
            header_start: 0,
            field: None,
            pending: Headers::default(),
            stray: Vec::new(),
            line_end,
        }
    }

    /// The end of the line at `position`, its line end taken in.
    fn line(&self) -> (Range<usize>, usize) {
        let start = self.position;
        let rest = &self.raw[start..];
        let length = rest.iter().position(|&byte| byte == self.line_end);
        let next = length.map_or(self.raw.len(), |length| start + length + 1);
        let mut end = length.map_or(self.raw.len(), |length| start + length);
        if self.line_end == b'\n' && end > start && self.raw[end - 1] == b'\r' {
            end -= 1;
        }
        (start..end, next)
    }

    /// Some programs put empty lines before the header of the message, and some editors a byte order mark.
    fn skip_empty_lines(&mut self) {
        let mark = if self.raw.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        let blanks = self.raw[mark..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let start = mark + blanks.count();
        let line_start = self.raw[mark..start]
            .iter()
            .rposition(|&byte| byte == self.line_end)
            .map_or(mark, |end| mark + end + 1);
        let first = self.raw[line_start..]
            .split(|&byte| byte == self.line_end)
            .next()
            .unwrap_or_default();
        if field_name(first).is_some() {
            self.position = line_start;
            self.header_start = line_start;
        }
    }

    fn header_line(&mut self) {
        let (line, next) = self.line();
        let text = &self.raw[line.clone()];
        if text.is_empty() {
            self.position = next;
            return self.end_headers();
        }
        if self.match_boundary(text).is_some() {
            self.note(Defect::HeaderWithoutEnd);
            return self.end_headers();
        }
        let first = self.pending.fields().is_empty() && self.field.is_none();
        if matches!(text[0], b' ' | b'\t') {
            if let Some((_, value)) = &mut self.field {
                value.end = line.end;
            } else if text.iter().all(|byte| byte.is_ascii_whitespace()) {
                // A line of blanks is no continuation of anything: it ends the header.
                self.position = next;
                return self.end_headers();
            } else {
                self.take_stray(line);
            }
        } else if let Some(colon) = field_name(text) {
            self.flush_field();
            self.stray.clear();
            if self.header_is_too_large() {
                self.skip_field(next);
                return;
            }
            self.field = Some((
                line.start..line.start + colon,
                line.start + colon + 1..line.end,
            ));
        } else if text.starts_with(b"From ") {
            // An mbox separator; it belongs before the first field but is harmless among them.
            if !first {
                self.note(Defect::StrayHeaderLine);
            }
        } else {
            self.flush_field();
            self.take_stray(line);
        }
        self.position = next;
    }

    fn take_stray(&mut self, line: Range<usize>) {
        self.note(Defect::StrayHeaderLine);
        if self.stray.len() < self.limits.header_fields {
            self.stray.push(charset::decode_unlabelled(&self.raw[line]));
        }
    }

    /// Notes a defect, once for a run of the same.
    fn note(&mut self, defect: Defect) {
        if self.structure.defects.last() != Some(&defect) {
            self.structure.defects.push(defect);
        }
    }

    fn header_is_too_large(&self) -> bool {
        self.pending.fields().len() >= self.limits.header_fields
            || self.position - self.header_start > self.limits.header_size
    }

    fn skip_field(&mut self, next: usize) {
        self.note(Defect::HeaderTooLarge);
        self.position = next;
    }

    fn flush_field(&mut self) {
        if let Some((name, value)) = self.field.take() {
            let end = value.end.min(value.start + self.limits.header_size);
            if end < value.end {
                self.note(Defect::HeaderTooLarge);
            }
            self.pending
                .push(&self.raw[name], &self.raw[value.start..end]);
        }
    }

    fn end_headers(&mut self) {
        self.flush_field();
        let headers = std::mem::take(&mut self.pending);
        let parent = self.frames.last().map(|frame| frame.part);
        let digest = parent.is_some_and(|parent| {
            self.structure.parts[parent].content_type.value == "multipart/digest"
        });
        let mut content_type = headers
            .get("Content-Type")
            .map(Parameterised::parse)
            .unwrap_or_default();
        if !content_type.value.contains('/') {
            let default = if digest {
                "message/rfc822"
            } else {
                "text/plain"
            };
            content_type.value = default.to_owned();
        }
        let disposition = headers
            .get("Content-Disposition")
            .map(Parameterised::parse)
            .unwrap_or_default();
        let boundary = content_type
            .value
            .starts_with("multipart/")
            .then(|| {
                content_type
                    .get("boundary")
                    .map(|b| b.trim_end().as_bytes().to_vec())
            })
            .flatten()
            .filter(|boundary| !boundary.is_empty());
        if content_type.value.starts_with("multipart/") && boundary.is_none() {
            self.note(Defect::MultipartWithoutBoundary);
        }
        let index = self.structure.parts.len();
        self.structure.parts.push(Part {
            headers,
            content_type,
            disposition,
            body: self.position..self.raw.len(),
            is_multipart: false,
            stray: std::mem::take(&mut self.stray),
        });
        self.state = State::Body;
        if let Some(boundary) = boundary {
            self.open_multipart(index, boundary);
        }
    }

    fn open_multipart(&mut self, part: usize, boundary: Vec<u8>) {
        if self.frames.len() >= self.limits.depth {
            self.note(Defect::TooDeep);
            return;
        }
        self.frames.push(Frame {
            part,
            boundary,
            has_children: false,
            closed: false,
        });
        self.state = State::Preamble;
    }

    fn body_line(&mut self) {
        let (line, next) = self.line();
        let text = &self.raw[line.clone()];
        let Some((index, is_end)) = self.match_boundary(text) else {
            self.position = next;
            return;
        };
        self.close_leaf(line.start);
        self.close_frames(index + 1, line.start);
        self.position = next;
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if is_end {
            frame.closed = true;
            // An end without a beginning leaves the multipart without any part.
            self.state = State::Epilogue;
            return;
        }
        if self.structure.parts.len() >= self.limits.parts {
            self.note(Defect::TooManyParts);
            self.state = State::Epilogue;
            return;
        }
        frame.has_children = true;
        let part = frame.part;
        self.structure.parts[part].is_multipart = true;
        self.state = State::Header;
        self.header_start = self.position;
    }

    /// Which open multipart the line is a boundary of, and whether it is the closing one.
    fn match_boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let rest = line.strip_prefix(b"--")?;
        self.frames.iter().enumerate().find_map(|(index, frame)| {
            if frame.closed {
                return None;
            }
            let after = rest.strip_prefix(frame.boundary.as_slice())?;
            let (after, is_end) = match after.strip_prefix(b"--") {
                Some(after) => (after, true),
                None => (after, false),
            };
            after
                .iter()
                .all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
                .then_some((index, is_end))
        })
    }

    /// Ends the leaf before the line that starts at `at`; the line end before it belongs to the boundary.
    fn close_leaf(&mut self, at: usize) {
        if self.state != State::Body {
            return;
        }
        if let Some(part) = self.structure.parts.last_mut() {
            let mut end = at;
            if end > part.body.start && self.raw[end - 1] == self.line_end {
                end -= 1;
                if end > part.body.start && self.raw[end - 1] == b'\r' {
                    end -= 1;
                }
            }
            part.body.end = end.max(part.body.start);
        }
    }

    /// Closes the multiparts above the first `keep` ones.
    fn close_frames(&mut self, keep: usize, at: usize) {
        while self.frames.len() > keep {
            if let Some(frame) = self.frames.pop() {
                self.structure.parts[frame.part].body.end = at;
                self.note_unclosed(&frame);
            }
        }
    }

    fn note_unclosed(&mut self, frame: &Frame) {
        if !frame.has_children {
            self.note(Defect::MultipartWithoutParts);
        } else if !frame.closed {
            self.note(Defect::MultipartWithoutEnd);
        }
    }

    fn finish(mut self) -> Structure {
        if self.state == State::Header {
            self.end_headers();
        }
        self.close_frames(0, self.raw.len());
        self.structure
    }
}

/// Where the colon of a header line stands; none when the line is no header line.
fn field_name(line: &[u8]) -> Option<usize> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = &line[..colon];
    let blanks = name
        .iter()
        .rev()
        .take_while(|&&byte| byte == b' ' || byte == b'\t')
        .count();
    let name = &name[..name.len() - blanks];
    let is_name = !name.is_empty() && name.iter().all(|&byte| (33..=126).contains(&byte));
    is_name.then_some(colon)
}
