//! SPDX 2.3, in JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::licenses::{Named, named};
use super::{Subject, SubjectKind, TOOL};
use crate::analysis::syft::{Artifact, Document};
use crate::hex::hex;
use sha2::{Digest, Sha256};

const NO_ASSERTION: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const ROOT: &str = "SPDXRef-Root";

/// A document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the published form")]
pub(super) struct Spdx<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Package<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<ExtractedLicense>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct CreationInfo {
    creators: [String; 1],
    created: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    name: &'a str,
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    version_info: &'a str,
    download_location: &'static str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the published form")]
struct ExternalRef<'a> {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicense {
    license_id: String,
    name: String,
    extracted_text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the published form")]
struct Relationship {
    spdx_element_id: &'static str,
    relationship_type: &'static str,
    related_spdx_element: String,
}

impl<'a> Spdx<'a> {
    /// The document in this form.
    pub(super) fn of(document: &'a Document<'_>, subject: &'a Subject) -> Self {
        let mut extracted = BTreeMap::new();
        let mut packages = vec![root(subject)];
        let mut relationships = vec![Relationship {
            spdx_element_id: DOCUMENT,
            relationship_type: "DESCRIBES",
            related_spdx_element: ROOT.to_owned(),
        }];
        for (number, artifact) in (1..).zip(&document.artifacts) {
            let id = format!("SPDXRef-Package-{number}");
            relationships.push(Relationship {
                spdx_element_id: ROOT,
                relationship_type: "CONTAINS",
                related_spdx_element: id.clone(),
            });
            packages.push(package(artifact, id, &mut extracted));
        }
        let (tool, version) = TOOL;
        Self {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name: &subject.name,
            document_namespace: format!("urn:uuid:{}", subject.id()),
            creation_info: CreationInfo {
                creators: [format!("Tool: {tool}-{version}")],
                created: subject.made_at.to_string(),
            },
            packages,
            has_extracted_licensing_infos: extracted
                .into_iter()
                .map(|(license_id, name)| ExtractedLicense {
                    license_id,
                    extracted_text: name.clone(),
                    name,
                })
                .collect(),
            relationships,
        }
    }
}

fn root(subject: &Subject) -> Package<'_> {
    Package {
        name: &subject.name,
        id: ROOT.to_owned(),
        version_info: &subject.version,
        download_location: NO_ASSERTION,
        files_analyzed: false,
        source_info: None,
        license_concluded: NO_ASSERTION,
        license_declared: NO_ASSERTION.to_owned(),
        copyright_text: NO_ASSERTION,
        external_refs: Vec::new(),
        primary_package_purpose: Some(match subject.kind {
            SubjectKind::Image => "CONTAINER",
            SubjectKind::Source => "SOURCE",
        }),
    }
}

fn package<'a>(
    artifact: &'a Artifact<'_>,
    id: String,
    extracted: &mut BTreeMap<String, String>,
) -> Package<'a> {
    let cpes = artifact
        .cpes
        .iter()
        .map(|cpe| ("SECURITY", cpe_type(&cpe.0), &*cpe.0));
    let purl = artifact
        .purl
        .as_deref()
        .filter(|purl| !purl.is_empty())
        .map(|purl| ("PACKAGE-MANAGER", "purl", purl));
    Package {
        name: if artifact.name.is_empty() {
            NO_ASSERTION
        } else {
            &artifact.name
        },
        id,
        version_info: &artifact.version,
        download_location: NO_ASSERTION,
        files_analyzed: false,
        source_info: artifact
            .path()
            .map(|path| format!("read as a package of type {} from {path}", artifact.kind)),
        license_concluded: NO_ASSERTION,
        license_declared: declared(artifact, extracted),
        copyright_text: NO_ASSERTION,
        external_refs: cpes
            .chain(purl)
            .map(
                |(reference_category, reference_type, reference_locator)| ExternalRef {
                    reference_category,
                    reference_type,
                    reference_locator,
                },
            )
            .collect(),
        primary_package_purpose: None,
    }
}

fn cpe_type(cpe: &str) -> &'static str {
    if cpe.starts_with("cpe:2.3:") {
        "cpe23Type"
    } else {
        "cpe22Type"
    }
}

/// All licences of a package in one expression. What has no SPDX id is defined in the document under an id made here.
fn declared(artifact: &Artifact<'_>, extracted: &mut BTreeMap<String, String>) -> String {
    let terms: Vec<String> = artifact
        .licenses
        .iter()
        .map(named)
        .filter_map(|license| match license {
            Named::Id(id) => Some(id.to_owned()),
            Named::Expression(expression) if artifact.licenses.len() == 1 => {
                Some(expression.to_owned())
            }
            Named::Expression(expression) => Some(format!("({expression})")),
            Named::Text("") => None,
            Named::Text(text) => {
                let id = format!("LicenseRef-{}", &hex(&Sha256::digest(text))[..16]);
                extracted.insert(id.clone(), text.to_owned());
                Some(id)
            }
        })
        .collect();
    if terms.is_empty() {
        NO_ASSERTION.to_owned()
    } else {
        terms.join(" AND ")
    }
}
