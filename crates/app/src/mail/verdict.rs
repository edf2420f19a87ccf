//! What a mail server found of a sender: `Authentication-Results` (RFC 8601).

/// The findings of one server about one mail, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The name of the server that says so.
    pub server: String,
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

/// What findings say of the domain that `From` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The domain sent the mail; by this method.
    Passed(&'static str),
    /// The domain did not send it; by this method.
    Failed(&'static str),
    /// Neither.
    Unknown,
}

impl Verdict {
    /// Reads the value of a field. What cannot be understood proves nothing.
    pub fn read(value: &str) -> Self {
        let value = value.to_ascii_lowercase();
        let mut parts = parts(&value).into_iter();
        let server = parts.next().and_then(|words| words.into_iter().next());
        Self {
            server: server.unwrap_or_default(),
            findings: parts.filter_map(finding).collect(),
        }
    }

    /// What it says of a domain. DMARC is the last word; where the server says nothing of it, a signature or an envelope
    /// counts only of the domain itself or of the one above it.
    pub fn of(&self, domain: &str) -> Standing {
        let passed = |method: &str, properties: &[&str]| {
            self.findings.iter().any(|finding| {
                finding.method == method
                    && finding.result == "pass"
                    && finding.names(properties).any(|name| is_of(domain, name))
            })
        };
        let mut dmarc = self.findings.iter().filter(|it| it.method == "dmarc");
        if let Some(dmarc) = dmarc.next() {
            let is_about = dmarc
                .names(&["header.from"])
                .all(|name| is_of(domain, name));
            match dmarc.result.as_str() {
                "pass" if is_about => return Standing::Passed("DMARC"),
                "fail" | "pass" => return Standing::Failed("DMARC"),
                _ => {}
            }
        }
        if passed("dkim", &["header.d", "header.i"]) {
            return Standing::Passed("DKIM");
        }
        if passed("spf", &["smtp.mailfrom"]) {
            return Standing::Passed("SPF");
        }
        let failed = |method: &str| {
            let mut of_method = self.findings.iter().filter(|it| it.method == method);
            of_method.any(|finding| finding.result == "fail")
        };
        match (failed("dkim"), failed("spf")) {
            (true, _) => Standing::Failed("DKIM"),
            (false, true) => Standing::Failed("SPF"),
            (false, false) => Standing::Unknown,
        }
    }
}

impl Finding {
    fn names<'a>(&'a self, properties: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let given = self.properties.iter();
        given
            .filter(|(name, _)| properties.contains(&name.as_str()))
            .map(|(_, value)| value.rsplit_once('@').map_or(value.as_str(), |(_, it)| it))
    }
}

/// Whether what `name` vouches for counts for `domain`: it is the domain, or one above it that is not a top level.
fn is_of(domain: &str, name: &str) -> bool {
    let above = domain
        .strip_suffix(name)
        .and_then(|rest| rest.strip_suffix('.'));
    domain == name || (name.contains('.') && above.is_some())
}

fn finding(words: Vec<String>) -> Option<Finding> {
    let mut words = words.into_iter();
    let (method, result) = words.next().and_then(pair)?;
    Some(Finding {
        // A method may carry its version: `dkim/1`.
        method: method.split('/').next().unwrap_or_default().to_owned(),
        result,
        properties: words.filter_map(pair).collect(),
    })
}

fn pair(word: String) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

/// The words of each part between semicolons. Comments are left out, and what is quoted is one word: whoever chose its
/// text cannot end a part with it.
fn parts(value: &str) -> Vec<Vec<String>> {
    let mut parts = vec![Vec::new()];
    let mut word = String::new();
    let (mut depth, mut is_quoted) = (0_usize, false);
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted || depth > 0 => {
                let escaped = letters.next();
                word.extend(escaped.filter(|_| depth == 0));
            }
            '"' if depth == 0 => is_quoted = !is_quoted,
            _ if is_quoted => word.push(letter),
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' => {
                end_word(&mut parts, &mut word);
                parts.push(Vec::new());
            }
            letter if letter.is_whitespace() => end_word(&mut parts, &mut word),
            letter => word.push(letter),
        }
    }
    // What begins and does not end was cut off, or is meant to mislead.
    if depth > 0 || is_quoted {
        return vec![Vec::new()];
    }
    end_word(&mut parts, &mut word);
    parts
}

fn end_word(parts: &mut [Vec<String>], word: &mut String) {
    if let Some(part) = parts.last_mut().filter(|_| !word.is_empty()) {
        part.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Standing) {
        assert_eq!(Verdict::read(value).of("desk.example"), expected, "{value}");
    }

    #[test]
    fn dmarc_is_the_last_word() {
        check(
            "mx.desk.example; dmarc=pass header.from=desk.example",
            Standing::Passed("DMARC"),
        );
        check(
            "mx; dmarc=pass (p=none dis=none)",
            Standing::Passed("DMARC"),
        );
        check(
            "mx; dkim=pass header.d=desk.example; dmarc=fail",
            Standing::Failed("DMARC"),
        );
        check(
            "mx; dmarc=pass header.from=evil.example",
            Standing::Failed("DMARC"),
        );
    }

    #[test]
    fn a_signature_or_an_envelope_counts_of_the_senders_domain_alone() {
        check(
            "mx; dkim=pass header.d=desk.example",
            Standing::Passed("DKIM"),
        );
        check(
            "mx; dkim=pass header.i=@desk.example",
            Standing::Passed("DKIM"),
        );
        check("mx; dkim=pass header.d=evil.example", Standing::Unknown);
        check("mx; dkim=pass header.d=example", Standing::Unknown);
        check("mx; dkim=pass header.d=ask.example", Standing::Unknown);
        check(
            "mx; spf=pass smtp.mailfrom=bea@desk.example",
            Standing::Passed("SPF"),
        );
        check("mx; spf=pass smtp.helo=desk.example", Standing::Unknown);
        check(
            "mx; spf=fail smtp.mailfrom=desk.example",
            Standing::Failed("SPF"),
        );
        let below = Verdict::read("mx; dkim=pass header.d=desk.example");
        assert_eq!(below.of("eu.desk.example"), Standing::Passed("DKIM"));
    }

    #[test]
    fn comments_and_quotations_say_nothing() {
        check("mx; dkim=fail (a; dmarc=pass )", Standing::Failed("DKIM"));
        check(
            "mx; spf=none smtp.mailfrom=\"x; dmarc=pass \"@evil.example",
            Standing::Unknown,
        );
        check("mx; spf=none (\\); dmarc=pass ", Standing::Unknown);
        check("mx (; dmarc=pass", Standing::Unknown);
        check("dmarc=pass", Standing::Unknown);
        check("", Standing::Unknown);
    }

    #[test]
    fn the_server_is_named_first() {
        assert_eq!(
            Verdict::read("MX.desk.example 1; none").server,
            "mx.desk.example"
        );
        assert_eq!(Verdict::read("(hello) mx; none").server, "mx");
    }
}
