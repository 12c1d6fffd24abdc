//! What became of one thing of V1.

use serde::Serialize;

/// What becomes of one operation, parameter, status, field or word that V1 has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The group of its document, such as `engine`.
    pub service: String,
    /// Id of the V1 operation; `METHOD /path` where no mapping knows it.
    pub operation: String,
    /// What it is.
    pub kind: Kind,
    /// Which: `query fulltag`, `200`, `200 [].imageDigest`, `request name`.
    pub name: String,
    /// What it is in V2, where it has one name there: `GET /images/{image_digest}`, `full_tag`,
    /// `items[].image_digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v2: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An operation.
    Operation,
    /// A parameter of the path, the query or a header.
    Parameter,
    /// A declared status.
    Status,
    /// A member of a request or an answer.
    Field,
    /// A value of an enumeration.
    Word,
}

impl Kind {
    /// All, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Operation,
        Self::Parameter,
        Self::Status,
        Self::Field,
        Self::Word,
    ];
}

/// What becomes of something of V1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    /// V2 has it, under the name that the mapping says.
    Exact,
    /// It works, with a loss that the mapping declares.
    Loss(String),
    /// The mapping says that V2 has nothing for it, and why.
    Unsupported(String),
    /// It is mapped without a V1 document to hold it against.
    Assumed(String),
    /// It is mapped by something that documents cannot be held against: a step, a composition, an
    /// object that V2 leaves open.
    Unseen(String),
    /// Nothing is said of it.
    Forgotten(String),
}

impl Verdict {
    /// The word of reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Loss(_) => "loss",
            Self::Unsupported(_) => "unsupported",
            Self::Assumed(_) => "assumed",
            Self::Unseen(_) => "unseen",
            Self::Forgotten(_) => "forgotten",
        }
    }

    /// Why, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Exact => None,
            Self::Loss(reason)
            | Self::Unsupported(reason)
            | Self::Assumed(reason)
            | Self::Unseen(reason)
            | Self::Forgotten(reason) => Some(reason),
        }
    }
}

/// Something that no document could be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotChecked {
    /// The operation.
    pub operation: String,
    /// What of it.
    pub what: String,
    /// Why not.
    pub why: String,
}
