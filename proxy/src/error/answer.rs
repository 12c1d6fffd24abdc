//! Complete answers, in the forms of V1 and V2.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use pingora::http::ResponseHeader;
use serde_json::{Map, Value, json};
use windlass_transforms::plan::operation::AnswerPlan;

/// How V1 servers asked for credentials. Clients that send none at first wait for it.
const CHALLENGE: &str = "basic realm=\"Authentication required\"";

/// A complete answer made here.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// An answer that a mapping gives without the upstream.
    pub(crate) fn planned(plan: &AnswerPlan) -> Self {
        Self::document(plan, &plan.body)
    }

    /// The same with another body: one that stands for the answer's document.
    pub(crate) fn document(plan: &AnswerPlan, body: &str) -> Self {
        let status = StatusCode::from_u16(plan.status).unwrap_or(StatusCode::OK);
        Self::fixed(status, Some(&plan.content_type), body)
    }

    /// An answer whose body a mapping holds, whatever the upstream sent.
    pub(crate) fn fixed(status: StatusCode, content_type: Option<&str>, body: &str) -> Self {
        let content_type = content_type
            .and_then(|text| HeaderValue::from_str(text).ok())
            .unwrap_or(HeaderValue::from_static("application/json"));
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type)],
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// An answer whose body is complete.
    pub(crate) fn whole(status: StatusCode, content_type: Option<&str>, body: Vec<u8>) -> Self {
        Self {
            body: body.into(),
            ..Self::fixed(status, content_type, "")
        }
    }

    /// The V1 error that stands in for an upstream error without JSON.
    pub(crate) fn upstream_error(status: StatusCode, message: &str) -> Self {
        Self::v1_error(status, message, None, Map::new())
    }

    /// Which methods a path has, as V1 servers answered `OPTIONS`.
    pub(crate) fn options(allowed: &[Method]) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/html; charset=utf-8"),
                ),
                (header::ALLOW, allow(allowed)),
            ],
            body: Bytes::new(),
        }
    }

    /// How V1 servers asked for credentials.
    pub(super) fn challenge() -> Self {
        let html = Some("text/html; charset=utf-8");
        Self::fixed(StatusCode::UNAUTHORIZED, html, "Unauthorized").with_challenge()
    }

    /// The V1 error body.
    pub(super) fn v1_error(
        status: StatusCode,
        message: &str,
        operation: Option<&str>,
        mut detail: Map<String, Value>,
    ) -> Self {
        detail.entry("error_codes").or_insert_with(|| json!([]));
        if let Some(operation) = operation {
            detail.insert("v1_operation".to_owned(), operation.into());
        }
        Self::json(
            status,
            "application/json",
            &json!({ "message": message, "httpcode": status.as_u16(), "detail": detail }),
        )
    }

    /// The V2 error body: the union of what V2 clients read.
    pub(super) fn v2_error(status: StatusCode, message: &str, error_type: &str) -> Self {
        Self::json(
            status,
            "application/json",
            &json!({
                "code": status.as_u16(),
                "error_type": error_type.replace(' ', "_"),
                "message": message,
                "httpcode": status.as_u16(),
                "detail": { "error_codes": [] },
            }),
        )
    }

    /// The body of what V1 and V2 servers cannot route or read.
    pub(super) fn problem(status: StatusCode, detail: &str) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self::problem_json(status, title, Some(detail))
    }

    /// The same with the sentence as its title and no detail, as V1 servers wrote it for media
    /// types.
    pub(super) fn titled_problem(status: StatusCode, title: &str) -> Self {
        Self::problem_json(status, title, None)
    }

    fn problem_json(status: StatusCode, title: &str, detail: Option<&str>) -> Self {
        Self::json(
            status,
            "application/problem+json",
            &json!({
                "type": "about:blank",
                "title": title,
                "status": status.as_u16(),
                "detail": detail,
            }),
        )
    }

    fn json(status: StatusCode, content_type: &'static str, body: &Value) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))],
            body: Bytes::from(body.to_string()),
        }
    }

    /// Adds what V1 servers put into every 401, if it is one: clients that send no credentials
    /// at first wait for it.
    pub(crate) fn with_challenge(mut self) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(CHALLENGE);
            self.headers
                .retain(|(name, _)| name != header::WWW_AUTHENTICATE);
            self.headers.push((header::WWW_AUTHENTICATE, challenge));
        }
        self
    }

    /// Adds which methods there are.
    pub(super) fn with_allow(mut self, allowed: &[Method]) -> Self {
        self.headers.push((header::ALLOW, allow(allowed)));
        self
    }

    /// Its header, with the length of the body, and its body.
    pub(crate) fn into_parts(self) -> pingora::Result<(ResponseHeader, Bytes)> {
        let mut head = ResponseHeader::build(self.status, Some(self.headers.len() + 3))?;
        for (name, value) in self.headers {
            head.insert_header(name, value)?;
        }
        head.insert_header(header::CONTENT_LENGTH, self.body.len())?;
        Ok((head, self.body))
    }
}

/// Adds to the header of a 401 what V1 servers put there, as [`Answer::with_challenge`].
pub(crate) fn challenge(head: &mut ResponseHeader) -> pingora::Result<()> {
    if head.status == StatusCode::UNAUTHORIZED {
        head.insert_header(header::WWW_AUTHENTICATE, CHALLENGE)?;
    }
    Ok(())
}

fn allow(methods: &[Method]) -> HeaderValue {
    let list: Vec<&str> = methods.iter().map(Method::as_str).collect();
    HeaderValue::from_str(&list.join(", ")).expect("methods are tokens")
}
