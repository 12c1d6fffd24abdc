//! A real nginx in front of a server, with the access log that it writes by default.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::clients::find;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Nginx {
    /// Starts one in front of the server at this URL; its files are in `folder`. `None` when it is
    /// not installed.
    pub fn start(folder: &Path, to: &str) -> Option<Self> {
        let program = find("nginx")?;
        std::fs::create_dir_all(folder).expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let log = folder.join("access.log");
        let configuration = folder.join("nginx.conf");
        std::fs::write(&configuration, text(folder, &log, port, to)).expect("a file");
        let child = Command::new(program)
            .arg("-e")
            .arg(folder.join("error.log"))
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(&configuration)
            .spawn()
            .expect("nginx starts");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let errors = std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "nginx does not listen: {errors}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { child, port, log })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets requests under way end, and stops it; its access log is complete then.
    pub fn stop(mut self) -> PathBuf {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-QUIT", &pid]).status();
        assert!(asked.expect("kill starts").success());
        self.child.wait().expect("nginx ends");
        self.log.clone()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It has ended already where it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration: one process that stays in the foreground and needs no rights.
fn text(folder: &Path, log: &Path, port: u16, to: &str) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("  {kind}_temp_path {folder}/{kind};\n"));
    format!(
        "daemon off;\n\
         master_process off;\n\
         pid {folder}/nginx.pid;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n\
         {}\
         \x20 access_log {} combined;\n\
         \x20 client_max_body_size 0;\n\
         \x20 server {{\n\
         \x20   listen 127.0.0.1:{port};\n\
         \x20   location / {{\n\
         \x20     proxy_pass {to};\n\
         \x20     proxy_http_version 1.1;\n\
         \x20     proxy_set_header Host $http_host;\n\
         \x20     proxy_set_header Connection \"\";\n\
         \x20   }}\n\
         \x20 }}\n\
         }}\n",
        temporary.concat(),
        log.display()
    )
}
