//! Messages, signed by another implementation (`fixtures/make.py`) and by the identity provider of these tests.

mod metadata;
mod wrapping;

use reqwest::Url;

use super::message::{self, Expected, Proof};
use super::metadata::Metadata;
use super::refusal::Refusal;
use super::signature::SignatureError;
use super::testing::{IdentityProvider, Login};
use super::xml::XmlError;
use crate::time::Timestamp;

const METADATA: &str = include_str!("../fixtures/metadata.xml");

/// Judges a message as one for the service provider of the fixtures.
struct Judge {
    provider: Metadata,
    recipient: Url,
    now: Timestamp,
    signed: (bool, bool),
}

impl Judge {
    /// Of the fixtures made by the other implementation.
    fn of_fixtures(response: bool, assertion: bool) -> Self {
        Self {
            provider: Metadata::read(METADATA).unwrap(),
            recipient: Url::parse("https://sp.example.com/acs?x=1&y='2'").unwrap(),
            now: "2026-11-23T09:00:00Z".parse().unwrap(),
            signed: (response, assertion),
        }
    }

    /// Of messages of this identity provider.
    fn of(idp: &IdentityProvider) -> Self {
        Self {
            provider: Metadata::read(&idp.metadata()).unwrap(),
            recipient: Url::parse(Login::RECIPIENT).unwrap(),
            now: Login::now(),
            signed: (true, true),
        }
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            provider: &self.provider,
            audience: "urn:windlass",
            recipient: &self.recipient,
            signed_response: self.signed.0,
            signed_assertion: self.signed.1,
            now: self.now,
        }
    }

    fn response(&self, text: &str) -> Result<Proof, Refusal> {
        message::response(text, &self.expected())
    }

    fn assertion(&self, text: &str) -> Result<Proof, Refusal> {
        message::assertion(text, &self.expected())
    }
}

fn changed(name: &str) -> Refusal {
    Refusal::Signature(SignatureError::Changed(name.to_owned()))
}

#[test]
fn messages_signed_by_another_implementation_are_read() {
    let both = include_str!("../fixtures/both.xml");
    let defaults = include_str!("../fixtures/both-default-namespaces.xml");
    let elliptic = include_str!("../fixtures/assertion-elliptic.xml");
    let pss = include_str!("../fixtures/response-pss.xml");
    for (text, response, assertion) in [
        (both, true, true),
        (defaults, true, true),
        (elliptic, false, true),
        (pss, true, false),
        // What need not be signed may be.
        (both, false, false),
    ] {
        let judge = Judge::of_fixtures(response, assertion);
        let proof = judge.response(text).unwrap();
        assert_eq!(proof.issuer, "https://idp.example.com/metadata");
        assert_eq!(proof.assertion_id, "_assertion");
        assert_eq!(proof.in_response_to.as_deref(), Some("_request"));
        assert_eq!(proof.name_id.as_deref(), Some("alice@example.com"));
        assert_eq!(
            proof.values("groups"),
            ["R&D <\"core\"> \u{fc}ber", "ops & <sec>"]
        );
        assert_eq!(proof.ends_at.to_string(), "2026-11-23T09:06:00Z");
    }
}

#[test]
fn what_must_be_signed_must_be_signed() {
    let elliptic = include_str!("../fixtures/assertion-elliptic.xml");
    let pss = include_str!("../fixtures/response-pss.xml");
    assert_eq!(
        Judge::of_fixtures(true, true).response(elliptic),
        Err(Refusal::Unsigned("response"))
    );
    assert_eq!(
        Judge::of_fixtures(true, true).response(pss),
        Err(Refusal::Unsigned("assertion"))
    );
    let idp = IdentityProvider::new();
    let unsigned = Login::default().unsigned();
    for signed in [(true, true), (true, false), (false, true), (false, false)] {
        let judge = Judge {
            signed,
            ..Judge::of(&idp)
        };
        let refusal = judge.response(&unsigned).unwrap_err();
        assert!(matches!(refusal, Refusal::Unsigned(_)), "{refusal}");
    }
}

#[test]
fn only_keys_of_the_metadata_count() {
    // Both bring their certificate; the first is one for encryption in the metadata.
    let foreign = include_str!("../fixtures/foreign-key.xml");
    assert_eq!(
        Judge::of_fixtures(true, true).response(foreign),
        Err(Refusal::Signature(SignatureError::WrongKey))
    );
    let (idp, attacker) = (IdentityProvider::new(), IdentityProvider::new());
    assert_eq!(
        Judge::of(&idp).response(&Login::default().response(&attacker)),
        Err(Refusal::Signature(SignatureError::WrongKey))
    );
    // Every key of the metadata does.
    let mut judge = Judge::of(&idp);
    judge.provider.keys.insert(
        0,
        Metadata::read(&attacker.metadata()).unwrap().keys[0].clone(),
    );
    judge.response(&Login::default().response(&idp)).unwrap();
}

