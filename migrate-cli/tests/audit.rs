//! The audit, the gate and the scan as scripts see them: formats by their schemas, numbers that
//! agree, parts that make the whole, exit codes.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn windlass(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(words)
        .env_remove("WINDLASS_MAPPINGS")
        .output()
        .expect("windlass starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {}", err(output)))
}

fn schema(subject: &str) -> Value {
    json(&windlass(&["schema", subject]))
}

#[track_caller]
fn assert_valid(schema: &Value, document: &Value) {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// A combined line.
fn line(user: &str, day: u32, hour: u32, request: &str, status: u16, agent: &str) -> String {
    format!(
        "10.0.0.{hour} - {user} [{day:02}/Nov/2026:{hour:02}:00:00 +0000] \"{request} HTTP/1.1\" {status} 9 \"-\" \"{agent}\""
    )
}

/// Three files of ten days each: a client that leaves V1 on the 12th, one that never does, one
/// that is blocked, one on V2.
fn month(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for part in 0..3 {
        let mut text = String::new();
        for day in part * 10 + 1..=part * 10 + 10 {
            for hour in 0..24 {
                let leaving = if day < 12 {
                    "GET /v1/images?fulltag=a"
                } else {
                    "GET /v2/images"
                };
                let _ = writeln!(text, "{}", line("ci", day, hour, leaving, 200, "curl/8.1"));
                let _ = writeln!(
                    text,
                    "{}",
                    line("app", day, hour, "GET /v2/policies", 200, "app/2")
                );
                if hour % 6 == 0 {
                    let _ = writeln!(
                        text,
                        "{}",
                        line(
                            "bob",
                            day,
                            hour,
                            "GET /images/sha256:aa/check?tag=x",
                            200,
                            "python-requests/2.26.0"
                        )
                    );
                }
                if hour == 3 && day < 8 {
                    let _ = writeln!(
                        text,
                        "{}",
                        line(
                            "old",
                            day,
                            hour,
                            "POST /v1/import/images",
                            410,
                            "nightly.sh"
                        )
                    );
                }
                let _ = writeln!(
                    text,
                    "{}",
                    line("-", day, hour, "GET /favicon.ico", 404, "browser")
                );
            }
        }
        let path = folder.join(format!("{part}.log"));
        fs::write(&path, text).expect("a file");
        files.push(path);
    }
    files
}

fn names(files: &[PathBuf]) -> Vec<&str> {
    files
        .iter()
        .map(|file| file.to_str().expect("UTF-8"))
        .collect()
}

#[test]
fn the_report_is_what_its_schema_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let mut words = vec!["audit", "--format", "json"];
    words.extend(names(&files));
    let report = json(&windlass(&words));
    let schema = schema("audit");
    assert_valid(&schema, &report);
    let mut wrong = report.clone();
    wrong["clients"][0]["readiness"] = "splendid".into();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(!validator.is_valid(&wrong), "the schema refuses something");
    let summary = &report["summary"];
    let numbers = [
        "clients",
        "v1_clients",
        "v1_calls",
        "v2_calls",
        "versionless_calls",
        "gone_calls",
        "other_calls",
    ]
    .map(|name| summary[name].as_u64().expect("a number"));
    // 11 days of 24 calls, 30 of 4, 7 of 1.
    assert_eq!(numbers, [4, 3, 264 + 120 + 7, 456 + 720, 120, 7, 720]);
}

#[test]
fn partial_counts_merge_to_the_report_of_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let mut whole = vec!["audit", "--format", "json"];
    whole.extend(names(&files));
    let whole = out(&windlass(&whole));
    let mut parts = Vec::new();
    for (index, file) in names(&files).iter().enumerate() {
        let part = folder.path().join(format!("{index}.json"));
        let partial = windlass(&["audit", "--format", "partial", file]);
        fs::write(&part, out(&partial)).expect("a file");
        parts.push(part);
    }
    // In another order, by the option, and as inputs among others.
    let parts = names(&parts);
    let merged = windlass(&[
        "audit",
        "--format",
        "json",
        "--merge",
        "--partial",
        parts[2],
        parts[0],
        parts[1],
    ]);
    assert_eq!(out(&merged), whole);
    let mixed = windlass(&[
        "audit",
        "--format",
        "json",
        parts[1],
        names(&files)[0],
        parts[2],
    ]);
    assert_eq!(out(&mixed), whole);
    let refused = windlass(&["audit", "--merge", parts[0], names(&files)[1]]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        err(&refused).contains("is not partial counts"),
        "{}",
        err(&refused)
    );
}

