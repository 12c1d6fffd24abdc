//! From what was uploaded about an image to what the API shows of it: packages, files, metadata documents.
//!
//! Everything here is a pure function of the uploaded bytes: no database, no HTTP, no clock. The worker in
//! [`crate::jobs`] feeds it and stores the result.
//!
//! | part | gives |
//! | --- | --- |
//! | packages (a Syft SBOM) | packages by type, files, distribution |
//! | manifest | size, number of layers, `manifest` document |
//! | image-config | architecture, `docker_history` document, a guessed Dockerfile |
//! | dockerfile | `dockerfile` document |
//! | content-searches, secret-searches, file-contents | the by-products of the same names |

pub(crate) mod details;
pub(crate) mod dockerfile;
pub(crate) mod ecosystem;
pub(crate) mod files;
pub(crate) mod formats;
pub(crate) mod image;
pub(crate) mod listing;
pub(crate) mod packages;
pub(crate) mod searches;
pub(crate) mod syft;

use std::collections::BTreeMap;

use listing::Listing;
use packages::PackageRow;

use crate::resources::images::artifacts::types::{FileMatches, RetrievedFile};
use crate::resources::images::content::types::ContentFile;
use crate::resources::images::evaluation::{
    Dockerfile, DockerfileMode, ImageMetadata, PackageClass,
};

/// What was uploaded about one image.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The Syft SBOM.
    pub(crate) packages: Vec<u8>,
    /// The image manifest.
    pub(crate) manifest: Vec<u8>,
    /// The image configuration.
    pub(crate) image_config: Vec<u8>,
    /// The Dockerfile, in any form a client may send.
    pub(crate) dockerfile: Option<Vec<u8>>,
    /// Matches of content searches.
    pub(crate) content_searches: Option<Vec<u8>>,
    /// Matches of secret searches.
    pub(crate) secret_searches: Option<Vec<u8>>,
    /// Retrieved files.
    pub(crate) file_contents: Option<Vec<u8>>,
}

/// What an analysis found.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// Facts about the image as a whole.
    pub(crate) metadata: ImageMetadata,
    /// The layers' digests, lowest first.
    pub(crate) layers: Vec<String>,
    /// The Dockerfile, supplied or guessed.
    pub(crate) dockerfile: Option<Dockerfile>,
    /// The `docker_history` document.
    pub(crate) docker_history: String,
    /// Every package, in the order of the listings.
    pub(crate) packages: Vec<PackageRow>,
    /// The listings that are not empty, by content type.
    pub(crate) listings: BTreeMap<&'static str, Listing>,
    /// Matches of content searches.
    pub(crate) content_searches: Vec<FileMatches>,
    /// Matches of secret searches.
    pub(crate) secret_searches: Vec<FileMatches>,
    /// Retrieved files.
    pub(crate) retrieved_files: Vec<RetrievedFile>,
}

/// Why an image could not be analysed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnalysisError {
    /// An uploaded part is not what it should be.
    #[error("failed to read the uploaded {part}: {error}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What was expected, and where.
        error: serde_json::Error,
    },
}

/// Analyses one image.
///
/// # Errors
/// A part is not what it should be.
pub(crate) fn analyze(parts: &Parts) -> Result<Analysis, AnalysisError> {
    let sbom = syft::Document::parse(&parts.packages).map_err(|error| AnalysisError::Part {
        part: "packages",
        error,
    })?;
    let manifest = image::Manifest::parse(&parts.manifest)?;
    let config = image::ImageConfig::parse(&parts.image_config)?;

    let mut packages: Vec<PackageRow> = sbom.artifacts.iter().map(PackageRow::of).collect();
    packages.sort_by(|a, b| listing_order(a).cmp(&listing_order(b)));
    let mut listings: BTreeMap<&'static str, Listing> = BTreeMap::new();
    for package in &packages {
        listings
            .entry(package.ecosystem.content_type)
            .or_default()
            .push(&package.json);
    }
    if !sbom.files.is_empty() {
        listings.insert(ecosystem::FILES, file_listing(&sbom));
    }

    let dockerfile = match &parts.dockerfile {
        Some(bytes) => Some(Dockerfile {
            mode: DockerfileMode::Actual,
            text: dockerfile::decode_upload(bytes),
        }),
        None => dockerfile::guess(config.history()).map(|text| Dockerfile {
            mode: DockerfileMode::Guessed,
            text,
        }),
    };
    let matches = |part, bytes: &Option<Vec<u8>>| {
        bytes
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), |bytes| searches::matches(part, bytes))
    };
    Ok(Analysis {
        metadata: metadata(&sbom, &manifest, &config),
        docker_history: image::docker_history(&config, &manifest),
        layers: manifest
            .layers
            .into_iter()
            .map(|layer| layer.digest)
            .collect(),
        dockerfile,
        content_searches: matches("content-searches", &parts.content_searches)?,
        secret_searches: matches("secret-searches", &parts.secret_searches)?,
        retrieved_files: parts
            .file_contents
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), searches::retrieved_files)?,
        packages,
        listings,
    })
}

