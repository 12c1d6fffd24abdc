//! Responses and assertions: whether they are good, and what they say.

use reqwest::Url;
use roxmltree::{Document, Node};

use super::Metadata;
use super::refusal::Refusal;
use super::signature;
use super::xml::{self, ASSERTION, Element, PROTOCOL, SIGNATURE};
use crate::time::Timestamp;

/// Seconds that the clocks of an identity provider and of this server may differ.
pub(crate) const CLOCK_SKEW: i64 = 60;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// What a message must fit.
pub(crate) struct Expected<'a> {
    /// Who must have made it.
    pub(crate) provider: &'a Metadata,
    /// The name of this service provider.
    pub(crate) audience: &'a str,
    /// Where it must have been sent to.
    pub(crate) recipient: &'a Url,
    /// The response must be signed.
    pub(crate) signed_response: bool,
    /// The assertion must be signed. One of both must be in any case.
    pub(crate) signed_assertion: bool,
    /// The present moment.
    pub(crate) now: Timestamp,
}

/// What a good message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    /// Who has made it.
    pub(crate) issuer: String,
    /// The id of the assertion.
    pub(crate) assertion_id: String,
    /// Until when the assertion could be brought again, clock skew included.
    pub(crate) ends_at: Timestamp,
    /// The request that it answers.
    pub(crate) in_response_to: Option<String>,
    /// The name of the subject, unless it is another one in every login.
    pub(crate) name_id: Option<String>,
    /// Attributes by name, each with all its values.
    attributes: Vec<(String, Vec<String>)>,
}

impl Proof {
    /// The values of an attribute that are not empty.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (known, values) in &self.attributes {
            if known == name {
                found.extend(values.iter().filter(|value| !value.is_empty()).cloned());
            }
        }
        found
    }
}

/// Reads a response.
///
/// # Errors
/// [`Refusal`]: it is not all that it must be.
pub(crate) fn response(text: &str, expected: &Expected<'_>) -> Result<Proof, Refusal> {
    let text = xml::with_line_feeds(text);
    let document = xml::message(&text)?;
    let response = root(&document, PROTOCOL, "Response")?;
    let assertion = only_assertion(&document, response)?;
    let is_signed = check_signatures(&document, &[response, assertion], expected)?;
    for (is_signed, is_wanted, name) in [
        (is_signed[0], expected.signed_response, "response"),
        (is_signed[1], expected.signed_assertion, "assertion"),
        (is_signed[0] || is_signed[1], true, "assertion"),
    ] {
        if is_wanted && !is_signed {
            return Err(Refusal::Unsigned(name));
        }
    }
    if let Some(issuer) = response.at_most_one(ASSERTION, "Issuer")? {
        check_issuer(issuer, expected)?;
    }
    // Where the response is signed it must be there: somebody could send on what was signed for another.
    if is_signed[0] || response.plain("Destination").is_some() {
        check_recipient(response.required("Destination")?, expected)?;
    }
    let proof = judge(assertion, expected)?;
    if response.plain("InResponseTo") != proof.in_response_to.as_deref() {
        return Err(Refusal::InResponseTo);
    }
    Ok(proof)
}

/// Reads an assertion that came by itself; it must be signed.
///
/// # Errors
/// [`Refusal`]: it is not all that it must be.
pub(crate) fn assertion(text: &str, expected: &Expected<'_>) -> Result<Proof, Refusal> {
    let text = xml::with_line_feeds(text);
    let document = xml::message(&text)?;
    let assertion = root(&document, ASSERTION, "Assertion")?;
    let count = count(&document, ASSERTION, "Assertion");
    if count != 1 {
        return Err(Refusal::Assertions(count));
    }
    if check_signatures(&document, &[assertion], expected)? != [true] {
        return Err(Refusal::Unsigned("assertion"));
    }
    judge(assertion, expected)
}

/// Who claims to have made an assertion, to find whose keys to check it with. Nothing is verified.
///
/// # Errors
/// It has not the form of an assertion.
pub(crate) fn claimed_issuer(text: &str) -> Result<String, Refusal> {
    let text = xml::with_line_feeds(text);
    let document = xml::message(&text)?;
    let assertion = root(&document, ASSERTION, "Assertion")?;
    Ok(assertion.one(ASSERTION, "Issuer")?.whole_text()?)
}

