//! The ways in which senders sign, each a row of one table.

/// Who signs, and how. All use HMAC-SHA256 but GitLab, which sends the secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Standard Webhooks and Svix.
    StandardWebhooks,
    /// Slack.
    Slack,
    /// Stripe.
    Stripe,
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
    /// Bitbucket.
    Bitbucket,
    /// Square.
    Square,
    /// Shopify.
    Shopify,
    /// Linear.
    Linear,
    /// Zendesk.
    Zendesk,
    /// PagerDuty.
    PagerDuty,
}

/// How a scheme signs.
pub(super) struct Rule {
    /// The name that settings use.
    pub(super) name: &'static str,
    /// The header with the signature; the second name is one that some senders of the scheme use instead.
    pub(super) signature: &'static [&'static str],
    /// How the signatures lie in that header.
    pub(super) layout: Layout,
    /// How a signature is written.
    pub(super) encoding: Encoding,
    /// What is signed, piece by piece.
    pub(super) signed: &'static [Piece],
    /// Where the time of signing is.
    pub(super) time: Time,
    /// How the secret becomes a key.
    pub(super) key: Key,
}

/// How the signatures lie in their header.
pub(super) enum Layout {
    /// One, after these characters.
    One(&'static str),
    /// Several separated by the first character, ours after the given prefix.
    Several(char, &'static str),
}

/// How a signature is written.
pub(super) enum Encoding {
    Hex,
    Base64,
    /// Not a signature: the secret itself.
    Plain,
}

/// A piece of what is signed.
pub(super) enum Piece {
    Body,
    /// The time as the sender wrote it.
    Time,
    /// The address that the webhook was sent to.
    Url,
    /// The header of this name; the second name is one that some senders of the scheme use instead.
    Header(&'static [&'static str]),
    Text(&'static str),
}

/// Where the time of signing is.
pub(super) enum Time {
    /// Not signed, so a copy sent later cannot be told from the first.
    None,
    /// Seconds since 1970 in a header.
    Seconds(&'static [&'static str]),
    /// RFC 3339 in a header.
    Rfc3339(&'static str),
    /// Seconds since 1970 beside the signatures, after this prefix.
    BesideSignatures(&'static str),
}

/// How the secret becomes a key.
pub(super) enum Key {
    /// Its bytes.
    Text,
    /// Base 64 after `whsec_`.
    Base64,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Scheme; 11] = [
        Scheme::StandardWebhooks,
        Scheme::Slack,
        Scheme::Stripe,
        Scheme::GitHub,
        Scheme::GitLab,
        Scheme::Bitbucket,
        Scheme::Square,
        Scheme::Shopify,
        Scheme::Linear,
        Scheme::Zendesk,
        Scheme::PagerDuty,
    ];

    /// The scheme of this name, as settings write it.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Scheme> {
        Scheme::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// The name that settings use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    pub(super) fn rule(self) -> Rule {
        match self {
            Scheme::StandardWebhooks => Rule {
                signature: &["webhook-signature", "svix-signature"],
                layout: Layout::Several(' ', "v1,"),
                encoding: Encoding::Base64,
                signed: &[
                    Piece::Header(&["webhook-id", "svix-id"]),
                    Piece::Text("."),
                    Piece::Time,
                    Piece::Text("."),
                    Piece::Body,
                ],
                time: Time::Seconds(&["webhook-timestamp", "svix-timestamp"]),
                key: Key::Base64,
                ..Rule::hex("standard-webhooks", &[], "")
            },
            Scheme::Slack => Rule {
                signed: &[
                    Piece::Text("v0:"),
                    Piece::Time,
                    Piece::Text(":"),
                    Piece::Body,
                ],
                time: Time::Seconds(&["x-slack-request-timestamp"]),
                ..Rule::hex("slack", &["x-slack-signature"], "v0=")
            },
            Scheme::Stripe => Rule {
                layout: Layout::Several(',', "v1="),
                signed: &[Piece::Time, Piece::Text("."), Piece::Body],
                time: Time::BesideSignatures("t="),
                ..Rule::hex("stripe", &["stripe-signature"], "")
            },
            Scheme::GitHub => Rule::hex("github", &["x-hub-signature-256"], "sha256="),
            Scheme::GitLab => Rule {
                encoding: Encoding::Plain,
                ..Rule::hex("gitlab", &["x-gitlab-token"], "")
            },
            Scheme::Bitbucket => Rule::hex("bitbucket", &["x-hub-signature"], "sha256="),
            Scheme::Square => Rule {
                signed: &[Piece::Url, Piece::Body],
                ..Rule::base64("square", &["x-square-hmacsha256-signature"])
            },
            Scheme::Shopify => Rule::base64("shopify", &["x-shopify-hmac-sha256"]),
            Scheme::Linear => Rule::hex("linear", &["linear-signature"], ""),
            Scheme::Zendesk => Rule {
                signed: &[Piece::Time, Piece::Body],
                time: Time::Rfc3339("x-zendesk-webhook-signature-timestamp"),
                ..Rule::base64("zendesk", &["x-zendesk-webhook-signature"])
            },
            Scheme::PagerDuty => Rule {
                layout: Layout::Several(',', "v1="),
                ..Rule::hex("pagerduty", &["x-pagerduty-signature"], "")
            },
        }
    }
}

impl Rule {
    /// One signature over the body, in hexadecimal after `prefix`.
    const fn hex(
        name: &'static str,
        signature: &'static [&'static str],
        prefix: &'static str,
    ) -> Rule {
        Rule {
            name,
            signature,
            layout: Layout::One(prefix),
            encoding: Encoding::Hex,
            signed: &[Piece::Body],
            time: Time::None,
            key: Key::Text,
        }
    }

    /// One signature over the body, in base 64.
    const fn base64(name: &'static str, signature: &'static [&'static str]) -> Rule {
        Rule {
            encoding: Encoding::Base64,
            ..Rule::hex(name, signature, "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_found_by_its_name() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::by_name(scheme.name()), Some(scheme));
        }
        assert_eq!(Scheme::by_name("Slack "), None);
    }

    #[test]
    fn header_names_are_in_lower_case() {
        for scheme in Scheme::ALL {
            for name in scheme.rule().signature {
                assert_eq!(*name, name.to_lowercase());
            }
        }
    }
}
