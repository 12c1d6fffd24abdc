//! Keys of identity providers, as their certificates hold them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// The families of keys that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    family: Family,
    bytes: Vec<u8>,
}

/// Why a certificate has no key for us.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// The text is not the base64 of a certificate.
    #[error("a certificate cannot be read: {0}")]
    Certificate(String),
    /// The key is of another kind.
    #[error("a certificate has a key of the kind {0}, expected RSA, P-256 or P-384")]
    Family(String),
}

impl PublicKey {
    /// The key of a certificate, which is in base64 with any blanks.
    ///
    /// # Errors
    /// [`KeyError`].
    pub(super) fn of_certificate(text: &str) -> Result<Self, KeyError> {
        const RSA: &str = "1.2.840.113549.1.1.1";
        const ELLIPTIC: &str = "1.2.840.10045.2.1";
        const P256: &str = "1.2.840.10045.3.1.7";
        const P384: &str = "1.3.132.0.34";
        let bytes =
            decoded(text).ok_or_else(|| KeyError::Certificate("it is not base64".to_owned()))?;
        let certificate = Certificate::from_der(&bytes)
            .map_err(|error| KeyError::Certificate(error.to_string()))?;
        let key = certificate.tbs_certificate.subject_public_key_info;
        let kind = key.algorithm.oid.to_string();
        let family = match kind.as_str() {
            RSA => Family::Rsa,
            ELLIPTIC => {
                let curve = key
                    .algorithm
                    .parameters
                    .as_ref()
                    .and_then(|parameters| {
                        parameters
                            .decode_as::<x509_cert::der::asn1::ObjectIdentifier>()
                            .ok()
                    })
                    .map(|curve| curve.to_string())
                    .unwrap_or_default();
                match curve.as_str() {
                    P256 => Family::P256,
                    P384 => Family::P384,
                    _ => return Err(KeyError::Family(curve)),
                }
            }
            _ => return Err(KeyError::Family(kind)),
        };
        Ok(Self {
            family,
            bytes: key.subject_public_key.raw_bytes().to_vec(),
        })
    }
}

/// How something is signed.
#[derive(Clone, Copy)]
pub(super) struct Method {
    family: Family,
    algorithm: &'static dyn VerificationAlgorithm,
}

impl Method {
    /// The method of this name. Those with SHA-1 are none.
    pub(super) fn named(name: &str) -> Option<Self> {
        use Family::{P256, P384, Rsa};
        let (family, algorithm): (_, &'static dyn VerificationAlgorithm) = match name {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => {
                (Rsa, &signature::RSA_PKCS1_2048_8192_SHA256)
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => {
                (Rsa, &signature::RSA_PKCS1_2048_8192_SHA384)
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => {
                (Rsa, &signature::RSA_PKCS1_2048_8192_SHA512)
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => {
                (Rsa, &signature::RSA_PSS_2048_8192_SHA256)
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => {
                (Rsa, &signature::RSA_PSS_2048_8192_SHA384)
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => {
                (Rsa, &signature::RSA_PSS_2048_8192_SHA512)
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => {
                (P256, &signature::ECDSA_P256_SHA256_FIXED)
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => {
                (P384, &signature::ECDSA_P384_SHA384_FIXED)
            }
            _ => return None,
        };
        Some(Self { family, algorithm })
    }

    /// Whether `signature` is the one of `text` by one of the keys.
    pub(super) fn verifies(self, keys: &[PublicKey], text: &str, signature: &[u8]) -> bool {
        keys.iter()
            .filter(|key| key.family == self.family)
            .any(|key| {
                UnparsedPublicKey::new(self.algorithm, &key.bytes)
                    .verify(text.as_bytes(), signature)
                    .is_ok()
            })
    }
}

/// The bytes of a text in base64 with any blanks in it.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(plain).ok()
}
