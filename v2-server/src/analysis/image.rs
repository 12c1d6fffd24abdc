//! Facts about an image as a whole, from its manifest and its configuration.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::AnalysisError;

/// An image manifest: OCI, or Docker version 2 schema 2, which are alike as far as we read.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    /// The image configuration: what has none is no manifest of an image.
    #[serde(rename = "config")]
    _config: Descriptor,
    /// The layers, lowest first.
    pub(crate) layers: Vec<Descriptor>,
}

/// What a manifest says about one blob.
#[derive(Debug, Deserialize)]
pub(crate) struct Descriptor {
    /// `sha256:…` of the stored bytes.
    pub(crate) digest: String,
    /// Size of the stored bytes.
    pub(crate) size: i64,
}

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, AnalysisError> {
        serde_json::from_slice(bytes).map_err(|error| AnalysisError::Part {
            part: "manifest",
            error,
        })
    }

    /// Bytes of all layers as a registry stores them.
    pub(crate) fn size(&self) -> i64 {
        self.layers.iter().map(|layer| layer.size).sum()
    }
}

/// An image configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct ImageConfig {
    /// CPU architecture.
    #[serde(default)]
    pub(crate) architecture: Option<String>,
    /// Operating system.
    #[serde(default)]
    pub(crate) os: Option<String>,
    /// How the image was made, lowest layer first.
    #[serde(default)]
    pub(crate) history: Option<Vec<HistoryEntry>>,
}

/// One step of making an image.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HistoryEntry {
    /// When.
    pub(crate) created: Option<String>,
    /// The command.
    pub(crate) created_by: Option<String>,
    /// What somebody said about it.
    pub(crate) comment: Option<String>,
    /// The step made no layer.
    pub(crate) empty_layer: bool,
}

impl ImageConfig {
    /// Reads a configuration.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, AnalysisError> {
        serde_json::from_slice(bytes).map_err(|error| AnalysisError::Part {
            part: "image-config",
            error,
        })
    }

    /// The steps, none when the configuration has no history.
    pub(crate) fn history(&self) -> &[HistoryEntry] {
        self.history.as_deref().unwrap_or_default()
    }
}

/// One row of the `docker_history` document; the form comes from `docker history`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct HistoryRow<'a> {
    created: &'a str,
    created_by: &'a str,
    comment: &'a str,
    id: Cow<'a, str>,
    size: i64,
    tags: [&'a str; 0],
}

/// The `docker_history` document: each step with the layer it made, or `<missing>` where it made none.
pub(crate) fn docker_history(config: &ImageConfig, manifest: &Manifest) -> String {
    let mut layers = manifest.layers.iter();
    let rows: Vec<_> = config
        .history()
        .iter()
        .map(|step| {
            let layer = if step.empty_layer {
                None
            } else {
                layers.next()
            };
            HistoryRow {
                created: step.created.as_deref().unwrap_or_default(),
                created_by: step.created_by.as_deref().unwrap_or_default(),
                comment: step.comment.as_deref().unwrap_or_default(),
                id: layer.map_or(Cow::Borrowed("<missing>"), |layer| {
                    Cow::Borrowed(layer.digest.as_str())
                }),
                size: layer.map_or(0, |layer| layer.size),
                tags: [],
            }
        })
        .collect();
    serde_json::to_string(&rows).expect("texts and numbers are always writable as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &[u8] = br#"{"schemaVersion":2,"config":{"digest":"sha256:c","size":1},
        "layers":[{"digest":"sha256:a","size":10},{"digest":"sha256:b","size":5}]}"#;

    #[test]
    fn the_size_is_that_of_the_stored_layers() {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        assert_eq!(manifest.size(), 15);
        assert_eq!(manifest.layers.len(), 2);
    }

    #[test]
    fn history_steps_take_the_layers_in_order() {
        let config = ImageConfig::parse(
            br#"{"architecture":"amd64","history":[{"created":"t","created_by":"ADD"},
            {"created_by":"CMD","empty_layer":true},{"created_by":"RUN","comment":"x"}]}"#,
        )
        .unwrap();
        let history: serde_json::Value = serde_json::from_str(&docker_history(
            &config,
            &Manifest::parse(MANIFEST).unwrap(),
        ))
        .unwrap();
        assert_eq!(
            history,
            serde_json::json!([
                {"Created":"t","CreatedBy":"ADD","Comment":"","Id":"sha256:a","Size":10,"Tags":[]},
                {"Created":"","CreatedBy":"CMD","Comment":"","Id":"<missing>","Size":0,"Tags":[]},
                {"Created":"","CreatedBy":"RUN","Comment":"x","Id":"sha256:b","Size":5,"Tags":[]},
            ])
        );
    }

    #[test]
    fn a_manifest_without_layers_is_refused_by_name() {
        let error = Manifest::parse(b"{}").unwrap_err().to_string();
        assert!(
            error.contains("manifest") && error.contains("config"),
            "{error}"
        );
    }
}
