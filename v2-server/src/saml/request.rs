//! Requests for a login, which browsers take to the identity provider.
//!
//! A request leaves nothing behind here. Its id is its own proof: it holds until when the request counts and a MAC
//! over that and the name of the identity provider, with a key that the servers of one database share. So an answer
//! can come to another server, and nobody fills the database by beginning logins.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use reqwest::Url;
use ring::hmac;

use super::xml::{ASSERTION, PROTOCOL};
use crate::time::Timestamp;

/// Seconds a login may take: the time to type a password and find a second factor.
const LIFETIME: i64 = 900;

/// The binding by which the answer comes.
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

const NONCE: usize = 16;
const EXPIRY: usize = 8;

/// Makes and knows the ids of requests.
pub(crate) struct RequestIds(hmac::Key);

impl RequestIds {
    /// Ids that servers with the same key know.
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// A new id for a request to this identity provider. An id must not begin with a digit.
    pub(crate) fn issue(&self, idp_name: &str, now: Timestamp) -> String {
        let mut bytes = rand::random::<[u8; NONCE]>().to_vec();
        bytes.extend(now.plus_seconds(LIFETIME).unix().to_be_bytes());
        let tag = hmac::sign(&self.0, &signed(idp_name, &bytes));
        bytes.extend(tag.as_ref());
        format!("_{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// When the request of this id is over; nothing when it was not made for this identity provider, or is over.
    pub(crate) fn end_of(&self, id: &str, idp_name: &str, now: Timestamp) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(id.strip_prefix('_')?).ok()?;
        let (content, tag) = bytes.split_at_checked(NONCE + EXPIRY)?;
        hmac::verify(&self.0, &signed(idp_name, content), tag).ok()?;
        let (_, expiry) = content.split_at_checked(NONCE)?;
        let end = Timestamp::from_unix(i64::from_be_bytes(expiry.try_into().ok()?))?;
        (now < end).then_some(end)
    }
}

fn signed(idp_name: &str, content: &[u8]) -> Vec<u8> {
    // The content has one length, so no other name and content make the same bytes.
    [content, idp_name.as_bytes()].concat()
}

/// A request for a login.
pub(crate) struct LoginRequest<'a> {
    /// The id, which the answer must name.
    pub(crate) id: &'a str,
    /// The name of this service provider.
    pub(crate) sp_entity_id: &'a str,
    /// Where the answer is posted to.
    pub(crate) acs_url: &'a Url,
    /// When.
    pub(crate) now: Timestamp,
}

impl LoginRequest<'_> {
    /// The address a browser must go to with this request, by the binding HTTP-Redirect. The relay state, which comes
    /// back with the answer, is the id.
    pub(crate) fn address(&self, login_url: &Url) -> Url {
        let mut deflater = DeflateEncoder::new(Vec::new(), Compression::default());
        let deflated = deflater
            .write_all(self.xml(login_url).as_bytes())
            .and_then(|()| deflater.finish())
            .expect("writing to memory cannot fail");
        let mut address = login_url.clone();
        address.set_fragment(None);
        address
            .query_pairs_mut()
            .append_pair("SAMLRequest", &STANDARD.encode(deflated))
            .append_pair("RelayState", self.id);
        address
    }

    fn xml(&self, login_url: &Url) -> String {
        let Self { id, now, .. } = self;
        let (destination, acs_url) = (escaped(login_url.as_str()), escaped(self.acs_url.as_str()));
        let issuer = escaped(self.sp_entity_id);
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{now}\" Destination=\"{destination}\" ProtocolBinding=\"{POST}\" \
             AssertionConsumerServiceURL=\"{acs_url}\"><saml:Issuer>{issuer}</saml:Issuer>\
             <samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;

    use super::*;
    use crate::saml::xml::{self, Element};

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_id_is_known_until_it_is_over_and_for_its_identity_provider() {
        let ids = RequestIds::new(b"key");
        let id = ids.issue("okta", moment(0));
        assert_eq!(ids.end_of(&id, "okta", moment(899)), Some(moment(900)));
        assert_eq!(ids.end_of(&id, "okta", moment(900)), None);
        assert_eq!(ids.end_of(&id, "other", moment(0)), None);
        assert_eq!(
            RequestIds::new(b"other").end_of(&id, "okta", moment(0)),
            None
        );
        assert_ne!(id, ids.issue("okta", moment(0)));
        // 80 bytes are what a relay state may have.
        assert!(id.len() <= 80, "{id}");
    }

    #[test]
    fn made_up_and_changed_ids_are_unknown() {
        let ids = RequestIds::new(b"key");
        let id = ids.issue("okta", moment(0));
        let flipped = if id.starts_with("_A") { "B" } else { "A" };
        let longer = format!("{id}AAAA");
        for wrong in [
            "",
            "_",
            "_AAAA",
            &id[1..],
            &id[..id.len() - 4],
            &longer,
            &format!("_{flipped}{}", &id[2..]),
        ] {
            assert_eq!(ids.end_of(wrong, "okta", moment(0)), None, "{wrong}");
        }
    }

    #[test]
    fn a_request_is_deflated_into_the_query_of_the_login_page() {
        let login_url = Url::parse("https://idp.example.com/sso?tenant=a&x=%3C").unwrap();
        let request = LoginRequest {
            id: "_1",
            sp_entity_id: "urn:windlass:<sp>",
            acs_url: &Url::parse("https://sp.example.com/acs?a=1&b=2").unwrap(),
            now: moment(0),
        };
        let address = request.address(&login_url);
        let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tenant", "x", "SAMLRequest", "RelayState"]);
        assert_eq!(pairs[3].1, "_1");
        let mut text = String::new();
        DeflateDecoder::new(&*STANDARD.decode(&pairs[2].1).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let document = xml::message(&text).unwrap();
        let root = document.root_element();
        assert!(root.is(PROTOCOL, "AuthnRequest"));
        for (name, value) in [
            ("ID", "_1"),
            ("Version", "2.0"),
            ("IssueInstant", "2027-01-15T08:00:00Z"),
            ("Destination", login_url.as_str()),
            ("ProtocolBinding", POST),
            (
                "AssertionConsumerServiceURL",
                "https://sp.example.com/acs?a=1&b=2",
            ),
        ] {
            assert_eq!(root.plain(name), Some(value), "{name}");
        }
        let issuer = root.one(ASSERTION, "Issuer").unwrap();
        assert_eq!(issuer.whole_text().unwrap(), "urn:windlass:<sp>");
    }
}