#[test]
fn only_the_profile_of_saml_is_accepted() {
    for (text, name) in [
        (
            include_str!("../fixtures/sha1.xml"),
            "http://www.w3.org/2000/09/xmldsig#sha1",
        ),
        (
            include_str!("../fixtures/sha1-digest.xml"),
            "http://www.w3.org/2000/09/xmldsig#sha1",
        ),
        (
            include_str!("../fixtures/inclusive.xml"),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        ),
    ] {
        let refusal = Judge::of_fixtures(true, true).response(text).unwrap_err();
        let Refusal::Signature(SignatureError::NotAccepted { name: found, .. }) = &refusal else {
            panic!("{refusal}");
        };
        assert_eq!(found, name);
    }
    let both = include_str!("../fixtures/both.xml");
    for (old, new) in [
        // What was signed cannot be said to be signed otherwise.
        ("xmldsig-more#rsa-sha256", "xmldsig#rsa-sha1"),
        ("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"),
        (
            "xmldsig#enveloped-signature\"/>",
            "xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
        ),
        (
            "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>",
            "",
        ),
        ("xmldsig#enveloped-signature", "xmldsig#base64"),
        ("<ds:KeyInfo>", "<ds:Object>x</ds:Object><ds:KeyInfo>"),
    ] {
        let text = both.replacen(old, new, 1);
        assert_ne!(text, both, "{old}");
        let refusal = Judge::of_fixtures(true, true).response(&text).unwrap_err();
        assert!(
            matches!(
                refusal,
                Refusal::Signature(SignatureError::NotAccepted { .. })
            ),
            "{new}: {refusal}"
        );
    }
}

#[test]
fn what_was_changed_is_refused() {
    let idp = IdentityProvider::new();
    let text = Login::default().response(&idp);
    Judge::of(&idp).response(&text).unwrap();
    let assertion = Login::default().with_signed_assertion(&idp);
    let by_assertion = Judge {
        signed: (false, true),
        ..Judge::of(&idp)
    };
    for (old, new) in [
        (">alice<", ">admin<"),
        (">read-only<", ">full-control<"),
        ("2026-11-23T09:05:00Z", "2036-11-23T09:05:00Z"),
        (">urn:windlass<", ">urn:other<"),
        ("InResponseTo=\"_request\" NotOnOrAfter", "NotOnOrAfter"),
    ] {
        let (all, part) = (text.replace(old, new), assertion.replace(old, new));
        assert_ne!(part, assertion, "{old}");
        assert_eq!(Judge::of(&idp).response(&all), Err(changed("Response")));
        assert_eq!(by_assertion.response(&part), Err(changed("Assertion")));
    }
    // A signature that is no good is no good even where none is wanted.
    let judge = Judge {
        signed: (false, false),
        ..Judge::of(&idp)
    };
    let text = assertion.replace("alice", "admin");
    assert_eq!(judge.response(&text), Err(changed("Assertion")));
    let broken = assertion.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA");
    assert_eq!(
        judge.response(&broken),
        Err(Refusal::Signature(SignatureError::WrongKey))
    );
}

#[test]
fn texts_that_readers_could_see_differently_are_refused() {
    let idp = IdentityProvider::new();
    let text = Login::default().response(&idp);
    for (old, new, expected) in [
        // Canonicalisation drops comments, and some readers stop at one.
        (">alice<", ">admin<!-- -->alice<", XmlError::NotPlain),
        (">alice<", "><?x?>alice<", XmlError::NotPlain),
    ] {
        let text = text.replace(old, new);
        assert_eq!(
            Judge::of(&idp).response(&text),
            Err(Refusal::Form(expected))
        );
    }
    let split = Login {
        name_id: "alice<!-- -->@evil.example.com".to_owned(),
        ..Login::default()
    };
    assert_eq!(
        Judge::of(&idp).response(&split.raw_response(&idp)),
        Err(Refusal::Form(XmlError::NotPlain))
    );
    for doctype in [
        "<!DOCTYPE samlp:Response>",
        "<!DOCTYPE x [<!ENTITY who \"admin\">]>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">",
    ] {
        let text = format!("{doctype}{text}").replace(">alice<", ">&who;<");
        let refusal = Judge::of(&idp).response(&text).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Form(XmlError::Syntax(_))),
            "{refusal}"
        );
    }
    let nested = Login {
        name_id: "<b>admin</b>alice".to_owned(),
        ..Login::default()
    };
    assert_eq!(
        Judge::of(&idp).response(&nested.raw_response(&idp)),
        Err(Refusal::Form(XmlError::NoText("NameID".to_owned())))
    );
}

#[test]
fn a_message_holds_for_its_time_and_a_minute_of_skew() {
    let idp = IdentityProvider::new();
    let text = Login::default().response(&idp);
    let at = |seconds: i64| {
        let judge = Judge {
            now: Login::now().plus_seconds(seconds),
            ..Judge::of(&idp)
        };
        judge.response(&text)
    };
    at(-359).unwrap();
    at(359).unwrap();
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(at(360), Err(Refusal::Over(moment("2026-11-23T09:05:00Z"))));
    assert_eq!(
        at(-361),
        Err(Refusal::TooEarly(moment("2026-11-23T08:55:00Z")))
    );
    let endless = Login {
        confirmed_until: None,
        ..Login::default()
    };
    assert!(matches!(
        Judge::of(&idp).response(&endless.response(&idp)),
        Err(Refusal::Subject(_))
    ));
    let session = Login {
        session_until: "2026-11-23T08:00:00Z".to_owned(),
        ..Login::default()
    };
    assert!(matches!(
        Judge::of(&idp).response(&session.response(&idp)),
        Err(Refusal::Over(_))
    ));
}

