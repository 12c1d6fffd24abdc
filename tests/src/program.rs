//! The real programs: `windlass`, and `windlass-server` as a process that can be killed in the
//! middle of anything.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::world::ADMIN_PASSWORD;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ports that a system gives by itself begin at 32,768. Those of servers lie below, so that
/// nobody is given the port of one that is dead.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// One of our own programs, and what it is made of.
struct Sources {
    program: &'static str,
    package: &'static str,
    folders: &'static [&'static str],
}

static SERVER: LazyLock<PathBuf> = LazyLock::new(|| {
    built(&Sources {
        program: "windlass-server",
        package: "windlass-v2-server",
        folders: &["v2-server"],
    })
});

static WINDLASS: LazyLock<PathBuf> = LazyLock::new(|| {
    built(&Sources {
        program: "windlass",
        package: "windlass-migrate",
        // The mappings and the document of the server are in it, and so is the proxy.
        folders: &[
            "mappings",
            "migrate-cli",
            "proxy",
            "transforms",
            "v2-server",
        ],
    })
});

/// Where `windlass` is, the migration toolkit.
pub fn windlass() -> &'static Path {
    &WINDLASS
}

/// Where a program is. It is built first, unless it is there and newer than its sources.
fn built(sources: &Sources) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests lie in `deps` of the folder of programs");
    let program = folder.join(sources.program);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the folder of the workspace");
    let changed = sources.folders.iter().map(|name| newest(&root.join(name)));
    let made = program.metadata().and_then(|about| about.modified());
    if made.is_ok_and(|made| changed.max().is_none_or(|changed| made > changed)) {
        return program;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // With the features that this test was built with, so that little is built again.
    build
        .args(["build", "--quiet", "-p", "windlass-tests"])
        .args(["-p", sources.package, "--bin", sources.program])
        .current_dir(root);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().expect("cargo is there when tests run");
    assert!(built.success(), "{} cannot be built", sources.program);
    program
}

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

/// A port that nobody listens on, another one each time.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let count = PORTS.end - PORTS.start;
    // Tests that run beside these begin somewhere else.
    let offset = u16::try_from(std::process::id() % u32::from(count)).expect("it is less");
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    ports
        .take(count.into())
        .map(|turn| PORTS.start + (offset + turn % count) % count)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// A client of HTTP. Its cryptography is that of the servers in process, of which there may be none.
pub fn client() -> reqwest::ClientBuilder {
    // An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// A setting of the server by its key, and its value.
pub type Setting = (&'static str, String);

/// A server process. It always listens on the same port, so that it is found again after a restart.
#[derive(Debug)]
pub struct Program {
    folder: PathBuf,
    database: Option<String>,
    name: &'static str,
    port: u16,
    settings: Vec<Setting>,
    /// Nothing while it is dead.
    child: Option<Child>,
}

impl Program {
    /// Starts one of this name, with its data in `folder` or in a database, and waits until it can
    /// work.
    pub async fn start(
        folder: &Path,
        database: Option<&str>,
        name: &'static str,
        settings: &[Setting],
    ) -> Self {
        let mut program = Self {
            folder: folder.to_owned(),
            database: database.map(str::to_owned),
            name,
            port: free_port(),
            settings: settings.to_vec(),
            child: None,
        };
        program.revive().await;
        program
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
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
        let mut command = Command::new(SERVER.as_path());
        command
            .env_clear()
            .env("WINDLASS_LISTEN", self.address().to_string())
            .env("WINDLASS_DATA_DIR", self.folder.join("data"))
            .env("WINDLASS_HOST_ID", self.name)
            .env("WINDLASS_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .env("WINDLASS_LOG", "error")
            .stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.env("WINDLASS_DATABASE", url);
        }
        for (key, value) in &self.settings {
            command.env(format!("WINDLASS_{}", key.to_uppercase()), value);
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
