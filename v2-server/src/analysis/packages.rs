//! Packages of an SBOM, as content listings, vulnerability matching and policies want them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ecosystem::{self, Ecosystem};
use super::syft::{Artifact, Members};
use crate::resources::images::content::types::{ContentJavaPackage, ContentPackage, NOT_AVAILABLE};
use crate::resources::images::evaluation::PackageClass;
use crate::resources::sources::types::SourceContentPackageResponseContent;

/// Where packages of an operating system say they are.
pub(crate) const PACKAGE_DATABASE: &str = "pkgdb";

/// One package of an analysed image.
#[derive(Debug)]
pub(crate) struct PackageRow {
    /// Type, class and listing.
    pub(crate) ecosystem: Ecosystem,
    /// Name as the package manager knows it.
    pub(crate) name: String,
    /// Version as the package manager writes it.
    pub(crate) version: String,
    /// Path inside the image; [`PACKAGE_DATABASE`] for packages of an operating system.
    pub(crate) location: String,
    /// Licences, one entry each.
    pub(crate) licenses: Vec<String>,
    /// CPEs the package may be listed under.
    pub(crate) cpes: Vec<String>,
    /// Package URL.
    pub(crate) purl: Option<String>,
    /// The row of the content listing, as JSON text.
    pub(crate) json: String,
}

impl PackageRow {
    /// Reads one package of the SBOM of an image.
    pub(crate) fn of(artifact: &Artifact<'_>) -> Self {
        Self::read(artifact, false)
    }

    /// Reads one package of the SBOM of a source, where all types are listed in the same form.
    pub(crate) fn of_source(artifact: &Artifact<'_>) -> Self {
        Self::read(artifact, true)
    }

    fn read(artifact: &Artifact<'_>, is_source: bool) -> Self {
        let ecosystem = ecosystem::of_syft_type(&artifact.kind);
        let metadata = artifact.metadata.as_ref();
        let location = location(artifact, ecosystem, metadata);
        let licenses = distinct(artifact.licenses.iter().map(|license| &*license.name));
        let cpes = distinct(artifact.cpes.iter().map(|cpe| &*cpe.0));
        let purl = artifact
            .purl
            .as_deref()
            .filter(|purl| !purl.is_empty())
            .map(str::to_owned);
        let json = if is_source {
            source_json(
                artifact,
                ecosystem,
                &location,
                &licenses,
                &cpes,
                purl.as_deref(),
            )
        } else if ecosystem.content_type == ecosystem::JAVA {
            java_json(artifact, &location, &cpes, purl.as_deref())
        } else {
            package_json(
                artifact,
                ecosystem,
                &location,
                &licenses,
                &cpes,
                purl.as_deref(),
            )
        };
        Self {
            ecosystem,
            name: artifact.name.clone().into_owned(),
            version: artifact.version.clone().into_owned(),
            location,
            licenses,
            cpes,
            purl,
            json,
        }
    }
}

fn package_json(
    artifact: &Artifact<'_>,
    ecosystem: Ecosystem,
    location: &str,
    licenses: &[String],
    cpes: &[String],
    purl: Option<&str>,
) -> String {
    let is_os = ecosystem.class == PackageClass::Os;
    let metadata = artifact.metadata.as_ref();
    to_json(&ContentPackage {
        package: artifact.name.clone().into_owned(),
        version: artifact.version.clone().into_owned(),
        size: is_os.then(|| size(artifact, metadata)),
        kind: ecosystem.package_type.to_uppercase(),
        origin: origin(metadata),
        licenses: licenses.to_vec(),
        location: (!is_os).then(|| location.to_owned()),
        cpes: cpes.to_vec(),
        metadata_type: artifact.metadata_type.as_deref().map(str::to_owned),
        // Every file of every package stands in the `files` listing already.
        metadata: metadata.map(|members| members.without(&["files"])),
        purl: purl.map(str::to_owned),
    })
}