#[test]
fn an_assertion_that_can_be_brought_in_two_ways_is_remembered_for_the_longer_one() {
    let idp = IdentityProvider::new();
    let confirmation = |until: &str, recipient: &str| {
        format!(
            "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData InResponseTo=\"_request\" NotOnOrAfter=\"{until}\" \
             Recipient=\"{recipient}\"></saml:SubjectConfirmationData></saml:SubjectConfirmation>"
        )
    };
    for recipient in [Login::RECIPIENT, "https://other.example.com/acs"] {
        let login = Login {
            confirmations: confirmation("2026-11-23T10:00:00Z", recipient),
            ..Login::default()
        };
        let proof = Judge::of(&idp).response(&login.response(&idp)).unwrap();
        assert_eq!(proof.ends_at.to_string(), "2026-11-23T10:01:00Z");
    }
    // One that holds is enough.
    let login = Login {
        recipient: "https://other.example.com/acs".to_owned(),
        confirmations: confirmation("2026-11-23T09:01:00Z", Login::RECIPIENT),
        ..Login::default()
    };
    Judge::of(&idp).response(&login.response(&idp)).unwrap();
}

#[test]
fn a_message_for_somebody_else_is_refused() {
    let idp = IdentityProvider::new();
    let elsewhere = "https://other.example.com/acs".to_owned();
    let refused = |login: Login| Judge::of(&idp).response(&login.response(&idp)).unwrap_err();
    assert_eq!(
        refused(Login {
            audience: "urn:other".to_owned(),
            ..Login::default()
        }),
        Refusal::Audience("urn:windlass".to_owned())
    );
    assert_eq!(
        refused(Login {
            destination: elsewhere.clone(),
            ..Login::default()
        }),
        Refusal::Recipient(elsewhere.clone())
    );
    assert_eq!(
        refused(Login {
            recipient: elsewhere.clone(),
            ..Login::default()
        }),
        Refusal::Recipient(elsewhere)
    );
    assert_eq!(
        refused(Login {
            issuer: "https://other.example.com".to_owned(),
            ..Login::default()
        }),
        Refusal::Issuer("https://other.example.com".to_owned())
    );
    assert_eq!(
        refused(Login {
            answers: ("_request".to_owned(), "_other".to_owned()),
            ..Login::default()
        }),
        Refusal::InResponseTo
    );
    assert_eq!(
        refused(Login {
            conditions: "<saml:Condition></saml:Condition>".to_owned(),
            ..Login::default()
        }),
        Refusal::Condition("Condition".to_owned())
    );
    // Every restriction must name this audience.
    assert_eq!(
        refused(Login {
            conditions: "<saml:AudienceRestriction><saml:Audience>urn:x</saml:Audience></saml:AudienceRestriction>"
                .to_owned(),
            ..Login::default()
        }),
        Refusal::Audience("urn:windlass".to_owned())
    );
    assert!(matches!(
        refused(Login {
            method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".to_owned(),
            ..Login::default()
        }),
        Refusal::Subject(_)
    ));
    // The port that is the usual one may be written.
    let written = Login {
        recipient: "https://sp.example.com:443/acs".to_owned(),
        ..Login::default()
    };
    Judge::of(&idp).response(&written.response(&idp)).unwrap();
}

#[test]
fn failed_logins_and_encrypted_assertions_are_told_as_such() {
    let idp = IdentityProvider::new();
    let judge = Judge::of(&idp);
    let failed = Login::default()
        .unsigned()
        .replace("status:Success", "status:Responder");
    assert_eq!(
        judge.response(&failed),
        Err(Refusal::Failed(
            "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned()
        ))
    );
    let encrypted = Login::default()
        .unsigned()
        .replace("saml:Assertion", "saml:EncryptedAssertion");
    assert_eq!(judge.response(&encrypted), Err(Refusal::Encrypted));
    assert!(matches!(
        judge.response("<Response/>"),
        Err(Refusal::Kind { .. })
    ));
    assert!(matches!(
        judge.response(&idp.metadata()),
        Err(Refusal::Kind { .. })
    ));
}

#[test]
fn an_assertion_by_itself_must_be_signed() {
    let idp = IdentityProvider::new();
    let judge = Judge::of(&idp);
    let proof = judge
        .assertion(&Login::default().signed_assertion(&idp))
        .unwrap();
    assert_eq!(proof.name_id.as_deref(), Some("alice"));
    assert_eq!(
        judge.assertion(&Login::default().assertion()),
        Err(Refusal::Unsigned("assertion"))
    );
    assert!(matches!(
        judge.assertion(&Login::default().response(&idp)),
        Err(Refusal::Kind { .. })
    ));
}
