//! Settings of what customers see.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_app::portal::Branding;

use super::reader::Reader;
use crate::Failure;

/// The largest logo, in bytes: every page of the portal carries it.
const LARGEST_LOGO: u64 = 64 << 10;

/// Settings of the portal.
#[derive(Debug)]
pub struct Portal {
    /// Our name there; that of mails where it is absent.
    pub name: Option<String>,
    /// The file of our logo: SVG, PNG, JPEG or WebP.
    pub logo: Option<PathBuf>,
    /// Our colour.
    pub colour: Option<Colour>,
}

/// A colour, `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour(String);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Colour {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('#') {
            Some(digits)
                if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
            {
                Ok(Self(text.to_lowercase()))
            }
            _ => Err("expected a colour such as #0b6e7f"),
        }
    }
}

impl Portal {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            name: r.maybe("portal.name"),
            logo: r.maybe::<String>("portal.logo").map(PathBuf::from),
            colour: r.maybe("portal.colour"),
        }
    }

    /// By what a customer recognises us; `company` is our name in mails.
    ///
    /// # Errors
    /// Fails when the logo cannot be read, is too large or of no known kind.
    pub fn branding(&self, company: &str) -> Result<Branding, Failure> {
        Ok(Branding {
            name: self.name.clone().unwrap_or_else(|| company.to_owned()),
            logo: self.logo.as_ref().map(data_address).transpose()?,
            colour: self.colour.as_ref().map(ToString::to_string),
        })
    }
}

fn data_address(path: &PathBuf) -> Result<String, Failure> {
    let wrong = |what: &dyn fmt::Display| {
        Failure::new(format!("portal.logo: {}: {what}", path.display()))
            .with_remedy("give an SVG, PNG, JPEG or WebP file of at most 64 KiB")
    };
    let kind = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => return Err(wrong(&"it is of no known kind")),
    };
    let size = std::fs::metadata(path)
        .map_err(|error| wrong(&error))?
        .len();
    if size > LARGEST_LOGO {
        return Err(wrong(&format!("it has {size} bytes")));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    Ok(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal(logo: PathBuf) -> Portal {
        Portal {
            name: None,
            logo: Some(logo),
            colour: None,
        }
    }

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!(
            "#0B6E7F".parse::<Colour>().map(|c| c.0),
            Ok("#0b6e7f".to_owned())
        );
        for wrong in ["0b6e7f", "#0b6", "#0b6e7g", "teal", "#0b6e7f;"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_logo_is_carried_as_a_data_address_and_a_wrong_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let branding = portal(path("logo.svg", b"<svg/>"))
            .branding("Acme")
            .unwrap();
        assert_eq!(branding.name, "Acme");
        assert_eq!(
            branding.logo.as_deref(),
            Some("data:image/svg+xml;base64,PHN2Zy8+")
        );
        for wrong in [
            path("logo.html", b"<p>"),
            path("logo.png", &[0; 70_000]),
            folder.path().join("absent.png"),
        ] {
            assert!(portal(wrong).branding("Acme").is_err());
        }
    }
}