fn source_json(
    artifact: &Artifact<'_>,
    ecosystem: Ecosystem,
    location: &str,
    licenses: &[String],
    cpes: &[String],
    purl: Option<&str>,
) -> String {
    let metadata = artifact.metadata.as_ref();
    to_json(&SourceContentPackageResponseContent {
        package: artifact.name.clone().into_owned(),
        version: artifact.version.clone().into_owned(),
        size: metadata
            .and_then(|metadata| installed_bytes(ecosystem.package_type, metadata))
            .map(|bytes| bytes.to_string()),
        kind: ecosystem.package_type.to_uppercase(),
        origin: origin(metadata),
        licenses: licenses.to_vec(),
        location: location.to_owned(),
        cpes: cpes.to_vec(),
        metadata_type: artifact.metadata_type.as_deref().map(str::to_owned),
        metadata: metadata.map(|members| members.without(&["files"])),
        purl: purl.map(str::to_owned),
    })
}

fn java_json(
    artifact: &Artifact<'_>,
    location: &str,
    cpes: &[String],
    purl: Option<&str>,
) -> String {
    let java = JavaMetadata::of(artifact.metadata.as_ref());
    let text = |value: Option<String>| value.unwrap_or_else(|| NOT_AVAILABLE.to_owned());
    to_json(&ContentJavaPackage {
        package: artifact.name.clone().into_owned(),
        version: if artifact.version.is_empty() {
            NOT_AVAILABLE.to_owned()
        } else {
            artifact.version.clone().into_owned()
        },
        implementation_version: text(java.implementation_version),
        specification_version: text(java.specification_version),
        maven_version: text(java.maven_version),
        kind: archive_type(location),
        location: location.to_owned(),
        origin: text(java.group.or(java.vendor)),
        cpes: cpes.to_vec(),
        purl: purl.map(str::to_owned),
    })
}

fn to_json<T: serde::Serialize>(row: &T) -> String {
    serde_json::to_string(row).expect("texts and raw JSON are always writable as JSON")
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        if !text.is_empty() && !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    }
    found
}

fn location(
    artifact: &Artifact<'_>,
    ecosystem: Ecosystem,
    metadata: Option<&Members<'_>>,
) -> String {
    if ecosystem.class == PackageClass::Os {
        return PACKAGE_DATABASE.to_owned();
    }
    let of_metadata = metadata.and_then(|metadata| match ecosystem.content_type {
        // An archive within an archive is only told apart by this path.
        ecosystem::JAVA => metadata
            .text("virtualPath")
            .map(std::borrow::Cow::into_owned),
        // The folder of the package, rather than one of the files that describe it.
        "python" => {
            let root = metadata.text("sitePackagesRootPath")?;
            let folders: Vec<String> = metadata.get("topLevelPackages")?;
            Some(format!(
                "{}/{}",
                root.trim_end_matches('/'),
                folders.first()?
            ))
        }
        _ => None,
    });
    of_metadata
        .or_else(|| artifact.path().map(str::to_owned))
        .unwrap_or_else(|| NOT_AVAILABLE.to_owned())
}

/// Installed size in bytes, as listings write it.
fn size(artifact: &Artifact<'_>, metadata: Option<&Members<'_>>) -> String {
    let package_type = ecosystem::of_syft_type(&artifact.kind).package_type;
    metadata
        .and_then(|metadata| installed_bytes(package_type, metadata))
        .map_or_else(|| NOT_AVAILABLE.to_owned(), |bytes| bytes.to_string())
}

/// Bytes that a package takes where it is installed, as far as its package manager records them. Only Debian counts in
/// units of 1024 bytes.
pub(super) fn installed_bytes(package_type: &str, metadata: &Members<'_>) -> Option<i64> {
    let installed = metadata.get::<i64>("installedSize");
    match package_type {
        "dpkg" => installed.map(|kibibytes| kibibytes.saturating_mul(1024)),
        _ => installed.or_else(|| metadata.get("size")),
    }
}

/// Who made a package: the words differ from package manager to package manager.
fn origin(metadata: Option<&Members<'_>>) -> String {
    let found = metadata.and_then(|metadata| {
        if let Some(name) = metadata
            .text("maintainer")
            .or_else(|| metadata.text("vendor"))
        {
            return Some(name.into_owned());
        }
        if let Some(author) = metadata.text("author") {
            return Some(match metadata.text("authorEmail") {
                Some(address) if !address.contains('<') => format!("{author} <{address}>"),
                _ => author.into_owned(),
            });
        }
        if let Some(address) = metadata.text("authorEmail") {
            return Some(address.into_owned());
        }
        let authors: Vec<String> = metadata.get("authors")?;
        (!authors.is_empty()).then(|| authors.join(", "))
    });
    found.unwrap_or_else(|| NOT_AVAILABLE.to_owned())
}

