//! Sources in the database.

use super::types::{Source, SourceManifest, SourceMetadataRecord, SourceStatus};
use crate::analysis::listing::Listing;
use crate::params;
use crate::resources::images::analysis::lease::Lease;
use crate::resources::images::evaluation::{PackageClass, VulnerabilityMatch};
use crate::resources::images::record::types::AnalysisStatus;
use crate::resources::images::vulnerabilities::types::{ImagePackageVulnerability, severity_rank};
use crate::store::{Conditions, Error, FromValue, Result, Row, ToValue, Transaction, Value};
use crate::time::Timestamp;

/// The row of a source, by which everything else about it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceKey(i64);

impl ToValue for SourceKey {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }
}

impl FromValue for SourceKey {
    const EXPECTED: &'static str = "a source";

    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

/// What decides what may be done with a source.
#[derive(Debug, Clone)]
pub(crate) struct SourceState {
    /// The row.
    pub(crate) key: SourceKey,
    /// How far the analysis is.
    pub(crate) analysis_status: AnalysisStatus,
    /// Number of the analysis whose results are stored.
    pub(crate) analysis: i64,
    /// When the analysis was done.
    pub(crate) analyzed_at: Option<Timestamp>,
}

/// The state of a source of an account.
pub(crate) fn state(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<SourceState>> {
    tx.query_opt(
        "SELECT id, analysis_status, analysis, analyzed_at FROM sources WHERE account_name = $1 AND uuid = $2",
        params![account, uuid],
        |row| {
            Ok(SourceState {
                key: row.get(0)?,
                analysis_status: status(row, 1)?,
                analysis: row.get(2)?,
                analyzed_at: row.get(3)?,
            })
        },
    )
}

const COLUMNS: &str = "id, uuid, account_name, host, repository_name, revision, analysis_status, created_at, last_updated";

/// At most `limit` sources of an account, newest first. `below` continues a listing.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    below: Option<&SourceKey>,
    limit: i64,
) -> Result<Vec<(SourceKey, Source)>> {
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("id < ?", below);
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM sources WHERE {} ORDER BY id DESC LIMIT {limit}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        Ok((row.get(0)?, read(row)?))
    })
}

/// One source of an account.
pub(crate) fn get(tx: &mut Transaction<'_>, account: &str, uuid: &str) -> Result<Option<Source>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM sources WHERE account_name = $1 AND uuid = $2"),
        params![account, uuid],
        read,
    )
}

/// The id of a source of an account, by what makes it one.
pub(crate) fn find(
    tx: &mut Transaction<'_>,
    account: &str,
    host: &str,
    repository_name: &str,
    revision: &str,
) -> Result<Option<String>> {
    tx.query_opt(
        "SELECT uuid FROM sources
         WHERE account_name = $1 AND host = $2 AND repository_name = $3 AND revision = $4",
        params![account, host, repository_name, revision],
        |row| row.get(0),
    )
}

/// One source of an account, with all that imports told about it.
pub(crate) fn manifest(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<SourceManifest>> {
    let Some(source) = get(tx, account, uuid)? else {
        return Ok(None);
    };
    let metadata_records = tx.query(
        "SELECT m.uuid, m.ci_workflow_name, m.ci_workflow_execution_time, m.branch_name, m.change_author
         FROM source_metadata m JOIN sources s ON s.id = m.source WHERE s.uuid = $1 ORDER BY m.sequence",
        params![uuid],
        |row| {
            Ok(SourceMetadataRecord {
                uuid: row.get(0)?,
                ci_workflow_name: row.get(1)?,
                ci_workflow_execution_time: row.get(2)?,
                branch_name: row.get(3)?,
                change_author: row.get(4)?,
            })
        },
    )?;
    Ok(Some(SourceManifest {
        uuid: source.uuid,
        account_name: source.account_name,
        vcs_type: "git".to_owned(),
        host: source.host,
        repository_name: source.repository_name,
        revision: source.revision,
        created_at: source.created_at,
        last_updated: source.last_updated,
        analysis_status: source.analysis_status,
        source_status: source.source_status,
        metadata_records,
    }))
}

/// A source to make, or to import again.
pub(crate) struct NewSource<'a> {
    /// The account it goes to.
    pub(crate) account: &'a str,
    /// Its id, should it be new.
    pub(crate) uuid: &'a str,
    /// Host of the repository.
    pub(crate) host: &'a str,
    /// Name of the repository.
    pub(crate) repository_name: &'a str,
    /// The revision.
    pub(crate) revision: &'a str,
    /// The import with its SBOM.
    pub(crate) import_uuid: &'a str,
    /// What the import tells.
    pub(crate) metadata: SourceMetadataRecord,
}

