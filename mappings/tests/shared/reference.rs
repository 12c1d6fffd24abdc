//! The folder with the specifications of both APIs, which `WINDLASS_REFERENCE` names.

use std::path::PathBuf;
use std::{env, fs};

use windlass_transforms::document::Document;

/// The text of one of its files; `None`, and a word about it, without the folder.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn text(file: &str) -> Option<String> {
    let Some(folder) = env::var_os("WINDLASS_REFERENCE") else {
        println!("skipped: WINDLASS_REFERENCE names no folder with the specifications");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => panic!("failed to read {}: {error}", path.display()),
    }
}

/// One of its specifications.
pub(crate) fn document(file: &str) -> Option<Document> {
    let text = text(file)?;
    match Document::from_text(&text) {
        Ok(document) => Some(document),
        Err(error) => panic!("{file}: {error}"),
    }
}

/// The V1 specifications: file and base path, as clients see them.
const V1: [(&str, &str); 3] = [
    ("v1-engine.yaml", "/v1"),
    ("v1-enterprise.yaml", "/v1/enterprise"),
    ("v1-rbac.yaml", "/v1"),
];

/// The V1 specifications, with the paths that clients send.
pub(crate) fn v1_documents() -> Option<Vec<Document>> {
    V1.iter()
        .map(|(file, base)| {
            let mut document = document(file)?;
            (*base).clone_into(&mut document.base_path);
            Some(document)
        })
        .collect()
}
