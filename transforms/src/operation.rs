//! Operations as an API names them: a method on a path template.

use std::fmt;

use http::Method;

/// A method and a path template, such as `GET /fruits/{fruit_id}`. Paths carry no API
/// version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The HTTP method.
    pub method: Method,
    /// The path, and for upstream calls a query.
    pub template: PathTemplate,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// A path with `{name}` where a value stands. A last segment `{name...}` takes the rest of
/// the path, slashes included. Templates of upstream calls may end in a query
/// (`/fruits?fruit_id={fruit_id}`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathTemplate {
    /// What stands between the slashes.
    pub segments: Vec<Segment>,
    /// Query parameters that every call carries: name (as written) and value.
    pub query: Vec<(Box<str>, Segment)>,
}

/// One segment of a path template, or one value of its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The same in every request.
    Literal(Box<str>),
    /// `{name}`: one value.
    Parameter(Box<str>),
    /// `{name...}`: the rest of the path.
    Rest(Box<str>),
}

impl Segment {
    /// The parameter's name; `None` for a literal.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter(name) | Self::Rest(name) => Some(name),
        }
    }

    fn parse(text: &str) -> Result<Self, TemplateError> {
        let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
            if text.contains(['{', '}']) {
                return Err(TemplateError::MixedSegment(text.to_owned()));
            }
            return Ok(Self::Literal(text.into()));
        };
        let (name, rest) = match inner.strip_suffix("...") {
            Some(name) => (name, true),
            None => (inner, false),
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(TemplateError::ParameterName(inner.to_owned()));
        }
        Ok(if rest {
            Self::Rest(name.into())
        } else {
            Self::Parameter(name.into())
        })
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Parameter(name) => write!(f, "{{{name}}}"),
            Self::Rest(name) => write!(f, "{{{name}...}}"),
        }
    }
}

/// Why a text is not a path template.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// The first character is not `/`.
    #[error("a path begins with `/`")]
    NoSlash,
    /// Two slashes in a row, or one at the end.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// A segment that is neither a literal nor a parameter.
    #[error("the segment `{0}` mixes a parameter with other text")]
    MixedSegment(String),
    /// A parameter whose name is not made of letters, digits and `_`.
    #[error("`{{{0}}}` does not name a parameter")]
    ParameterName(String),
    /// `{name...}` before the end.
    #[error("`{{{0}...}}` takes the rest of the path and must come last")]
    RestNotLast(String),
    /// One parameter twice.
    #[error("the parameter `{0}` occurs twice")]
    Repeated(String),
    /// A query member without `=`.
    #[error("the query member `{0}` has no `=`")]
    QueryMember(String),
}

impl PathTemplate {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let path = path.strip_prefix('/').ok_or(TemplateError::NoSlash)?;
        let mut segments = Vec::new();
        if !path.is_empty() {
            for part in path.split('/') {
                if part.is_empty() {
                    return Err(TemplateError::EmptySegment);
                }
                segments.push(Segment::parse(part)?);
            }
        }
        let mut members = Vec::new();
        for member in query.into_iter().flat_map(|q| q.split('&')) {
            let (name, value) = member
                .split_once('=')
                .ok_or_else(|| TemplateError::QueryMember(member.to_owned()))?;
            members.push((name.into(), Segment::parse(value)?));
        }
        let template = Self {
            segments,
            query: members,
        };
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), TemplateError> {
        let path_end = self.segments.len().saturating_sub(1);
        for (index, segment) in self.segments.iter().enumerate() {
            if let Segment::Rest(name) = segment
                && index != path_end
            {
                return Err(TemplateError::RestNotLast(name.to_string()));
            }
        }
        if let Some((_, Segment::Rest(name))) = self
            .query
            .iter()
            .find(|(_, v)| matches!(v, Segment::Rest(_)))
        {
            return Err(TemplateError::RestNotLast(name.to_string()));
        }
        let names: Vec<&str> = self.parameters().collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                return Err(TemplateError::Repeated((*name).to_owned()));
            }
        }
        Ok(())
    }

    /// The names of all parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .chain(self.query.iter().map(|(_, value)| value))
            .filter_map(Segment::parameter)
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            f.write_str("/")?;
        }
        for segment in &self.segments {
            write!(f, "/{segment}")?;
        }
        for (index, (name, value)) in self.query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_print_as_they_were_written() {
        for text in [
            "/",
            "/fruits/{fruitId}",
            "/registries/{registry...}",
            "/fruits?fruit_id={fruit_id}&detail=true",
        ] {
            assert_eq!(PathTemplate::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn malformed_templates_say_what_is_wrong() {
        for (text, message) in [
            ("images", "a path begins with `/`"),
            ("/fruits/", "the path has an empty segment"),
            (
                "/a/{b",
                "the segment `{b` mixes a parameter with other text",
            ),
            (
                "/a/x{b}",
                "the segment `x{b}` mixes a parameter with other text",
            ),
            ("/a/{}", "`{}` does not name a parameter"),
            (
                "/a/{b...}/c",
                "`{b...}` takes the rest of the path and must come last",
            ),
            ("/a/{b}/{b}", "the parameter `b` occurs twice"),
            ("/a?b", "the query member `b` has no `=`"),
        ] {
            assert_eq!(PathTemplate::parse(text).unwrap_err().to_string(), message);
        }
    }
}
