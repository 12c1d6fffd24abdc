//! HTTP messages as the example files spell them: first line, headers, an empty line, body.

use std::fmt;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) message: Message,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) message: Message,
}

/// What both have.
#[derive(Debug)]
pub(crate) struct Message {
    headers: Vec<(String, String)>,
    /// Without the line break that ends the file.
    pub(crate) body: String,
}

/// Why a text is not an HTTP message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotHttp(String);

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Request {
    pub(crate) fn parse(text: &str) -> Result<Self, NotHttp> {
        let (first, message) = split(text)?;
        let words: Vec<&str> = first.split(' ').collect();
        let [method, target, "HTTP/1.1"] = words[..] else {
            return Err(NotHttp(format!("`{first}` is not `METHOD /path HTTP/1.1`")));
        };
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            message,
        })
    }
}

impl Response {
    pub(crate) fn parse(text: &str) -> Result<Self, NotHttp> {
        let (first, message) = split(text)?;
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| NotHttp(format!("`{first}` is not `HTTP/1.1 STATUS REASON`")))?;
        Ok(Self { status, message })
    }
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the body is JSON, by its type.
    pub(crate) fn is_json(&self) -> bool {
        self.header("content-type")
            .is_some_and(|value| value.split(';').next().unwrap_or("").ends_with("json"))
    }
}

fn split(text: &str) -> Result<(&str, Message), NotHttp> {
    let (head, body) = text
        .split_once("\n\n")
        .or_else(|| text.strip_suffix('\n').map(|head| (head, "")))
        .ok_or_else(|| NotHttp("the file does not end in a line break".to_owned()))?;
    let mut lines = head.lines();
    let first = lines
        .next()
        .ok_or_else(|| NotHttp("the file is empty".to_owned()))?;
    let headers = lines
        .map(|line| {
            line.split_once(':')
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .ok_or_else(|| NotHttp(format!("`{line}` is not a header")))
        })
        .collect::<Result<_, _>>()?;
    let body = body.strip_suffix('\n').unwrap_or(body).to_owned();
    Ok((first, Message { headers, body }))
}

#[test]
fn messages_with_and_without_body_are_read() {
    let request = Request::parse("GET /v1/a?b=c HTTP/1.1\n\n").unwrap();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/v1/a?b=c")
    );
    assert_eq!(request.message.body, "");
    let response =
        Response::parse("HTTP/1.1 404 Not Found\nContent-Type: a/problem+json; x=y\n\n{}\n")
            .unwrap();
    assert_eq!(response.status, 404);
    assert!(response.message.is_json());
    assert_eq!(response.message.body, "{}");
}

#[test]
fn malformed_messages_are_named() {
    for (text, message) in [
        ("GET /a", "the file does not end in a line break"),
        ("GET /a\n\n", "`GET /a` is not `METHOD /path HTTP/1.1`"),
        ("GET /a HTTP/1.1\nhost\n\n", "`host` is not a header"),
    ] {
        assert_eq!(Request::parse(text).unwrap_err().to_string(), message);
    }
    let error = Response::parse("HTTP/1.1 ok\n\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`HTTP/1.1 ok` is not `HTTP/1.1 STATUS REASON`"
    );
}
