//! What an SBOM says of one package beside its row in a listing.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::packages::{JavaMetadata, PackageRow};
use super::syft::Members;
use crate::resources::images::content::types::NOT_AVAILABLE;

/// Facts that only some package managers record.
#[derive(Debug, Default)]
pub(crate) struct PackageDetails {
    /// Who made or maintains it.
    pub(crate) origin: Option<String>,
    /// Kind of `metadata`.
    pub(crate) metadata_type: Option<String>,
    /// What the package manager records besides, file lists left out.
    pub(crate) metadata: Option<Value>,
    /// Release of an RPM.
    pub(crate) release: Option<String>,
    /// The source package it was built from.
    pub(crate) source_package: Option<String>,
    /// Installed size in bytes.
    pub(crate) size: Option<i64>,
    /// `Implementation-Version` of a Java archive.
    pub(crate) implementation_version: Option<String>,
    /// `Specification-Version` of a Java archive.
    pub(crate) specification_version: Option<String>,
    /// Version in the Maven properties of a Java archive.
    pub(crate) maven_version: Option<String>,
}

/// The members of a row of a source's listing that hold them.
#[derive(Deserialize)]
struct Listed<'a> {
    origin: String,
    metadata_type: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

impl PackageDetails {
    /// The details of a package of [`packages_of`](super::packages_of).
    ///
    /// # Errors
    /// The row is none of a source's listing.
    pub(crate) fn of(row: &PackageRow) -> serde_json::Result<Self> {
        let listed: Listed<'_> = serde_json::from_str(&row.json)?;
        let mut details = Self {
            origin: Some(listed.origin).filter(|origin| origin != NOT_AVAILABLE),
            metadata_type: listed.metadata_type,
            ..Self::default()
        };
        let Some(metadata) = listed.metadata else {
            return Ok(details);
        };
        details.metadata = Some(serde_json::from_str(metadata.get())?);
        let metadata: Members<'_> = serde_json::from_str(metadata.get())?;
        let text = |name| metadata.text(name).map(std::borrow::Cow::into_owned);
        details.release = text("release");
        // RPM, Debian and Alpine each have a word of their own.
        details.source_package = text("sourceRpm")
            .or_else(|| text("source"))
            .or_else(|| text("originPackage"));
        details.size = super::packages::installed_bytes(row.ecosystem.package_type, &metadata);
        let java = JavaMetadata::of(Some(&metadata));
        details.implementation_version = java.implementation_version;
        details.specification_version = java.specification_version;
        details.maven_version = java.maven_version;
        Ok(details)
    }
}
