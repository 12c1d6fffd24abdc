//! Loading what can be asked about an image.

use serde::Deserialize;

use super::types::{
    Dockerfile, DockerfileMode, EvaluatedTag, EvaluationInput, ImageFile, ImageMetadata, Package,
    PackageClass,
};
use crate::http::{ApiError, ApiResult};
use crate::params;
use crate::resources::images::metadata::{self, Document};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::store::ImageKey;
use crate::resources::images::vulnerabilities;
use crate::store::{Error, Result, Transaction};

/// Everything about an analysed image but its files.
///
/// # Errors
/// 404 when the account has no such image, or when it is not analysed.
pub(crate) fn evaluation_input(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> ApiResult<EvaluationInput> {
    let image = find_analyzed(tx, account, digest)?.key;
    let mut input = tx
        .query_opt(
            "SELECT image_digest, parent_digest, image_id, arch, os, distro, distro_version, like_distro, image_size,
                    layer_count, dockerfile_mode
             FROM images WHERE id = $1",
            params![image],
            |row| {
                let mode: Option<String> = row.get(10)?;
                let input = EvaluationInput {
                    image_digest: row.get(0)?,
                    parent_digest: row.get(1)?,
                    image_id: row.get(2)?,
                    tags: Vec::new(),
                    metadata: ImageMetadata {
                        arch: row.get(3)?,
                        os: row.get(4)?,
                        distro: row.get(5)?,
                        distro_version: row.get(6)?,
                        like_distro: row.json(7)?,
                        image_size: row.get(8)?,
                        layer_count: row.get(9)?,
                    },
                    dockerfile: None,
                    packages: Vec::new(),
                    vulnerabilities: Vec::new(),
                };
                Ok((input, mode))
            },
        )?
        .map(|(mut input, mode)| {
            let mode = mode.as_deref().and_then(DockerfileMode::parse);
            input.dockerfile = mode.map(|mode| Dockerfile {
                mode,
                text: String::new(),
            });
            input
        })
        .ok_or_else(|| ApiError::internal("an image went away within a transaction"))?;
    if let Some(dockerfile) = &mut input.dockerfile {
        let text = metadata::store::get(tx, image, Document::Dockerfile)?.unwrap_or_default();
        dockerfile.text = String::from_utf8_lossy(&text).into_owned();
    }
    input.tags = tags(tx, image)?;
    input.packages = packages(tx, image)?;
    input.vulnerabilities = vulnerabilities::store::all(tx, image)?;
    Ok(input)
}

/// The files of an analysed image, by path; none when the SBOM listed none.
///
/// # Errors
/// 404 when the account has no such image, or when it is not analysed.
pub(crate) fn files(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> ApiResult<Vec<ImageFile>> {
    #[derive(Deserialize)]
    struct Row {
        filename: String,
        gid: i64,
        linkdest: Option<String>,
        mode: String,
        sha256: Option<String>,
        size: i64,
        #[serde(rename = "type")]
        kind: String,
        uid: i64,
    }
    let image = find_analyzed(tx, account, digest)?.key;
    let mut files = Vec::new();
    tx.for_each(
        "SELECT body FROM image_content WHERE image = $1 AND content_type = 'files' ORDER BY piece",
        params![image],
        |row| {
            let rows: Vec<Row> =
                serde_json::from_str(&format!("[{}]", row.text(0)?)).map_err(|error| {
                    Error::Column {
                        column: "body".to_owned(),
                        expected: "files as JSON",
                        found: error.to_string(),
                    }
                })?;
            files.extend(rows.into_iter().map(|row| ImageFile {
                path: row.filename,
                file_type: row.kind,
                mode: u32::from_str_radix(&row.mode, 8).unwrap_or(0),
                uid: row.uid,
                gid: row.gid,
                size: row.size,
                sha256: row.sha256,
                link_target: row.linkdest,
            }));
            Ok(())
        },
    )?;
    Ok(files)
}

fn tags(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Vec<EvaluatedTag>> {
    tx.query(
        "SELECT registry, repo, tag, full_tag FROM image_tags WHERE image = $1
         ORDER BY tag_detected_at DESC, detection DESC, full_tag",
        params![image],
        |row| {
            Ok(EvaluatedTag {
                registry: row.get(0)?,
                repository: row.get(1)?,
                tag: row.get(2)?,
                full_tag: row.get(3)?,
            })
        },
    )
}

fn packages(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Vec<Package>> {
    tx.query(
        "SELECT name, version, package_type, class, licenses, location FROM image_packages
         WHERE image = $1 ORDER BY position",
        params![image],
        |row| {
            let class = row.text(3)?;
            Ok(Package {
                name: row.get(0)?,
                version: row.get(1)?,
                package_type: row.get(2)?,
                class: PackageClass::parse(class).ok_or_else(|| Error::Column {
                    column: "class".to_owned(),
                    expected: "`os` or `non-os`",
                    found: class.to_owned(),
                })?,
                licenses: row.json(4)?,
                location: row.get(5)?,
            })
        },
    )
}
