//! The key that the sign-in service signs its tokens with: RS256 (RFC 7518 §3.3), published as a JWK (RFC 7517).

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType};
use serde_json::{Value, json};

use crate::StartError;
use crate::entra::application::thumbprint;

/// Signs tokens, and knows its own signature again.
pub(crate) struct SigningKey {
    pair: KeyPair,
    certificate: Vec<u8>,
}

impl SigningKey {
    /// The key of this process. Making one takes a tenth of a second, so that labs beside one another share it; a token
    /// names its tenant, which no two labs share.
    pub(crate) fn shared() -> Result<Arc<Self>, StartError> {
        static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
        if let Some(key) = KEY.get() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(Self::generate()?);
        Ok(Arc::clone(KEY.get_or_init(|| key)))
    }

    fn generate() -> Result<Self, StartError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(StartError::key)?;
        let pkcs8 = pair.as_der().map_err(StartError::key)?;
        let signer =
            rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_ref().into(), &rcgen::PKCS_RSA_SHA256)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "exo-lab token signing");
        let certificate = parameters.self_signed(&signer)?.der().to_vec();
        Ok(Self { pair, certificate })
    }

    /// The public half, as `/discovery/v2.0/keys` lists it.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id(),
            "x5t": self.id(),
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
            "x5c": [STANDARD.encode(&self.certificate)],
        })
    }

    /// As Entra ID names its keys: the thumbprint of the certificate.
    fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(thumbprint(&self.certificate))
    }

    /// A JSON Web Token (RFC 7519) with these claims; `None` when the system has no randomness.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id(), "x5t": self.id() });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key())
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id()).finish_non_exhaustive()
    }
}