#[test]
fn every_format_says_the_same_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let show = |format: &str| {
        let mut words = vec!["audit", "--format", format];
        words.extend(names(&files));
        out(&windlass(&words))
    };
    let report: Value = serde_json::from_str(&show("json")).expect("JSON");
    let calls = report["summary"]["v1_calls"].as_u64().expect("a number");
    let csv = show("csv");
    let from_csv: u64 = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect::<Vec<_>>())
        .filter(|cells| cells[4] == "v1")
        .map(|cells| {
            cells
                .iter()
                .rev()
                .nth(7)
                .expect("a column")
                .parse::<u64>()
                .expect("calls")
        })
        .sum();
    assert_eq!(from_csv, calls);
    for (format, text) in [
        ("table", format!("({calls} of them V1)")),
        ("markdown", format!("({calls} of them V1)")),
        ("html", format!("<b>{calls}</b><span>V1 calls")),
        ("junit", "tests=\"4\" failures=\"1\"".to_owned()),
    ] {
        let shown = show(format);
        assert!(shown.contains(&text), "{format}: {text}\n{shown}");
    }
    let sarif: Value = serde_json::from_str(&show("sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 3, "one for each client and operation");
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let report = windlass(&["audit", "--format", "sarif", names(&files)[0]]);
    assert_valid(&schema, &json(&report));
    fs::write(
        folder.path().join("a b.sh"),
        "curl $ANCHORE/v1/images/x/check\n",
    )
    .expect("a file");
    let found = json(&windlass(&[
        "scan",
        "--format",
        "sarif",
        folder.path().to_str().expect("UTF-8"),
    ]));
    assert_valid(&schema, &found);
    let place = &found["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert!(
        place["artifactLocation"]["uri"]
            .as_str()
            .expect("text")
            .ends_with("a%20b.sh"),
        "{place}"
    );
}

/// Names, in order, of opening (`+`) and closing (`-`) tags; panics where they do not nest.
fn tags(xml: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(
            !text.contains(['<', '>']) || text.trim().is_empty(),
            "text is escaped"
        );
        if tag.starts_with('?') {
            continue;
        }
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "attributes are quoted");
            all.push(format!("{}{name}", "/".repeat(open.len())));
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn junit_has_one_test_per_client_and_a_failure_for_each_that_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let evil = folder.path().join("evil.log");
    fs::write(
        &evil,
        line("x", 1, 1, "GET /v1/images", 200, "<a b=\"c\">&]]>\u{1b}[2J"),
    )
    .expect("a file");
    let shown = windlass(&[
        "audit",
        "--format",
        "junit",
        "--fail-on",
        "covered",
        names(&files)[0],
        evil.to_str().expect("UTF-8"),
    ]);
    assert_eq!(shown.status.code(), Some(1));
    let tags = tags(&out(&shown));
    let count = |tag: &str| tags.iter().filter(|known| *known == tag).count();
    assert_eq!(
        ["testsuites", "/testsuite", "//testcase", "///failure"].map(count),
        [1, 1, 5, 4]
    );
    assert!(!out(&shown).contains('\u{1b}'));
    assert_valid_xml(&shown.stdout);
    let ended = "timestamp=\"2026-11-10T23:00:00\"";
    assert!(out(&shown).contains(ended), "{}", out(&shown));
}

/// Holds a JUnit document against the schema of what all readers take, by `xmllint`.
#[track_caller]
fn assert_valid_xml(document: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("junit.xml");
    fs::write(&file, document).expect("a file");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit.xsd");
    let checked = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, &file])
        .output();
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => {
            assert!(
                std::env::var_os("WINDLASS_REQUIRE_CLIENTS").is_none(),
                "`xmllint` must be installed here: {error}"
            );
            // Past the capture of the test runner: what was skipped must be seen.
            let line =
                "skipped: JUnit was not held against its schema, `xmllint` is not installed\n";
            std::io::stderr()
                .write_all(line.as_bytes())
                .expect("a terminal");
            return;
        }
    };
    assert!(checked.status.success(), "{}", err(&checked));
}

