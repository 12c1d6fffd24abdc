//! An identity provider for tests, and what it says in many forms.

mod signer;

use crate::time::Timestamp;
use signer::Signer;

/// An identity provider with a key of its own.
pub(crate) struct IdentityProvider(Signer);

impl IdentityProvider {
    pub(crate) const ENTITY: &str = "https://idp.example.com/metadata";

    pub(crate) fn new() -> Self {
        Self(Signer::new())
    }

    /// What it publishes.
    pub(crate) fn metadata(&self) -> String {
        self.0.metadata(Self::ENTITY, "https://idp.example.com/sso")
    }

    /// The signature of an element with this id, which is in canonical form.
    fn sign(&self, id: &str, element: &str) -> String {
        self.0.sign(id, element)
    }
}

/// A login about to be told.
#[derive(Clone)]
pub(crate) struct Login {
    /// Id of the assertion.
    pub(crate) assertion_id: String,
    pub(crate) issuer: String,
    pub(crate) name_id: String,
    pub(crate) name_format: String,
    /// The requests that response and assertion answer; none where empty.
    pub(crate) answers: (String, String),
    pub(crate) destination: String,
    pub(crate) recipient: String,
    pub(crate) audience: String,
    pub(crate) method: String,
    pub(crate) confirmed_until: Option<String>,
    /// More confirmations, as XML.
    pub(crate) confirmations: String,
    pub(crate) session_until: String,
    /// More conditions, as XML.
    pub(crate) conditions: String,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            assertion_id: Self::ASSERTION.to_owned(),
            issuer: IdentityProvider::ENTITY.to_owned(),
            name_id: "alice".to_owned(),
            name_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified".to_owned(),
            answers: ("_request".to_owned(), "_request".to_owned()),
            destination: Self::RECIPIENT.to_owned(),
            recipient: Self::RECIPIENT.to_owned(),
            audience: "urn:windlass".to_owned(),
            method: "urn:oasis:names:tc:SAML:2.0:cm:bearer".to_owned(),
            confirmed_until: Some("2026-11-23T09:05:00Z".to_owned()),
            confirmations: String::new(),
            session_until: "2026-11-23T17:00:00Z".to_owned(),
            conditions: String::new(),
            attributes: vec![("role".to_owned(), vec!["read-only".to_owned()])],
        }
    }
}

impl Login {
    pub(crate) const RECIPIENT: &str = "https://sp.example.com/acs";
    pub(crate) const RESPONSE: &str = "_response";
    pub(crate) const ASSERTION: &str = "_assertion";

    pub(crate) fn now() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    /// With this attribute instead of whichever there is of the name.
    pub(crate) fn with(mut self, name: &str, values: &[&str]) -> Self {
        self.attributes.retain(|(known, _)| known != name);
        let values = values.iter().map(ToString::to_string).collect();
        self.attributes.push((name.to_owned(), values));
        self
    }

    /// The assertion, unsigned.
    pub(crate) fn assertion(&self) -> String {
        self.assertion_with(&escaped(&self.name_id), "")
    }

    fn assertion_with(&self, name_id: &str, signature: &str) -> String {
        let Self {
            assertion_id,
            issuer,
            name_format,
            recipient,
            audience,
            method,
            session_until,
            confirmations,
            conditions,
            ..
        } = self;
        let answers = attribute("InResponseTo", Some(&self.answers.1));
        let until = attribute("NotOnOrAfter", self.confirmed_until.as_ref());
        let value = |value: &String| {
            let value = escaped(value);
            format!("<saml:AttributeValue>{value}</saml:AttributeValue>")
        };
        let attributes: Vec<String> = self
            .attributes
            .iter()
            .map(|(name, values)| {
                let values: Vec<String> = values.iter().map(value).collect();
                let values = values.concat();
                format!("<saml:Attribute Name=\"{name}\">{values}</saml:Attribute>")
            })
            .collect();
        let attributes = attributes.concat();
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{assertion_id}\" \
             IssueInstant=\"2026-11-23T09:00:00Z\" Version=\"2.0\"><saml:Issuer>{issuer}</saml:Issuer>{signature}\
             <saml:Subject><saml:NameID Format=\"{name_format}\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"{method}\"><saml:SubjectConfirmationData{answers}{until} \
             Recipient=\"{recipient}\"></saml:SubjectConfirmationData></saml:SubjectConfirmation>{confirmations}</saml:Subject>\
             <saml:Conditions NotBefore=\"2026-11-23T08:55:00Z\" NotOnOrAfter=\"2026-11-23T09:05:00Z\">\
             <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>\
             {conditions}</saml:Conditions><saml:AuthnStatement AuthnInstant=\"2026-11-23T09:00:00Z\" \
             SessionNotOnOrAfter=\"{session_until}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        )
    }

    /// The assertion, signed.
    pub(crate) fn signed_assertion(&self, idp: &IdentityProvider) -> String {
        let signature = idp.sign(&self.assertion_id, &self.assertion());
        self.assertion_with(&escaped(&self.name_id), &signature)
    }

    fn response_with(&self, signature: &str, assertion: &str) -> String {
        let Self {
            destination,
            issuer,
            ..
        } = self;
        let answers = attribute("InResponseTo", Some(&self.answers.0));
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{destination}\" \
             ID=\"{}\"{answers} IssueInstant=\"2026-11-23T09:00:00Z\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</saml:Issuer>{signature}\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>\
             </samlp:Status>{assertion}</samlp:Response>",
            Self::RESPONSE,
        )
    }

    fn signed(&self, idp: &IdentityProvider, assertion: &str) -> String {
        let signature = idp.sign(Self::RESPONSE, &self.response_with("", assertion));
        self.response_with(&signature, assertion)
    }

    /// The response, response and assertion signed.
    pub(crate) fn response(&self, idp: &IdentityProvider) -> String {
        self.signed(idp, &self.signed_assertion(idp))
    }

    /// The response, with nothing signed.
    pub(crate) fn unsigned(&self) -> String {
        self.response_with("", &self.assertion())
    }

    /// The response, only the assertion signed.
    pub(crate) fn with_signed_assertion(&self, idp: &IdentityProvider) -> String {
        self.response_with("", &self.signed_assertion(idp))
    }

    /// The response, only the response signed.
    pub(crate) fn with_signed_response(&self, idp: &IdentityProvider) -> String {
        self.signed(idp, &self.assertion())
    }

    /// The response, both signed, with XML for the name. Comments in it are not part of what is signed.
    pub(crate) fn raw_response(&self, idp: &IdentityProvider) -> String {
        let plain = self.name_id.replace("<!-- -->", "");
        let signature = idp.sign(&self.assertion_id, &self.assertion_with(&plain, ""));
        let (plain, raw) = (
            self.assertion_with(&plain, &signature),
            self.assertion_with(&self.name_id, &signature),
        );
        let signature = idp.sign(Self::RESPONSE, &self.response_with("", &plain));
        self.response_with(&signature, &raw)
    }
}

fn attribute(name: &str, value: Option<&String>) -> String {
    match value {
        Some(value) if !value.is_empty() => format!(" {name}=\"{}\"", escaped(value)),
        _ => String::new(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
