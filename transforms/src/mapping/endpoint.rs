//! Method and path, as `v1` and `v2` are written.

use http::Method;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::BAD_ENDPOINT;
use crate::mapping::cursor::Parsed;
use crate::mapping::place::{Place, Text};
use crate::operation::{Endpoint, PathTemplate};

/// Method and path as written.
#[derive(Debug)]
pub(crate) struct WrittenEndpoint {
    pub(crate) text: Text,
    pub(crate) endpoint: Endpoint,
}

impl WrittenEndpoint {
    /// Reads `METHOD /path`.
    pub(crate) fn read(text: Text, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        match parse_endpoint(&text) {
            Ok(endpoint) => Some(Self { text, endpoint }),
            Err(error) => {
                errors.push(*error);
                None
            }
        }
    }
}

fn parse_endpoint(text: &Text) -> Parsed<Endpoint> {
    let wrong = |place: Place, message: String, help: &str| {
        let mut diagnostic = place.diagnostic(BAD_ENDPOINT, message);
        diagnostic.help = Some(help.to_owned());
        Box::new(diagnostic)
    };
    let form = "write a method and a path, such as `GET /fruits/{fruit_id}`";
    let Some((method, path)) = text.value.split_once(' ') else {
        let message = format!("`{}` is not a method and a path", text.value);
        return Err(wrong(text.place.clone(), message, form));
    };
    let at = method.len() + 1;
    let method = match method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        "PATCH" => Method::PATCH,
        other => {
            let message = format!("`{other}` is not a method");
            return Err(wrong(
                text.place_of(0..other.len()),
                message,
                "the methods are GET, POST, PUT, DELETE and PATCH",
            ));
        }
    };
    let place = || text.place_of(at..text.value.len());
    for version in ["/v1", "/v2"] {
        if path
            .strip_prefix(version)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            let message = format!("the path begins with `{version}`");
            return Err(wrong(
                place(),
                message,
                "paths are written without the version",
            ));
        }
    }
    let template = PathTemplate::parse(path)
        .map_err(|error| wrong(place(), format!("`{path}` is not a path: {error}"), form))?;
    Ok(Endpoint { method, template })
}
