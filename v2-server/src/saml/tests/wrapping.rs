//! Forged elements around, beside or inside signed ones.

use super::Judge;
use crate::saml::testing::{IdentityProvider, Login};

/// Signature wrapping: the signed assertion is kept somewhere for the verifier to find, and a forged one stands where
/// the reader looks. Named as in "On Breaking SAML: Be Whoever You Want to Be" (2012).
#[test]
fn a_forged_assertion_around_beside_or_inside_a_signed_one_is_refused() {
    let idp = IdentityProvider::new();
    let judge = Judge {
        signed: (false, true),
        ..Judge::of(&idp)
    };
    let text = Login::default().with_signed_assertion(&idp);
    judge.response(&text).unwrap();
    let (from, to) = (
        text.find("<saml:Assertion").unwrap(),
        text.find("</samlp:Response>").unwrap(),
    );
    let (head, signed, tail) = (&text[..from], &text[from..to], &text[to..]);
    let (begin, end) = (
        signed.find("<ds:Signature").unwrap(),
        signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len(),
    );
    let signature = &signed[begin..end];
    let bare = signed.replace(signature, "");
    let forged = bare
        .replace("alice", "admin")
        .replace(Login::ASSERTION, "_forged");
    // The same with the signature of the original in it.
    let with = |forged: &str, signature: &str| {
        forged.replacen("<saml:Subject>", &format!("{signature}<saml:Subject>"), 1)
    };
    let holding = |signature: &str, held: &str| {
        signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{held}</ds:Object></ds:Signature>"),
        )
    };
    let extensions = |held: &str| format!("<samlp:Extensions>{held}</samlp:Extensions>");
    let attacks = [
        // XSW1, XSW2: for responses, below.
        // XSW3: the forged one before the original; XSW4: around it.
        format!("{forged}{signed}"),
        format!("{signed}{forged}"),
        forged.replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>")),
        // XSW5: the forged one has the signature, the original lies at the end; XSW6: the original in the signature.
        format!("{}{bare}", with(&forged, signature)),
        with(&forged, &holding(signature, &bare)),
        // XSW7: the original behind the forged one in extensions; XSW8: it lies in an object of the signature.
        format!("{}{forged}", extensions(signed)),
        with(&forged, &holding(signature, signed)),
        // The signature alone, moved to the forged one, or to the response.
        with(&forged, signature),
        format!("{signature}{forged}"),
        // With the id of the original.
        with(&forged.replace("_forged", Login::ASSERTION), signature),
        format!(
            "{}{}",
            with(&forged.replace("_forged", Login::ASSERTION), signature),
            extensions(&bare)
        ),
        // Where only the name is that of an assertion.
        format!(
            "{signed}{}",
            forged.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:x")
        ),
    ];
    for (number, attack) in attacks.iter().enumerate() {
        let text = format!("{head}{attack}{tail}");
        match judge.response(&text) {
            Err(_) => {}
            // What was not signed is not read.
            Ok(proof) => assert_eq!(proof.name_id.as_deref(), Some("alice"), "{number}: {text}"),
        }
        // Nothing of it depends on what the configuration demands.
        for signed in [(true, true), (true, false), (false, false)] {
            let judge = Judge {
                signed,
                ..Judge::of(&idp)
            };
            if let Ok(proof) = judge.response(&text) {
                assert_eq!(proof.name_id.as_deref(), Some("alice"), "{number}");
            }
        }
    }
    for attack in &attacks[..attacks.len() - 1] {
        judge
            .response(&format!("{head}{attack}{tail}"))
            .unwrap_err();
    }
}

#[test]
fn a_forged_response_around_or_beside_a_signed_one_is_refused() {
    let idp = IdentityProvider::new();
    let judge = Judge {
        signed: (true, false),
        ..Judge::of(&idp)
    };
    let text = Login::default().with_signed_response(&idp);
    judge.response(&text).unwrap();
    let (begin, end) = (
        text.find("<ds:Signature").unwrap(),
        text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len(),
    );
    let signature = &text[begin..end];
    let bare = text.replace(signature, "");
    let forged = bare
        .replace("alice", "admin")
        .replace(Login::RESPONSE, "_forged")
        .replace(Login::ASSERTION, "_forged_too");
    let with = |signature: &str| {
        forged.replacen("<samlp:Status>", &format!("{signature}<samlp:Status>"), 1)
    };
    let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
    for (attack, text) in [
        // XSW1: the original in the signature of the forged one.
        (
            "enveloping",
            with(&signature.replace("</ds:Signature>", &object)),
        ),
        // XSW2: the original before the signature, as its sibling.
        ("detached", with(&format!("{bare}{signature}"))),
        ("moved", with(signature)),
        (
            "with the id",
            with(signature).replacen("_forged", Login::RESPONSE, 1),
        ),
        (
            "whole document",
            with(&signature.replace(&format!("#{}", Login::RESPONSE), "")),
        ),
    ] {
        judge.response(&text).expect_err(attack);
    }
}
