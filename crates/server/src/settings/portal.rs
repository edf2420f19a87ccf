//! Settings of what customers see.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_app::company::{Company, LARGEST_LOGO, is_colour};

use super::reader::Reader;
use crate::Failure;

/// Settings of the portal.
#[derive(Debug)]
pub struct Portal {
    /// Our name there; that of mails where it is absent, or else the one given at the first run.
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
        match is_colour(text) {
            true => Ok(Self(text.to_lowercase())),
            false => Err("expected a colour such as #0b6e7f"),
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

    /// What the settings tell of ourselves; `company` is our name in mails.
    ///
    /// # Errors
    /// Fails when the logo cannot be read, is too large or of no known kind.
    pub fn company(&self, company: Option<&str>) -> Result<Company, Failure> {
        Ok(Company {
            name: self.name.as_deref().or(company).map(str::to_owned),
            logo: self.logo.as_ref().map(data_address).transpose()?,
            colour: self.colour.as_ref().map(ToString::to_string),
            language: None,
            time_zone: None,
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
    if size > LARGEST_LOGO as u64 {
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
        let company = portal(path("logo.svg", b"<svg/>"))
            .company(Some("Acme"))
            .unwrap();
        assert_eq!(company.name.as_deref(), Some("Acme"));
        assert_eq!(
            company.logo.as_deref(),
            Some("data:image/svg+xml;base64,PHN2Zy8+")
        );
        for wrong in [
            path("logo.html", b"<p>"),
            path("logo.png", &[0; 70_000]),
            folder.path().join("absent.png"),
        ] {
            assert!(portal(wrong).company(None).is_err());
        }
    }
}
