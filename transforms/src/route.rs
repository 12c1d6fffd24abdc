//! From a request line to a V1 operation and its path values.
//!
//! Literal segments win over parameters, and parameters over `{rest...}`; a path that only
//! matches with another method is [`Route::WrongMethod`]. Doubled and trailing slashes do not
//! matter. Percent-encoding is kept: values leave as they came.

use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::operation::{PathTemplate, Segment};
use crate::plan::operation::Operation;

/// Where a request goes.
#[derive(Debug, Clone)]
pub enum Route {
    /// To this operation.
    Found {
        /// The operation.
        operation: Arc<Operation>,
        /// What stood where its path has parameters.
        values: PathValues,
    },
    /// The path is known, with other methods.
    WrongMethod {
        /// Them, sorted; with HEAD where there is GET.
        allowed: Vec<Method>,
    },
    /// No operation has such a path.
    Unknown,
    /// The path cannot be read.
    Malformed {
        /// What is wrong with it; fits after "the path has ".
        what: &'static str,
    },
}

/// The values of a path's parameters, by V1 name, as they came and decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathValues(Vec<PathValue>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct PathValue {
    name: Box<str>,
    raw: Box<str>,
    decoded: Box<str>,
}

impl PathValues {
    /// The value as received, percent-encoded. The slashes of a `{rest...}` are `%2F`.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|v| &*v.name == name).map(|v| &*v.raw)
    }

    /// The value, percent-decoded.
    pub fn decoded(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|v| &*v.name == name)
            .map(|v| &*v.decoded)
    }

    /// Names and decoded values, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|v| (&*v.name, &*v.decoded))
    }
}

/// All operations, by method and path.
#[derive(Debug, Default)]
pub struct RouteTable {
    root: Node,
}

/// What may follow after some segments.
#[derive(Debug, Default)]
struct Node {
    literals: Vec<(Box<str>, Node)>,
    parameter: Option<Box<Node>>,
    /// Operations whose `{rest...}` begins here.
    rest: Vec<Arc<Operation>>,
    /// Operations whose path ends here.
    here: Vec<Arc<Operation>>,
}

/// One segment of a request path.
struct Part<'a> {
    raw: &'a str,
    decoded: Box<str>,
}

impl RouteTable {
    /// Adds an operation. When one with the same method and the same form of path is there
    /// already, it is returned and stays.
    pub(crate) fn insert(&mut self, operation: &Arc<Operation>) -> Result<(), Arc<Operation>> {
        let mut node = &mut self.root;
        let mut rest = false;
        for segment in &operation.v1.template.segments {
            match segment {
                Segment::Literal(text) => {
                    let at = match node.literals.binary_search_by(|(t, _)| t.cmp(text)) {
                        Ok(at) => at,
                        Err(at) => {
                            node.literals.insert(at, (text.clone(), Node::default()));
                            at
                        }
                    };
                    node = &mut node.literals[at].1;
                }
                Segment::Parameter(_) => node = node.parameter.get_or_insert_default(),
                Segment::Rest(_) => rest = true,
            }
        }
        let place = if rest { &mut node.rest } else { &mut node.here };
        if let Some(taken) = place.iter().find(|o| o.v1.method == operation.v1.method) {
            return Err(Arc::clone(taken));
        }
        place.push(Arc::clone(operation));
        Ok(())
    }

    /// Finds the operation of a request. `path` comes without API version and query,
    /// percent-encoded as received.
    pub fn find(&self, method: &Method, path: &str) -> Route {
        let parts = match split(path) {
            Ok(parts) => parts,
            Err(what) => return Route::Malformed { what },
        };
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut allowed = Vec::new();
        match self.root.find(method, &parts, &mut allowed) {
            Some(operation) => Route::Found {
                values: values(&operation.v1.template, &parts),
                operation: Arc::clone(operation),
            },
            None if allowed.is_empty() => Route::Unknown,
            None => {
                if allowed.contains(&Method::GET) {
                    allowed.push(Method::HEAD);
                }
                allowed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
                allowed.dedup();
                Route::WrongMethod { allowed }
            }
        }
    }
}

impl Node {
    fn find(
        &self,
        method: &Method,
        parts: &[Part<'_>],
        allowed: &mut Vec<Method>,
    ) -> Option<&Arc<Operation>> {
        let Some((first, others)) = parts.split_first() else {
            return choose(&self.here, method, allowed);
        };
        if let Ok(at) = self
            .literals
            .binary_search_by(|(text, _)| text.cmp(&first.decoded))
            && let Some(found) = self.literals[at].1.find(method, others, allowed)
        {
            return Some(found);
        }
        if let Some(node) = &self.parameter
            && let Some(found) = node.find(method, others, allowed)
        {
            return Some(found);
        }
        choose(&self.rest, method, allowed)
    }
}

/// The operation with this method; otherwise notes the methods there are.
fn choose<'a>(
    operations: &'a [Arc<Operation>],
    method: &Method,
    allowed: &mut Vec<Method>,
) -> Option<&'a Arc<Operation>> {
    let found = operations.iter().find(|o| o.v1.method == *method);
    if found.is_none() {
        allowed.extend(operations.iter().map(|o| o.v1.method.clone()));
    }
    found
}

/// Splits a path at its slashes and decodes each segment; empty segments do not count.
fn split(path: &str) -> Result<Vec<Part<'_>>, &'static str> {
    path.split('/')
        .filter(|raw| !raw.is_empty())
        .map(|raw| {
            Ok(Part {
                raw,
                decoded: decode(raw)?,
            })
        })
        .collect()
}

/// Decodes one segment. Dot segments are refused, encoded ones too: whoever resolves them
/// further on would see another path than the one that was matched here.
fn decode(raw: &str) -> Result<Box<str>, &'static str> {
    if !is_percent_encoded(raw) {
        return Err("a `%` that is not followed by two hexadecimal digits");
    }
    let decoded = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| "a percent-encoded byte sequence that is not UTF-8")?;
    if decoded
        .split(['/', '\\'])
        .any(|part| part == "." || part == "..")
    {
        return Err("a `.` or `..` segment");
    }
    if decoded.contains('\0') {
        return Err("a NUL character");
    }
    Ok(decoded.into())
}

/// Whether every `%` begins an encoded byte.
pub(crate) fn is_percent_encoded(raw: &str) -> bool {
    raw.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        digits.next().is_some_and(|b| b.is_ascii_hexdigit())
            && digits.next().is_some_and(|b| b.is_ascii_hexdigit())
    })
}

/// Names the values of a matched path.
fn values(template: &PathTemplate, parts: &[Part<'_>]) -> PathValues {
    let mut values = Vec::new();
    for (index, segment) in template.segments.iter().enumerate() {
        match segment {
            Segment::Literal(_) => {}
            Segment::Parameter(name) => values.push(PathValue {
                name: name.clone(),
                raw: parts[index].raw.into(),
                decoded: parts[index].decoded.clone(),
            }),
            Segment::Rest(name) => {
                let rest = &parts[index..];
                let raw: Vec<&str> = rest.iter().map(|p| p.raw).collect();
                let decoded: Vec<&str> = rest.iter().map(|p| &*p.decoded).collect();
                values.push(PathValue {
                    name: name.clone(),
                    raw: raw.join("%2F").into(),
                    decoded: decoded.join("/").into(),
                });
            }
        }
    }
    PathValues(values)
}
