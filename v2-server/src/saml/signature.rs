//! Signatures of messages: is the parent of the signature what an identity provider has signed?

use roxmltree::Node;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::canonical::canonical;
use super::key::{Method, PublicKey, decoded};
use super::xml::{Element, SIGNATURE, XmlError};

/// Exclusive canonicalisation. The form that keeps comments is the same for messages, which have none.
const EXCLUSIVE: [&str; 2] = [
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Why a signature proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// It does not have the form it must have.
    #[error("the signature has not the form of SAML: {0}")]
    Form(#[from] XmlError),
    /// It does things that signatures of messages have no need to.
    #[error("the signature uses {what} `{name}`, which is not accepted")]
    NotAccepted {
        /// A kind of thing.
        what: &'static str,
        /// Which one.
        name: String,
    },
    /// It is about something else than its parent.
    #[error("the signature is about `{0}`, not about the element it is in")]
    Elsewhere(String),
    /// What was signed was something else.
    #[error("the `{0}` was changed after it was signed")]
    Changed(String),
    /// None of the keys made it.
    #[error("the signature was made by none of the certificates in the metadata")]
    WrongKey,
}

/// Checks the signature that `signed` has as a child, by the keys that are trusted. Whatever keys or certificates the
/// signature itself brings are not looked at.
///
/// # Errors
/// [`SignatureError`].
pub(super) fn verify(signed: Node<'_, '_>, keys: &[PublicKey]) -> Result<(), SignatureError> {
    let signature = signed.one(SIGNATURE, "Signature")?;
    let info = signature.one(SIGNATURE, "SignedInfo")?;
    let value = signature.one(SIGNATURE, "SignatureValue")?;
    for part in signature.children().filter(Node::is_element) {
        if part != info && part != value && !part.is(SIGNATURE, "KeyInfo") {
            return Err(not_accepted("the part", part.tag_name().name()));
        }
    }

    let reference = info.one(SIGNATURE, "Reference")?;
    let uri = reference.required("URI")?;
    let id = signed.required("ID")?;
    if id.is_empty() || uri.strip_prefix('#') != Some(id) {
        return Err(SignatureError::Elsewhere(uri.to_owned()));
    }
    let prefixes = transforms(reference)?;
    let text = canonical(signed, &prefixes, Some(signature.id()));
    let digest = digest(reference, &text)?;
    if decoded(&reference.one(SIGNATURE, "DigestValue")?.whole_text()?) != Some(digest) {
        return Err(SignatureError::Changed(signed.tag_name().name().to_owned()));
    }

    let prefixes = canonicalisation(info.one(SIGNATURE, "CanonicalizationMethod")?)?;
    let name = info
        .one(SIGNATURE, "SignatureMethod")?
        .required("Algorithm")?;
    let method = Method::named(name).ok_or_else(|| not_accepted("the method", name))?;
    let text = canonical(info, &prefixes, None);
    let made = decoded(&value.whole_text()?).unwrap_or_default();
    if method.verifies(keys, &text, &made) {
        Ok(())
    } else {
        Err(SignatureError::WrongKey)
    }
}

/// Checks that what was signed is the element without the signature, in exclusive canonical form; answers the
/// prefixes of that form.
fn transforms<'a>(reference: Node<'a, '_>) -> Result<Vec<&'a str>, SignatureError> {
    let transforms = reference.one(SIGNATURE, "Transforms")?;
    let all: Vec<_> = transforms.children().filter(Node::is_element).collect();
    let [enveloped, exclusive] = all.as_slice() else {
        let count = format!("{} transforms", all.len());
        return Err(not_accepted("the chain of", &count));
    };
    for transform in [enveloped, exclusive] {
        if !transform.is(SIGNATURE, "Transform") {
            return Err(not_accepted("the part", transform.tag_name().name()));
        }
    }
    let name = enveloped.required("Algorithm")?;
    if name != ENVELOPED || enveloped.children().any(|child| child.is_element()) {
        return Err(not_accepted("the transform", name));
    }
    canonicalisation(*exclusive)
}

/// The prefixes of an exclusive canonicalisation.
fn canonicalisation<'a>(method: Node<'a, '_>) -> Result<Vec<&'a str>, SignatureError> {
    let name = method.required("Algorithm")?;
    if !EXCLUSIVE.contains(&name) {
        return Err(not_accepted("the canonicalisation", name));
    }
    let mut parts = method.children().filter(Node::is_element);
    let Some(part) = parts.next() else {
        return Ok(Vec::new());
    };
    if parts.next().is_some() || !part.is(EXCLUSIVE[0], "InclusiveNamespaces") {
        return Err(not_accepted("the part", part.tag_name().name()));
    }
    Ok(part
        .plain("PrefixList")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect())
}

fn digest(reference: Node<'_, '_>, text: &str) -> Result<Vec<u8>, SignatureError> {
    let name = reference
        .one(SIGNATURE, "DigestMethod")?
        .required("Algorithm")?;
    match name {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(Sha256::digest(text).to_vec()),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(Sha384::digest(text).to_vec()),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Ok(Sha512::digest(text).to_vec()),
        _ => Err(not_accepted("the digest", name)),
    }
}

fn not_accepted(what: &'static str, name: &str) -> SignatureError {
    SignatureError::NotAccepted {
        what,
        name: name.to_owned(),
    }
}
