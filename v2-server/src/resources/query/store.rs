//! Searches in the database.

use super::types::{
    ImageReference, ImageWithPackages, PackageReference, StandaloneVulnerability, TagEntry,
};
use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::store::{Conditions, Result, Transaction};

/// Which packages to look for.
#[derive(Debug, Clone)]
pub(super) struct PackageFilter {
    /// Name of the package.
    pub(super) name: String,
    /// Its type.
    pub(super) package_type: Option<String>,
    /// Its version.
    pub(super) version: Option<String>,
}

/// A part of all results: so many, after so many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// How many come before.
    pub(super) offset: i64,
    /// How many at most; all when none.
    pub(super) limit: Option<i64>,
}

impl Window {
    /// ` LIMIT … OFFSET …`, or nothing when all are wanted.
    fn sql<'a>(&'a self, conditions: &mut Conditions<'a>) -> String {
        match &self.limit {
            Some(limit) => format!(
                " LIMIT {} OFFSET {}",
                conditions.bind(limit),
                conditions.bind(&self.offset)
            ),
            None => String::new(),
        }
    }
}

/// The analysed images of an account that have a package, by digest.
pub(super) fn images_with_package(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &PackageFilter,
    window: &Window,
) -> Result<Vec<ImageKey>> {
    let mut conditions = Conditions::default();
    conditions
        .and("i.account_name = ?", account)
        .and("p.name = ?", &filter.name)
        .and_if("p.version = ?", filter.version.as_ref())
        .and_if("p.package_type = ?", filter.package_type.as_ref())
        .and_that("i.image_status = 'active' AND i.analysis_status = 'analyzed'");
    let page = window.sql(&mut conditions);
    let sql = format!(
        "SELECT DISTINCT i.id, i.image_digest FROM image_packages p JOIN images i ON i.id = p.image
         WHERE {} ORDER BY i.image_digest{page}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| row.get(0))
}

/// An image with the packages that were looked for; nothing when it is gone.
pub(super) fn image(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    filter: &PackageFilter,
) -> Result<Option<ImageWithPackages>> {
    let found = tx.query_opt(
        "SELECT image_digest, image_id, analyzed_at FROM images WHERE id = $1 AND analyzed_at IS NOT NULL",
        params![image],
        |row| {
            Ok(ImageReference {
                image_digest: row.get(0)?,
                image_id: row.get(1)?,
                analyzed_at: row.get(2)?,
                tag_history: Vec::new(),
            })
        },
    )?;
    let Some(mut reference) = found else {
        return Ok(None);
    };
    reference.tag_history = tx.query(
        "SELECT full_tag, registry, repo, tag, tag_detected_at FROM image_tags WHERE image = $1
         ORDER BY tag_detected_at DESC, detection DESC, full_tag",
        params![image],
        |row| {
            Ok(TagEntry {
                full_tag: row.get(0)?,
                registry: row.get(1)?,
                repo: row.get(2)?,
                tag: row.get(3)?,
                tag_detected_at: row.get(4)?,
            })
        },
    )?;
    let mut conditions = Conditions::default();
    conditions
        .and("image = ?", &image)
        .and("name = ?", &filter.name)
        .and_if("version = ?", filter.version.as_ref())
        .and_if("package_type = ?", filter.package_type.as_ref());
    let sql = format!(
        "SELECT DISTINCT name, version, package_type FROM image_packages WHERE {}
         ORDER BY name, version, package_type",
        conditions.sql()
    );
    let packages = tx.query(&sql, conditions.values(), |row| {
        Ok(PackageReference {
            name: row.get(0)?,
            version: row.get(1)?,
            kind: row.get(2)?,
            will_not_fix: None,
        })
    })?;
    Ok(Some(ImageWithPackages {
        image: reference,
        packages,
    }))
}

/// Which vulnerability records to read.
#[derive(Debug, Clone)]
pub(super) struct VulnerabilityFilter {
    /// Ids.
    pub(super) ids: Vec<String>,
    /// Namespaces; all when empty.
    pub(super) namespaces: Vec<String>,
    /// Name of an affected package.
    pub(super) package: Option<String>,
    /// Version of the affected package.
    pub(super) version: Option<String>,
}

/// Vulnerability records, by id and namespace, both descending.
pub(super) fn vulnerabilities(
    tx: &mut Transaction<'_>,
    filter: &VulnerabilityFilter,
    window: &Window,
) -> Result<Vec<StandaloneVulnerability>> {
    let mut conditions = Conditions::default();
    any_of(&mut conditions, "r.vulnerability_id", &filter.ids);
    if !filter.namespaces.is_empty() {
        any_of(&mut conditions, "r.namespace", &filter.namespaces);
    }
    if let Some(package) = &filter.package {
        let name = conditions.bind(package);
        let version = match &filter.version {
            Some(version) => format!("AND p.version = {}", conditions.bind(version)),
            None => String::new(),
        };
        conditions.and_that(&format!(
            "EXISTS (SELECT 1 FROM vulnerability_packages p
                     WHERE p.vulnerability_id = r.vulnerability_id AND p.namespace = r.namespace
                       AND p.name = {name} {version})"
        ));
    }
    let page = window.sql(&mut conditions);
    let sql = format!(
        "SELECT r.record FROM vulnerability_records r WHERE {}
         ORDER BY r.vulnerability_id DESC, r.namespace DESC{page}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| row.json(0))
}

fn any_of<'a>(conditions: &mut Conditions<'a>, column: &str, texts: &'a [String]) {
    let places: Vec<String> = texts.iter().map(|text| conditions.bind(text)).collect();
    conditions.and_that(&format!("{column} IN ({})", places.join(", ")));
}

/// Keeps what a source tells about a vulnerability, instead of what it told before.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the one who reads feeds comes with them")
)]
pub(crate) fn keep(tx: &mut Transaction<'_>, record: &StandaloneVulnerability) -> Result<()> {
    tx.execute(
        "DELETE FROM vulnerability_records WHERE vulnerability_id = $1 AND namespace = $2",
        params![record.id, record.namespace],
    )?;
    tx.execute(
        "INSERT INTO vulnerability_records (vulnerability_id, namespace, record) VALUES ($1, $2, $3)",
        params![
            record.id,
            record.namespace,
            serde_json::to_string(record).expect("texts and finite numbers are always writable as JSON"),
        ],
    )?;
    for package in &record.affected_packages {
        tx.execute(
            "INSERT INTO vulnerability_packages (vulnerability_id, namespace, name, version)
             VALUES ($1, $2, $3, $4)",
            params![record.id, record.namespace, package.name, package.version],
        )?;
    }
    Ok(())
}