/// Makes a source, or takes up the one that is there; it waits for its analysis then. Gives its id.
pub(crate) fn add(tx: &mut Transaction<'_>, new: &NewSource<'_>, now: Timestamp) -> Result<String> {
    let (key, uuid): (SourceKey, String) = tx
        .query_opt(
            "INSERT INTO sources (uuid, account_name, host, repository_name, revision, analysis_status, import_uuid,
                                  analysis, queued_at, created_at, last_updated)
             VALUES ($1, $2, $3, $4, $5, 'not_analyzed', $6, 0, $7, $7, $7)
             ON CONFLICT (account_name, host, repository_name, revision)
             DO UPDATE SET analysis_status = 'not_analyzed', import_uuid = excluded.import_uuid, claimed_until = NULL,
                           queued_at = excluded.queued_at, last_updated = excluded.last_updated
             RETURNING id, uuid",
            params![
                new.uuid,
                new.account,
                new.host,
                new.repository_name,
                new.revision,
                new.import_uuid,
                now,
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .expect("an upsert answers its row");
    let metadata = &new.metadata;
    tx.execute(
        "INSERT INTO source_metadata (uuid, source, ci_workflow_name, ci_workflow_execution_time, branch_name,
                                      change_author)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            metadata.uuid,
            key,
            metadata.ci_workflow_name,
            metadata.ci_workflow_execution_time,
            metadata.branch_name,
            metadata.change_author,
        ],
    )?;
    Ok(uuid)
}

/// Removes a source with all that hangs on it.
pub(super) fn delete(tx: &mut Transaction<'_>, source: SourceKey) -> Result<()> {
    tx.execute("DELETE FROM sources WHERE id = $1", params![source])?;
    Ok(())
}

/// The SBOM of an analysed source, as it was uploaded.
pub(crate) fn sbom(tx: &mut Transaction<'_>, source: SourceKey) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "SELECT body FROM source_sboms WHERE source = $1",
        params![source],
        |row| row.get(0),
    )
}

/// One piece of a content listing; nothing at its end. The number of the analysis tells whether it is still the same.
pub(super) fn piece(
    tx: &mut Transaction<'_>,
    source: SourceKey,
    content_type: &str,
    number: i64,
) -> Result<Option<(i64, String)>> {
    tx.query_opt(
        "SELECT s.analysis, c.body FROM source_content c JOIN sources s ON s.id = c.source
         WHERE c.source = $1 AND c.content_type = $2 AND c.piece = $3",
        params![source, content_type, number],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// A source that a worker has for itself.
pub(super) struct Claim {
    /// The source, and until when.
    pub(super) lease: Lease<SourceKey>,
    pub(super) uuid: String,
    pub(super) import_uuid: String,
}

impl Claim {
    fn source(&self) -> SourceKey {
        self.lease.row()
    }
}

/// Claims the source that has waited longest, until a moment. Sources whose claim ran out wait again.
pub(super) fn claim(
    tx: &mut Transaction<'_>,
    now: Timestamp,
    until: Timestamp,
    host_id: &str,
) -> Result<Option<Claim>> {
    tx.execute(
        "UPDATE sources SET analysis_status = 'not_analyzed', claimed_until = NULL
         WHERE analysis_status = 'analyzing' AND import_uuid IS NOT NULL AND claimed_until <= $1",
        params![now],
    )?;
    tx.query_opt(
        "UPDATE sources SET analysis_status = 'analyzing', claimed_until = $1, last_updated = $2, claimed_by = $3
         WHERE id = (SELECT id FROM sources WHERE analysis_status = 'not_analyzed' AND import_uuid IS NOT NULL
                     ORDER BY queued_at, id LIMIT 1)
         RETURNING id, uuid, import_uuid",
        params![until, now, host_id],
        |row| {
            Ok(Claim {
                lease: Lease::new("sources", row.get(0)?, until),
                uuid: row.get(1)?,
                import_uuid: row.get(2)?,
            })
        },
    )
}

/// How many sources wait.
pub(super) fn waiting(tx: &mut Transaction<'_>) -> Result<i64> {
    tx.query_value(
        "SELECT count(*) FROM sources WHERE analysis_status = 'not_analyzed' AND import_uuid IS NOT NULL",
        params![],
    )
}

/// Whether the source still is the worker's.
pub(super) fn is_held(tx: &mut Transaction<'_>, claim: &Claim) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM sources WHERE id = $1 AND analysis_status = 'analyzing'
                          AND claimed_until = $2 AND import_uuid = $3)",
        params![claim.source(), claim.lease.until(), claim.import_uuid],
    )
}

