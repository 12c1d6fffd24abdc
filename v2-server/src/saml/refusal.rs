//! Why a message proves nothing.

use super::signature::SignatureError;
use super::xml::XmlError;
use crate::time::Timestamp;

/// Why a message proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Its form is not that of a message.
    #[error(transparent)]
    Form(#[from] XmlError),
    /// A signature is no good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is some other message.
    #[error("it is a `{got}`, expected a `{expected}` of SAML 2.0")]
    Kind {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// The identity provider says that the login failed.
    #[error("the identity provider answered `{0}`")]
    Failed(String),
    /// This server has no key to read it with.
    #[error(
        "it is encrypted; the identity provider must send assertions that are signed and not encrypted"
    )]
    Encrypted,
    /// There must be exactly one.
    #[error("it has {0} assertions, expected one")]
    Assertions(usize),
    /// A signature stands where none belongs.
    #[error("there is a signature that is neither of the response nor of the assertion")]
    StraySignature,
    /// It must be signed.
    #[error("the {0} is not signed")]
    Unsigned(&'static str),
    /// Somebody else made it.
    #[error("it was issued by `{0}`, which is not the entity in the metadata")]
    Issuer(String),
    /// It is for some other service provider.
    #[error("it is not for the audience `{0}`")]
    Audience(String),
    /// It was sent somewhere else.
    #[error("it is for the recipient `{0}`, not for this one")]
    Recipient(String),
    /// It answers no request, or not the one its response names.
    #[error("response and assertion answer different requests")]
    InResponseTo,
    /// It has no subject that whoever brings it can be.
    #[error("the subject is not confirmed for whoever bears the assertion: {0}")]
    Subject(String),
    /// It must say under which conditions it holds.
    #[error("it has no conditions")]
    NoConditions,
    /// It has conditions nobody here can judge.
    #[error("it has the condition `{0}`, which is not known here")]
    Condition(String),
    /// A moment is none.
    #[error("`{name}` is no time: {reason}")]
    Moment {
        /// The attribute.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// It does not hold yet.
    #[error("it holds only from {0} on")]
    TooEarly(Timestamp),
    /// It does not hold any more.
    #[error("it is over since {0}")]
    Over(Timestamp),
}

impl Refusal {
    /// Whether other metadata, with other certificates, could change that.
    pub(crate) fn is_unknown_key(&self) -> bool {
        matches!(self, Self::Signature(SignatureError::WrongKey))
    }
}
