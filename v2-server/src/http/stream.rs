//! Long lists, sent as they are read.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderValue, header};

use super::ApiResult;

/// A JSON list in pieces, each one or more elements as JSON text, joined by commas.
pub(crate) trait Pieces: Send + 'static {
    /// The next piece, never an empty one; nothing at the end.
    fn next(&mut self) -> impl Future<Output = ApiResult<Option<String>>> + Send;
}

/// Answers `head`, the list, and `tail`, where the list stands between `[` and `]` of its own.
///
/// A short list is answered at once, with its length. A long one streams: a few pieces are in
/// memory at any time. Should reading fail in the middle, the connection is broken off, so that
/// nobody takes a part for the whole.
///
/// # Errors
/// Those of reading the first two pieces.
pub(crate) async fn list(
    head: &str,
    mut pieces: impl Pieces,
    tail: &'static str,
) -> ApiResult<Response> {
    let mut start = format!("{head}[");
    let Some(first) = pieces.next().await? else {
        return Ok(answer(Body::from(format!("{start}]{tail}"))));
    };
    start.push_str(&first);
    let Some(second) = pieces.next().await? else {
        start.push(']');
        start.push_str(tail);
        return Ok(answer(Body::from(start)));
    };
    let rest = stream::try_unfold(
        Some((pieces, Some(start), Some(second))),
        move |state| async move {
            let Some((mut pieces, start, piece)) = state else {
                return Ok(None);
            };
            if let Some(start) = start {
                return Ok(Some((Bytes::from(start), Some((pieces, None, piece)))));
            }
            let piece = match piece {
                Some(piece) => Some(piece),
                None => pieces.next().await.inspect_err(|error| {
                    tracing::error!("broke off an answer in the middle: {error}");
                })?,
            };
            Ok::<_, super::ApiError>(Some(match piece {
                Some(piece) => (Bytes::from(format!(",{piece}")), Some((pieces, None, None))),
                None => (Bytes::from(format!("]{tail}")), None),
            }))
        },
    );
    Ok(answer(Body::from_stream(rest)))
}

fn answer(body: Body) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::super::ApiError;
    use super::*;

    struct Fixed(Vec<ApiResult<Option<String>>>);

    impl Pieces for Fixed {
        async fn next(&mut self) -> ApiResult<Option<String>> {
            if self.0.is_empty() {
                Ok(None)
            } else {
                self.0.remove(0)
            }
        }
    }

    fn piece(text: &str) -> ApiResult<Option<String>> {
        Ok(Some(text.to_owned()))
    }

    async fn text(pieces: Vec<ApiResult<Option<String>>>) -> Result<String, axum::Error> {
        let answer = list("{\"items\":", Fixed(pieces), "}").await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn any_number_of_pieces_makes_one_list() {
        assert_eq!(text(vec![]).await.unwrap(), r#"{"items":[]}"#);
        assert_eq!(
            text(vec![piece("1,2")]).await.unwrap(),
            r#"{"items":[1,2]}"#
        );
        let three = vec![piece("1,2"), piece("3"), piece("4")];
        assert_eq!(text(three).await.unwrap(), r#"{"items":[1,2,3,4]}"#);
    }

    #[tokio::test]
    async fn a_failure_in_the_middle_breaks_the_answer_off() {
        let broken = vec![piece("1"), piece("2"), Err(ApiError::internal("gone"))];
        assert!(text(broken).await.is_err());
    }

    #[tokio::test]
    async fn a_failure_at_the_start_is_an_answer() {
        let failed = list("", Fixed(vec![Err(ApiError::not_found("x"))]), "").await;
        assert!(matches!(failed, Err(ApiError::Api(_))));
    }
}
