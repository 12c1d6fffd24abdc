//! How much memory long listings take: that of a real server process, as the system counts it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

/// Rows of each listing.
const ROWS: usize = 100_000;
/// What a server may grow by while it sends them.
const GROWTH: u64 = 8 << 20;
/// How long an import may take.
const PATIENCE: Duration = Duration::from_secs(240);

const PASSWORD: &str = "memory-test";
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A server process.
struct Running {
    child: Child,
    url: String,
    http: Client,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_windlass-server"))
            .env_clear()
            .env("WINDLASS_LISTEN", "127.0.0.1:0")
            .env("WINDLASS_DATA_DIR", folder)
            .env("WINDLASS_ADMIN_PASSWORD", PASSWORD)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut log = BufReader::new(child.stderr.take().expect("it is a pipe"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(
                log.read_line(&mut line).expect("it logs text") > 0,
                "it does not start"
            );
            if let Some((_, rest)) = line.split_once("listening on ") {
                let url = rest.split_whitespace().next().expect("an address");
                break url.trim_end_matches("/v2/").to_owned();
            }
        };
        // What it logs later is read, so that it never waits for that.
        std::thread::spawn(move || log.lines().for_each(drop));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::new();
        Self { child, url, http }
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.http.get(format!("{}/v2{path}", self.url));
        let request = request.basic_auth("admin", Some(PASSWORD));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer
    }

