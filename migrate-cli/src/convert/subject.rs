//! Which body is converted: a shape by name, or one body of an operation.

use std::fmt;

use windlass_transforms::MappingSet;
use windlass_transforms::plan::explain::Response;
use windlass_transforms::plan::operation::{Kind, Operation};

/// Which body of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// The request's.
    Request,
    /// The answer's with this V2 status.
    Answer(u16),
}

/// A body that can be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What it is called in messages.
    pub name: String,
    /// The picture of the V1 body, drawn from the V2 body.
    pub layout: String,
    /// What every caller of the operation loses, whatever is in the body.
    pub declared: Vec<String>,
}

/// Why there is nothing to convert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectError {
    /// No shape has this name.
    UnknownShape {
        /// The name asked for.
        name: String,
        /// The nearest one.
        near: Option<String>,
    },
    /// The operation makes no V2 call.
    NoCall {
        /// Its id.
        operation: String,
        /// Why not.
        reason: String,
    },
    /// The V1 answer is a text that is not JSON.
    Text {
        /// Its id.
        operation: String,
        /// The V2 status.
        status: u16,
    },
}

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownShape { name, near } => {
                write!(f, "the mappings have no shape `{name}`")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => f.write_str(
                        "; shapes are named as V1 schemas, and `windlass explain OPERATION` lists those of an operation",
                    ),
                }
            }
            Self::NoCall { operation, reason } => {
                write!(f, "`{operation}` has no body in V2: {reason}")
            }
            Self::Text { operation, status } => write!(
                f,
                "V1 clients get a fixed text for status {status} of `{operation}`, whatever V2 answers; there is nothing to convert"
            ),
        }
    }
}

impl std::error::Error for SubjectError {}

impl Subject {
    /// A shape, by the name of its file, or a V1 schema that a step rewrites as a whole.
    pub fn shape(set: &MappingSet, name: &str) -> Result<Self, SubjectError> {
        let by_step = windlass_mappings::steps::SHAPES;
        let layout = if set.shape_names().any(|known| known == name) {
            format!("$ as {name}")
        } else if let Some((_, step)) = by_step.iter().find(|(known, _)| *known == name) {
            format!("$ via {step}")
        } else {
            let known = set
                .shape_names()
                .chain(by_step.iter().map(|(name, _)| *name));
            let near = known
                .map(|known| {
                    let likeness =
                        strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
                    (likeness, known)
                })
                .filter(|(likeness, _)| *likeness > 0.85)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, known)| known.to_owned());
            return Err(SubjectError::UnknownShape {
                name: name.to_owned(),
                near,
            });
        };
        Ok(Self {
            name: name.to_owned(),
            layout,
            declared: Vec::new(),
        })
    }

    /// One body of an operation.
    pub fn operation(operation: &Operation, body: Body) -> Result<Self, SubjectError> {
        let no_call = |reason: &str| SubjectError::NoCall {
            operation: operation.id.clone(),
            reason: reason.to_owned(),
        };
        match &operation.kind {
            Kind::None { reason, instead } => {
                return Err(no_call(&format!("{reason}; instead: {instead}")));
            }
            Kind::Answer(_) => return Err(no_call("the proxy answers it by itself")),
            Kind::Unmapped => return Err(no_call("it is not mapped yet")),
            Kind::Call(_) | Kind::Composed(_) => {}
        }
        let explained = &operation.explanation;
        let (name, layout) = match body {
            Body::Request => {
                let name = format!("the request of `{}`", operation.id);
                (name, explained.request.as_ref())
            }
            Body::Answer(status) => {
                let response = response(&explained.responses, status);
                if response.is_some_and(|r| r.text.is_some()) {
                    return Err(SubjectError::Text {
                        operation: operation.id.clone(),
                        status,
                    });
                }
                let name = format!("the answer {status} of `{}`", operation.id);
                (name, response.and_then(|r| r.body.as_ref()))
            }
        };
        if let Kind::Composed(_) = &operation.kind
            && layout.is_none()
        {
            return Err(no_call("its answer is put together from several calls"));
        }
        // Drawn from what a look-up answered: that is the body to give.
        let by_look_up = layout.and_then(|body| {
            body.layout
                .split_once("lookup.")?
                .1
                .split([' ', '.'])
                .next()
        });
        let name = match by_look_up {
            Some(lookup) => format!("{name} (drawn from the answer of look-up `{lookup}`)"),
            None => name,
        };
        Ok(Self {
            name,
            layout: layout.map_or_else(|| "$".to_owned(), |body| body.layout.clone()),
            declared: operation.losses.clone(),
        })
    }
}

/// What is declared for a status; what is listed first wins.
fn response(responses: &[Response], status: u16) -> Option<&Response> {
    let exact = status.to_string();
    let class = format!("{}xx", status / 100);
    responses
        .iter()
        .find(|response| response.v2_status == exact || response.v2_status == class)
}
