//! Images that have a package, read and sent a batch at a time.

use std::collections::VecDeque;

use super::store::{self, PackageFilter};
use crate::http::stream::Pieces;
use crate::http::{ApiError, ApiResult};
use crate::resources::images::record::store::ImageKey;
use crate::state::AppState;

/// Images read at a time.
const BATCH: usize = 200;

/// The images of a page that is being sent.
pub(super) struct Images {
    pub(super) state: AppState,
    pub(super) filter: PackageFilter,
    pub(super) wanted: VecDeque<ImageKey>,
}

impl Pieces for Images {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        let size = BATCH.min(self.wanted.len());
        if size == 0 {
            return Ok(None);
        }
        let batch: Vec<ImageKey> = self.wanted.drain(..size).collect();
        let filter = self.filter.clone();
        self.state
            .read(move |tx| {
                let mut rows = Vec::with_capacity(batch.len());
                for key in &batch {
                    let image = store::image(tx, *key, &filter)?.ok_or_else(|| {
                        ApiError::internal("an image was removed while a page was read")
                    })?;
                    rows.push(serde_json::to_string(&image).map_err(ApiError::internal)?);
                }
                Ok(Some(rows.join(",")))
            })
            .await
    }
}
