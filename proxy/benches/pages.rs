//! How much memory a long list costs that is drained from V2 pages.
//!
//! `cargo bench -p windlass-proxy --bench pages`. A proxy with the mappings as they are joins 50
//! pages of 1,000 pods to one list, for a client that takes what comes, and for one that takes
//! the first byte and then waits until the proxy fetches nothing more. What is measured is how
//! far the resident memory of the proxy's process rises at its highest; upstream and client are
//! processes of their own. The allocator is that of the system: the one of the program keeps
//! more of what was freed, which says little about what a list needs.

#![expect(clippy::print_stderr, reason = "a bench tells what it measured")]
#![expect(
    clippy::print_stdout,
    reason = "its processes tell each other where they listen"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use windlass_proxy::{Proxy, UpstreamUrl};

/// Pages, each with [`ROWS`] rows.
const PAGES: u64 = 50;
/// Rows of a page, as the mapping asks for them.
const ROWS: u64 = 1000;
/// What one list may cost.
const MOST_KIB: u64 = 4 << 10;

/// A list that is short.
const NO_TASKS: &str = r#"{"tasks":[]}"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        ["upstream"] => upstream(),
        ["client", how, address] => client(how, address.parse().expect("an address")),
        _ => measure(),
    }
}

fn measure() {
    let mut upstream = Running(again(&["upstream"]));
    let address = upstream.says();
    let url = UpstreamUrl::parse(&format!("http://{address}")).expect("a URL");
    let mappings = windlass_mappings::compile().expect("the mappings are right");
    let proxy = Proxy::builder(url, Arc::new(mappings))
        .listen("127.0.0.1:0")
        .threads(Some(2))
        .start()
        .expect("the proxy starts");
    let address = proxy.address().to_string();
    // What a first request costs once is no part of it; what a first long list costs is.
    Running(again(&["client", "short", &address])).ends();
    for how in ["eager", "waiting", "eager"] {
        let before = resident("VmRSS");
        std::fs::write("/proc/self/clear_refs", "5").expect("the peak can be set back");
        let start = Instant::now();
        Running(again(&["client", how, &address])).ends();
        let took = start.elapsed();
        let rise = resident("VmHWM").saturating_sub(before);
        eprintln!(
            "{how} client: {} rows in {took:?}, resident memory rose by {rise} KiB above {before} KiB",
            PAGES * ROWS,
        );
        assert!(rise < MOST_KIB, "more than {MOST_KIB} KiB");
    }
}

/// This program in another role.
fn again(arguments: &[&str]) -> Child {
    Command::new(std::env::current_exe().expect("it runs"))
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts once more")
}

/// Another process, which ends with this one.
struct Running(Child);

impl Running {
    /// The line it prints.
    fn says(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.0.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    /// Waits for its good end.
    fn ends(mut self) {
        assert!(self.0.wait().expect("it runs").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line of `/proc/self/status` in KiB.
fn resident(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let found = status.lines().find_map(|l| l.strip_prefix(line));
    let words = found.and_then(|rest| rest.split_whitespace().nth(1));
    words
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

fn client(how: &str, address: SocketAddr) {
    if how == "short" {
        for _ in 0..10 {
            let size = get(address, "/v1/enterprise/ecs-tasks", |_, _| {});
            assert_eq!(size, NO_TASKS.len());
        }
        return;
    }
    let mut braces = 0;
    let mut last = Vec::new();
    let mut ahead = 0;
    get(address, "/v1/enterprise/kubernetes-pods", |at, piece| {
        if at == 0 && how == "waiting" {
            ahead = until_it_stops(address);
        }
        braces += piece.split(|byte| *byte == b'}').count() - 1;
        last = piece.to_vec();
    });
    assert!(last.ends_with(b"]}"), "the list is whole");
    // Each row has three braces, the list one.
    assert_eq!(braces as u64, PAGES * ROWS * 3 + 1, "no row is missing");
    assert!(ahead < PAGES, "the proxy fetched all pages ahead");
}

/// Gets a list piece by piece, each with how much came before it. Returns its size.
fn get(address: SocketAddr, path: &str, mut see: impl FnMut(usize, &[u8])) -> usize {
    let mut stream = BufReader::new(TcpStream::connect(address).expect("the proxy listens"));
    let request = format!("GET {path} HTTP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n");
    stream
        .get_mut()
        .write_all(request.as_bytes())
        .expect("the proxy reads");
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).expect("the proxy answers");
    }
    let mut piece = [0; 16 << 10];
    let mut size = 0;
    loop {
        let read = stream.read(&mut piece).expect("the proxy answers");
        if read == 0 {
            return size;
        }
        see(size, &piece[..read]);
        size += read;
    }
}

/// Waits until the upstream is asked for nothing more; returns how many pages it was asked for.
fn until_it_stops(address: SocketAddr) -> u64 {
    let served = || {
        let mut text = Vec::new();
        get(address, "/v2/served", |_, piece| {
            text.extend_from_slice(piece);
        });
        let text = String::from_utf8(text).expect("digits");
        text.parse::<u64>().expect("a number")
    };
    let mut seen = served();
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_millis(500) {
        let now = served();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        thread::yield_now();
    }
    seen
}

/// A V2 server with nothing but pods.
fn upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("it is bound"));
    let served = Arc::new(AtomicU64::new(0));
    for stream in listener.incoming() {
        let served = Arc::clone(&served);
        thread::spawn(move || serve(stream.expect("a connection"), &served));
    }
}

fn serve(mut stream: TcpStream, served: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let is_long = line.contains("pods");
        let page = line
            .split_once("page=")
            .and_then(|(_, rest)| rest.split(['&', ' ']).next()?.parse().ok());
        while line != "\r\n" {
            line.clear();
            if !reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                return;
            }
        }
        line.clear();
        let body = match page {
            Some(page) if is_long => {
                // A list begins with its first page.
                let most = if page == 1 {
                    1
                } else {
                    served.load(Ordering::SeqCst).max(page)
                };
                served.store(most, Ordering::SeqCst);
                pods(page)
            }
            Some(_) => NO_TASKS.to_owned(),
            None => served.load(Ordering::SeqCst).to_string(),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).is_err() || stream.write_all(body.as_bytes()).is_err()
        {
            return;
        }
    }
}

/// A page of pods; the one behind the last is empty.
fn pods(page: u64) -> String {
    let rows = if page > PAGES { 0 } else { ROWS };
    let pods = (0..rows).map(|row| {
        format!(
            r#"{{"id":"6d0e3a52-9a3b-4c1e-8f77-{page:06}{row:06}","name":"shop-{row}","account_name":"team-blue","labels":{{"app":"shop","app.kubernetes.io/name":"shop","pod-template-hash":"5c{row:08}"}},"annotations":{{"kubernetes.io/config.seen":"2024-05-06T07:08:09.123456789Z","kubernetes.io/config.source":"api"}},"node_id":"0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9","namespace_id":"e7b5f1d2-4c3a-4b8e-9f60-1a2b3c4d5e6f","last_seen":"2024-05-06T07:08:09Z"}}"#
        )
    });
    format!(
        r#"{{"namespaces":[{}]}}"#,
        pods.collect::<Vec<_>>().join(",")
    )
}
