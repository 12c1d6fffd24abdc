//! Embeds the mapping files: writes `files.rs`, one `(path, text)` per file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Mapping files beside the folders.
const TOP: [&str; 2] = ["defaults.toml", "unmapped.toml"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in ["operations", "shapes"] {
        // Covers files that are added or removed below it.
        println!("cargo::rerun-if-changed={folder}");
        collect(&root.join(folder), &mut files)?;
    }
    for name in TOP {
        println!("cargo::rerun-if-changed={name}");
        files.extend(Some(root.join(name)).filter(|path| path.exists()));
    }
    files.sort();

    let mut code = String::from("&[\n");
    for file in &files {
        let name = utf8(file.strip_prefix(&root).expect("was found below it"))?.replace('\\', "/");
        let file = utf8(file)?;
        let _ = writeln!(code, "    ({name:?}, include_str!({file:?})),");
    }
    code.push(']');
    fs::write(out.join("files.rs"), code)
}

fn utf8(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::Error::other("a mapping file's name is not UTF-8"))
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else if is_mapping(&path) {
            into.push(path);
        }
    }
    Ok(())
}

fn is_mapping(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
}