/// What a Java archive says of itself.
#[derive(Default)]
pub(super) struct JavaMetadata {
    /// `Implementation-Version` of its manifest.
    pub(super) implementation_version: Option<String>,
    /// `Specification-Version` of its manifest.
    pub(super) specification_version: Option<String>,
    vendor: Option<String>,
    /// Version in its Maven properties.
    pub(super) maven_version: Option<String>,
    group: Option<String>,
}

impl JavaMetadata {
    /// Reads the metadata of a package, of an archive or not.
    pub(super) fn of(metadata: Option<&Members<'_>>) -> Self {
        let Some(metadata) = metadata else {
            return Self::default();
        };
        let mut found = Self::default();
        if let Some(properties) = metadata.get::<Members<'_>>("pomProperties") {
            found.maven_version = properties.text("version").map(std::borrow::Cow::into_owned);
            found.group = properties.text("groupId").map(std::borrow::Cow::into_owned);
        }
        if let Some(manifest) = metadata.get::<Members<'_>>("manifest") {
            let attributes = manifest
                .get::<&RawValue>("main")
                .map(attributes)
                .unwrap_or_default();
            let attribute = |name: &str| {
                attributes
                    .iter()
                    .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
                    .map(|(_, value)| value.clone())
            };
            found.implementation_version = attribute("Implementation-Version");
            found.specification_version = attribute("Specification-Version");
            found.vendor =
                attribute("Implementation-Vendor").or_else(|| attribute("Specification-Vendor"));
        }
        found
    }
}

/// The main attributes of an archive's manifest: an object in older Syft releases, a list of pairs in newer ones.
fn attributes(main: &RawValue) -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Pair {
        key: String,
        value: String,
    }
    if let Ok(pairs) = serde_json::from_str::<Vec<Pair>>(main.get()) {
        return pairs
            .into_iter()
            .map(|pair| (pair.key, pair.value))
            .collect();
    }
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(main.get())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())))
        .collect()
}

/// File extensions of Java archives.
const ARCHIVES: [&str; 10] = [
    "jar", "war", "ear", "par", "sar", "nar", "kar", "jpi", "hpi", "lpkg",
];

