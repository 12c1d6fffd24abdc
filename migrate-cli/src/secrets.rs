//! No secret leaves: whatever is planted wherever, no output has it.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser as _;
use proptest::prelude::*;
use serde_json::json;

use crate::args::{Command, Windlass};
use crate::commands;

const FORMATS: [&str; 8] = [
    "table", "json", "markdown", "csv", "html", "sarif", "junit", "partial",
];

/// Secrets as people and programs make them.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        // Keys and tokens: letters and digits.
        "[a-zA-Z]{8}[0-9]{4}[a-zA-Z0-9]{12}",
        // JSON Web Tokens.
        "eyJ[a-zA-Z0-9]{20}\\.eyJ[a-zA-Z0-9]{20}\\.[a-zA-Z0-9]{20}",
        // Passwords that look like nothing.
        "[a-z]{3}QzX[a-z]{5}",
    ]
}

/// The same secret in every place of every kind of source, as clients that should know better
/// put it there.
fn plant(folder: &Path, secret: &str) -> Vec<String> {
    let basic = STANDARD.encode(format!("admin:{secret}"));
    let agents = [
        format!("job token={secret}"),
        format!("x Bearer {secret}"),
        format!("x Basic {basic}"),
        format!("bot (+https://bob:{secret}@example.com/)"),
        format!("curl Authorization: Basic {basic}"),
        format!("Cookie: sid={secret}; b={secret}"),
        format!("db_password: {secret}"),
    ];
    let targets = [
        format!("/v1/images?fulltag={secret}&token={secret}"),
        format!("/v1/images/{secret}"),
        format!("/{secret}/{secret}?password={secret}"),
        format!("/v1/{secret}"),
        "/v1/images".to_owned(),
        "/v1/policies".to_owned(),
        format!("/v2/{secret}?api_key={secret}"),
        format!("https://u:{secret}@host/v1/policies/{secret}#{secret}"),
    ];
    let mut combined = String::new();
    let mut records = String::new();
    let mut entries = Vec::new();
    for agent in &agents {
        for target in &targets {
            let _ = writeln!(
                combined,
                "10.0.0.7 - admin [20/Nov/2026:10:00:00 +0000] \"GET {target} HTTP/1.1\" 200 2 \"https://x/?t={secret}\" \"{agent}\""
            );
            entries.push(json!({
                "startedDateTime": "2026-11-20T10:00:00Z",
                "request": {
                    "method": "POST", "url": target,
                    "headers": [
                        {"name": "Authorization", "value": format!("Basic {basic}")},
                        {"name": "Cookie", "value": secret},
                        {"name": "User-Agent", "value": agent},
                        {"name": "X-Api-Key", "value": secret},
                    ],
                    "postData": {"text": json!({secret: secret, "tag": secret, "source": {"tag": {"pullstring": secret, secret: 1}}}).to_string()},
                },
                "response": {"status": 200, "content": {"text": secret}},
            }));
        }
        records.push_str(&json!({
            "format": 1, "time": "2026-11-20T10:00:00.000Z", "generation": "v1", "method": secret,
            "versionless": false, "v1_operation": secret, "v2_operation": secret, "reason": secret,
            "client": {"user": "admin", "user_agent": agent, "address": secret},
            "v1_parameters": [format!("a b {secret}")], "v1_fields": [format!("{{{secret}}}")],
            "request_bytes": 0, "response_bytes": 2, "duration_ms": 1, "outcome": "rewritten",
        }).to_string());
        records.push('\n');
    }
    // Lines that cannot be read hold secrets, too.
    for text in [&mut combined, &mut records] {
        let _ = writeln!(text, "password={secret}\n{{\"token\":\"{secret}\"");
    }
    let curl = format!(
        "curl -u admin:{secret} -H 'Authorization: Bearer {secret}' -b 'sid={secret}' -d '{{\"tag\":\"{secret}\"}}' https://u:{secret}@host/v1/images?x={secret}\ncurl -u {secret} '{secret}\n"
    );
    let har = json!({"log": {"version": "1.2", "creator": {"name": secret}, "entries": entries}});
    let files = [
        ("access.log", combined),
        ("records.jsonl", records),
        ("calls.sh", curl),
        ("page.har", har.to_string()),
    ];
    files
        .iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect()
}

/// What a command line prints, or the error it ends with.
fn run(words: &[&str]) -> String {
    let mut out = String::new();
    let parsed = Windlass::try_parse_from(words).unwrap();
    let result = match &parsed.command {
        Command::Audit(audit) => commands::audit::run(audit, &mut out),
        Command::Gate(gate) => commands::gate::run(gate, &mut out),
        Command::Scan(scan) => commands::scan::run(scan, &mut out),
        Command::Replay(replay) => commands::replay::run(replay, &mut out),
        other => panic!("{other:?} reads no traffic"),
    };
    match result {
        Ok(_) => out,
        Err(error) => format!("{error:#}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn planted_secrets_are_in_no_output(secret in secret()) {
        let folder = tempfile::tempdir().unwrap();
        let files = plant(folder.path(), &secret);
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let encoded = STANDARD.encode(format!("admin:{secret}"));
        let check = |words: &[&str]| {
            let shown = run(words);
            assert!(!shown.is_empty());
            assert!(!shown.contains(&secret), "{words:?} shows `{secret}`:\n{shown}");
            assert!(!shown.contains(encoded.trim_end_matches('=')), "{words:?}:\n{shown}");
        };
        for format in FORMATS {
            check(&[&["windlass", "audit", "--format", format], files.as_slice()].concat());
        }
        check(&[&["windlass", "gate"], files.as_slice()].concat());
        for file in &files {
            check(&["windlass", "audit", "--strict", file]);
        }
        let har = files.last().unwrap();
        for format in ["text", "json"] {
            check(&["windlass", "replay", har, "--format", format]);
        }
        for format in ["text", "json", "sarif"] {
            let path = folder.path().to_str().unwrap();
            check(&["windlass", "scan", "--confidence", "low", "--format", format, path]);
        }
    }
}
