//! The Dockerfile of an image: as it was uploaded, or guessed from the image's history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::image::HistoryEntry;

/// The prefix of commands that only change the configuration, as the classic builder wrote it.
const NO_OPERATION: &str = "#(nop) ";

/// How the classic builder and BuildKit wrap a shell command.
const SHELLS: [&str; 2] = ["/bin/sh -c ", "|0 /bin/sh -c "];

/// What BuildKit appends to every step.
const BUILDKIT_MARK: &str = " # buildkit";

/// Words a Dockerfile line starts with.
const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// The text of an uploaded Dockerfile. Clients upload it as plain text, as a JSON string, or in base64.
///
/// Base64 is told apart safely: a Dockerfile needs a blank in its first instruction, base64 never has one.
pub(crate) fn decode_upload(bytes: &[u8]) -> String {
    if let Ok(text) = serde_json::from_slice::<String>(bytes) {
        return text;
    }
    let unbroken: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect();
    if !unbroken.is_empty()
        && let Ok(decoded) = STANDARD.decode(&unbroken)
        && let Ok(text) = String::from_utf8(decoded)
    {
        return text;
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// A Dockerfile that could have made an image with this history. What it was built from is not in the history, so
/// it starts from `scratch`.
pub(crate) fn guess(history: &[HistoryEntry]) -> Option<String> {
    if history.is_empty() {
        return None;
    }
    let mut text = String::from("FROM scratch\n");
    for line in history
        .iter()
        .filter_map(|step| step.created_by.as_deref())
        .filter_map(instruction)
    {
        text.push_str(&line);
        text.push('\n');
    }
    Some(text)
}

fn instruction(command: &str) -> Option<String> {
    let command = command
        .strip_suffix(BUILDKIT_MARK)
        .unwrap_or(command)
        .trim();
    let (unwrapped, was_shell) = match SHELLS.iter().find_map(|shell| command.strip_prefix(shell)) {
        Some(rest) => (rest, true),
        None => (command, false),
    };
    let line = match unwrapped.strip_prefix(NO_OPERATION) {
        Some(line) => line.trim(),
        None if was_shell => return Some(format!("RUN {}", one_line(unwrapped.trim()))),
        None => unwrapped,
    };
    if line.is_empty() {
        return None;
    }
    let first = line.split_whitespace().next().unwrap_or_default();
    if INSTRUCTIONS.contains(&first) {
        // BuildKit writes `RUN /bin/sh -c …`.
        let line = line.strip_prefix("RUN ").map_or_else(
            || line.to_owned(),
            |run| format!("RUN {}", run.strip_prefix(SHELLS[0]).unwrap_or(run)),
        );
        return Some(one_line(&exposed_ports(&line).unwrap_or(line)));
    }
    Some(format!("RUN {}", one_line(line)))
}

/// BuildKit writes the ports of an `EXPOSE` as a Go map: `EXPOSE map[443/tcp:{} 80/tcp:{}]`.
fn exposed_ports(line: &str) -> Option<String> {
    let ports = line.strip_prefix("EXPOSE map[")?.strip_suffix(']')?;
    let ports: Vec<_> = ports
        .split_whitespace()
        .map(|port| port.trim_end_matches(":{}"))
        .collect();
    Some(format!("EXPOSE {}", ports.join(" ")))
}

/// Joins lines: a guessed instruction has no continuation marks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(command: &str) -> HistoryEntry {
        HistoryEntry {
            created_by: Some(command.to_owned()),
            ..HistoryEntry::default()
        }
    }

    #[test]
    fn uploads_are_read_in_every_form_clients_send() {
        let text = "FROM scratch\nCMD [\"/bin/sh\"]\n";
        assert_eq!(decode_upload(text.as_bytes()), text);
        assert_eq!(
            decode_upload(serde_json::to_string(text).unwrap().as_bytes()),
            text
        );
        assert_eq!(decode_upload(STANDARD.encode(text).as_bytes()), text);
        assert_eq!(
            decode_upload(format!("{}\n", STANDARD.encode(text)).as_bytes()),
            text
        );
        let encoded = STANDARD.encode(text);
        let broken = format!("{}\r\n{}\n", &encoded[..20], &encoded[20..]);
        assert_eq!(decode_upload(broken.as_bytes()), text);
    }

    #[test]
    fn text_that_is_no_utf8_is_kept_as_far_as_possible() {
        assert_eq!(decode_upload(b"FROM \xff"), "FROM \u{fffd}");
        assert_eq!(decode_upload(b""), "");
    }

    #[test]
    fn history_of_both_builders_becomes_instructions() {
        let history = [
            step("/bin/sh -c #(nop) ADD file:abc in / "),
            step("/bin/sh -c #(nop)  CMD [\"bash\"]"),
            step("/bin/sh -c apt-get update     && apt-get install -y curl"),
            step("RUN /bin/sh -c make install # buildkit"),
            step("EXPOSE map[443/tcp:{} 80/tcp:{}]"),
            step("USER app"),
            step("bazel build ..."),
            HistoryEntry::default(),
        ];
        assert_eq!(
            guess(&history).unwrap(),
            "FROM scratch\nADD file:abc in /\nCMD [\"bash\"]\nRUN apt-get update && apt-get install -y curl\n\
             RUN make install\nEXPOSE 443/tcp 80/tcp\nUSER app\nRUN bazel build ...\n"
        );
    }

    #[test]
    fn no_history_gives_no_guess() {
        assert_eq!(guess(&[]), None);
    }
}
