//! What we tell of ourselves: our name, how we look, and what holds where a customer says nothing.
//!
//! The settings of the program come first: what stands in them cannot be changed in a browser. What they leave open an
//! administrator fills in, at the first run or later, and it is kept in the store, so that all nodes have the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::role::Permission;
use mainstay_store::{Connection, setting};
use serde::{Deserialize, Serialize};

use crate::attachment::media_type;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::portal::Branding;
use crate::secret::fingerprint;
use crate::transaction::transact;

/// The name under which the store keeps what was filled in.
const NAME: &str = "company";

/// The largest logo, in bytes: every page of the portal carries it.
pub const LARGEST_LOGO: usize = 64 << 10;

/// What a company is called that has not said so.
const UNNAMED: &str = "Mainstay";

/// The kinds of pictures that a logo may be. A browser shows each as a picture, in which nothing runs.
const LOGO_KINDS: [&str; 4] = ["image/svg+xml", "image/png", "image/jpeg", "image/webp"];

/// What we tell of ourselves. What is absent is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Company {
    /// Our name.
    pub name: Option<String>,
    /// Our logo as a `data:` address.
    pub logo: Option<String>,
    /// Our colour as `#rrggbb`.
    pub colour: Option<String>,
    /// The language in which we write to somebody of whom we know none, as a BCP 47 tag.
    pub language: Option<String>,
    /// The IANA time zone in which we tell the time to an account that has none, and of agents who give none.
    pub time_zone: Option<String>,
}

/// What we tell of ourselves, and what of it stands in the settings and cannot be changed in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompanyTold {
    /// All of it.
    pub company: Company,
    /// What the settings say.
    pub settings: Company,
}

impl Company {
    /// The same with what `other` says where this one says nothing.
    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            logo: self.logo.or(other.logo),
            colour: self.colour.or(other.colour),
            language: self.language.or(other.language),
            time_zone: self.time_zone.or(other.time_zone),
        }
    }
}

impl App {
    /// What we tell of ourselves: what the settings say, and for the rest what was filled in.
    pub(crate) async fn company(&self, on: &impl Connection) -> Result<Company> {
        let find = async { Ok(Some(setting::get(on, NAME).await?)) };
        let kept = self.kept().company.or_ask(self, on, &(), find);
        Ok(self.company_of(kept.await?.flatten())?.company)
    }

    /// Our name in mails.
    pub(crate) async fn company_in_mail(&self, on: &impl Connection) -> Result<String> {
        if let Some(name) = &self.options().mail.company {
            return Ok(name.clone());
        }
        let name = self.company(on).await?.name;
        Ok(name.unwrap_or_else(|| UNNAMED.to_owned()))
    }

    /// By what a customer recognises us.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the store does not answer.
    pub async fn branding(&self) -> Result<Branding> {
        let company = self.company(&self.read()).await?;
        Ok(Branding {
            name: company.name.unwrap_or_else(|| UNNAMED.to_owned()),
            logo: company.logo,
            colour: company.colour,
        })
    }

    /// What we tell of ourselves, for whoever may change it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.read`.
    pub async fn company_told(&self, caller: &Caller) -> Result<CompanyTold> {
        caller.require(Permission::ReadSettings)?;
        self.company_of(setting::get(&self.read(), NAME).await?)
    }

    /// Fills in what the settings leave open, in place of what was filled in before.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`, [`AppError::Invalid`] for wrong fields,
    /// [`AppError::Changed`] when what is told is not what the caller expects.
    pub async fn tell_company(
        &self,
        caller: &Caller,
        expected: &Expected,
        told: Company,
    ) -> Result<CompanyTold> {
        caller.require(Permission::UpdateSettings)?;
        let told = checked(told)?;
        let text = serde_json::to_string(&told)
            .map_err(|error| AppError::broken("The company could not be written down.", error))?;
        transact!(self, tx => async {
            let kept = setting::lock(tx, NAME).await?;
            expected.check(fingerprint(&self.company_of(kept)?))?;
            setting::set(tx, NAME, &text).await?;
            self.record(tx, caller, Action::new("company.changed", "company", "company")).await
        })?;
        self.company_of(Some(text))
    }

    /// What we tell of ourselves, by what was filled in.
    fn company_of(&self, kept: Option<String>) -> Result<CompanyTold> {
        let settings = self.options().company.clone();
        Ok(CompanyTold {
            company: settings.clone().or(parse(kept)?),
            settings,
        })
    }
}

fn parse(kept: Option<String>) -> Result<Company> {
    let Some(kept) = kept else {
        return Ok(Company::default());
    };
    serde_json::from_str(&kept)
        .map_err(|error| AppError::broken("What is kept of the company cannot be read.", error))
}

fn checked(mut told: Company) -> Result<Company> {
    let mut faults = Faults::default();
    if let Some(name) = &mut told.name {
        *name = name.trim().to_owned();
        faults.name("name", name);
    }
    if let Some(colour) = &mut told.colour {
        colour.make_ascii_lowercase();
        if !is_colour(colour) {
            faults.add(
                "colour",
                format!("{colour:?} is not a colour: expected one such as #0b6e7f"),
            );
        }
    }
    if let Some(logo) = &told.logo
        && let Err(detail) = check_logo(logo)
    {
        faults.add("logo", detail);
    }
    if let Some(language) = &told.language {
        faults.language("language", language);
    }
    if let Some(zone) = &told.time_zone {
        faults.time_zone("time_zone", zone);
    }
    faults.finish()?;
    Ok(told)
}

/// Whether a text is a colour, `#rrggbb`.
#[must_use]
pub fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// Whether a `data:` address is a picture of the kind that it names, and small enough.
fn check_logo(address: &str) -> std::result::Result<(), String> {
    let wrong = "expected a picture as `data:image/png;base64,…`: SVG, PNG, JPEG or WebP";
    let (kind, text) = address
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .ok_or(wrong)?;
    let bytes = STANDARD.decode(text).map_err(|_| wrong)?;
    if !LOGO_KINDS.contains(&kind) || media_type(&bytes, "") != kind {
        return Err(wrong.to_owned());
    }
    if bytes.len() > LARGEST_LOGO {
        return Err(format!(
            "has {} bytes: expected at most {LARGEST_LOGO}",
            bytes.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_a_small_picture_of_the_kind_it_says() {
        let address =
            |kind: &str, bytes: &[u8]| format!("data:{kind};base64,{}", STANDARD.encode(bytes));
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(check_logo(&address("image/png", png)), Ok(()));
        assert_eq!(check_logo(&address("image/svg+xml", b"<svg/>")), Ok(()));
        let large = [png.as_slice(), &[0; LARGEST_LOGO]].concat();
        for wrong in [
            address("image/png", b"<svg/>"),
            address("text/html", b"<html>"),
            address("image/png", &large),
            "https://example.com/logo.png".to_owned(),
            "data:image/png;base64,!".to_owned(),
        ] {
            assert!(check_logo(&wrong).is_err(), "{wrong:.60}");
        }
    }

    #[test]
    fn the_settings_come_first() {
        let named = |name: &str| Company {
            name: Some(name.to_owned()),
            ..Company::default()
        };
        let kept = Company {
            colour: Some("#0b6e7f".to_owned()),
            ..named("Kept")
        };
        let told = named("Set").or(kept);
        assert_eq!(told.name.as_deref(), Some("Set"));
        assert_eq!(told.colour.as_deref(), Some("#0b6e7f"));
    }
}