/// What an analysis of a source found.
#[derive(Debug)]
pub(crate) struct SourceAnalysis {
    /// The listings that are not empty, by content type.
    pub(crate) listings: BTreeMap<&'static str, Listing>,
}

/// Analyses one source.
///
/// # Errors
/// The SBOM is none.
pub(crate) fn analyze_source(sbom: &[u8]) -> Result<SourceAnalysis, AnalysisError> {
    let sbom = syft::Document::parse(sbom).map_err(|error| AnalysisError::Part {
        part: "sbom",
        error,
    })?;
    let mut packages: Vec<PackageRow> = sbom.artifacts.iter().map(PackageRow::of_source).collect();
    packages.sort_by(|a, b| listing_order(a).cmp(&listing_order(b)));
    let mut listings: BTreeMap<&'static str, Listing> = BTreeMap::new();
    for package in &packages {
        listings
            .entry(package.ecosystem.content_type)
            .or_default()
            .push(&package.json);
    }
    Ok(SourceAnalysis { listings })
}

/// The packages of an SBOM, in the order of listings.
///
/// # Errors
/// It is none.
pub(crate) fn packages_of(sbom: &[u8]) -> serde_json::Result<Vec<PackageRow>> {
    let sbom = syft::Document::parse(sbom)?;
    let mut packages: Vec<PackageRow> = sbom.artifacts.iter().map(PackageRow::of_source).collect();
    packages.sort_by(|a, b| listing_order(a).cmp(&listing_order(b)));
    Ok(packages)
}

/// Operating system first, then by type, name, version and place.
fn listing_order(package: &PackageRow) -> (PackageClass, &str, &str, &str, &str) {
    (
        package.ecosystem.class,
        package.ecosystem.package_type,
        &package.name,
        &package.version,
        &package.location,
    )
}

