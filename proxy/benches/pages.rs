//! How much memory a long list costs that is drained from V2 pages.
//!
//! `cargo bench -p windlass-proxy --bench pages`. The program itself, with the mappings as they
//! are, joins 50 pages of 1,000 pods to one list. What is measured is how far its resident
//! memory rises above what it was before, at its highest: for a client that takes what comes,
//! and for one that takes the first byte and then waits until the proxy fetches nothing more.

#![expect(clippy::print_stderr, reason = "a bench tells what it measured")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Pages, each with [`ROWS`] rows.
const PAGES: u64 = 50;
/// Rows of a page, as the mapping asks for them.
const ROWS: u64 = 1000;
/// What one list may cost.
const MOST_KIB: u64 = 4 << 10;

fn main() {
    let served = Arc::new(AtomicU64::new(0));
    let upstream = upstream(Arc::clone(&served));
    let (mut program, address) = program(upstream);
    let outcome = std::panic::catch_unwind(|| measure(&program, address, &served));
    let _ = program.kill();
    let _ = program.wait();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn measure(program: &Child, address: SocketAddr, served: &AtomicU64) {
    // What a first request costs once is no part of it.
    drain(address, |_| {});
    for (name, wait) in [
        ("a client that takes what comes", false),
        ("a client that waits", true),
    ] {
        let before = resident(program, "VmRSS");
        forget_peak(program);
        served.store(0, Ordering::SeqCst);
        let start = Instant::now();
        let bytes = drain(address, |at| {
            if wait && at == 0 {
                let stopped = until_it_stops(served);
                assert!(stopped < PAGES, "the proxy fetched all pages ahead");
                eprintln!("  the proxy is {stopped} pages ahead and fetches no more");
            }
        });
        let took = start.elapsed();
        let rise = resident(program, "VmHWM").saturating_sub(before);
        eprintln!(
            "{name}: {} rows, {} MiB in {took:?}, resident memory rose by {rise} KiB above {before} KiB",
            PAGES * ROWS,
            bytes >> 20,
        );
        assert!(rise < MOST_KIB, "more than {MOST_KIB} KiB");
    }
}

/// Gets the list, and checks that it is whole. Returns its size.
fn drain(address: SocketAddr, mut see: impl FnMut(usize)) -> usize {
    let mut stream = TcpStream::connect(address).expect("the proxy listens");
    stream
        .write_all(
            b"GET /v1/enterprise/kubernetes-pods HTTP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n",
        )
        .expect("the proxy reads");
    let mut piece = [0; 16 << 10];
    let (mut size, mut braces) = (0, 0);
    let mut last = Vec::new();
    loop {
        let read = stream.read(&mut piece).expect("the proxy answers");
        if read == 0 {
            break;
        }
        see(size);
        size += read;
        braces += piece[..read].split(|byte| *byte == b'}').count() - 1;
        last = piece[..read].to_vec();
    }
    assert!(last.ends_with(b"]}"), "the list is whole");
    // Each row has three braces, the list one.
    assert_eq!(braces as u64, PAGES * ROWS * 3 + 1, "no row is missing");
    size
}

/// Waits until the upstream is asked for nothing more; returns how many pages it was asked for.
fn until_it_stops(served: &AtomicU64) -> u64 {
    let mut seen = served.load(Ordering::SeqCst);
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_millis(500) {
        let now = served.load(Ordering::SeqCst);
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        thread::yield_now();
    }
    seen
}

/// The program in front of an upstream.
fn program(upstream: SocketAddr) -> (Child, SocketAddr) {
    let folder = tempfile::tempdir().expect("a folder for the program");
    let mut child = Command::new(env!("CARGO_BIN_EXE_windlass-proxy"))
        .current_dir(folder.path())
        .env_clear()
        .args([
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "off",
            "--threads",
            "2",
        ])
        .args([
            "--records",
            "off",
            "--upstream",
            &format!("http://{upstream}"),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stdout = child.stdout.take().expect("it is piped");
    let address = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("http://").map(|(_, rest)| rest.to_owned()))
        .and_then(|rest| rest.split_whitespace().next().map(str::to_owned))
        .expect("the program says where it listens");
    let address = address.trim_end_matches('/').parse().expect("an address");
    (child, address)
}

/// A line of `/proc/PID/status` in KiB.
fn resident(program: &Child, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id()))
        .expect("the program runs on Linux");
    let found = status.lines().find_map(|l| l.strip_prefix(line));
    let words = found.and_then(|rest| rest.split_whitespace().nth(1));
    words
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

/// Sets the highest resident memory back to what it is now.
fn forget_peak(program: &Child) {
    std::fs::write(format!("/proc/{}/clear_refs", program.id()), "5")
        .expect("the peak can be set back");
}

/// A V2 server with nothing but pods.
fn upstream(served: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let served = Arc::clone(&served);
            thread::spawn(move || serve(stream.expect("a connection"), &served));
        }
    });
    address
}

fn serve(mut stream: TcpStream, served: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
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
        let Some(page) = page else { return };
        served.fetch_max(page, Ordering::SeqCst);
        let body = pods(page);
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
