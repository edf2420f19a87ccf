//! A device that makes passkeys and uses them, and the browser before it: WebAuthn Level 3, as much as the tests need.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The address of the service.
pub const ORIGIN: &str = "http://localhost:8080";

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MAY_BE_BACKED_UP: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const WITH_KEY: u8 = 0x40;

/// A device with one passkey.
#[derive(Clone)]
pub struct Device {
    key: SigningKey,
    id: Vec<u8>,
    pub handle: Option<String>,
    pub origin: &'static str,
    pub counter: u32,
    pub verifies: bool,
}

impl Device {
    /// A device whose key is made of a number.
    pub fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number; 32]).unwrap(),
            id: vec![number; 32],
            handle: None,
            origin: ORIGIN,
            counter: 0,
            verifies: true,
        }
    }

    /// Makes the passkey that is asked for: a `RegistrationResponseJSON`.
    pub fn makes(&mut self, options: &Value) -> Value {
        self.handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let host = options["rp"]["id"].as_str().unwrap();
        let mut data = self.data(host, WITH_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let client = self.client("webauthn.create", options);
        self.answer(json!({
            "clientDataJSON": encode(&client),
            "attestationObject": encode(&object),
            "transports": ["internal"],
        }))
    }

    /// Uses the passkey as it is asked: an `AuthenticationResponseJSON`.
    pub fn signs(&mut self, options: &Value) -> Value {
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client = self.client("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client));
        let signature: Signature = self.key.sign(&signed);
        self.answer(json!({
            "clientDataJSON": encode(&client),
            "authenticatorData": encode(&data),
            "signature": encode(signature.to_der().as_bytes()),
            "userHandle": self.handle,
        }))
    }

    fn answer(&self, response: Value) -> Value {
        let id = encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {}, "response": response,
        })
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["challenge"].as_str().unwrap();
        let origin = self.origin;
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        )
        .into_bytes()
    }

    fn data(&mut self, host: &str, flags: u8) -> Vec<u8> {
        if self.counter > 0 {
            self.counter += 1;
        }
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(host).to_vec();
        data.push(PRESENT | verified | MAY_BE_BACKED_UP | BACKED_UP | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE writes it (RFC 9053, section 7.1).
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_encoded_point(false);
        let mut key = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
        key.extend(point.x().unwrap());
        key.extend(b"\x22\x58\x20");
        key.extend(point.y().unwrap());
        key
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
