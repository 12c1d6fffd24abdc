//! Analysing sources in the background, one after the other, as with images.

use super::store::{self, Claim};
use crate::analysis::{self, AnalysisError, SourceAnalysis};
use crate::http::{ApiError, ApiResult};
use crate::resources::images::analysis::lease::CLAIM;
use crate::resources::imports::sources::store as imports;
use crate::resources::imports::types::ImportStatus;
use crate::state::AppState;
use crate::store::Transaction;

/// Analyses all sources that wait for it.
///
/// # Errors
/// The database failed. A source that cannot be analysed is no error: its record says so.
pub(crate) async fn analyze_waiting(state: &AppState) -> ApiResult<()> {
    loop {
        let (now, host_id) = (state.now(), state.host_id.clone());
        let claim = state
            .write(move |tx| Ok(store::claim(tx, now, now.plus_seconds(CLAIM), &host_id)?))
            .await?;
        let Some(mut claim) = claim else {
            return Ok(());
        };
        let _running = state.metrics.analysis();
        let loading = Box::pin(load(state, claim.import_uuid.clone()));
        let outcome = claim.lease.while_renewed(state, loading).await?;
        finish(state, claim, outcome).await?;
    }
}

/// How many sources wait.
pub(crate) fn waiting(tx: &mut Transaction<'_>) -> crate::store::Result<i64> {
    store::waiting(tx)
}

type Analyzed = (Vec<u8>, SourceAnalysis);

/// Reads the uploaded SBOM and analyses it.
async fn load(state: &AppState, import: String) -> ApiResult<Result<Analyzed, String>> {
    let sbom = state
        .read(move |tx| Ok(imports::chosen_sbom(tx, &import)?))
        .await?;
    Ok(match sbom {
        Some(sbom) => analyze(sbom).await?.map_err(|error| error.to_string()),
        None => Err("the uploaded SBOM is gone".to_owned()),
    })
}

async fn analyze(sbom: Vec<u8>) -> ApiResult<Result<Analyzed, AnalysisError>> {
    tokio::task::spawn_blocking(move || {
        let analysis = analysis::analyze_source(&sbom)?;
        Ok((sbom, analysis))
    })
    .await
    .map_err(ApiError::internal)
}

/// Stores what was found, unless the source was removed or imported again in the meantime.
async fn finish(
    state: &AppState,
    claim: Claim,
    outcome: Result<Analyzed, String>,
) -> ApiResult<()> {
    if let Err(reason) = &outcome {
        tracing::warn!("failed to analyse source `{}`: {reason}", claim.uuid);
    }
    let now = state.now();
    state
        .write(move |tx| {
            if !store::is_held(tx, &claim)? {
                return Ok(());
            }
            let status = if let Ok((sbom, analysis)) = &outcome {
                let listings: Vec<_> = analysis
                    .listings
                    .iter()
                    .map(|(content_type, listing)| (*content_type, listing))
                    .collect();
                store::save(tx, &claim, sbom, &listings, now)?;
                ImportStatus::Complete
            } else {
                store::set_failed(tx, &claim, now)?;
                ImportStatus::Failed
            };
            Ok(imports::set_status(tx, &claim.import_uuid, status, now)?)
        })
        .await
}
