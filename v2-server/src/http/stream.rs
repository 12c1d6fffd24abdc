//! Long lists, sent as they are read.

use std::future::Future;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::{ApiResult, JsonText};
use crate::state::AppState;
use crate::store::Transaction;

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
        return Ok(JsonText(format!("{start}]{tail}")).into_response());
    };
    start.push_str(&first);
    let Some(second) = pieces.next().await? else {
        start.push(']');
        start.push_str(tail);
        return Ok(JsonText(start).into_response());
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
    Ok(JsonText(Body::from_stream(rest)).into_response())
}

/// Rows of the database as elements of a list, a batch at a time: each batch goes on after the last row of the one
/// before, so that nothing is read twice and little is held.
pub(crate) struct Batches<K, F> {
    state: AppState,
    size: i64,
    read: Arc<F>,
    last: Option<K>,
    is_done: bool,
}

impl<K, F> Batches<K, F>
where
    K: Clone + Send + Sync + 'static,
    F: Fn(&mut Transaction<'_>, Option<&K>, i64) -> ApiResult<Vec<(K, String)>>
        + Send
        + Sync
        + 'static,
{
    /// `read` gives at most so many rows after a key, each with its key and as JSON text.
    pub(crate) fn new(state: AppState, size: i64, read: F) -> Self {
        Self {
            state,
            size,
            read: Arc::new(read),
            last: None,
            is_done: false,
        }
    }
}

impl<K, F> Pieces for Batches<K, F>
where
    K: Clone + Send + Sync + 'static,
    F: Fn(&mut Transaction<'_>, Option<&K>, i64) -> ApiResult<Vec<(K, String)>>
        + Send
        + Sync
        + 'static,
{
    async fn next(&mut self) -> ApiResult<Option<String>> {
        if self.is_done {
            return Ok(None);
        }
        let (read, last, size) = (Arc::clone(&self.read), self.last.take(), self.size);
        let rows = self
            .state
            .read(move |tx| read(tx, last.as_ref(), size))
            .await?;
        self.is_done = i64::try_from(rows.len()).is_ok_and(|count| count < size);
        self.last = rows.last().map(|(key, _)| key.clone());
        let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Some(rows.join(",")).filter(|piece| !piece.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ApiError;
    use super::*;

    /// Gives these pieces, and then fails or ends.
    struct Fixed {
        pieces: &'static [&'static str],
        fails: bool,
    }

    impl Pieces for Fixed {
        async fn next(&mut self) -> ApiResult<Option<String>> {
            match self.pieces.split_first() {
                Some((piece, rest)) => {
                    self.pieces = rest;
                    Ok(Some((*piece).to_owned()))
                }
                None if self.fails => Err(ApiError::not_found("gone")),
                None => Ok(None),
            }
        }
    }

    fn fixed(pieces: &'static [&'static str], fails: bool) -> Fixed {
        Fixed { pieces, fails }
    }

    async fn text(pieces: Fixed) -> Result<String, axum::Error> {
        let answer = list("{\"items\":", pieces, "}").await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn any_number_of_pieces_makes_one_list() {
        for (pieces, expected) in [
            (&[][..], r#"{"items":[]}"#),
            (&["1,2"], r#"{"items":[1,2]}"#),
            (&["1,2", "3", "4"], r#"{"items":[1,2,3,4]}"#),
        ] {
            assert_eq!(text(fixed(pieces, false)).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_failure_in_the_middle_breaks_the_answer_off() {
        assert!(text(fixed(&["1", "2"], true)).await.is_err());
    }

    #[tokio::test]
    async fn a_failure_at_the_start_is_an_answer() {
        let failed = list("", fixed(&["1"], true), "").await;
        assert!(matches!(failed, Err(ApiError::Api(_))));
    }
}
