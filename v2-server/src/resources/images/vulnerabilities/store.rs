//! Vulnerability matches in the database.

use std::collections::HashMap;

use super::types::{ImagePackageVulnerability, NvdDataObject, severity_rank};
use crate::params;
use crate::resources::images::evaluation::{PackageClass, ScoredRecord, VulnerabilityMatch};
use crate::resources::images::record::store::ImageKey;
use crate::store::{Conditions, Error, Result, Row, Transaction};
use crate::time::Timestamp;

/// What makes a match the same one over time, whatever its severity becomes.
type Identity = (String, String, String, String, String, String);

fn identity(found: &VulnerabilityMatch) -> Identity {
    (
        found.feed.clone(),
        found.vulnerability_id.clone(),
        found.package_name.clone(),
        found.package_version.clone(),
        found.package_type.clone(),
        found.package_path.clone(),
    )
}

/// Replaces the matches of an image. Matches that were there before keep the time they were first
/// seen, and the time their fix was; `detected_at` and `fix_observed_at` of `matches` do not count.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the one who matches comes with the feeds")
)]
pub(crate) fn replace(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    matches: &[VulnerabilityMatch],
    now: Timestamp,
) -> Result<()> {
    let known: HashMap<Identity, (String, Option<String>)> = all(tx, image)?
        .into_iter()
        .map(|old| (identity(&old), (old.detected_at, old.fix_observed_at)))
        .collect();
    tx.execute(
        "DELETE FROM image_vulnerabilities WHERE image = $1",
        params![image],
    )?;
    tx.execute(
        "UPDATE images SET matching = matching + 1 WHERE id = $1",
        params![image],
    )?;
    for found in matches {
        let mut found = found.clone();
        let (detected_at, fix_observed_at) = known
            .get(&identity(&found))
            .cloned()
            .unwrap_or_else(|| (now.to_string(), None));
        found.detected_at = detected_at;
        found.fix_observed_at = found
            .fix
            .as_ref()
            .map(|_| fix_observed_at.unwrap_or_else(|| now.to_string()));
        insert(tx, image, &found)?;
    }
    Ok(())
}

fn insert(tx: &mut Transaction<'_>, image: ImageKey, found: &VulnerabilityMatch) -> Result<()> {
    let scores = |records: &[ScoredRecord]| {
        let records: Vec<NvdDataObject> = records.iter().map(Into::into).collect();
        json(&records)
    };
    tx.execute(
        "INSERT INTO image_vulnerabilities (image, severity_rank, vulnerability_id, package_name, package_version,
                                            package_type, package_path, feed, feed_group, package_class, severity,
                                            fix, url, package_cpe, will_not_fix, nvd_data, vendor_data, detected_at,
                                            fix_observed_at, report)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         ON CONFLICT DO NOTHING",
        params![
            image,
            severity_rank(&found.severity),
            found.vulnerability_id,
            found.package_name,
            found.package_version,
            found.package_type,
            found.package_path,
            found.feed,
            found.feed_group,
            found.package_class.as_str(),
            found.severity,
            found.fix,
            found.url,
            found.package_cpe,
            found.will_not_fix,
            scores(&found.nvd_data),
            scores(&found.vendor_data),
            found.detected_at,
            found.fix_observed_at,
            json(&ImagePackageVulnerability::from(found)),
        ],
    )?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and finite numbers are always writable as JSON")
}

/// All matches of an image, worst first.
pub(crate) fn all(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Vec<VulnerabilityMatch>> {
    tx.query(
        "SELECT vulnerability_id, severity, fix, package_name, package_version, package_type, package_class,
                package_path, url, feed, feed_group, will_not_fix, nvd_data, vendor_data, detected_at,
                fix_observed_at, package_cpe
         FROM image_vulnerabilities WHERE image = $1
         ORDER BY severity_rank, vulnerability_id, package_name, package_version, package_type, package_path, feed",
        params![image],
        read,
    )
}

/// Which matches a report shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    /// The image.
    pub(super) image: ImageKey,
    /// Only packages of this class.
    pub(super) class: Option<PackageClass>,
    /// Leave out what the vendor decided not to fix.
    pub(super) vendor_only: bool,
    /// Compare with this image.
    pub(super) base: Option<ImageKey>,
    /// Number of the matching whose results are read.
    pub(super) matching: i64,
}