#[test]
fn junit_of_nothing_is_valid_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("empty.log");
    fs::write(&log, "").expect("a file");
    let file = log.to_str().expect("UTF-8");
    let shown = windlass(&["audit", "--format", "junit", file]);
    assert_eq!(shown.status.code(), Some(0), "{}", err(&shown));
    assert_valid_xml(&shown.stdout);
}

#[test]
fn the_gate_passes_only_when_nobody_used_v1_and_all_days_are_covered() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let evidence = folder.path().join("evidence.json");
    let gate = |more: &[&str]| {
        let mut words = vec![
            "gate",
            "--until",
            "2026-11-30T23:30:00Z",
            "--evidence",
            evidence.to_str().expect("UTF-8"),
        ];
        words.extend(more);
        words.extend(names(&files));
        windlass(&words)
    };
    let bob = "bob via python-requests/2.26.0";
    let refused = gate(&["--quiet-days", "10"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        out(&refused)
            .contains("`bob via python-requests/2.26.0` used V1, last on 2026-11-30 18:00 UTC"),
        "{}",
        out(&refused)
    );
    let passed = gate(&["--quiet-days", "10", "--waive", bob]);
    assert_eq!(passed.status.code(), Some(0), "{}", out(&passed));
    let written: Value =
        serde_json::from_str(&fs::read_to_string(&evidence).expect("a file")).expect("JSON");
    assert_valid(&schema("gate"), &written);
    assert_eq!(written["passed"], true);
    assert_eq!(written["covered_from"], "2026-11-01T00:00:00.000Z");
    for (more, reason) in [
        // `ci` used V1 until the 11th.
        (
            ["--quiet-days", "25", "--waive", bob].as_slice(),
            "`ci via curl/8.1` used V1",
        ),
        (
            &["--quiet-days", "40", "--waive", bob],
            "the sources begin on 2026-11-01",
        ),
        (
            &["--quiet-days", "10", "--waive", "nobody"],
            "no client is called `nobody`",
        ),
    ] {
        let refused = gate(more);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            out(&refused).contains(reason),
            "{reason}: {}",
            out(&refused)
        );
    }
}

#[test]
fn the_gate_does_not_take_silence_for_proof() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let files = names(&files);
    let waive = [
        "--waive",
        "bob via python-requests/2.26.0",
        "--waive",
        "ci via curl/8.1",
    ];
    let gate = |more: &[&str]| {
        windlass(&[&["gate", "--quiet-days", "28"], waive.as_slice(), more].concat())
    };
    // Old logs say nothing about now.
    let old = folder.path().join("old.log");
    let text = fs::read_to_string(files[0]).expect("a file");
    fs::write(&old, text.replace("/2026:", "/2020:")).expect("a file");
    let stale = gate(&[old.to_str().expect("UTF-8")]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(out(&stale).contains("days ago"), "{}", out(&stale));
    // Ten days are missing in the middle.
    let gap = gate(&["--until", "2026-11-30T23:30:00Z", files[0], files[2]]);
    assert_eq!(gap.status.code(), Some(1));
    assert!(
        out(&gap).contains("no call at all for 240 hours"),
        "{}",
        out(&gap)
    );
    let nothing = windlass(&["gate", "/dev/null"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        out(&nothing).contains("nothing is covered"),
        "{}",
        out(&nothing)
    );
}

#[test]
fn the_gate_does_not_pass_over_lines_that_nobody_could_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let odd = folder.path().join("odd.log");
    fs::write(
        &odd,
        line("app", 30, 22, "GET /v2/images", 200, "app/2") + "\npassword=hunter2\n",
    )
    .expect("a file");
    let gate = |more: &[&str]| {
        let words = [
            "gate",
            "--quiet-days",
            "10",
            "--until",
            "2026-11-30T23:30:00Z",
            "--waive",
            "bob via python-requests/2.26.0",
            odd.to_str().expect("UTF-8"),
        ];
        windlass(&[words.as_slice(), more, &names(&files)].concat())
    };
    let refused = gate(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let told = "1 of 2 lines could not be read, and any of them may be V1";
    assert!(out(&refused).contains(told), "{}", out(&refused));
    let passed = gate(&["--allow-unreadable"]);
    assert_eq!(passed.status.code(), Some(0), "{}", out(&passed));
}

#[test]
fn partial_counts_are_not_asked_for_a_part_or_a_judgement() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    for more in [
        ["--client", "ci"],
        ["--fail-on", "blocked"],
        ["--baseline", "x.json"],
    ] {
        let words = ["audit", "--format", "partial", names(&files)[0]];
        let refused = windlass(&[words.as_slice(), &more].concat());
        assert_eq!(refused.status.code(), Some(2), "{more:?}");
        assert!(err(&refused).contains("belong to the report that is merged"));
    }
}

