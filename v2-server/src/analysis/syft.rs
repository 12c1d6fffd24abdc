//! The SBOM documents that Syft writes, as far as an analysis reads them.
//!
//! Read with borrowed text, since documents of many megabytes are usual. What differs from package manager to package
//! manager stays raw JSON ([`RawValue`]) until something asks for it. Members that are not listed here are ignored:
//! each Syft release adds some. Where a member may be missing, it may be null: Go programs write either.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::http::strict::nullable;

/// A whole document. Which members are required is part of the API: an upload without them is refused.
#[derive(Debug, Deserialize)]
pub(crate) struct Document<'a> {
    /// Packages.
    #[serde(borrow)]
    pub(crate) artifacts: Vec<Artifact<'a>>,
    /// What was scanned; required by the API, read by nobody.
    #[serde(rename = "source", borrow)]
    _source: Source<'a>,
    /// Linux distribution; empty when there is none.
    #[serde(borrow)]
    pub(crate) distro: Distro<'a>,
    /// Files, when the scan was asked to list them.
    #[serde(borrow, default)]
    pub(crate) files: Vec<File<'a>>,
}

impl<'a> Document<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// The bytes are no JSON, or no document of this form; the text says what was expected and where.
    pub(crate) fn parse(bytes: &'a [u8]) -> serde_json::Result<Self> {
        // A list of the members' values would do for serde, but is not what the API means.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(serde::de::Error::custom("expected an object, found a list"));
        }
        serde_json::from_slice(bytes)
    }
}

/// What was scanned.
#[derive(Debug, Deserialize)]
struct Source<'a> {
    /// `image`, `directory`, `file`.
    #[serde(rename = "type", borrow)]
    _kind: Cow<'a, str>,
}

/// The distribution an image is built on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Distro<'a> {
    /// Machine-readable id of `os-release`; older Syft releases put it into `name`.
    #[serde(borrow, deserialize_with = "nullable")]
    pub(crate) id: Option<Cow<'a, str>>,
    /// Name for people, or the id.
    #[serde(borrow, deserialize_with = "nullable")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// Machine-readable version of `os-release`; older Syft releases put it into `version`.
    #[serde(rename = "versionID", borrow, deserialize_with = "nullable")]
    pub(crate) version_id: Option<Cow<'a, str>>,
    /// Version for people, or the machine-readable one.
    #[serde(borrow, deserialize_with = "nullable")]
    pub(crate) version: Option<Cow<'a, str>>,
    /// Ids of the distributions it derives from: one text with blanks, or a list.
    #[serde(rename = "idLike", borrow, deserialize_with = "nullable")]
    pub(crate) id_like: Option<OneOrMany<'a>>,
}

/// A text, or a list of texts.
#[derive(Debug)]
pub(crate) struct OneOrMany<'a>(pub(crate) Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        read_raw(raw)
            .or_else(|| read_raw::<Text<'_>>(raw).map(|one| vec![one]))
            .map(|texts: Vec<Text<'_>>| Self(texts.into_iter().map(|text| text.0).collect()))
            .ok_or_else(|| serde::de::Error::custom("expected a string or a list of strings"))
    }
}

/// A package.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact<'a> {
    /// Name as the package manager knows it.
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    /// Version as the package manager writes it.
    #[serde(borrow)]
    pub(crate) version: Cow<'a, str>,
    /// Syft's package type, e.g. `deb`, `npm`, `java-archive`.
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    /// Where it was found.
    #[serde(borrow)]
    pub(crate) locations: Vec<Location<'a>>,
    /// Licences: texts, or objects of newer Syft releases.
    #[serde(borrow)]
    pub(crate) licenses: Vec<License<'a>>,
    /// Programming language; required by the API, read by nobody.
    #[serde(rename = "language", borrow)]
    _language: Cow<'a, str>,
    /// CPEs: texts, or objects of newer Syft releases.
    #[serde(borrow)]
    pub(crate) cpes: Vec<Cpe<'a>>,
    /// Package URL.
    #[serde(default, borrow, deserialize_with = "nullable")]
    pub(crate) purl: Option<Cow<'a, str>>,
    /// Kind of `metadata`.
    #[serde(
        rename = "metadataType",
        default,
        borrow,
        deserialize_with = "nullable"
    )]
    pub(crate) metadata_type: Option<Cow<'a, str>>,
    /// What the package manager records besides.
    #[serde(default, borrow, deserialize_with = "nullable")]
    pub(crate) metadata: Option<Members<'a>>,
}

