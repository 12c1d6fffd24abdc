//! SAML 2.0 as a service provider needs it: what an identity provider publishes, requests for a login, and the
//! verification of what comes back. Knows neither the database nor HTTP.
//!
//! # What is trusted
//!
//! Only the certificates in the metadata of the identity provider that the configuration names. A certificate in a
//! message is not even read. Dates of certificates count for nothing, as is usual with metadata: a certificate is a
//! container of a key, and the metadata says for how long it stands (`validUntil`).
//!
//! A message is read into one tree ([`xml`]), the signatures in it are checked over the elements of that tree
//! ([`signature`]), and what was covered is then read from the very same elements ([`message`]). There is no second
//! parser and no look-up by id in between, which is what signature wrapping lives from. Of XML Signature only the
//! profile of SAML is known: one reference to the parent of the signature, the transforms *enveloped signature* and
//! *exclusive canonicalisation* ([`canonical`]), SHA-2, and RSA (2048 bits or more) or ECDSA (P-256, P-384). All else
//! is refused: SHA-1, other transforms, DTDs, entities, comments and processing instructions in messages.
//!
//! # What is not there
//!
//! - Encrypted assertions are refused with an error that says so: this server has no key of its own.
//! - For the same reason requests are not signed. Metadata that demands it (`WantAuthnRequestsSigned`) is refused.
//! - Signatures of metadata are not looked at: it is trusted because an administrator gave it, or its HTTPS address.
//! - Single logout, artifacts, and the POST binding for requests.

mod canonical;
mod key;
pub(crate) mod message;
pub(crate) mod metadata;
mod refusal;
pub(crate) mod request;
mod signature;
mod xml;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use message::Proof;
pub(crate) use metadata::Metadata;
pub(crate) use refusal::Refusal;
pub(crate) use request::RequestIds;
