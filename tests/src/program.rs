//! The real `windlass-server`, as a process that can be killed in the middle of anything.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use crate::world::ADMIN_PASSWORD;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the program is. It is built first, unless it is there and newer than its sources.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests lie in `deps` of the folder of programs");
    let program = folder.join("windlass-server");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the folder of the workspace");
    let made = program.metadata().and_then(|about| about.modified());
    if made.is_ok_and(|made| made > newest(&root.join("v2-server"))) {
        return program;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // With the features that this test was built with, so that little is built again.
    build
        .args(["build", "--quiet", "-p", "windlass-tests"])
        .args(["-p", "windlass-v2-server", "--bin", "windlass-server"])
        .current_dir(root);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().expect("cargo is there when tests run");
    assert!(built.success(), "windlass-server cannot be built");
    program
});

/// When a file in this folder was changed last.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).expect("sources can be read");
    entries
        .map(|entry| {
            let entry = entry.expect("sources can be read");
            let about = entry.metadata().expect("sources can be read");
            if about.is_dir() {
                newest(&entry.path())
            } else {
                about.modified().expect("files have times")
            }
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A client of HTTP. Its cryptography is that of the servers in process, of which there may be none.
pub fn client() -> reqwest::ClientBuilder {
    // An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// A server process. It always listens on the same port, so that it is found again after a restart.
#[derive(Debug)]
pub struct Program {
    folder: PathBuf,
    database: Option<String>,
    name: &'static str,
    port: u16,
    /// Nothing while it is dead.
    child: Option<Child>,
}

impl Program {
    /// Starts one of this name, with its data in `folder` or in a database, and waits until it can
    /// work.
    pub async fn start(folder: &Path, database: Option<&str>, name: &'static str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let mut program = Self {
            folder: folder.to_owned(),
            database: database.map(str::to_owned),
            name,
            port,
            child: None,
        };
        program.revive().await;
        program
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The process; nothing while it is dead.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it as a power cut would: SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a running process can be killed");
            child.wait().expect("a killed process ends");
        }
    }

    /// Starts it again, and waits until it can work.
    ///
    /// # Panics
    /// It does not become able to work.
    pub async fn revive(&mut self) {
        let mut command = Command::new(PROGRAM.as_path());
        command
            .env_clear()
            .env("WINDLASS_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("WINDLASS_DATA_DIR", self.folder.join("data"))
            .env("WINDLASS_HOST_ID", self.name)
            .env("WINDLASS_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .env("WINDLASS_LOG", "error")
            .stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.env("WINDLASS_DATABASE", url);
        }
        self.child = Some(command.spawn().expect("windlass-server can be started"));
        let health = format!("{}/health", self.url());
        let deadline = Instant::now() + PATIENCE;
        loop {
            // A client of its own: kept connections of others lead to the former process.
            let http = client().build().expect("a client");
            let answer = http.get(&health).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            let child = self.child.as_mut().expect("it was just started");
            let ended = child.try_wait().expect("it can be asked");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "`{}` does not start: {ended:?}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