/// `JAVA-JAR`, `JAVA-WAR`, … by the innermost archive named in `outer.war:inner.jar`.
fn archive_type(location: &str) -> String {
    let extension = location
        .rsplit(':')
        .filter_map(|part| part.rsplit_once('.'))
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .find(|extension| ARCHIVES.contains(&extension.as_str()));
    format!(
        "JAVA-{}",
        extension.as_deref().unwrap_or("jar").to_uppercase()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analysis::syft::Document;

    fn row(artifact: &Value) -> PackageRow {
        let mut artifact = artifact.clone();
        for (name, default) in [
            ("locations", json!([])),
            ("licenses", json!([])),
            ("cpes", json!([])),
            ("language", json!("")),
        ] {
            artifact
                .as_object_mut()
                .unwrap()
                .entry(name)
                .or_insert(default);
        }
        let document =
            json!({"artifacts": [artifact], "source": {"type": "image"}, "distro": {}}).to_string();
        PackageRow::of(&Document::parse(document.as_bytes()).unwrap().artifacts[0])
    }

    fn shown(row: &PackageRow) -> Value {
        serde_json::from_str(&row.json).unwrap()
    }

    #[test]
    fn distribution_packages_have_a_size_and_no_place_of_their_own() {
        let apk = row(
            &json!({"name": "busybox", "version": "1.31.1-r16", "type": "apk",
            "locations": [{"path": "/lib/apk/db/installed"}], "licenses": ["GPL-2.0-only"],
            "cpes": ["cpe:2.3:a:busybox:busybox:1.31.1-r16:*:*:*:*:*:*:*"], "metadataType": "ApkMetadata",
            "metadata": {"maintainer": "M <m@example.com>", "installedSize": 4096, "size": 1, "files": [{"path": "/x"}]}}),
        );
        assert_eq!(
            shown(&apk),
            json!({"package": "busybox", "version": "1.31.1-r16", "size": "4096", "type": "APKG",
                "origin": "M <m@example.com>", "licenses": ["GPL-2.0-only"],
                "cpes": ["cpe:2.3:a:busybox:busybox:1.31.1-r16:*:*:*:*:*:*:*"], "metadata_type": "ApkMetadata",
                "metadata": {"maintainer": "M <m@example.com>", "installedSize": 4096, "size": 1}})
        );
        assert_eq!(apk.location, PACKAGE_DATABASE);
    }

    #[test]
    fn debian_sizes_are_counted_in_kibibytes() {
        let deb = row(
            &json!({"name": "adduser", "version": "3.134", "type": "deb",
            "metadata": {"installedSize": 686, "maintainer": "D"}}),
        );
        assert_eq!(shown(&deb)["size"], "702464");
        assert_eq!(shown(&deb)["type"], "DPKG");
    }

    #[test]
    fn authors_are_the_origin_of_language_packages() {
        for (metadata, origin) in [
            (
                json!({"author": "a", "authorEmail": "a@example.com"}),
                "a <a@example.com>",
            ),
            (
                json!({"author": "", "authorEmail": "b <b@example.com>"}),
                "b <b@example.com>",
            ),
            (json!({"authors": ["a", "b"]}), "a, b"),
            (json!({"author": ""}), "N/A"),
            (json!({}), "N/A"),
        ] {
            let package =
                row(&json!({"name": "x", "version": "1", "type": "python", "metadata": metadata}));
            assert_eq!(shown(&package)["origin"], origin);
        }
    }

    #[test]
    fn a_python_package_lives_in_its_folder() {
        let package = row(
            &json!({"name": "Django", "version": "1.11.0", "type": "python",
            "locations": [{"path": "/site/Django-1.11.0.dist-info/METADATA"}],
            "metadata": {"sitePackagesRootPath": "/site", "topLevelPackages": ["django"]}}),
        );
        assert_eq!(package.location, "/site/django");
        let without = row(
            &json!({"name": "x", "version": "1", "type": "python", "locations": [{"path": "/a/METADATA"}]}),
        );
        assert_eq!(without.location, "/a/METADATA");
    }

    #[test]
    fn both_forms_of_java_manifests_are_read() {
        for main in [
            json!({"Specification-Version": "2.14", "Implementation-Version": "2.14.1", "Implementation-Vendor": "A"}),
            json!([{"key": "Specification-Version", "value": "2.14"}, {"key": "Implementation-Version", "value": "2.14.1"}]),
        ] {
            let archive = row(
                &json!({"name": "log4j-core", "version": "2.14.1", "type": "java-archive",
                "metadata": {"virtualPath": "/app/a.war:WEB-INF/lib/log4j-core.jar", "manifest": {"main": main},
                    "pomProperties": {"groupId": "org.apache", "version": "2.14.1"}}}),
            );
            assert_eq!(
                shown(&archive),
                json!({"package": "log4j-core", "version": "2.14.1", "implementation-version": "2.14.1",
                    "specification-version": "2.14", "maven-version": "2.14.1",
                    "location": "/app/a.war:WEB-INF/lib/log4j-core.jar", "type": "JAVA-JAR", "origin": "org.apache",
                    "cpes": []})
            );
        }
    }

    #[test]
    fn what_java_metadata_lacks_is_not_available() {
        let archive = row(
            &json!({"name": "x", "version": "", "type": "java-archive", "metadata": {"virtualPath": "/a.war"}}),
        );
        let shown = shown(&archive);
        for field in [
            "version",
            "implementation-version",
            "specification-version",
            "maven-version",
            "origin",
        ] {
            assert_eq!(shown[field], "N/A", "{field}");
        }
        assert_eq!(shown["type"], "JAVA-WAR");
    }

    #[test]
    fn the_innermost_archive_gives_the_type() {
        for (location, expected) in [
            ("/app/a.war:inner.jar", "JAVA-JAR"),
            ("/app/a.EAR", "JAVA-EAR"),
            ("/java/guice.jar:com.google.inject:guice", "JAVA-JAR"),
            ("/opt/native-image", "JAVA-JAR"),
        ] {
            assert_eq!(archive_type(location), expected, "{location}");
        }
    }

    #[test]
    fn licences_and_cpes_are_listed_once() {
        let package = row(
            &json!({"name": "x", "version": "1", "type": "npm", "licenses": ["MIT", {"value": "MIT"}, ""],
            "cpes": ["cpe:a", "cpe:a"]}),
        );
        assert_eq!(package.licenses, ["MIT"]);
        assert_eq!(package.cpes, ["cpe:a"]);
    }
}
