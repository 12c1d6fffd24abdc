//! Claims and results of analyses in the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::lease::Lease;
use crate::analysis::{Analysis, Parts};
use crate::params;
use crate::resources::events::Origin;
use crate::resources::images::ancestors;
use crate::resources::images::evaluation::DockerfileMode;
use crate::resources::images::metadata::Document;
use crate::resources::images::record::store::{self as record, ImageKey};
use crate::resources::images::record::types::AnalysisStatus;
use crate::resources::imports::part::Part;
use crate::resources::imports::store as imports;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// An image that a worker has for itself.
pub(crate) struct Claim {
    /// The image, and until when.
    pub(crate) lease: Lease<ImageKey>,
    /// The account that owns it.
    pub(crate) account: String,
    /// Its digest.
    pub(crate) image_digest: String,
    /// The import with its parts.
    pub(crate) import_uuid: String,
}

impl Claim {
    /// The image.
    pub(crate) fn image(&self) -> ImageKey {
        self.lease.row()
    }
}

/// Claims the image that has waited longest, until a moment. Images whose claim ran out wait again.
pub(super) fn claim(
    tx: &mut Transaction<'_>,
    origin: &Origin,
    until: Timestamp,
) -> Result<Option<Claim>> {
    let lost: Vec<ImageKey> = tx.query(
        "SELECT id FROM images WHERE analysis_status = 'analyzing' AND import_uuid IS NOT NULL AND claimed_until <= $1",
        params![origin.now()],
        |row| row.get(0),
    )?;
    for image in lost {
        let (from, to) = (AnalysisStatus::Analyzing, AnalysisStatus::NotAnalyzed);
        record::set_analysis_status(tx, image, from, to, origin)?;
    }
    let found = tx.query_opt(
        "SELECT id, account_name, image_digest, import_uuid FROM images
         WHERE analysis_status = 'not_analyzed' AND import_uuid IS NOT NULL AND image_status = 'active'
         ORDER BY queued_at, id LIMIT 1",
        params![],
        |row| {
            Ok(Claim {
                lease: Lease::new("images", row.get(0)?, until),
                account: row.get(1)?,
                image_digest: row.get(2)?,
                import_uuid: row.get(3)?,
            })
        },
    )?;
    if let Some(claim) = &found {
        let (from, to) = (AnalysisStatus::NotAnalyzed, AnalysisStatus::Analyzing);
        record::set_analysis_status(tx, claim.image(), from, to, origin)?;
        tx.execute(
            "UPDATE images SET claimed_until = $2, claimed_by = $3 WHERE id = $1",
            params![claim.image(), until, origin.host_id()],
        )?;
    }
    Ok(found)
}

/// How many images wait.
pub(super) fn waiting(tx: &mut Transaction<'_>) -> Result<i64> {
    tx.query_value(
        "SELECT count(*) FROM images
         WHERE analysis_status = 'not_analyzed' AND import_uuid IS NOT NULL AND image_status = 'active'",
        params![],
    )
}

/// Whether the image still is the worker's: neither deleted nor queued again nor given to another.
pub(super) fn is_held(tx: &mut Transaction<'_>, claim: &Claim) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM images
                        WHERE id = $1 AND analysis_status = 'analyzing' AND image_status = 'active'
                          AND claimed_until = $2 AND import_uuid = $3)",
        params![claim.image(), claim.lease.until(), claim.import_uuid],
    )
}

/// The chosen parts of an import; nothing when a required one is gone.
pub(super) fn parts(tx: &mut Transaction<'_>, import: &str) -> Result<Option<Parts>> {
    let Some(chosen) = imports::chosen(tx, import)? else {
        return Ok(None);
    };
    let mut parts = Parts::default();
    for (part, digest) in Part::chosen(&chosen) {
        let Some(content) = imports::part_content(tx, import, part, digest)? else {
            return Ok(None);
        };
        match part {
            Part::Packages => parts.packages = content,
            Part::Manifest => parts.manifest = content,
            Part::ImageConfig => parts.image_config = content,
            Part::Dockerfile => parts.dockerfile = Some(content),
            Part::ContentSearches => parts.content_searches = Some(content),
            Part::SecretSearches => parts.secret_searches = Some(content),
            Part::FileContents => parts.file_contents = Some(content),
            // Kept by whoever has the list; nothing here reads it.
            Part::ParentManifest => {}
        }
    }
    Ok(Some(parts))
}

/// Replaces what is stored about an image by what an analysis found.
pub(super) fn save(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    parts: &Parts,
    analysis: &Analysis,
    now: Timestamp,
) -> Result<()> {
    for table in ["image_content", "image_packages", "image_documents"] {
        tx.execute(
            &format!("DELETE FROM {table} WHERE image = $1"),
            params![claim.image()],
        )?;
    }
    save_facts(tx, claim.image(), analysis, now)?;
    save_listings(tx, claim.image(), analysis)?;
    save_packages(tx, claim.image(), analysis)?;
    forget_matches_of_other_packages(tx, claim.image())?;
    save_documents(tx, claim.image(), parts, analysis)?;
    save_dockerfile_of_tags(tx, claim.image(), analysis, now)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are always writable as JSON")
}

