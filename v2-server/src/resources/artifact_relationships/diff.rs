//! How the packages of two SBOMs differ.

use std::collections::BTreeMap;

use serde_json::Value;

use super::types::{
    CustomJsonPatch, ModifiedPackage, PatchWithValue, PatchWithoutValue, RelationshipSbomDiff,
    SbomPackage,
};
use crate::analysis::details::PackageDetails;
use crate::analysis::packages::PackageRow;

/// Packages of one name and type, by version.
type ByVersion = BTreeMap<String, Vec<SbomPackage>>;

/// The difference of two lists of packages, by name, type and version.
///
/// # Errors
/// A row is none of an SBOM.
pub(super) fn diff(
    source: Vec<PackageRow>,
    target: Vec<PackageRow>,
) -> serde_json::Result<RelationshipSbomDiff> {
    let mut groups: BTreeMap<(String, &'static str), (ByVersion, ByVersion)> = BTreeMap::new();
    for (packages, is_source) in [(source, true), (target, false)] {
        for row in packages {
            let group = groups
                .entry((row.name.clone(), row.ecosystem.package_type))
                .or_default();
            let side = if is_source {
                &mut group.0
            } else {
                &mut group.1
            };
            side.entry(row.version.clone())
                .or_default()
                .push(shown(row)?);
        }
    }
    let mut diff = RelationshipSbomDiff::default();
    for (source, target) in groups.into_values() {
        compare(source, target, &mut diff);
    }
    Ok(diff)
}

fn shown(row: PackageRow) -> serde_json::Result<SbomPackage> {
    let details = PackageDetails::of(&row)?;
    Ok(SbomPackage {
        name: row.name,
        version: row.version,
        release: details.release,
        sourcepkg: details.source_package,
        location: row.location,
        origin: details.origin,
        size: details.size,
        licenses: row.licenses,
        metadata_type: details.metadata_type,
        metadata: details.metadata,
        specification_version: details.specification_version,
        implementation_version: details.implementation_version,
        maven_version: details.maven_version,
        cpes: row.cpes,
        purl: row.purl,
    })
}

fn compare(mut source: ByVersion, mut target: ByVersion, diff: &mut RelationshipSbomDiff) {
    let both: Vec<String> = source
        .keys()
        .filter(|version| target.contains_key(*version))
        .cloned()
        .collect();
    for version in both {
        target.remove(&version);
        diff.both_unmodified
            .extend(source.remove(&version).unwrap_or_default());
    }
    let mut source = source.into_values().flatten();
    let mut target = target.into_values().flatten();
    loop {
        match (source.next(), target.next()) {
            (Some(source), Some(target)) => diff.source_modified.push(ModifiedPackage {
                patch: patch(&target, &source),
                source,
                target,
            }),
            (Some(only), None) => diff.source_only.push(only),
            (None, Some(only)) => diff.target_only.push(only),
            (None, None) => return,
        }
    }
}

/// What makes one package of another.
fn patch(from: &SbomPackage, to: &SbomPackage) -> CustomJsonPatch {
    let members = |package: &SbomPackage| match serde_json::to_value(package) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (from, to) = (members(from), members(to));
    let mut patch = CustomJsonPatch::default();
    for (name, value) in &to {
        let op = match from.get(name) {
            Some(before) if before == value => continue,
            Some(_) => "replace",
            None => "add",
        };
        let change = PatchWithValue {
            id: next_id(&mut patch),
            op: op.to_owned(),
            path: format!("/{name}"),
            value: value.clone(),
        };
        if op == "add" {
            patch.add.push(change);
        } else {
            patch.replace.push(change);
        }
    }
    for name in from.keys().filter(|name| !to.contains_key(*name)) {
        let change = PatchWithoutValue {
            id: next_id(&mut patch),
            op: "remove".to_owned(),
            path: format!("/{name}"),
        };
        patch.remove.push(change);
    }
    patch
}

fn next_id(patch: &mut CustomJsonPatch) -> String {
    let id = patch.operations.len().to_string();
    patch.operations.push(id.clone());
    id
}
