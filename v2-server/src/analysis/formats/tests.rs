//! Both forms, of one document that has something of everything.

use serde_json::{Value, json};

use super::*;

fn sbom() -> Value {
    json!({
        "artifacts": [
            {
                "name": "musl", "version": "1.1.24-r8", "type": "apk", "language": "",
                "locations": [{ "path": "/lib/apk/db/installed" }], "purl": "pkg:alpine/musl@1.1.24-r8",
                "licenses": ["MIT", { "value": "own words", "spdxExpression": "" }],
                "cpes": ["cpe:2.3:a:musl-libc:musl:1.1.24-r8:*:*:*:*:*:*:*", "cpe:/a:musl:musl:1.1.24"],
            },
            {
                "name": "dual", "version": "", "type": "npm", "language": "", "locations": [], "cpes": [],
                "licenses": [{ "value": "", "spdxExpression": "MIT OR Apache-2.0" }],
            },
        ],
        "source": { "type": "image" },
        "distro": { "id": "alpine", "versionID": "3.12.0" },
    })
}

fn converted(format: Format) -> Value {
    let subject = Subject {
        kind: SubjectKind::Image,
        name: "docker.io/library/app".to_owned(),
        version: "sha256:aa".to_owned(),
        made_at: "2026-11-23T09:00:00Z".parse().unwrap(),
    };
    let text = format
        .convert(sbom().to_string().as_bytes(), &subject)
        .unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn spdx_describes_the_image_and_what_it_contains() {
    let spdx = converted(Format::Spdx);
    assert_eq!(spdx["SPDXID"], "SPDXRef-DOCUMENT");
    assert_eq!(spdx["creationInfo"]["created"], "2026-11-23T09:00:00Z");
    let musl = &spdx["packages"][1];
    let words = musl["licenseDeclared"].as_str().unwrap();
    let id = words.strip_prefix("MIT AND ").unwrap();
    assert_eq!(
        spdx["hasExtractedLicensingInfos"],
        json!([{ "licenseId": id, "name": "own words", "extractedText": "own words" }])
    );
    assert_eq!(
        musl["externalRefs"],
        json!([
            { "referenceCategory": "SECURITY", "referenceType": "cpe23Type",
                "referenceLocator": "cpe:2.3:a:musl-libc:musl:1.1.24-r8:*:*:*:*:*:*:*" },
            { "referenceCategory": "SECURITY", "referenceType": "cpe22Type", "referenceLocator": "cpe:/a:musl:musl:1.1.24" },
            { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:alpine/musl@1.1.24-r8" },
        ])
    );
    let dual = &spdx["packages"][2];
    assert_eq!(dual["licenseDeclared"], "MIT OR Apache-2.0");
    assert!(dual.get("versionInfo").is_none());
    let relationships = spdx["relationships"].as_array().unwrap();
    assert_eq!(relationships.len(), 3);
    assert_eq!(relationships[0]["relationshipType"], "DESCRIBES");
    for relationship in relationships {
        let related = &relationship["relatedSpdxElement"];
        let packages = spdx["packages"].as_array().unwrap();
        assert!(packages.iter().any(|package| package["SPDXID"] == *related));
    }
}

#[test]
fn cyclonedx_has_a_component_for_each_package_and_the_distribution() {
    let bom = converted(Format::CycloneDx);
    assert_eq!(bom["specVersion"], "1.5");
    assert_eq!(
        bom["metadata"]["component"],
        json!({ "bom-ref": "root", "type": "container", "name": "docker.io/library/app", "version": "sha256:aa" })
    );
    assert_eq!(
        bom["components"],
        json!([
            {
                "bom-ref": "package-1", "type": "library", "name": "musl", "version": "1.1.24-r8",
                "licenses": [{ "license": { "id": "MIT" } }, { "license": { "name": "own words" } }],
                "cpe": "cpe:2.3:a:musl-libc:musl:1.1.24-r8:*:*:*:*:*:*:*", "purl": "pkg:alpine/musl@1.1.24-r8",
                "properties": [
                    { "name": "syft:package:type", "value": "apk" },
                    { "name": "syft:location:0:path", "value": "/lib/apk/db/installed" },
                    { "name": "syft:cpe23", "value": "cpe:/a:musl:musl:1.1.24" },
                ],
            },
            {
                "bom-ref": "package-2", "type": "library", "name": "dual",
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
                "properties": [{ "name": "syft:package:type", "value": "npm" }],
            },
            { "bom-ref": "operating-system", "type": "operating-system", "name": "alpine", "version": "3.12.0" },
        ])
    );
}

#[test]
fn something_else_is_refused() {
    let subject = Subject {
        kind: SubjectKind::Source,
        name: "x".to_owned(),
        version: "1".to_owned(),
        made_at: "2026-11-23T09:00:00Z".parse().unwrap(),
    };
    for format in [Format::Spdx, Format::CycloneDx] {
        assert!(format.convert(b"{}", &subject).is_err());
    }
}