#[test]
fn inputs_of_every_kind_are_mixed_and_make_the_report_of_one_heap() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let [first, second, third] = names(&files)[..] else {
        panic!("three files");
    };
    let zipped = folder.path().join("logs");
    fs::create_dir(&zipped).expect("a folder");
    let text = fs::read(second).expect("a file");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).expect("memory");
    fs::write(zipped.join("b.log.gz"), gzip.finish().expect("memory")).expect("a file");
    let pattern = zipped.join("*.gz");
    // A file, a pattern, and standard input.
    let words = [
        "audit",
        "--format",
        "json",
        first,
        "-",
        pattern.to_str().expect("UTF-8"),
    ];
    let mut mixed = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("windlass starts");
    let mut input = mixed.stdin.take().expect("a pipe");
    input
        .write_all(&fs::read(third).expect("a file"))
        .expect("it reads");
    drop(input);
    let mixed = json(&mixed.wait_with_output().expect("it ends"));
    let plain = json(&windlass(&[
        "audit", "--format", "json", first, second, third,
    ]));
    for part in ["summary", "clients", "operations", "days", "gaps"] {
        assert_eq!(mixed[part], plain[part], "{part}");
    }
}

#[test]
fn against_a_baseline_only_what_is_new_is_shown_and_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let files = names(&files);
    let baseline = folder.path().join("baseline.json");
    fs::write(
        &baseline,
        out(&windlass(&[
            "audit", "--format", "json", files[0], files[1],
        ])),
    )
    .expect("a file");
    let baseline = baseline.to_str().expect("UTF-8");
    let words = ["audit", "--fail-on", "any-v1", "--baseline", baseline];
    let same = windlass(&[words.as_slice(), &files].concat());
    assert_eq!(same.status.code(), Some(0), "{}", out(&same));
    let new = folder.path().join("new.log");
    let text = [
        line("ci", 5, 1, "GET /v1/images", 200, "curl/8.1"),
        line("ci", 5, 1, "GET /v1/registries", 200, "curl/8.1"),
    ];
    fs::write(&new, text.join("\n")).expect("a file");
    let more = windlass(&[words.as_slice(), &files, &[new.to_str().expect("UTF-8")]].concat());
    assert_eq!(more.status.code(), Some(1));
    let text = out(&more);
    assert!(
        text.contains("list_registries") && !text.contains("list_images"),
        "{text}"
    );
    let refused = windlass(&["audit", "--baseline", files[0], files[0]]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        err(&refused).contains("expected a report"),
        "{}",
        err(&refused)
    );
}

#[test]
fn one_client_has_a_page_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let files = names(&files);
    let page = out(&windlass(&[
        "audit", "--format", "html", "--client", "ci", files[0],
    ]));
    assert!(page.contains("What ci via curl/8.1 changes to leave V1"));
    assert!(page.contains("$ANCHORE_URL/v2/images") && !page.contains("nightly.sh"));
    let unknown = windlass(&["audit", "--client", "ci via curl/8.2", files[0]]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        err(&unknown).contains("did you mean `ci via curl/8.1`?"),
        "{}",
        err(&unknown)
    );
    let several = windlass(&["audit", "--client", "via", files[0]]);
    assert!(
        err(&several).contains("`via` fits 4 clients"),
        "{}",
        err(&several)
    );
}

