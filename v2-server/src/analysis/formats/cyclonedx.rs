//! CycloneDX 1.5, in JSON.

use serde::Serialize;

use super::licenses::{Named, named};
use super::{Subject, SubjectKind, TOOL};
use crate::analysis::syft::{Artifact, Distro, Document};

/// A document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the published form")]
pub(super) struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    timestamp: String,
    tools: Tools,
    component: Component<'a>,
}

#[derive(Serialize)]
struct Tools {
    components: [Component<'static>; 1],
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

/// Either one expression, or any number of licences.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Choice<'a> {
    License(License<'a>),
    #[serde(untagged)]
    Expression {
        expression: &'a str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum License<'a> {
    Id(&'a str),
    Name(&'a str),
}

#[derive(Serialize)]
struct Property<'a> {
    name: String,
    value: &'a str,
}

impl<'a> Bom<'a> {
    /// The document in this form.
    pub(super) fn of(document: &'a Document<'_>, subject: &'a Subject) -> Self {
        let packages = (1..).zip(&document.artifacts).map(package);
        let (tool, version) = TOOL;
        Self {
            schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
            bom_format: "CycloneDX",
            spec_version: "1.5",
            serial_number: format!("urn:uuid:{}", subject.id()),
            version: 1,
            metadata: Metadata {
                timestamp: subject.made_at.to_string(),
                tools: Tools {
                    components: [bare("application", None, tool, version)],
                },
                component: bare(
                    match subject.kind {
                        SubjectKind::Image => "container",
                        SubjectKind::Source => "application",
                    },
                    Some("root".to_owned()),
                    &subject.name,
                    &subject.version,
                ),
            },
            components: packages.chain(system(&document.distro)).collect(),
        }
    }
}

fn bare<'a>(
    kind: &'static str,
    reference: Option<String>,
    name: &'a str,
    version: &'a str,
) -> Component<'a> {
    Component {
        reference,
        kind,
        name,
        version,
        licenses: Vec::new(),
        cpe: None,
        purl: None,
        properties: Vec::new(),
    }
}

fn package<'a>((number, artifact): (usize, &'a Artifact<'_>)) -> Component<'a> {
    let property = |name: String, value| Property { name, value };
    let mut properties = vec![property("syft:package:type".to_owned(), &*artifact.kind)];
    for (at, location) in artifact.locations.iter().enumerate() {
        properties.push(property(format!("syft:location:{at}:path"), &location.path));
    }
    // There is room for one CPE only.
    for cpe in artifact.cpes.iter().skip(1) {
        properties.push(property("syft:cpe23".to_owned(), &cpe.0));
    }
    Component {
        licenses: licenses(artifact),
        cpe: artifact.cpes.first().map(|cpe| &*cpe.0),
        purl: artifact.purl.as_deref().filter(|purl| !purl.is_empty()),
        properties,
        ..bare(
            "library",
            Some(format!("package-{number}")),
            &artifact.name,
            &artifact.version,
        )
    }
}

fn licenses<'a>(artifact: &'a Artifact<'_>) -> Vec<Choice<'a>> {
    let named: Vec<_> = artifact.licenses.iter().map(named).collect();
    if let [Named::Expression(expression)] = named[..] {
        return vec![Choice::Expression { expression }];
    }
    named
        .into_iter()
        .filter(|license| *license != Named::Text(""))
        .map(|license| {
            Choice::License(match license {
                Named::Id(id) => License::Id(id),
                Named::Expression(text) | Named::Text(text) => License::Name(text),
            })
        })
        .collect()
}

/// The distribution is a component of its own.
fn system<'a>(distro: &'a Distro<'_>) -> Option<Component<'a>> {
    let given = |text: &'a Option<std::borrow::Cow<'_, str>>| {
        text.as_deref().filter(|text| !text.is_empty())
    };
    let name = given(&distro.id).or_else(|| given(&distro.name))?;
    let version = given(&distro.version_id).or_else(|| given(&distro.version));
    Some(bare(
        "operating-system",
        Some("operating-system".to_owned()),
        name,
        version.unwrap_or_default(),
    ))
}
