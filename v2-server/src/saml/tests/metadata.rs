//! Metadata, made by `fixtures/make.py`.

use reqwest::Url;

use super::METADATA;
use crate::saml::metadata::{Metadata, MetadataError};
use crate::saml::xml::XmlError;
use crate::time::Timestamp;

#[test]
fn metadata_gives_names_keys_and_addresses() {
    let metadata = Metadata::read(METADATA).unwrap();
    assert_eq!(metadata.entity_id, "https://idp.example.com/metadata");
    assert_eq!(metadata.keys.len(), 2);
    assert_eq!(
        metadata.login_url.as_ref().map(Url::as_str),
        Some("https://idp.example.com/redirect?tenant=1")
    );
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    assert!(metadata.is_valid(moment("2026-11-30T23:59:59Z")));
    assert!(!metadata.is_valid(moment("2026-12-01T00:00:00Z")));
}

#[test]
fn metadata_that_is_of_no_use_says_why() {
    let refused = |old: &str, new: &str| {
        let text = METADATA.replace(old, new);
        assert_ne!(text, METADATA, "{old}");
        Metadata::read(&text).unwrap_err()
    };
    assert!(matches!(
        refused("md:IDPSSODescriptor", "md:AttributeAuthorityDescriptor"),
        MetadataError::NotOne(0)
    ));
    assert!(matches!(
        refused("md:SPSSODescriptor", "md:IDPSSODescriptor"),
        MetadataError::NotOne(2)
    ));
    assert!(matches!(
        refused("entityID=\"https://idp", "entityId=\"https://idp"),
        MetadataError::NoName
    ));
    assert!(matches!(
        refused("md:KeyDescriptor", "md:Other"),
        MetadataError::NoKey
    ));
    assert!(matches!(
        refused("<ds:X509Certificate>\nMII", "<ds:X509Certificate>\nMMM"),
        MetadataError::Key(_)
    ));
    assert!(matches!(
        refused("Location=\"https", "Location=\"javascript"),
        MetadataError::Address(_)
    ));
    assert!(matches!(
        refused("validUntil=\"2026-12-01", "validUntil=\"soon-12-01"),
        MetadataError::Moment(_)
    ));
    assert!(matches!(
        refused(
            "<md:IDPSSODescriptor",
            "<md:IDPSSODescriptor WantAuthnRequestsSigned='true'"
        ),
        MetadataError::WantsSignedRequests
    ));
    assert!(matches!(
        Metadata::read("<!DOCTYPE x><x/>").unwrap_err(),
        MetadataError::Form(XmlError::Syntax(_))
    ));
}