fn save_facts(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    analysis: &Analysis,
    now: Timestamp,
) -> Result<()> {
    let facts = &analysis.metadata;
    tx.execute(
        "UPDATE images SET analysis = analysis + 1, claimed_until = NULL, analyzed_at = $2, arch = $3, os = $4,
                           distro = $5, distro_version = $6, like_distro = $7, image_size = $8, layer_count = $9,
                           layers = $10, dockerfile_mode = $11, layers_digest = $12
         WHERE id = $1",
        params![
            image,
            now,
            facts.arch,
            facts.os,
            facts.distro,
            facts.distro_version,
            json(&facts.like_distro),
            facts.image_size,
            facts.layer_count,
            json(&analysis.layers),
            analysis.dockerfile.as_ref().map(|dockerfile| dockerfile.mode.as_str()),
            ancestors::digests(&analysis.layers).pop(),
        ],
    )?;
    Ok(())
}

fn save_listings(tx: &mut Transaction<'_>, image: ImageKey, analysis: &Analysis) -> Result<()> {
    for (content_type, listing) in &analysis.listings {
        for (piece, body) in (0_i64..).zip(listing.pieces()) {
            tx.execute(
                "INSERT INTO image_content (image, content_type, piece, body) VALUES ($1, $2, $3, $4)",
                params![image, *content_type, piece, body],
            )?;
        }
    }
    Ok(())
}

fn save_packages(tx: &mut Transaction<'_>, image: ImageKey, analysis: &Analysis) -> Result<()> {
    for (position, package) in (0_i64..).zip(&analysis.packages) {
        tx.execute(
            "INSERT INTO image_packages (image, position, name, version, package_type, class, location, licenses,
                                         cpes, purl)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            params![
                image,
                position,
                package.name,
                package.version,
                package.ecosystem.package_type,
                package.ecosystem.class.as_str(),
                package.location,
                json(&package.licenses),
                json(&package.cpes),
                package.purl,
            ],
        )?;
    }
    Ok(())
}

/// Matches of packages that are still there are kept, so that they know since when.
fn forget_matches_of_other_packages(tx: &mut Transaction<'_>, image: ImageKey) -> Result<()> {
    tx.execute(
        "DELETE FROM image_vulnerabilities
         WHERE image = $1
           AND NOT EXISTS (SELECT 1 FROM image_packages p
                           WHERE p.image = image_vulnerabilities.image
                             AND p.name = image_vulnerabilities.package_name
                             AND p.version = image_vulnerabilities.package_version)",
        params![image],
    )?;
    Ok(())
}

fn save_documents(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    parts: &Parts,
    analysis: &Analysis,
) -> Result<()> {
    let content_searches = json(&analysis.content_searches);
    let secret_searches = json(&analysis.secret_searches);
    let retrieved_files = json(&analysis.retrieved_files);
    let dockerfile = analysis
        .dockerfile
        .as_ref()
        .map(|dockerfile| dockerfile.text.as_bytes());
    for (document, body) in [
        (Document::Sbom, Some(parts.packages.as_slice())),
        (Document::Manifest, Some(&parts.manifest)),
        (Document::ImageConfig, Some(&parts.image_config)),
        (
            Document::DockerHistory,
            Some(analysis.docker_history.as_bytes()),
        ),
        (Document::Dockerfile, dockerfile),
        (Document::ContentSearches, Some(content_searches.as_bytes())),
        (Document::SecretSearches, Some(secret_searches.as_bytes())),
        (Document::RetrievedFiles, Some(retrieved_files.as_bytes())),
    ] {
        if let Some(body) = body {
            tx.execute(
                "INSERT INTO image_documents (image, kind, body) VALUES ($1, $2, $3)",
                params![image, document.as_str(), body],
            )?;
        }
    }
    Ok(())
}

/// A supplied Dockerfile replaces what the tags show, a guessed one only fills gaps.
fn save_dockerfile_of_tags(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    analysis: &Analysis,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE image_tags SET last_updated = $2 WHERE image = $1",
        params![image, now],
    )?;
    if let Some(dockerfile) = &analysis.dockerfile {
        let encoded = STANDARD.encode(&dockerfile.text);
        let replace = dockerfile.mode == DockerfileMode::Actual;
        tx.execute(
            "UPDATE image_tags SET dockerfile = $2 WHERE image = $1 AND (dockerfile IS NULL OR $3)",
            params![image, encoded, replace],
        )?;
    }
    Ok(())
}
