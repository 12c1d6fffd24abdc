//! A SAML identity provider on this machine: publishes metadata, reads requests, and signs what it is told to say.
//!
//! It writes XML in canonical form to begin with, so what it signs is the text itself.

#[path = "../../v2-server/src/saml/testing/signer.rs"]
mod signer;

use std::io::Read as _;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::read::DeflateDecoder;
use reqwest::Url;
use signer::Signer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use windlass_v2_server::{Clock, SystemClock, Timestamp};

/// Where the service provider of these tests would be.
pub const ACS_URL: &str = "https://sp.example.com/acs";
/// The name of that service provider.
pub const SP_ENTITY_ID: &str = "urn:windlass";

/// Runs until it is dropped.
#[derive(Debug)]
pub struct IdentityProvider {
    address: SocketAddr,
    signer: Signer,
    task: JoinHandle<()>,
}

/// What an identity provider says about a login.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who it is.
    pub name: &'a str,
    /// The request it answers; none where empty.
    pub request: &'a str,
    /// Where it is for.
    pub recipient: &'a str,
}

impl IdentityProvider {
    /// Starts it on a free port, with a key of its own.
    pub async fn start() -> Self {
        let signer = Signer::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let metadata = metadata(address, &signer);
        let app = Router::new().route("/metadata", get(|| async move { metadata }));
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves until it is dropped");
        });
        Self {
            address,
            signer,
            task,
        }
    }

    /// What it publishes.
    pub fn metadata(&self) -> String {
        metadata(self.address, &self.signer)
    }

    /// Where it publishes that.
    pub fn metadata_url(&self) -> String {
        format!("http://{}/metadata", self.address)
    }

    /// Reads the request in the address that a browser was sent to; answers its id.
    ///
    /// # Panics
    /// It is not one for this identity provider.
    pub fn request_in(&self, address: &str) -> String {
        let url = Url::parse(address).expect("an address");
        assert!(
            address.starts_with(&format!("http://{}/login?", self.address)),
            "{address}"
        );
        let parameter = |name: &str| {
            let found = url.query_pairs().find(|(known, _)| known == name);
            found.expect("a parameter of the binding").1.into_owned()
        };
        let deflated = STANDARD
            .decode(parameter("SAMLRequest"))
            .expect("the request is in base64");
        let mut xml = String::new();
        DeflateDecoder::new(&*deflated)
            .read_to_string(&mut xml)
            .expect("the request is deflated");
        let id = xml
            .split(" ID=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let id = id.expect("the request has an id").to_owned();
        assert!(xml.contains(&format!(">{SP_ENTITY_ID}<")), "{xml}");
        assert!(
            xml.contains(&format!("AssertionConsumerServiceURL=\"{ACS_URL}\"")),
            "{xml}"
        );
        assert_eq!(parameter("RelayState"), id);
        id
    }

    /// The form that a browser posts: the response, response and assertion signed.
    pub fn response(&self, said: &Said<'_>) -> String {
        let told = self.told(said);
        let assertion = self.signed(|signature| told.assertion(signature));
        STANDARD.encode(self.signed(|signature| told.response(signature, &assertion)))
    }

    /// The same, with nothing signed.
    pub fn unsigned_response(&self, said: &Said<'_>) -> String {
        let told = self.told(said);
        STANDARD.encode(told.response("", &told.assertion("")))
    }

    /// A signed assertion by itself, as RFC 7522 wants it.
    pub fn assertion(&self, said: &Said<'_>) -> String {
        let told = self.told(said);
        URL_SAFE_NO_PAD.encode(self.signed(|signature| told.assertion(signature)))
    }

    fn told<'a>(&self, said: &'a Said<'a>) -> Told<'a> {
        Told {
            said,
            issuer: self.metadata_url(),
            now: SystemClock.now(),
        }
    }

    /// What `write` makes, with the signature of what it makes without one.
    fn signed(&self, write: impl Fn(&str) -> String) -> String {
        let unsigned = write("");
        let id = unsigned
            .split(" ID=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let id = id.expect("what is signed has an id");
        write(&self.signer.sign(id, &unsigned))
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn metadata(address: SocketAddr, signer: &Signer) -> String {
    let entity = format!("http://{address}/metadata");
    signer.metadata(&entity, &format!("http://{address}/login"))
}

fn answers(request: &str) -> String {
    match request {
        "" => String::new(),
        request => format!(" InResponseTo=\"{request}\""),
    }
}

/// What is said at a moment, as XML.
struct Told<'a> {
    said: &'a Said<'a>,
    issuer: String,
    now: Timestamp,
}

impl Told<'_> {
    fn response(&self, signature: &str, assertion: &str) -> String {
        let Self { said, issuer, now } = self;
        let (recipient, answers) = (said.recipient, answers(said.request));
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{recipient}\" \
             ID=\"_response\"{answers} IssueInstant=\"{now}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</saml:Issuer>{signature}\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
             </samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>"
        )
    }

    fn assertion(&self, signature: &str) -> String {
        let Self { said, issuer, now } = self;
        let (name, recipient, answers) = (said.name, said.recipient, answers(said.request));
        // One for each login.
        let id = format!("_{name}-{}", said.request);
        let until = now.plus_seconds(300);
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" \
             IssueInstant=\"{now}\" Version=\"2.0\"><saml:Issuer>{issuer}</saml:Issuer>{signature}<saml:Subject>\
             <saml:NameID>{name}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData{answers} NotOnOrAfter=\"{until}\" Recipient=\"{recipient}\">\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
             <saml:Audience>{SP_ENTITY_ID}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement></saml:Assertion>"
        )
    }
}
