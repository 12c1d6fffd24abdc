//! What an identity provider publishes about itself.

use reqwest::Url;
use roxmltree::Node;

use super::key::{KeyError, PublicKey};
use super::xml::{self, Element, METADATA, PROTOCOL, SIGNATURE, XmlError};
use crate::time::Timestamp;

/// The binding by which a browser takes a request to the identity provider.
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// An identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    /// Its name, as issuer of messages.
    pub(crate) entity_id: String,
    /// What it signs with.
    pub(super) keys: Vec<PublicKey>,
    /// Where browsers take requests for a login.
    pub(crate) login_url: Option<Url>,
    /// When all this ends to be true.
    pub(crate) valid_until: Option<Timestamp>,
}

/// Why metadata cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// Its form is not that of metadata.
    #[error(transparent)]
    Form(#[from] XmlError),
    /// It must be about one identity provider.
    #[error("it is about {0} identity providers of SAML 2.0, expected one")]
    NotOne(usize),
    /// The issuer must have a name.
    #[error("the identity provider has no `entityID`")]
    NoName,
    /// Without keys nothing can be verified.
    #[error("it has no certificate to verify signatures with")]
    NoKey,
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An address is none.
    #[error("`{0}` is no address of a login page")]
    Address(String),
    /// A moment is none.
    #[error("`validUntil`: {0}")]
    Moment(String),
    /// It wants what this server has no key for.
    #[error("the identity provider wants signed requests, which this server does not make")]
    WantsSignedRequests,
}

impl Metadata {
    /// Reads metadata: of one entity, or of several of which one is an identity provider.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub(crate) fn read(text: &str) -> Result<Self, MetadataError> {
        let document = xml::metadata(text)?;
        let providers: Vec<Node<'_, '_>> = document
            .descendants()
            .filter(|node| node.is(METADATA, "IDPSSODescriptor"))
            .filter(|node| {
                node.plain("protocolSupportEnumeration")
                    .is_some_and(|all| all.split_ascii_whitespace().any(|one| one == PROTOCOL))
            })
            .collect();
        let [provider] = providers.as_slice() else {
            return Err(MetadataError::NotOne(providers.len()));
        };
        let entity = provider
            .parent()
            .filter(|entity| entity.is(METADATA, "EntityDescriptor"))
            .ok_or(MetadataError::NoName)?;
        let entity_id = entity
            .plain("entityID")
            .filter(|name| !name.is_empty())
            .ok_or(MetadataError::NoName)?;
        if provider
            .plain("WantAuthnRequestsSigned")
            .is_some_and(|wants| matches!(wants.trim(), "true" | "1"))
        {
            return Err(MetadataError::WantsSignedRequests);
        }
        let keys = keys(*provider)?;
        if keys.is_empty() {
            return Err(MetadataError::NoKey);
        }
        Ok(Self {
            entity_id: entity_id.to_owned(),
            keys,
            login_url: login_url(*provider)?,
            valid_until: valid_until(*provider)?,
        })
    }

    /// Whether it still holds.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|end| now < end)
    }
}

/// The keys for signatures: those that say so, and those that do not say what they are for.
fn keys(provider: Node<'_, '_>) -> Result<Vec<PublicKey>, MetadataError> {
    let mut keys = Vec::new();
    for descriptor in provider.all(METADATA, "KeyDescriptor") {
        if descriptor
            .plain("use")
            .is_some_and(|kind| kind != "signing")
        {
            continue;
        }
        let certificates = descriptor
            .descendants()
            .filter(|node| node.is(SIGNATURE, "X509Certificate"));
        for certificate in certificates {
            let key = PublicKey::of_certificate(&certificate.whole_text()?)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    Ok(keys)
}

fn login_url(provider: Node<'_, '_>) -> Result<Option<Url>, MetadataError> {
    let services = provider.all(METADATA, "SingleSignOnService");
    let Some(service) = services
        .iter()
        .find(|service| service.plain("Binding") == Some(REDIRECT))
    else {
        return Ok(None);
    };
    let location = service.required("Location")?;
    Url::parse(location)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .map(Some)
        .ok_or_else(|| MetadataError::Address(location.to_owned()))
}

/// The first end that the provider or an element around it sets.
fn valid_until(provider: Node<'_, '_>) -> Result<Option<Timestamp>, MetadataError> {
    let mut earliest: Option<Timestamp> = None;
    for node in provider.ancestors() {
        if let Some(text) = node.plain("validUntil") {
            let end: Timestamp = text
                .trim()
                .parse()
                .map_err(|error: crate::time::NoTime| MetadataError::Moment(error.to_string()))?;
            earliest = Some(earliest.map_or(end, |known| known.min(end)));
        }
    }
    Ok(earliest)
}