/// The element that the message is.
fn root<'a, 'input>(
    document: &'a Document<'input>,
    namespace: &str,
    name: &'static str,
) -> Result<Node<'a, 'input>, Refusal> {
    let root = document.root_element();
    if root.is(namespace, "EncryptedAssertion") {
        return Err(Refusal::Encrypted);
    }
    if !root.is(namespace, name) || root.plain("Version") != Some("2.0") {
        return Err(Refusal::Kind {
            expected: name,
            got: root.tag_name().name().to_owned(),
        });
    }
    Ok(root)
}

/// The assertion of a response about a login that went well. There is no other one anywhere in the document.
fn only_assertion<'a, 'input>(
    document: &'a Document<'input>,
    response: Node<'a, 'input>,
) -> Result<Node<'a, 'input>, Refusal> {
    let status = response.one(PROTOCOL, "Status")?;
    let code = status.one(PROTOCOL, "StatusCode")?;
    let name = code.required("Value")?;
    if name != SUCCESS {
        let detail = code.at_most_one(PROTOCOL, "StatusCode")?;
        let detail = detail.and_then(|detail| detail.plain("Value"));
        return Err(Refusal::Failed(detail.unwrap_or(name).to_owned()));
    }
    if count(document, ASSERTION, "EncryptedAssertion") > 0 {
        return Err(Refusal::Encrypted);
    }
    let children = response.all(ASSERTION, "Assertion");
    match (children.as_slice(), count(document, ASSERTION, "Assertion")) {
        ([only], 1) => Ok(*only),
        (_, count) => Err(Refusal::Assertions(count)),
    }
}

fn count(document: &Document<'_>, namespace: &str, name: &str) -> usize {
    document
        .descendants()
        .filter(|node| node.is(namespace, name))
        .count()
}

/// Checks every signature there is; tells which of `elements` have one. None may stand anywhere else.
fn check_signatures<const N: usize>(
    document: &Document<'_>,
    elements: &[Node<'_, '_>; N],
    expected: &Expected<'_>,
) -> Result<[bool; N], Refusal> {
    let mut is_signed = [false; N];
    for (is_signed, element) in is_signed.iter_mut().zip(elements) {
        *is_signed = element.at_most_one(SIGNATURE, "Signature")?.is_some();
        if *is_signed {
            signature::verify(*element, &expected.provider.keys)?;
        }
    }
    let belonging = is_signed.iter().filter(|is_signed| **is_signed).count();
    if count(document, SIGNATURE, "Signature") != belonging {
        return Err(Refusal::StraySignature);
    }
    Ok(is_signed)
}