impl Artifact<'_> {
    /// The path the package was read from: the one marked as primary evidence, else the first.
    pub(crate) fn path(&self) -> Option<&str> {
        self.locations
            .iter()
            .find(|location| location.is_primary())
            .or_else(|| self.locations.first())
            .map(|location| &*location.path)
    }
}

/// A path inside the scanned thing.
#[derive(Debug, Deserialize)]
pub(crate) struct Location<'a> {
    /// Absolute path.
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
    /// What newer Syft releases say about the path.
    #[serde(default, borrow, deserialize_with = "nullable")]
    annotations: Option<Annotations<'a>>,
}

impl Location<'_> {
    fn is_primary(&self) -> bool {
        self.annotations
            .as_ref()
            .and_then(|annotations| annotations.evidence.as_deref())
            == Some("primary")
    }
}

#[derive(Debug, Deserialize)]
struct Annotations<'a> {
    #[serde(default, borrow, deserialize_with = "nullable")]
    evidence: Option<Cow<'a, str>>,
}

/// A licence: a text, or an object with `value` and `spdxExpression`.
#[derive(Debug)]
pub(crate) struct License<'a> {
    /// The licence as it was found, or as an SPDX expression where it was not.
    pub(crate) name: Cow<'a, str>,
    /// Whether `name` is an SPDX expression for sure.
    pub(crate) is_spdx: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for License<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Long<'a> {
            #[serde(default, borrow)]
            value: Cow<'a, str>,
            #[serde(rename = "spdxExpression", default, borrow)]
            spdx: Cow<'a, str>,
        }
        let raw = <&RawValue>::deserialize(deserializer)?;
        if let Some(Text(name)) = read_raw(raw) {
            return Ok(Self {
                name,
                is_spdx: false,
            });
        }
        read_raw::<Long<'_>>(raw)
            .map(|long| Self {
                is_spdx: !long.spdx.is_empty()
                    && (long.value.is_empty() || long.value == long.spdx),
                name: if long.value.is_empty() {
                    long.spdx
                } else {
                    long.value
                },
            })
            .ok_or_else(|| {
                serde::de::Error::custom("expected a licence: a string, or an object with `value`")
            })
    }
}

/// A CPE: a text, or an object with `cpe`.
#[derive(Debug)]
pub(crate) struct Cpe<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Cpe<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Long<'a> {
            #[serde(borrow)]
            cpe: Cow<'a, str>,
        }
        let raw = <&RawValue>::deserialize(deserializer)?;
        if let Some(Text(text)) = read_raw(raw) {
            return Ok(Self(text));
        }
        read_raw::<Long<'_>>(raw)
            .map(|long| Self(long.cpe))
            .ok_or_else(|| {
                serde::de::Error::custom("expected a CPE: a string, or an object with `cpe`")
            })
    }
}

/// A file.
#[derive(Debug, Deserialize)]
pub(crate) struct File<'a> {
    /// Where it is.
    #[serde(borrow)]
    pub(crate) location: Location<'a>,
    /// Mode, owner, size; absent when the scan did not look.
    #[serde(default, borrow, deserialize_with = "nullable")]
    pub(crate) metadata: Option<Members<'a>>,
    /// Checksums.
    #[serde(default, borrow)]
    pub(crate) digests: Vec<FileDigest<'a>>,
}

/// A checksum of a file.
#[derive(Debug, Deserialize)]
pub(crate) struct FileDigest<'a> {
    /// `sha256`, `sha1`, …
    #[serde(borrow)]
    pub(crate) algorithm: Cow<'a, str>,
    /// Hexadecimal.
    #[serde(borrow)]
    pub(crate) value: Cow<'a, str>,
}

