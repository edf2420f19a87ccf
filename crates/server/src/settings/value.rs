//! The types of settings that are not plain texts or numbers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use mainstay_domain::name::RoleName;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown of it: an address without its password, or only that something is set.
    #[must_use]
    pub fn masked(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once(':') else {
            return "***".to_owned();
        };
        match (rest.starts_with("//"), rest.rsplit_once('@')) {
            (true, Some((credentials, host))) => {
                let user = credentials.trim_start_matches('/');
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                format!("{scheme}://{user}:***@{host}")
            }
            (true, None) => self.0.clone(),
            (false, _) if scheme == "sqlite" => self.0.clone(),
            (false, _) => "***".to_owned(),
        }
    }

    /// An address whose path is the secret, of which only scheme and host are shown.
    #[must_use]
    pub fn masked_address(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return "***".to_owned();
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}/***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A length of time, written as a number and a unit: `30s`, `15m`, `8h`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(Duration);

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The length.
    #[must_use]
    pub fn get(self) -> Duration {
        self.0
    }
}

const SPAN_UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        SPAN_UNITS
            .iter()
            .find_map(|(unit, millis)| {
                let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
                number.checked_mul(*millis).filter(|millis| *millis > 0)
            })
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| {
                format!(
                    "{text:?} is no length of time: expected a number and a unit, such as 30s, 15m, 8h or 14d"
                )
            })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = SPAN_UNITS[1..]
            .iter()
            .find(|(_, size)| millis.is_multiple_of(*size))
            .unwrap_or(&SPAN_UNITS[0]);
        write!(f, "{}{unit}", millis / size)
    }
}

/// A number of bytes, written as a number and a unit: `512 KiB`, `32 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(usize);

impl Size {
    /// So many mebibytes.
    #[must_use]
    pub const fn mebibytes(number: usize) -> Self {
        Self(number << 20)
    }

    /// The number of bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.0
    }
}

const SIZE_UNITS: [(&str, usize); 6] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("B", 1),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        SIZE_UNITS
            .iter()
            .find_map(|(unit, bytes)| {
                let number: usize = text.strip_suffix(unit)?.trim().parse().ok()?;
                number.checked_mul(*bytes).filter(|bytes| *bytes > 0)
            })
            .map(Self)
            .ok_or_else(|| {
                format!("{text:?} is no size: expected a number and a unit, such as 32 MiB")
            })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = SIZE_UNITS
            .iter()
            .find(|(_, size)| self.0.is_multiple_of(*size))
            .unwrap_or(&("B", 1));
        write!(f, "{} {unit}", self.0 / size)
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$option_doc:meta])* $option:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$option_doc])* $option,)*
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$option),)*
                    _ => Err(format!("{text:?} is no {}: expected {}", $what, [$($text),*].join(" or "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$option => $text,)*
                })
            }
        }
    )*};
}

choices! {
    /// How the log is written.
    LogFormat, "log format" {
        /// A line for people.
        Text = "text",
        /// A JSON object a line.
        Json = "json",
    }
    /// How a connection is secured.
    Tls, "way to secure a connection" {
        /// Encrypted from the first byte.
        Tls = "tls",
        /// Encrypted after a command; refused where the server cannot.
        StartTls = "starttls",
        /// Not at all: for a server on the same machine.
        None = "none",
    }
}

impl Tls {
    /// The usual port for handing in mail.
    #[must_use]
    pub fn submission_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }

    /// The usual port for fetching mail by IMAP.
    #[must_use]
    pub fn imap_port(self) -> u16 {
        match self {
            Self::Tls => 993,
            Self::StartTls | Self::None => 143,
        }
    }
}

/// An address and a port, such as `127.0.0.1:8080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!(
                "{text:?} is no address and port: expected such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network"
            )
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Networks between commas, such as `10.0.0.0/8, 192.0.2.1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let address = || part.parse::<IpAddr>().map(IpNet::from);
            part.parse().or_else(|_| address()).map_err(|_| {
                format!("{part:?} is no network: expected one such as 10.0.0.0/8 or 192.0.2.1")
            })
        };
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

/// Names of roles between commas, such as `administrator, manager`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(pub Vec<RoleName>);

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim);
        let names = parts.filter(|part| !part.is_empty()).map(|part| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if part.chars().all(fits) {
                return Ok(RoleName::from(part));
            }
            Err(format!(
                "{part:?} is no role: expected names such as administrator, manager"
            ))
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(RoleName::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_print_as_they_are_written() {
        for text in ["30s", "15m", "8h", "14d", "250ms"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["32 MiB", "1 GiB", "7 B"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "s",
            "-1s",
            "0s",
            "1y",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert!("0 MiB".parse::<Size>().is_err());
    }

    #[test]
    fn what_may_be_shown_of_a_secret() {
        let shown = |text: &str| Secret::new(text.to_owned()).masked();
        assert_eq!(shown("hunter2"), "***");
        assert_eq!(shown("a:b"), "***");
        assert_eq!(shown("postgres://u:p@ss@h/d"), "postgres://u:***@h/d");
        assert_eq!(shown("sqlite:data/x.db"), "sqlite:data/x.db");
    }
}
