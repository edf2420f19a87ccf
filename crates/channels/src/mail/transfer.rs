//! Content transfer encodings: base64, quoted-printable and uuencode, read as leniently as mail clients do.

/// Undoes the transfer encoding called `encoding` (RFC 2045, section 6); an unknown one leaves the bytes as they are.
pub fn decode(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable(bytes),
        "x-uuencode" | "uuencode" | "x-uue" | "uue" => {
            uuencode(bytes).unwrap_or_else(|| bytes.to_vec())
        }
        _ => bytes.to_vec(),
    }
}

/// Decodes base64; bytes outside the alphabet are passed over, and a padding that is missing or premature is forgiven.
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut buffer = 0_u32;
    let mut held = 0_u32;
    for &byte in bytes {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // Padding closes a group: texts encoded one by one and then joined decode to their sum.
                buffer = 0;
                held = 0;
                continue;
            }
            _ => continue,
        };
        buffer = (buffer << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((buffer >> held) as u8);
            buffer &= (1 << held) - 1;
        }
    }
    decoded
}

/// Decodes quoted-printable; an escape that is none stays as it was written.
pub fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let (line, end) = split_line_end(line);
        // Blanks at the end of an encoded line were added on the way (RFC 2045, section 6.7, rule 3).
        let line = trim_blanks_end(line);
        let soft = line.last() == Some(&b'=');
        let line = if soft { &line[..line.len() - 1] } else { line };
        quoted_printable_line(line, &mut decoded);
        if !soft {
            decoded.extend_from_slice(end);
        }
    }
    decoded
}

/// Decodes the Q encoding of header words (RFC 2047, section 4.2).
pub fn q_word(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'_' { b' ' } else { byte })
        .collect();
    let mut decoded = Vec::with_capacity(spaced.len());
    quoted_printable_line(&spaced, &mut decoded);
    decoded
}

/// Decodes what stands between the first `begin <mode> <name>` line and its `end`; none when there is no such line.
pub fn uuencode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| split_line_end(line).0);
    lines.find(|line| is_uuencode_begin(line))?;
    let mut decoded = Vec::new();
    for line in lines {
        if line == b"end" {
            break;
        }
        uuencode_line(line, &mut decoded);
    }
    Some(decoded)
}

fn is_uuencode_begin(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"begin ") else {
        return false;
    };
    let mode = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    mode >= 3 && rest.get(mode) == Some(&b' ')
}

fn uuencode_line(line: &[u8], decoded: &mut Vec<u8>) {
    let Some((&count, rest)) = line.split_first() else {
        return;
    };
    let wanted = usize::from(count.wrapping_sub(b' ') & 63);
    let start = decoded.len();
    for group in rest.chunks(4) {
        let mut value = 0_u32;
        for index in 0..4 {
            let byte = group.get(index).copied().unwrap_or(b' ');
            value = (value << 6) | u32::from(byte.wrapping_sub(b' ') & 63);
        }
        decoded.extend_from_slice(&value.to_be_bytes()[1..]);
    }
    decoded.truncate(start + wanted);
}

fn quoted_printable_line(line: &[u8], decoded: &mut Vec<u8>) {
    let mut index = 0;
    while index < line.len() {
        let byte = line[index];
        if byte == b'='
            && let (Some(high), Some(low)) = (
                line.get(index + 1).copied().and_then(hex),
                line.get(index + 2).copied().and_then(hex),
            )
        {
            decoded.push(high << 4 | low);
            index += 3;
        } else {
            decoded.push(byte);
            index += 1;
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn split_line_end(line: &[u8]) -> (&[u8], &[u8]) {
    let mut length = line.len();
    if length > 0 && line[length - 1] == b'\n' {
        length -= 1;
    }
    if length > 0 && line[length - 1] == b'\r' {
        length -= 1;
    }
    line.split_at(length)
}

fn trim_blanks_end(line: &[u8]) -> &[u8] {
    let blanks = line
        .iter()
        .rev()
        .take_while(|&&byte| byte == b' ' || byte == b'\t')
        .count();
    &line[..line.len() - blanks]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_forgives() {
        assert_eq!(base64(b"aGVsbG8="), b"hello");
        assert_eq!(base64(b"aGVs\r\n bG8"), b"hello");
        assert_eq!(base64(b"aGVsbG8=aGVsbG8="), b"hellohello");
        assert_eq!(base64(b"!!!"), b"");
    }

    #[test]
    fn quoted_printable_forgives() {
        assert_eq!(
            quoted_printable(b"a=3Db=\r\nc =\nd  \r\n=ZZ="),
            b"a=bc d\r\n=ZZ"
        );
        assert_eq!(q_word(b"a_b=20c"), b"a b c");
    }

    #[test]
    fn uuencode_is_decoded() {
        assert_eq!(
            uuencode(b"begin 644 cat.txt\n#0V%T\n`\nend\n").as_deref(),
            Some(b"Cat".as_slice())
        );
        assert_eq!(uuencode(b"begin at nine"), None);
    }
}