/// The members of an object, in order, their values unread.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads one member as `T`; nothing when it is absent or something else.
    pub(crate) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        self.0
            .iter()
            .find(|(member, _)| member == name)
            .and_then(|(_, raw)| read_raw(raw))
    }

    /// Reads one member as text; nothing when it is absent, empty or something else.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get::<Text<'a>>(name)
            .map(|text| text.0)
            .filter(|text| !text.is_empty())
    }

    /// The object again, without the members named in `left_out`.
    pub(crate) fn without(&self, left_out: &[&str]) -> Box<RawValue> {
        let mut json = String::from("{");
        for (name, value) in &self.0 {
            if left_out.contains(&&**name) {
                continue;
            }
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&serde_json::to_string(name).expect("text is always writable as JSON"));
            json.push(':');
            json.push_str(value.get());
        }
        json.push('}');
        RawValue::from_string(json).expect("members read from JSON make an object again")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Visitor).map(Self)
    }
}

/// A text, borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

fn read_raw<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_artifact(members: &str) -> String {
        format!(
            r#"{{"artifacts":[{{"name":"a","version":"1","type":"npm","locations":[],"licenses":[],"language":"",
            "cpes":[]{members}}}],"source":{{"type":"image"}},"distro":{{}}}}"#
        )
    }

    #[test]
    fn both_forms_of_licences_and_cpes_are_read() {
        let json = br#"{"artifacts":[{"name":"a","version":"1","type":"npm","locations":[],"language":"",
            "licenses":["MIT",{"value":"","spdxExpression":"ISC"},{"value":"BSD","spdxExpression":""}],
            "cpes":["cpe:2.3:a:a:a:1",{"cpe":"cpe:2.3:a:b:b:1","source":"x"}]}],
            "source":{"type":"image"},"distro":{"name":"alpine","version":"3.12.0","idLike":""}}"#;
        let document = Document::parse(json).unwrap();
        let artifact = &document.artifacts[0];
        let licenses: Vec<_> = artifact
            .licenses
            .iter()
            .map(|license| &*license.name)
            .collect();
        assert_eq!(licenses, ["MIT", "ISC", "BSD"]);
        let cpes: Vec<_> = artifact.cpes.iter().map(|cpe| &*cpe.0).collect();
        assert_eq!(cpes, ["cpe:2.3:a:a:a:1", "cpe:2.3:a:b:b:1"]);
    }

    #[test]
    fn the_primary_location_is_the_path() {
        let json = br#"{"artifacts":[{"name":"a","version":"1","type":"deb","licenses":[],"language":"","cpes":[],
            "locations":[{"path":"/copyright","annotations":{"evidence":"supporting"}},
            {"path":"/status","annotations":{"evidence":"primary"}}]}],"source":{"type":"image"},"distro":{}}"#;
        assert_eq!(
            Document::parse(json).unwrap().artifacts[0].path(),
            Some("/status")
        );
    }

    #[test]
    fn a_missing_required_member_is_named() {
        for (json, named) in [
            (r#"{"artifacts":1}"#, "expected a sequence"),
            (r#"{"artifacts":[]}"#, "missing field `source`"),
            (r#"{"artifacts":[],"source":{}}"#, "missing field `type`"),
            (
                r#"{"artifacts":[{"name":"a"}],"source":{"type":"x"},"distro":{}}"#,
                "missing field `version`",
            ),
            (
                r#"{"artifacts":[],"source":{"type":"x"}}"#,
                "missing field `distro`",
            ),
            (
                r#"{"artifacts":[],"source":{"type":"x"},"distro":{"idLike":4}}"#,
                "string or a list",
            ),
            ("[]", "expected an object"),
        ] {
            let error = Document::parse(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named), "{json}: {error}");
        }
    }

    #[test]
    fn metadata_is_copied_without_its_file_list() {
        let json = one_artifact(
            r#","metadata":{"size":1.50,"files":[1,2],"k\u00e9":[ {} ],"author":"x\n"}"#,
        );
        let document = Document::parse(json.as_bytes()).unwrap();
        let metadata = document.artifacts[0].metadata.as_ref().unwrap();
        assert_eq!(
            metadata.without(&["files"]).get(),
            r#"{"size":1.50,"ké":[ {} ],"author":"x\n"}"#
        );
        assert_eq!(metadata.text("author").as_deref(), Some("x\n"));
        assert_eq!(metadata.text("size"), None);
    }

    #[test]
    fn null_metadata_is_no_metadata() {
        let json = one_artifact(r#","metadata":null,"metadataType":null"#);
        assert!(
            Document::parse(json.as_bytes()).unwrap().artifacts[0]
                .metadata
                .is_none()
        );
    }
}