#[test]
fn calls_outside_of_the_time_asked_for_do_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let mut words = vec![
        "audit",
        "--format",
        "json",
        "--since",
        "2026-11-05",
        "--until",
        "2026-11-07",
    ];
    words.extend(names(&files));
    let report = json(&windlass(&words));
    assert_eq!(report["summary"]["v1_calls"], 2 * (24 + 4 + 1));
    assert_eq!(report["summary"]["first_seen"], "2026-11-05T00:00:00.000Z");
    assert_eq!(report["days"].as_array().expect("days").len(), 2);
    let refused = windlass(&["audit", "--since", "yesterday", names(&files)[0]]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("2026-11-20"), "{}", err(&refused));
}

#[test]
fn the_page_brings_nothing_along_and_fetches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = month(folder.path());
    let page = out(&windlass(&["audit", "--format", "html", names(&files)[0]]));
    assert!(page.contains("default-src 'none'"));
    for word in ["<script", "src=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_scan_shows_place_and_replacement_and_is_valid_by_its_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("check.sh"),
        "#!/bin/sh\n# password: hunter2\ncurl -u admin:hunter2 \"$ANCHORE_URL/v1/images/$D/check?tag=$T\"\nanchore-cli image list\n",
    )
    .expect("a file");
    let path = folder.path().to_str().expect("UTF-8");
    let found = windlass(&["scan", "--fail", path]);
    assert_eq!(found.status.code(), Some(1));
    let text = out(&found).replace(path, "DIR");
    assert!(!text.contains("hunter2"));
    insta::assert_snapshot!(text);
    assert_valid(
        &schema("scan"),
        &json(&windlass(&["scan", "--format", "json", path])),
    );
    assert_eq!(windlass(&["scan", path]).status.code(), Some(0));
}

/// A tour of the real `anchore-cli`, recorded at once by the proxy, by a real nginx in front of it,
/// and by a relay in front of nginx that wrote an HTTP Archive.
fn tour(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tour")
        .join(file);
    json(&windlass(&[
        "audit",
        "--format",
        "json",
        path.to_str().expect("UTF-8"),
    ]))
}

/// Client, operation, calls, readiness, and whether a server without V1 answered.
fn v1_uses(report: &Value) -> Vec<(String, String, u64, String, u64)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let clients = report["clients"].as_array().expect("clients");
    let mut uses: Vec<_> = clients
        .iter()
        .flat_map(|client| {
            let operations = client["operations"].as_array().expect("operations");
            operations.iter().map(|used| {
                (
                    text(&client["name"]),
                    text(&used["operation"]),
                    used["calls"].as_u64().expect("a number"),
                    text(&used["readiness"]),
                    used["gone_calls"].as_u64().expect("a number"),
                )
            })
        })
        .collect();
    uses.sort();
    uses
}

#[test]
fn records_access_log_and_archive_of_one_tour_agree() {
    let [records, log, archive] = ["records.jsonl", "access.log", "tour.har"].map(tour);
    let uses = v1_uses(&records);
    assert_eq!(uses.len(), 16, "{uses:?}");
    assert_eq!(v1_uses(&log), uses);
    assert_eq!(v1_uses(&archive), uses);
    for total in [
        "clients",
        "calls",
        "v1_calls",
        "v2_calls",
        "versionless_calls",
        "other_calls",
    ] {
        let [a, b, c] = [&records, &log, &archive].map(|report| &report["summary"][total]);
        assert!(a == b && b == c, "{total}: {a} {b} {c}");
    }
    // What a source can know more: bodies in records and archives, V2 paths in logs and archives.
    let sent = |report: &Value| -> Vec<String> {
        let clients = report["clients"].as_array().expect("clients").iter();
        let operations =
            clients.flat_map(|client| client["operations"].as_array().expect("operations"));
        let sent = operations.flat_map(|used| used["sent"].as_array().expect("names"));
        let mut names: Vec<String> = sent
            .map(|sent| sent["v1"].as_str().expect("text").to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(
        sent(&records),
        ["ImageAnalysisRequest.tag", "autosubscribe", "fulltag"]
    );
    assert_eq!(sent(&archive), sent(&records));
    assert_eq!(sent(&log), ["autosubscribe", "fulltag"]);
    assert!(
        !archive.to_string().contains("YWRtaW46"),
        "credentials stay out"
    );
}
