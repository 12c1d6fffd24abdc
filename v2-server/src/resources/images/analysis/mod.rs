//! Analysing images in the background: one waiting image after the other is claimed, analysed and
//! stored.
//!
//! ```text
//! not_analyzed ──claim──▶ analyzing ──store──▶ analyzed
//!      ▲                      │  └──────────▶ analysis_failed
//!      └───── claim ran out ──┘
//! ```
//!
//! Claim and result are one transaction each. In between the claim is renewed ([`lease`]). A server
//! that dies there leaves a claim that runs out; nothing half done is ever seen.

pub(crate) mod lease;
pub(crate) mod store;

#[cfg(test)]
mod tests;

use serde_json::json;
use tokio::sync::watch;

use crate::analysis::{self, Analysis, AnalysisError, Parts};
use crate::http::{ApiError, ApiResult};
use crate::resources::events::{self, NewEvent, Origin, catalogue};
use crate::resources::images::record::types::AnalysisStatus;
use crate::resources::images::record::{self, add};
use crate::resources::imports::store as imports;
use crate::resources::imports::types::ImportStatus;
use crate::resources::sources::analysis as sources;
use crate::state::AppState;
use crate::store::Transaction;
use lease::CLAIM;
use store::Claim;

/// How often the worker looks for images nobody told it about.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// Analyses images, and sources, until `stopped` says so; an analysis that has begun is finished.
pub(crate) async fn run(state: AppState, mut stopped: watch::Receiver<()>) {
    loop {
        if let Err(error) = analyze_waiting(&state).await {
            tracing::error!("failed to analyse waiting images: {error}");
        }
        if let Err(error) = sources::analyze_waiting(&state).await {
            tracing::error!("failed to analyse waiting sources: {error}");
        }
        tokio::select! {
            _ = stopped.changed() => return,
            () = state.analysis_wanted.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Analyses all images that wait for it.
///
/// # Errors
/// The database failed. An image that cannot be analysed is no error: its record says so.
pub(crate) async fn analyze_waiting(state: &AppState) -> ApiResult<()> {
    while let Some(mut claim) = claim(state).await? {
        let _running = state.metrics.analysis();
        let loading = Box::pin(load(state, claim.import_uuid.clone()));
        let parts = claim.lease.while_renewed(state, loading).await?;
        let outcome = match parts {
            Some((parts, analysis)) => match analysis {
                Ok(analysis) => Ok((parts, analysis)),
                Err(error) => Err(error.to_string()),
            },
            None => Err("the uploaded parts of the import are gone".to_owned()),
        };
        match outcome {
            Ok((parts, analysis)) => finish(state, claim, parts, analysis).await?,
            Err(reason) => fail(state, claim, reason).await?,
        }
    }
    Ok(())
}

/// How many images and sources wait for an analysis; nothing when the database does not answer soon.
pub(crate) async fn waiting(state: &AppState) -> Option<i64> {
    /// Nobody who watches a server waits longer for all its numbers.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
    let counting = state.read(|tx| Ok(store::waiting(tx)? + sources::waiting(tx)?));
    let counted = tokio::time::timeout(PATIENCE, counting).await;
    counted.ok().and_then(ApiResult::ok)
}

/// Claims the image that has waited longest.
async fn claim(state: &AppState) -> ApiResult<Option<Claim>> {
    let origin = Origin::of(state, "analyzer");
    state
        .write(move |tx| Ok(store::claim(tx, &origin, origin.now().plus_seconds(CLAIM))?))
        .await
}

type Analyzed = (Parts, Result<Analysis, AnalysisError>);

/// Reads the uploaded parts and analyses them; nothing when they are gone.
async fn load(state: &AppState, import: String) -> ApiResult<Option<Analyzed>> {
    let parts = state.read(move |tx| Ok(store::parts(tx, &import)?)).await?;
    let Some(parts) = parts else {
        return Ok(None);
    };
    tokio::task::spawn_blocking(move || {
        let analysis = analysis::analyze(&parts);
        Some((parts, analysis))
    })
    .await
    .map_err(ApiError::internal)
}

/// Stores what was found, unless the image was deleted or queued again in the meantime.
async fn finish(state: &AppState, claim: Claim, parts: Parts, analysis: Analysis) -> ApiResult<()> {
    let origin = Origin::of(state, "analyzer");
    state
        .write(move |tx| {
            if !store::is_held(tx, &claim)? {
                return Ok(());
            }
            store::save(tx, &claim, &parts, &analysis, origin.now())?;
            let (from, to) = (AnalysisStatus::Analyzing, AnalysisStatus::Analyzed);
            record::store::set_analysis_status(tx, claim.image(), from, to, &origin)?;
            for tag in record::store::full_tags(tx, claim.image())? {
                let (account, digest) = (&claim.account, &claim.image_digest);
                add::analysis_completed(tx, account, claim.image(), digest, &tag, from, &origin)?;
            }
            let import = &claim.import_uuid;
            Ok(imports::set_status(
                tx,
                import,
                ImportStatus::Complete,
                origin.now(),
            )?)
        })
        .await
}

/// Records that the image cannot be analysed, and why.
async fn fail(state: &AppState, claim: Claim, reason: String) -> ApiResult<()> {
    tracing::warn!(
        account.name = claim.account,
        "failed to analyse `{}`: {reason}",
        claim.image_digest
    );
    let origin = Origin::of(state, "analyzer");
    state
        .write(move |tx| {
            if !store::is_held(tx, &claim)? {
                return Ok(());
            }
            let (from, to) = (AnalysisStatus::Analyzing, AnalysisStatus::AnalysisFailed);
            record::store::set_analysis_status(tx, claim.image(), from, to, &origin)?;
            record_failure(tx, &claim, &reason, &origin)?;
            let import = &claim.import_uuid;
            Ok(imports::set_status(
                tx,
                import,
                ImportStatus::Failed,
                origin.now(),
            )?)
        })
        .await
}

fn record_failure(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    reason: &str,
    origin: &Origin,
) -> crate::store::Result<()> {
    for tag in record::store::full_tags(tx, claim.image())? {
        let event = NewEvent {
            kind: &catalogue::USER_IMAGE_ANALYSIS_FAILED,
            account: &claim.account,
            resource_id: Some(&tag),
            details: json!({ "msg": reason, "image_digest": claim.image_digest }),
            origin,
        };
        events::store::record(tx, &event)?;
    }
    Ok(())
}