/// Number of the matching whose results are stored for an image.
pub(super) fn matching(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Option<i64>> {
    tx.query_opt(
        "SELECT matching FROM images WHERE id = $1",
        params![image],
        |row| row.get(0),
    )
}

/// Where a report goes on: the key of the last row shown.
#[derive(Debug, Clone)]
pub(super) struct Position {
    severity_rank: i64,
    texts: [String; 6],
}

/// One row of a report.
pub(super) struct ReportRow {
    /// The row as JSON text.
    pub(super) json: String,
    /// Where it stands.
    pub(super) position: Position,
}

/// At most `limit` rows of a report, worst first, after a position.
pub(super) fn report(
    tx: &mut Transaction<'_>,
    filter: Filter,
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<ReportRow>> {
    const KEY: &str = "v.severity_rank, v.vulnerability_id, v.package_name, v.package_version, v.package_type, \
                       v.package_path, v.feed";
    let class = filter.class.map(PackageClass::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("v.image = ?", &filter.image)
        .and_if("v.package_class = ?", class.as_ref());
    if filter.vendor_only {
        conditions.and_that("NOT v.will_not_fix");
    }
    if let Some(after) = after {
        let mut places = vec![conditions.bind(&after.severity_rank)];
        places.extend(after.texts.iter().map(|text| conditions.bind(text)));
        conditions.and_that(&format!("({KEY}) > ({})", places.join(", ")));
    }
    let inherited = match &filter.base {
        None => "NULL".to_owned(),
        Some(base) => {
            let base = conditions.bind(base);
            format!(
                "EXISTS (SELECT 1 FROM image_vulnerabilities b
                         WHERE b.image = {base} AND b.vulnerability_id = v.vulnerability_id AND b.package_name = v.package_name
                           AND b.package_version = v.package_version AND b.package_type = v.package_type
                           AND b.package_path = v.package_path)"
            )
        }
    };
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT v.report, {inherited}, {KEY} FROM image_vulnerabilities v WHERE {} ORDER BY {KEY} LIMIT {limit}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        let mut json: String = row.get(0)?;
        if let Some(inherited) = row.get::<Option<bool>>(1)? {
            json.truncate(json.len() - 1);
            json.push_str(if inherited {
                ",\"inherited_from_base\":true}"
            } else {
                ",\"inherited_from_base\":false}"
            });
        }
        Ok(ReportRow {
            json,
            position: Position {
                severity_rank: row.get(2)?,
                texts: [
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                    row.get(7)?,
                    row.get(8)?,
                ],
            },
        })
    })
}

fn read(row: &Row<'_>) -> Result<VulnerabilityMatch> {
    let scores = |column| -> Result<Vec<ScoredRecord>> {
        let records: Vec<NvdDataObject> = row.json(column)?;
        Ok(records.into_iter().map(Into::into).collect())
    };
    let class = row.text(6)?;
    Ok(VulnerabilityMatch {
        vulnerability_id: row.get(0)?,
        severity: row.get(1)?,
        fix: row.get(2)?,
        package_name: row.get(3)?,
        package_version: row.get(4)?,
        package_type: row.get(5)?,
        package_class: PackageClass::parse(class).ok_or_else(|| Error::Column {
            column: "package_class".to_owned(),
            expected: "`os` or `non-os`",
            found: class.to_owned(),
        })?,
        package_path: row.get(7)?,
        url: row.get(8)?,
        feed: row.get(9)?,
        feed_group: row.get(10)?,
        will_not_fix: row.get(11)?,
        nvd_data: scores(12)?,
        vendor_data: scores(13)?,
        detected_at: row.get(14)?,
        fix_observed_at: row.get(15)?,
        package_cpe: row.get(16)?,
    })
}
