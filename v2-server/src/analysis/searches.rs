//! By-products of an analysis that are uploaded next to the SBOM: retrieved files, and matches of content and secret
//! searches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::AnalysisError;
use crate::resources::images::artifacts::types::{FileMatches, RegexContentMatch, RetrievedFile};

/// Where something was found.
#[derive(Debug, Deserialize)]
struct Place<'a> {
    #[serde(borrow)]
    path: Cow<'a, str>,
}

/// The searches of one file.
#[derive(Debug, Deserialize)]
pub(crate) struct Search<'a> {
    #[serde(borrow)]
    location: Place<'a>,
    #[serde(borrow)]
    content_searches: Vec<Match<'a>>,
}

#[derive(Debug, Deserialize)]
struct Match<'a> {
    #[serde(borrow)]
    classification: Cow<'a, str>,
    line_number: i64,
    #[serde(rename = "line_offset")]
    _line_offset: i64,
    #[serde(rename = "seek_position")]
    _seek_position: i64,
    #[serde(rename = "length")]
    _length: i64,
}

/// A retrieved file.
#[derive(Debug, Deserialize)]
pub(crate) struct FileContent<'a> {
    #[serde(borrow)]
    location: Place<'a>,
    #[serde(borrow)]
    contents: Cow<'a, str>,
}

/// Checks an upload of searches.
///
/// # Errors
/// It is not JSON, or not a list of searches.
pub(crate) fn parse_searches(bytes: &[u8]) -> serde_json::Result<Vec<Search<'_>>> {
    serde_json::from_slice(bytes)
}

/// Checks an upload of retrieved files.
///
/// # Errors
/// It is not JSON, or not a list of files.
pub(crate) fn parse_file_contents(bytes: &[u8]) -> serde_json::Result<Vec<FileContent<'_>>> {
    serde_json::from_slice(bytes)
}

/// The matches of each file, by search. The upload names searches and lines; the regular expressions themselves stay
/// with whoever searched.
pub(crate) fn matches(part: &'static str, bytes: &[u8]) -> Result<Vec<FileMatches>, AnalysisError> {
    let searches = parse_searches(bytes).map_err(|error| AnalysisError::Part { part, error })?;
    let mut files: BTreeMap<Cow<'_, str>, BTreeMap<Cow<'_, str>, Vec<i64>>> = BTreeMap::new();
    for search in searches {
        let found = files.entry(search.location.path).or_default();
        for one in search.content_searches {
            found
                .entry(one.classification)
                .or_default()
                .push(one.line_number);
        }
    }
    Ok(files
        .into_iter()
        .map(|(path, found)| FileMatches {
            path: path.into_owned(),
            matches: found
                .into_iter()
                .map(|(name, mut lines)| {
                    lines.sort_unstable();
                    lines.dedup();
                    RegexContentMatch {
                        name: name.into_owned(),
                        regex: String::new(),
                        lines,
                    }
                })
                .collect(),
        })
        .collect())
}

/// The retrieved files; their content is base64 already.
pub(crate) fn retrieved_files(bytes: &[u8]) -> Result<Vec<RetrievedFile>, AnalysisError> {
    let files = parse_file_contents(bytes).map_err(|error| AnalysisError::Part {
        part: "file-contents",
        error,
    })?;
    Ok(files
        .into_iter()
        .map(|file| RetrievedFile {
            path: file.location.path.into_owned(),
            b64_content: file.contents.into_owned(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn matches_are_gathered_by_file_and_search() {
        let at = |line: i64, name: &str| json!({"classification": name, "line_number": line, "line_offset": 0, "seek_position": 0, "length": 1});
        let upload = json!([
            {"location": {"path": "/b"}, "content_searches": [at(7, "KEY"), at(3, "KEY"), at(3, "KEY"), at(1, "AUTH")]},
            {"location": {"path": "/a", "layerID": "x"}, "content_searches": [at(0, "KEY")]},
        ])
        .to_string();
        assert_eq!(
            serde_json::to_value(matches("secret-searches", upload.as_bytes()).unwrap()).unwrap(),
            json!([
                {"path": "/a", "matches": [{"name": "KEY", "regex": "", "lines": [0]}]},
                {"path": "/b", "matches": [{"name": "AUTH", "regex": "", "lines": [1]}, {"name": "KEY", "regex": "", "lines": [3, 7]}]},
            ])
        );
    }

    #[test]
    fn an_upload_of_another_form_names_its_part() {
        let error = matches("secret-searches", b"{}").unwrap_err().to_string();
        assert!(error.contains("secret-searches"), "{error}");
    }

    #[test]
    fn retrieved_files_keep_their_content() {
        let upload = br#"[{"location":{"path":"/etc/passwd"},"contents":"cm9vdA=="}]"#;
        assert_eq!(
            serde_json::to_value(retrieved_files(upload).unwrap()).unwrap(),
            json!([{"path": "/etc/passwd", "b64_content": "cm9vdA=="}])
        );
    }
}