    async fn post(&self, path: &str, body: String) -> Value {
        let request = self.http.post(format!("{}/v2{path}", self.url));
        let request = request.basic_auth("admin", Some(PASSWORD));
        let request = request.header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        let (status, text) = (
            answer.status(),
            answer.text().await.expect("a whole answer"),
        );
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// A figure of the process, in bytes: `VmRSS` is what it has, `VmHWM` the most it had.
    fn memory(&self, figure: &str) -> u64 {
        let file = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(file).expect("the system tells");
        let line = status.lines().find(|line| line.starts_with(figure));
        let line = line.expect("the system tells this figure");
        let kilobytes = line.split_whitespace().nth(1).expect("a number");
        kilobytes.parse::<u64>().expect("a number") << 10
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

/// An image with many files, as an importer sends it.
async fn import(server: &Running) {
    let mut sbom = String::from(
        r#"{"artifacts":[],"artifactRelationships":[],"source":{"id":"1","name":"/","version":"","type":"directory",
            "metadata":{"path":"/"}},"distro":{"name":"Debian GNU/Linux","id":"debian","versionID":"12"},
            "descriptor":{"name":"syft","version":"1.0.0"},"schema":{"version":"16.0.0","url":"u"},"files":["#,
    );
    for file in 0..ROWS {
        let comma = if file == 0 { "" } else { "," };
        write!(
            sbom,
            r#"{comma}{{"id":"{file}","location":{{"path":"/usr/share/doc/package-{}/file-{file}"}},"metadata":{{"mode":644,
                "type":"RegularFile","userID":0,"groupID":0,"size":{file}}},"digests":[{{"algorithm":"sha256","value":"{file:064x}"}}]}}"#,
            file % 1000
        )
        .expect("a text takes all");
    }
    sbom.push_str("]}");
    let operation = server.post("/imports/images", String::new()).await;
    let operation = operation["uuid"].as_str().expect("an id").to_owned();
    let hex = "b".repeat(64);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1000, "digest": format!("sha256:{hex}")},
        "layers": [],
    });
    let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "history": [],
                        "rootfs": {"type": "layers", "diff_ids": []}});
    let mut contents = serde_json::Map::new();
    for (part, member, body) in [
        ("packages", "packages", sbom),
        ("manifest", "manifest", manifest.to_string()),
        ("image-config", "image_config", config.to_string()),
    ] {
        let path = format!("/imports/images/{operation}/{part}");
        let uploaded = server.post(&path, body).await;
        contents.insert(member.to_owned(), uploaded["digest"].clone());
    }
    let source = json!({"source": {"import": {
        "operation_uuid": operation, "digest": DIGEST, "local_image_id": hex,
        "tags": ["docker.io/library/long:1"], "contents": contents,
    }}});
    server.post("/images", source.to_string()).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let image: Value = server
            .get(&format!("/images/{DIGEST}"))
            .await
            .json()
            .await
            .expect("an image");
        match image["analysis_status"].as_str().expect("a word") {
            "analyzed" => return,
            "analysis_failed" => panic!("{image}"),
            _ => assert!(Instant::now() < deadline, "it is not analysed"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Gives the image as many vulnerabilities, as matching them would.
fn match_vulnerabilities(folder: &Path) {
    let mut database = Connection::open(folder.join("windlass.db")).expect("a database");
    let writing = database.transaction().expect("nobody else writes");
    let image: i64 = writing
        .query_row("SELECT id FROM images", [], |row| row.get(0))
        .expect("an image");
    {
        let mut insert = writing
            .prepare(
                "INSERT INTO image_vulnerabilities
                     (image, severity_rank, vulnerability_id, package_name, package_version, package_type, package_path,
                      feed, feed_group, package_class, severity, url, will_not_fix, nvd_data, vendor_data, detected_at,
                      report)
                 VALUES (?1, ?2, ?3, ?4, '1.2.3-4', 'dpkg', 'pkgdb', 'vulnerabilities', 'debian:12', 'os', 'High', '', 0,
                         '[]', '[]', '2026-11-23T09:00:00Z', ?5)",
            )
            .expect("the table is there");
        for row in 0..i64::try_from(ROWS).expect("a small number") {
            let (id, name) = (format!("CVE-2026-{row}"), format!("package-{}", row % 1000));
            let report = json!({
                "vuln": id, "package": format!("{name}-1.2.3-4"), "package_name": name, "package_version": "1.2.3-4",
                "package_type": "dpkg", "package_path": "pkgdb", "severity": "High", "fix": "None", "feed": "vulnerabilities",
                "feed_group": "debian:12", "url": format!("https://security.example.org/{id}"), "will_not_fix": false,
                "nvd_data": [{"id": id, "cvss_v2": {"base_score": 5.0}, "cvss_v3": {"base_score": 7.5}}], "vendor_data": [],
            });
            insert
                .execute(params![image, row % 5, id, name, report.to_string()])
                .expect("a row");
        }
    }
    writing.commit().expect("a disk with room");
}

/// Reads an answer to its end; gives how often a text is in it, and its length.
async fn read(mut answer: Response, text: &str) -> (usize, usize) {
    let (mut found, mut length, mut end) = (0, 0, String::new());
    while let Some(piece) = answer.chunk().await.expect("a whole answer") {
        length += piece.len();
        // The text may lie across two pieces.
        end.push_str(&String::from_utf8_lossy(&piece));
        found += end.matches(text).count();
        let keep = end.len() - end.rfind(text).map_or(0, |at| at + text.len());
        let keep = keep.min(text.len() - 1);
        let from = (end.len() - keep..=end.len()).find(|at| end.is_char_boundary(*at));
        end = end.split_off(from.expect("the end is a boundary"));
    }
    (found, length)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn listings_of_a_hundred_thousand_rows_take_a_few_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path());
    import(&server).await;
    drop(server);
    match_vulnerabilities(folder.path());

    let server = Running::start(folder.path());
    for path in ["/images", "/system", "/images"] {
        server.get(path).await.bytes().await.unwrap();
    }
    for (path, text) in [
        (format!("/images/{DIGEST}/vuln/all"), "\"vuln\":"),
        (format!("/images/{DIGEST}/content/files"), "\"filename\":"),
    ] {
        let before = server.memory("VmRSS");
        let began = Instant::now();
        let (rows, length) = read(server.get(&path).await, text).await;
        let most = server.memory("VmHWM");
        assert_eq!(rows, ROWS, "{path}");
        println!(
            "{path}: {} kB in {} ms; {} KiB before, at most {} KiB",
            length / 1000,
            began.elapsed().as_millis(),
            before >> 10,
            most >> 10,
        );
        assert!(
            most < before + GROWTH,
            "{path}: {before} bytes before, {most} at most"
        );
        assert!(length as u64 > 2 * GROWTH, "{path} has only {length} bytes");
    }
}
