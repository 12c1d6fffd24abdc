//! The program itself: settings, the server inside, signals, exit statuses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use windlass_transforms::exchange::Exchange;

use crate::support::{Client, FakeUpstream, Script};

/// A running program in a folder of its own.
struct Running {
    child: Child,
    folder: TempDir,
    said: String,
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass-proxy"));
    command
        .current_dir(folder)
        .env_clear()
        .env("WINDLASS_LISTEN", "127.0.0.1:0")
        .env("WINDLASS_ADMIN_LISTEN", "127.0.0.1:0")
        .env("WINDLASS_SERVER_LISTEN", "127.0.0.1:0");
    command
}

impl Running {
    fn start(set: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(folder.path());
        set(&mut command);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        // What it prints at the start ends with where records go.
        while !said.contains("records") && stdout.read_line(&mut said).unwrap() > 0 {}
        let more = stdout.buffer().to_vec();
        said.push_str(std::str::from_utf8(&more).unwrap());
        Self {
            child,
            folder,
            said,
        }
    }

    /// The address in the line that begins so.
    fn address(&self, line: &str) -> SocketAddr {
        let (_, rest) = self.said.split_once(line).unwrap();
        let (_, address) = rest.split_once("http://").unwrap();
        let end = address
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'))
            .unwrap();
        address[..end].parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &command])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, flags: &[&str]) -> Output {
    program(folder).args(flags).output().unwrap()
}

fn told(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn without_an_upstream_a_server_is_started_inside_and_all_faces_answer() {
    let mut running = Running::start(|command| {
        command.env("WINDLASS_ADMIN_PASSWORD", "foobar");
    });
    assert!(!running.said.contains("foobar"));
    let clients = running.address("V1 and V2 clients");
    let server = running.address("V2 server");
    let mut client = Client::connect(clients);
    assert_eq!(client.get("/v1/registries").text(), "[]");
    assert_eq!(client.get("/registries").text(), "[]");
    let through = client.get("/v2/registries");
    let direct = Client::connect(server).get("/v2/registries");
    assert_eq!((through.status, through.body), (direct.status, direct.body));
    // The server itself never answers without a version.
    assert_eq!(Client::connect(server).get("/registries").status, 404);
    let mut admin = Client::connect(running.address("metrics and probes"));
    assert_eq!(admin.get("/readyz").status, 200);

    running.signal("TERM");
    assert!(running.child.wait().unwrap().success());
    let path = running.folder.path().join("windlass-data/records.jsonl");
    let records: Vec<Exchange> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let operations: Vec<_> = records.iter().map(|r| r.v1_operation.as_deref()).collect();
    assert_eq!(
        operations,
        [Some("list_registries"), Some("list_registries"), None]
    );
}

#[test]
fn services_of_v1_are_alone_on_ports_of_their_own() {
    let running = Running::start(|command| {
        command
            .env("WINDLASS_ADMIN_PASSWORD", "foobar")
            .env("WINDLASS_RBAC_LISTEN", "127.0.0.1:0")
            .args(["--reports-listen", "127.0.0.1:0"]);
    });
    let mut rbac = Client::connect(running.address("V1 rbac"));
    for path in ["/v1/roles", "/roles"] {
        assert_eq!(rbac.get(path).status, 200, "{path}");
    }
    assert_eq!(rbac.get("/health").text(), r#""ok""#);
    assert_eq!(rbac.get("/v1/registries").status, 404);
    let mut reports = Client::connect(running.address("V1 reports"));
    assert_eq!(reports.get("/v1/version").status, 200);
    assert_eq!(reports.get("/v1/roles").status, 404);
    assert!(!running.said.contains("V1 notifications"));
}

#[test]
fn a_password_that_was_made_up_is_shown_once_and_works() {
    let running = Running::start(|_| {});
    let (_, rest) = running.said.split_once("admin ").unwrap();
    let password = rest.split_whitespace().next().unwrap();
    let encoded = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("admin:{password}"),
    );
    let mut client = Client::connect(running.address("V1 and V2 clients"));
    client.send(format!(
        "GET /v1/registries HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {encoded}\r\n\r\n"
    ));
    assert_eq!(client.answer().status, 200);
}

#[test]
fn with_an_upstream_no_server_is_started() {
    let upstream = FakeUpstream::always(Script::json(200, "[]"));
    let mut running = Running::start(|command| {
        command.env(
            "WINDLASS_UPSTREAM",
            format!("http://{}", upstream.address()),
        );
    });
    let mut client = Client::connect(running.address("V1 and V2 clients"));
    assert_eq!(client.get("/v2/anything").text(), "[]");
    running.signal("INT");
    assert!(running.child.wait().unwrap().success());
    let mut made: Vec<String> = std::fs::read_dir(running.folder.path().join("windlass-data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    assert_eq!(made, ["records.jsonl"]);
}

#[test]
fn an_address_that_is_taken_is_told_at_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &["--listen", &address, "--upstream", "http://127.0.0.1:1"],
    );
    assert_eq!(output.status.code(), Some(2));
    let told = told(&output);
    assert!(
        told.contains(&format!("failed to listen on `{address}`")),
        "{told}"
    );
}

#[test]
fn wrong_settings_are_told_with_the_nearest_right_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("proxy.toml"), "\nmax_dept = 3\n").unwrap();
    let output = run(folder.path(), &["--config", "proxy.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        told(&output),
        "error: proxy.toml:2: unknown setting `max_dept`; did you mean `max_depth`?\n"
    );
    let output = run(folder.path(), &["--log", "nonsense=nonsense"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_names_every_way_to_give_a_setting() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = help.split_whitespace().collect();
    let text = words.join(" ");
    for part in [
        "--max-held-bytes <SIZE> Held back of an answer to rewrite it [env: \
         WINDLASS_MAX_HELD_BYTES] [default: 16MiB]",
        "--upstream <URL>",
        "Examples:",
    ] {
        assert!(text.contains(part), "{part} is not in\n{help}");
    }
}

#[test]
fn check_tells_what_is_wrong_with_mappings_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--check"]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(!folder.path().join("windlass-data").exists());

    let operations = folder.path().join("mappings/operations/things");
    std::fs::create_dir_all(&operations).unwrap();
    let path = operations.join("get_thing.toml");
    std::fs::write(
        path,
        "summary = \"x\"\nv1 = \"GET /things\"\nv2 = \"GET /things\"\n[response.200]\nlayout = \"$ as Thnig\"\n",
    )
    .unwrap();
    for flags in [
        &["--mappings", "mappings", "--check"][..],
        &["--mappings", "mappings"],
    ] {
        let output = run(folder.path(), flags);
        assert_eq!(output.status.code(), Some(2));
        let told = told(&output);
        assert!(
            told.contains("operations/things/get_thing.toml:5"),
            "{told}"
        );
        assert!(told.contains("Thnig"), "{told}");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let files = ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"];
    for more in [&["--check"][..], &["--upstream", "http://127.0.0.1:1"]] {
        let output = run(folder.path(), &[&files, more].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains("`cert.pem`"), "{}", told(&output));
    }
}
