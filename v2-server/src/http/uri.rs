//! The request line, before routing: what no handler should have to think about.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Uri;

use super::Problem;

/// Refuses paths and queries that are not percent-encoded UTF-8.
pub(crate) async fn check_encoding(request: Request, next: Next) -> Response {
    let uri = request.uri();
    for (place, text) in [
        ("path", uri.path()),
        ("query", uri.query().unwrap_or_default()),
    ] {
        if let Err(reason) = decodes(text) {
            return Problem::bad_request(format!("the {place} of the URL {reason}"))
                .into_response();
        }
    }
    next.run(request).await
}

/// Treats `/v2//images/` as `/v2/images`: base URLs are typed with and without a slash at the end.
/// Encoded slashes (`%2F`) are data and stay.
pub(crate) fn without_empty_segments(mut request: Request) -> Request {
    let path = request.uri().path();
    if path.len() < 2 || !(path.contains("//") || path.ends_with('/')) {
        return request;
    }
    let mut clean = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        clean.push('/');
        clean.push_str(segment);
    }
    if clean.is_empty() {
        clean.push('/');
    }
    if let Some(query) = request.uri().query() {
        clean.push('?');
        clean.push_str(query);
    }
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = clean.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

fn decodes(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(format!(
                "has a `%` at byte {at} that two hexadecimal digits do not follow"
            ));
        }
    }
    if percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .is_err()
    {
        return Err("is not UTF-8 once decoded".to_owned());
    }
    if percent_encoding::percent_decode_str(text).any(|byte| byte == 0) {
        return Err("has a NUL character".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(uri: &str) -> String {
        let request = Request::builder()
            .uri(uri)
            .body(axum::body::Body::empty())
            .unwrap();
        without_empty_segments(request).uri().to_string()
    }

    #[test]
    fn slashes_too_many_do_not_matter() {
        assert_eq!(cleaned("/v2//images/"), "/v2/images");
        assert_eq!(
            cleaned("/v2/images/?full_tag=a//b/"),
            "/v2/images?full_tag=a//b/"
        );
        assert_eq!(cleaned("/"), "/");
        assert_eq!(cleaned("//"), "/");
        assert_eq!(
            cleaned("/v2/registries/a%2F%2Fb"),
            "/v2/registries/a%2F%2Fb"
        );
    }

    #[test]
    fn bad_encoding_is_told_apart() {
        assert!(decodes("/v2/images/sha256%3Aabc").is_ok());
        assert!(decodes("/v2/%zz").unwrap_err().contains("byte 4"));
        assert!(decodes("/v2/%4").unwrap_err().contains("hexadecimal"));
        assert!(decodes("/v2/%ff").unwrap_err().contains("UTF-8"));
        assert!(decodes("/v2/a%00b").unwrap_err().contains("NUL"));
    }
}
