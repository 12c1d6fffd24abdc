//! The key of an identity provider for tests, in those of the server and in those of all programs together. What it signs is
//! in canonical form to begin with, so that it needs none of the code that is to be tested.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use sha2::{Digest, Sha256};

/// A key, and a certificate for it in base64.
#[derive(Debug)]
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    certificate: String,
}

impl Signer {
    /// One with a key of its own.
    pub(crate) fn new() -> Self {
        let pair = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(Vec::new()).expect("no names are good names");
        let certificate = params.self_signed(&pair).expect("a certificate");
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &pair.serialize_der(),
            &SystemRandom::new(),
        )
        .expect("the key that was made");
        Self {
            key,
            certificate: STANDARD.encode(certificate.der()),
        }
    }

    /// The metadata of an identity provider of this name, which users log in to at an address.
    pub(crate) fn metadata(&self, entity: &str, login: &str) -> String {
        let certificate = &self.certificate;
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity}\">\
             <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"{login}\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    }

    /// The signature of an element with this id, which is in canonical form.
    pub(crate) fn sign(&self, id: &str, element: &str) -> String {
        let digest = STANDARD.encode(Sha256::digest(element));
        let info = |namespace: &str| {
            format!(
                "<ds:SignedInfo{namespace}><ds:CanonicalizationMethod \
                 Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
                 <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\">\
                 </ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
                 <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
            )
        };
        let namespace = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
        let signature = self
            .key
            .sign(&SystemRandom::new(), info(namespace).as_bytes())
            .expect("a key that signs");
        format!(
            "<ds:Signature{namespace}>{}<ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            info(""),
            STANDARD.encode(signature),
            self.certificate,
        )
    }
}
