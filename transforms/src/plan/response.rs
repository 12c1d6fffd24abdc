//! What the client gets for an upstream answer, by its status.

use std::sync::Arc;

use crate::plan::body::{BodyPlan, Strategy};
use crate::plan::template::TextTemplate;
use crate::step::StepContext;

/// What becomes of answers, by V2 status.
#[derive(Debug)]
pub struct Responses {
    /// The operation's own, then the common ones; the first that fits is used.
    pub(crate) declared: Vec<DeclaredResponse>,
    pub(crate) pass: Arc<BodyPlan>,
}

/// What the client gets for one V2 status.
#[derive(Debug, Clone)]
pub struct ResponsePlan {
    /// The V1 status.
    pub status: u16,
    /// How the body is rewritten.
    pub body: Arc<BodyPlan>,
    /// The look-up whose kept answer is the body, in place of what the upstream sent.
    pub looked_up: Option<Box<str>>,
    /// `Content-Type` of the V1 answer, where it is not the upstream's.
    pub content_type: Option<Box<str>>,
    /// The file that the body leaves as, where it leaves as a gzip file.
    pub gzip: Option<GzipFile>,
}

/// A body that leaves as a gzip file.
#[derive(Debug, Clone)]
pub struct GzipFile {
    pub(crate) name: TextTemplate,
}

impl GzipFile {
    /// The name of the file: visible ASCII, without what has a meaning in a header.
    pub fn name(&self, context: &StepContext) -> String {
        let name = self.name.fill(&context.path);
        name.chars()
            .map(|c| {
                if c.is_ascii_graphic() && !"\"\\;,/%".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect()
    }
}

/// A V2 status that a response plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum StatusPattern {
    /// `404`.
    Exact(u16),
    /// `4xx`, by its first digit.
    Class(u16),
}

impl StatusPattern {
    pub(crate) fn fits(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(digit) => digit == status / 100,
        }
    }
}

/// What a mapping says for some V2 statuses.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredResponse {
    pub(crate) v2: StatusPattern,
    /// `None`: as upstream.
    pub(crate) v1: Option<u16>,
    pub(crate) body: Arc<BodyPlan>,
    pub(crate) looked_up: Option<Box<str>>,
    pub(crate) content_type: Option<Box<str>>,
    pub(crate) gzip: Option<GzipFile>,
}

impl Responses {
    /// What the client gets for this V2 status. The most specific declaration wins; without
    /// one, status and body pass as they are.
    pub fn of(&self, v2_status: u16) -> ResponsePlan {
        match self.declared.iter().find(|r| r.v2.fits(v2_status)) {
            Some(declared) => ResponsePlan {
                status: declared.v1.unwrap_or(v2_status),
                body: Arc::clone(&declared.body),
                looked_up: declared.looked_up.clone(),
                content_type: declared.content_type.clone(),
                gzip: declared.gzip.clone(),
            },
            None => ResponsePlan {
                status: v2_status,
                body: Arc::clone(&self.pass),
                looked_up: None,
                content_type: None,
                gzip: None,
            },
        }
    }
}

impl ResponsePlan {
    /// Whether the body leaves as it came.
    pub fn passes(&self) -> bool {
        matches!(self.body.strategy, Strategy::Pass)
    }
}