/// Replaces what is stored about a source by what an analysis found.
pub(super) fn save(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    sbom: &[u8],
    listings: &[(&'static str, &Listing)],
    now: Timestamp,
) -> Result<()> {
    for table in ["source_content", "source_sboms", "source_vulnerabilities"] {
        tx.execute(
            &format!("DELETE FROM {table} WHERE source = $1"),
            params![claim.source()],
        )?;
    }
    tx.execute(
        "INSERT INTO source_sboms (source, body) VALUES ($1, $2)",
        params![claim.source(), sbom],
    )?;
    for (content_type, listing) in listings {
        for (piece, body) in (0_i64..).zip(listing.pieces()) {
            tx.execute(
                "INSERT INTO source_content (source, content_type, piece, body) VALUES ($1, $2, $3, $4)",
                params![claim.source(), *content_type, piece, body],
            )?;
        }
    }
    tx.execute(
        "UPDATE sources SET analysis_status = 'analyzed', analysis = analysis + 1, analyzed_at = $2, last_updated = $2,
                            claimed_until = NULL
         WHERE id = $1",
        params![claim.source(), now],
    )?;
    Ok(())
}

/// Marks a source as one that cannot be analysed.
pub(super) fn set_failed(tx: &mut Transaction<'_>, claim: &Claim, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE sources SET analysis_status = 'analysis_failed', claimed_until = NULL, last_updated = $2 WHERE id = $1",
        params![claim.source(), now],
    )?;
    Ok(())
}

/// Replaces the matches of a source.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the one who matches comes with the feeds")
)]
pub(crate) fn replace_vulnerabilities(
    tx: &mut Transaction<'_>,
    source: SourceKey,
    matches: &[VulnerabilityMatch],
) -> Result<()> {
    tx.execute(
        "DELETE FROM source_vulnerabilities WHERE source = $1",
        params![source],
    )?;
    let mut sorted: Vec<_> = matches.iter().collect();
    sorted.sort_by_key(|found| {
        (
            severity_rank(&found.severity),
            found.vulnerability_id.clone(),
            found.package_name.clone(),
            found.package_version.clone(),
        )
    });
    for (position, found) in (0_i64..).zip(sorted) {
        let report = serde_json::to_string(&ImagePackageVulnerability::from(found))
            .expect("texts and finite numbers are always writable as JSON");
        tx.execute(
            "INSERT INTO source_vulnerabilities (source, position, package_class, will_not_fix, report)
             VALUES ($1, $2, $3, $4, $5)",
            params![
                source,
                position,
                found.package_class.as_str(),
                found.will_not_fix,
                report,
            ],
        )?;
    }
    Ok(())
}

/// At most `limit` rows of the report of a source, worst first, after a position.
pub(super) fn report(
    tx: &mut Transaction<'_>,
    source: SourceKey,
    class: Option<PackageClass>,
    will_not_fix: Option<bool>,
    after: Option<&i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let class = class.map(PackageClass::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("source = ?", &source)
        .and_if("package_class = ?", class.as_ref())
        .and_if("will_not_fix = ?", will_not_fix.as_ref())
        .and_if("position > ?", after);
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT position, report FROM source_vulnerabilities WHERE {} ORDER BY position LIMIT {limit}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// All matches of a source, worst first.
pub(crate) fn vulnerabilities(
    tx: &mut Transaction<'_>,
    source: SourceKey,
) -> Result<Vec<VulnerabilityMatch>> {
    tx.query(
        "SELECT report, package_class FROM source_vulnerabilities WHERE source = $1 ORDER BY position",
        params![source],
        |row| {
            let report: ImagePackageVulnerability = row.json(0)?;
            let class = row.text(1)?;
            let class = PackageClass::parse(class).ok_or_else(|| Error::Column {
                column: "package_class".to_owned(),
                expected: "`os` or `non-os`",
                found: class.to_owned(),
            })?;
            Ok(report.into_match(class))
        },
    )
}

fn status(row: &Row<'_>, column: usize) -> Result<AnalysisStatus> {
    let word = row.text(column)?;
    AnalysisStatus::parse(word).ok_or_else(|| Error::Column {
        column: "analysis_status".to_owned(),
        expected: "a known status",
        found: word.to_owned(),
    })
}

fn read(row: &Row<'_>) -> Result<Source> {
    Ok(Source {
        uuid: row.get(1)?,
        account_name: row.get(2)?,
        host: row.get(3)?,
        repository_name: row.get(4)?,
        revision: row.get(5)?,
        analysis_status: status(row, 6)?,
        source_status: SourceStatus::Active,
        created_at: row.get(7)?,
        last_updated: row.get(8)?,
    })
}