fn file_listing(sbom: &syft::Document<'_>) -> Listing {
    let mut files: Vec<ContentFile> = sbom.files.iter().map(files::row).collect();
    files.sort_by(|a, b| a.filename.cmp(&b.filename));
    // The same path may stand in several layers; the listing is of the image as it runs, where the last one counts.
    files.dedup_by(|later, earlier| {
        let same = later.filename == earlier.filename;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    Listing::of(files.iter().map(|file| {
        serde_json::to_string(file).expect("texts and numbers are always writable as JSON")
    }))
}

fn metadata(
    sbom: &syft::Document<'_>,
    manifest: &image::Manifest,
    config: &image::ImageConfig,
) -> ImageMetadata {
    let given = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_deref()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let distro = &sbom.distro;
    let like = distro.id_like.as_ref().map_or(&[][..], |like| &like.0);
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    ImageMetadata {
        arch: set(&config.architecture),
        os: set(&config.os),
        distro: given(&distro.id).or_else(|| given(&distro.name)),
        distro_version: given(&distro.version_id).or_else(|| given(&distro.version)),
        like_distro: like
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(str::to_owned)
            .collect(),
        image_size: Some(manifest.size()),
        layer_count: i64::try_from(manifest.layers.len()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(sbom: &serde_json::Value) -> Parts {
        Parts {
            packages: sbom.to_string().into_bytes(),
            manifest: json!({"config": {"digest": "sha256:c", "size": 1}, "layers": [{"digest": "sha256:a", "size": 7}]})
                .to_string()
                .into_bytes(),
            image_config: json!({"architecture": "amd64", "os": "linux",
                "history": [{"created_by": "/bin/sh -c #(nop) CMD [\"sh\"]", "empty_layer": true}]})
            .to_string()
            .into_bytes(),
            ..Parts::default()
        }
    }

    fn package(name: &str, kind: &str) -> serde_json::Value {
        json!({"name": name, "version": "1", "type": kind, "locations": [{"path": format!("/{name}")}], "licenses": [],
            "language": "", "cpes": []})
    }

    #[test]
    fn packages_are_listed_by_type_and_name() {
        let sbom = json!({"artifacts": [package("b", "npm"), package("z", "deb"), package("a", "npm"), package("q", "new-type")],
            "source": {"type": "image"}, "distro": {"id": "debian", "name": "Debian GNU/Linux", "versionID": "12",
            "version": "12 (bookworm)", "idLike": ["a", "b c"]}});
        let analysis = analyze(&parts(&sbom)).unwrap();
        let names: Vec<_> = analysis
            .packages
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["z", "a", "b", "q"]);
        assert_eq!(
            analysis.listings.keys().collect::<Vec<_>>(),
            [&"npm", &"os", &"other"]
        );
        assert_eq!(
            analysis.metadata,
            ImageMetadata {
                arch: Some("amd64".into()),
                os: Some("linux".into()),
                distro: Some("debian".into()),
                distro_version: Some("12".into()),
                like_distro: vec!["a".into(), "b".into(), "c".into()],
                image_size: Some(7),
                layer_count: Some(1),
            }
        );
    }

    #[test]
    fn the_names_of_older_documents_give_the_distribution() {
        let sbom = json!({"artifacts": [], "source": {"type": "image"},
            "distro": {"name": "alpine", "version": "3.12.0", "idLike": ""}});
        let metadata = analyze(&parts(&sbom)).unwrap().metadata;
        assert_eq!(metadata.distro.as_deref(), Some("alpine"));
        assert_eq!(metadata.distro_version.as_deref(), Some("3.12.0"));
        assert!(metadata.like_distro.is_empty());
    }

    #[test]
    fn the_last_of_several_files_at_a_path_counts() {
        let file = |path: &str, size: i64| json!({"location": {"path": path}, "metadata": {"size": size, "mode": 644, "type": "RegularFile"}});
        let sbom = json!({"artifacts": [], "source": {"type": "image"}, "distro": {},
            "files": [file("/b", 1), file("/a", 1), file("/a", 2), file("/a", 3)]});
        let analysis = analyze(&parts(&sbom)).unwrap();
        let listing: Vec<serde_json::Value> = serde_json::from_str(&format!(
            "[{}]",
            analysis.listings["files"].pieces().join(",")
        ))
        .unwrap();
        let found: Vec<_> = listing
            .iter()
            .map(|file| {
                (
                    file["filename"].as_str().unwrap(),
                    file["size"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, [("/a", 3), ("/b", 1)]);
    }

    #[test]
    fn a_supplied_dockerfile_wins_over_the_guess() {
        let sbom = json!({"artifacts": [], "source": {"type": "image"}, "distro": {}});
        let mut parts = parts(&sbom);
        let guessed = analyze(&parts).unwrap().dockerfile.unwrap();
        assert_eq!(
            (guessed.mode, guessed.text.as_str()),
            (DockerfileMode::Guessed, "FROM scratch\nCMD [\"sh\"]\n")
        );
        parts.dockerfile = Some(b"FROM x\n".to_vec());
        let actual = analyze(&parts).unwrap().dockerfile.unwrap();
        assert_eq!(
            (actual.mode, actual.text.as_str()),
            (DockerfileMode::Actual, "FROM x\n")
        );
    }

    #[test]
    fn a_part_that_is_something_else_fails_the_analysis() {
        let sbom = json!({"artifacts": [], "source": {"type": "image"}, "distro": {}});
        for part in [
            "packages",
            "manifest",
            "image-config",
            "content-searches",
            "file-contents",
        ] {
            let mut parts = parts(&sbom);
            match part {
                "packages" => parts.packages = b"{}".to_vec(),
                "manifest" => parts.manifest = b"{}".to_vec(),
                "image-config" => parts.image_config = b"[]x".to_vec(),
                "content-searches" => parts.content_searches = Some(b"{}".to_vec()),
                _ => parts.file_contents = Some(b"{}".to_vec()),
            }
            let error = analyze(&parts).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
