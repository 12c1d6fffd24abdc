//! Files of an SBOM, as the `files` listing and policies want them.

use serde::Deserialize;

use super::syft::File;
use crate::resources::images::content::types::ContentFile;

/// Permission bits: read, write, execute for all three, and setuid, setgid, sticky.
const PERMISSIONS: u32 = 0o7777;

/// Where Go keeps setuid, setgid and sticky in a file mode, which is what Syft writes down.
const GO_SETUID: u64 = 1 << 23;
const GO_SETGID: u64 = 1 << 22;
const GO_STICKY: u64 = 1 << 20;

/// A file as the listing shows it; nothing for files of which the scan kept no metadata but a path.
pub(crate) fn row(file: &File<'_>) -> ContentFile {
    let metadata = file.metadata.as_ref();
    let number = |name| {
        metadata
            .and_then(|metadata| metadata.get::<i64>(name))
            .unwrap_or(0)
    };
    let kind = metadata.and_then(|metadata| metadata.text("type"));
    let mode = metadata
        .and_then(|metadata| metadata.get::<Mode>("mode"))
        .map_or(0, |mode| mode.0);
    ContentFile {
        filename: file.location.path.clone().into_owned(),
        gid: number("groupID"),
        linkdest: metadata
            .and_then(|metadata| metadata.text("linkDestination"))
            .map(std::borrow::Cow::into_owned),
        mode: format!("{mode:05o}"),
        sha256: file
            .digests
            .iter()
            .find(|digest| digest.algorithm.eq_ignore_ascii_case("sha256"))
            .map(|digest| digest.value.clone().into_owned()),
        size: number("size"),
        kind: kind_word(kind.as_deref()).to_owned(),
        uid: number("userID"),
    }
}

fn kind_word(syft_type: Option<&str>) -> &'static str {
    match syft_type {
        Some("RegularFile") => "file",
        Some("Directory") => "dir",
        Some("SymbolicLink") => "slink",
        Some("HardLink") => "hlink",
        Some("CharacterDevice" | "BlockDevice") => "dev",
        Some("FIFONode" | "NamedPipe") => "fifo",
        Some("Socket") => "socket",
        _ => "unknown",
    }
}

/// Permission bits of a Syft file mode: Go's file mode, its octal digits written as a decimal number.
#[derive(Debug, PartialEq, Eq)]
struct Mode(u32);

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = u64::deserialize(deserializer)?.to_string();
        let bits = u64::from_str_radix(&digits, 8)
            .map_err(|_| serde::de::Error::custom("expected a mode of octal digits"))?;
        let mut mode = u32::try_from(bits & 0o7777).expect("twelve bits fit");
        for (go, unix) in [
            (GO_SETUID, 0o4000),
            (GO_SETGID, 0o2000),
            (GO_STICKY, 0o1000),
        ] {
            if bits & go != 0 {
                mode |= unix;
            }
        }
        Ok(Self(mode & PERMISSIONS))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::syft::Document;

    fn shown(file: &serde_json::Value) -> serde_json::Value {
        let document =
            json!({"artifacts": [], "source": {"type": "image"}, "distro": {}, "files": [file]})
                .to_string();
        let document = Document::parse(document.as_bytes()).unwrap();
        serde_json::to_value(row(&document.files[0])).unwrap()
    }

    #[test]
    fn a_setuid_file_keeps_its_bit() {
        let file = json!({"id": "1", "location": {"path": "/bin/su", "layerID": "sha256:a"},
            "metadata": {"mode": 40_000_755, "type": "RegularFile", "userID": 0, "groupID": 5, "size": 72000},
            "digests": [{"algorithm": "sha1", "value": "x"}, {"algorithm": "sha256", "value": "y"}]});
        assert_eq!(
            shown(&file),
            json!({"filename": "/bin/su", "gid": 5, "linkdest": null, "mode": "04755", "sha256": "y", "size": 72000,
                "type": "file", "uid": 0})
        );
    }

    #[test]
    fn links_and_folders_are_told_apart() {
        let link = shown(
            &json!({"location": {"path": "/etc/os-release"}, "metadata": {"mode": 1_000_000_777,
            "type": "SymbolicLink", "linkDestination": "../usr/lib/os-release"}}),
        );
        assert_eq!(
            (&link["type"], &link["linkdest"], &link["mode"]),
            (
                &json!("slink"),
                &json!("../usr/lib/os-release"),
                &json!("00777")
            )
        );
        let folder = shown(
            &json!({"location": {"path": "/tmp"}, "metadata": {"mode": 20_004_000_777_u64, "type": "Directory"}}),
        );
        assert_eq!(
            (&folder["type"], &folder["mode"]),
            (&json!("dir"), &json!("01777"))
        );
    }

    #[test]
    fn a_file_without_metadata_is_listed_by_its_path() {
        let bare = shown(&json!({"location": {"path": "/x"}}));
        assert_eq!(bare["type"], "unknown");
        assert_eq!(bare["mode"], "00000");
    }

    #[test]
    fn a_mode_that_is_no_octal_number_is_left_out() {
        assert_eq!(
            shown(&json!({"location": {"path": "/x"}, "metadata": {"mode": 989}}))["mode"],
            "00000"
        );
    }
}
