//! A certificate authority and a server certificate for one test.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// A certificate for `localhost` and 127.0.0.1, signed by an authority that exists only in this test.
#[derive(Clone, Debug)]
pub struct Certificate {
    authority: String,
    chain: String,
    key: String,
}

impl Certificate {
    /// A new authority, certificate and key.
    ///
    /// # Panics
    /// When no key can be made, which would be a fault of the cryptography library.
    #[must_use]
    pub fn new() -> Certificate {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "Mainstay test authority");
        let authority_key = KeyPair::generate().expect("a key can be made");
        let authority_certificate = authority
            .self_signed(&authority_key)
            .expect("our own authority can be signed");
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("the names are names")
            .signed_by(&key, &issuer)
            .expect("our own authority can sign");
        Certificate {
            authority: authority_certificate.pem(),
            chain: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// The authority's certificate, which a client must trust, as PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The server's certificate as PEM.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The server's private key as PEM.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Certificate::new()
    }
}
