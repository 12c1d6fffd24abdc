//! Programs nobody here wrote: the real `anchore-cli`, and Syft.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::say;

/// A program from `.venv/bin` of the repository (`.ci/run` fills it), from the path, or from where
/// servers are installed.
/// `None`, with a line that says so, when this machine has neither; in CI
/// (`WINDLASS_REQUIRE_CLIENTS`) that is a failure.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository");
    let local = root.join(".venv/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(local)
        .chain(std::env::split_paths(&path).map(|folder| folder.join(name)))
        .chain([Path::new("/usr/sbin").join(name)])
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("WINDLASS_REQUIRE_CLIENTS").is_none(),
            "`{name}` must be installed here"
        );
        say(&format!(
            "skipped: `{name}` is not installed (`bash .ci/run` installs it)"
        ));
    }
    found
}

/// The real `anchore-cli`, pointed at one base URL with one user's credentials.
#[derive(Debug, Clone)]
pub struct AnchoreCli {
    program: PathBuf,
    url: String,
    user: String,
    password: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// One HTTP call that a client says it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
}

/// How one call of a program ended.
#[derive(Debug)]
pub struct Ended {
    /// The command line, without credentials.
    pub command: String,
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl AnchoreCli {
    /// The client for `url`; `None` when it is not installed.
    pub fn find(url: &str, user: &str, password: &str) -> Option<Self> {
        Some(Self {
            program: find("anchore-cli")?,
            url: url.into(),
            user: user.into(),
            password: password.into(),
            calls: Arc::default(),
        })
    }

    /// The same client with another password; their calls are counted together.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        Self {
            password: password.into(),
            ..self.clone()
        }
    }

    /// Runs it with these words.
    pub fn run(&self, words: &[&str]) -> Ended {
        let output = Command::new(&self.program)
            .args([
                "--debug",
                "--url",
                &self.url,
                "--u",
                &self.user,
                "--p",
                &self.password,
            ])
            .args(words)
            .env("LC_ALL", "C.UTF-8")
            .env("LANG", "C.UTF-8")
            .output()
            .expect("anchore-cli starts");
        let ended = Ended::from(words.join(" "), &output);
        self.calls
            .lock()
            .expect("no test panicked with it")
            .extend(ended.err.lines().filter_map(Call::parse));
        ended
    }

    /// Every HTTP call of this client and its clones so far, as its own debug output tells.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no test panicked with it").clone()
    }

    /// Runs it and expects exit code 0.
    pub fn ok(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code, 0, "{ended:#?}");
        ended.out
    }

    /// Runs it with `--json` and expects exit code 0 and JSON.
    pub fn json(&self, words: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(words);
        let text = self.ok(&all);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {words:?} printed {text}"))
    }
}

impl Call {
    /// From a line such as `DEBUG:urllib3.connectionpool:http://host:80 "GET /v1/images HTTP/1.1" 200 2`.
    fn parse(line: &str) -> Option<Self> {
        let request = line
            .split_once("connectionpool:http")?
            .1
            .split('"')
            .nth(1)?;
        let mut words = request.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        words
            .next()
            .filter(|version| version.starts_with("HTTP/"))?;
        Some(Self { method, path })
    }
}

impl Ended {
    fn from(command: String, output: &Output) -> Self {
        Self {
            command,
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The SBOM that the real Syft makes of a folder; `None` when it is not installed.
pub fn syft(folder: &Path) -> Option<Value> {
    let output = Command::new(find("syft")?)
        .args([
            "scan",
            "-q",
            "-o",
            "json",
            &format!("dir:{}", folder.display()),
        ])
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .output()
        .expect("syft starts");
    assert!(
        output.status.success(),
        "syft: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(serde_json::from_slice(&output.stdout).expect("syft prints JSON"))
}