fn check_issuer(issuer: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Refusal> {
    let name = issuer.whole_text()?;
    let is_entity = issuer.plain("Format").is_none_or(|format| format == ENTITY);
    if is_entity && name == expected.provider.entity_id {
        Ok(())
    } else {
        Err(Refusal::Issuer(name))
    }
}

fn check_recipient(address: &str, expected: &Expected<'_>) -> Result<(), Refusal> {
    // As addresses, so that a port that is the usual one may be written or not.
    if Url::parse(address).is_ok_and(|address| address == *expected.recipient) {
        Ok(())
    } else {
        Err(Refusal::Recipient(address.to_owned()))
    }
}

/// Reads an assertion whose signature, or that of the response around it, is good.
fn judge(assertion: Node<'_, '_>, expected: &Expected<'_>) -> Result<Proof, Refusal> {
    if assertion.plain("Version") != Some("2.0") {
        return Err(Refusal::Kind {
            expected: "Assertion",
            got: "Assertion".to_owned(),
        });
    }
    let issuer = assertion.one(ASSERTION, "Issuer")?;
    check_issuer(issuer, expected)?;
    check_conditions(assertion, expected)?;
    let subject = assertion.one(ASSERTION, "Subject")?;
    let (ends_at, in_response_to) = confirmation(subject, expected)?;
    for statement in assertion.all(ASSERTION, "AuthnStatement") {
        check_end(statement, "SessionNotOnOrAfter", expected.now)?;
    }
    Ok(Proof {
        issuer: issuer.whole_text()?,
        assertion_id: assertion.required("ID")?.to_owned(),
        ends_at: ends_at.plus_seconds(CLOCK_SKEW),
        in_response_to,
        name_id: name_id(subject)?,
        attributes: attributes(assertion)?,
    })
}

fn check_conditions(assertion: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Refusal> {
    let conditions = assertion
        .at_most_one(ASSERTION, "Conditions")?
        .ok_or(Refusal::NoConditions)?;
    check_begin(conditions, expected.now)?;
    check_end(conditions, "NotOnOrAfter", expected.now)?;
    let mut is_for_us = false;
    for condition in conditions.children().filter(Node::is_element) {
        let name = condition.tag_name().name();
        if condition.is(ASSERTION, "AudienceRestriction") {
            is_for_us = false;
            for audience in condition.all(ASSERTION, "Audience") {
                is_for_us |= audience.whole_text()? == expected.audience;
            }
            if !is_for_us {
                break;
            }
        } else if !condition.is(ASSERTION, "OneTimeUse")
            && !condition.is(ASSERTION, "ProxyRestriction")
        {
            return Err(Refusal::Condition(name.to_owned()));
        }
    }
    if is_for_us {
        Ok(())
    } else {
        Err(Refusal::Audience(expected.audience.to_owned()))
    }
}

/// Confirms the subject for whoever bears the assertion: until when it could be brought again, and which request it
/// answers.
fn confirmation(
    subject: Node<'_, '_>,
    expected: &Expected<'_>,
) -> Result<(Timestamp, Option<String>), Refusal> {
    let mut refusal = Refusal::Subject("it has no confirmation by the method `bearer`".to_owned());
    let mut answers = None;
    let mut last: Option<Timestamp> = None;
    for confirmation in subject.all(ASSERTION, "SubjectConfirmation") {
        if confirmation.plain("Method") != Some(BEARER) {
            continue;
        }
        let data = confirmation.one(ASSERTION, "SubjectConfirmationData")?;
        // When the first is over, the next may still hold.
        last = last.max(moment(data, "NotOnOrAfter")?);
        match check_confirmation(data, expected) {
            Ok(()) if answers.is_none() => answers = Some(data.plain("InResponseTo")),
            Ok(()) => {}
            Err(error) => refusal = error,
        }
    }
    match (last, answers) {
        (Some(last), Some(answers)) => Ok((last, answers.map(str::to_owned))),
        _ => Err(refusal),
    }
}

fn check_confirmation(data: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Refusal> {
    check_recipient(data.required("Recipient")?, expected)?;
    check_begin(data, expected.now)?;
    check_end(data, "NotOnOrAfter", expected.now)?
        .map(drop)
        .ok_or_else(|| Refusal::Subject("it has no `NotOnOrAfter`".to_owned()))
}

/// The name of the subject. One that is another in every login names nobody.
fn name_id(subject: Node<'_, '_>) -> Result<Option<String>, Refusal> {
    if subject.at_most_one(ASSERTION, "EncryptedID")?.is_some() {
        return Err(Refusal::Encrypted);
    }
    let Some(name) = subject.at_most_one(ASSERTION, "NameID")? else {
        return Ok(None);
    };
    if name.plain("Format") == Some(TRANSIENT) {
        return Ok(None);
    }
    Ok(Some(name.whole_text()?).filter(|name| !name.is_empty()))
}

fn attributes(assertion: Node<'_, '_>) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut found = Vec::new();
    for statement in assertion.all(ASSERTION, "AttributeStatement") {
        if !statement.all(ASSERTION, "EncryptedAttribute").is_empty() {
            return Err(Refusal::Encrypted);
        }
        for attribute in statement.all(ASSERTION, "Attribute") {
            let values = attribute
                .all(ASSERTION, "AttributeValue")
                .iter()
                .map(Element::whole_text)
                .collect::<Result<_, _>>();
            // Some have values of elements. Whoever asks for them gets none.
            let values = values.unwrap_or_default();
            found.push((attribute.required("Name")?.to_owned(), values));
        }
    }
    Ok(found)
}

fn check_begin(element: Node<'_, '_>, now: Timestamp) -> Result<(), Refusal> {
    match moment(element, "NotBefore")? {
        Some(begin) if now.plus_seconds(CLOCK_SKEW) < begin => Err(Refusal::TooEarly(begin)),
        _ => Ok(()),
    }
}

fn check_end(
    element: Node<'_, '_>,
    name: &'static str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let end = moment(element, name)?;
    match end {
        Some(end) if now >= end.plus_seconds(CLOCK_SKEW) => Err(Refusal::Over(end)),
        end => Ok(end),
    }
}

fn moment(element: Node<'_, '_>, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    element
        .plain(name)
        .map(|text| {
            text.trim()
                .parse()
                .map_err(|error: crate::time::NoTime| Refusal::Moment {
                    name,
                    reason: error.to_string(),
                })
        })
        .transpose()
}
