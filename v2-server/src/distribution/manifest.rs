//! Manifests of registries: of one image, or of one image for several platforms.

use serde::Deserialize;

/// Media types asked for, images and lists of them.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// What a registry gave for a tag or a digest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// One image, with the digest of its configuration.
    Image {
        /// `sha256:…`.
        config_digest: String,
    },
    /// Images for several platforms; the digest is that of the one for Linux on amd64, or of the
    /// first, should there be none.
    List {
        /// `sha256:…`.
        image_digest: String,
    },
}

/// Reads a manifest.
///
/// # Errors
/// A sentence on what it is instead.
pub(super) fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let raw: Raw = serde_json::from_slice(bytes)
        .map_err(|error| format!("the manifest is no JSON object: {error}"))?;
    if let Some(manifests) = raw.manifests {
        let images: Vec<&Entry> = manifests
            .iter()
            .filter(|entry| !entry.is_attestation())
            .collect();
        let chosen = images
            .iter()
            .find(|entry| entry.is_linux_on_amd64())
            .or_else(|| images.first())
            .ok_or("the manifest list is empty")?;
        return Ok(Answer::List {
            image_digest: chosen.digest.clone(),
        });
    }
    if raw.schema_version == Some(1) {
        return Err("manifests of schema version 1".to_owned());
    }
    raw.config
        .map(|config| Answer::Image {
            config_digest: config.digest,
        })
        .ok_or_else(|| "a manifest without `config`".to_owned())
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "schemaVersion")]
    schema_version: Option<i64>,
    config: Option<Config>,
    manifests: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Config {
    digest: String,
}

#[derive(Deserialize)]
struct Entry {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

impl Entry {
    fn is_linux_on_amd64(&self) -> bool {
        self.platform
            .as_ref()
            .is_some_and(|platform| platform.os == "linux" && platform.architecture == "amd64")
    }

    /// Builders put statements about images among the images, for a platform nobody has.
    fn is_attestation(&self) -> bool {
        self.platform
            .as_ref()
            .is_some_and(|platform| platform.os == "unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_for_linux_on_amd64_is_chosen() {
        let list = br#"{"schemaVersion":2,"manifests":[
            {"digest":"sha256:u","platform":{"os":"unknown","architecture":"unknown"}},
            {"digest":"sha256:w","platform":{"os":"windows","architecture":"amd64"}},
            {"digest":"sha256:l","platform":{"os":"linux","architecture":"amd64"}}]}"#;
        let expected = Answer::List {
            image_digest: "sha256:l".into(),
        };
        assert_eq!(parse(list), Ok(expected));
        let other = br#"{"manifests":[{"digest":"sha256:a","platform":{"os":"linux","architecture":"arm64"}}]}"#;
        let expected = Answer::List {
            image_digest: "sha256:a".into(),
        };
        assert_eq!(parse(other), Ok(expected));
    }

    #[test]
    fn an_image_gives_its_configuration() {
        let image = br#"{"schemaVersion":2,"config":{"digest":"sha256:c"},"layers":[]}"#;
        assert_eq!(
            parse(image),
            Ok(Answer::Image {
                config_digest: "sha256:c".into()
            })
        );
    }

    #[test]
    fn what_is_no_image_says_so() {
        for (bytes, reason) in [
            (&b"<html>"[..], "no JSON object"),
            (br#"{"schemaVersion":1,"fsLayers":[]}"#, "schema version 1"),
            (b"{}", "without `config`"),
            (br#"{"manifests":[]}"#, "empty"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
