//! One line of JSON per request: what the audit reads later.
//!
//! Requests only leave an [`Entry`] in a bounded queue; a thread of its own turns entries into
//! lines and appends them to the file, a few times a second and at the end. A full queue drops
//! the entry and counts it: a slow disk never slows a request.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, Method, header};
use windlass_transforms::exchange::{Client, Exchange, FORMAT, Generation, Outcome};
use windlass_transforms::plan::operation::{Kind, Operation};

/// How long a line may wait before it is in the file.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How many entries may wait.
const QUEUE: usize = 65_536;
/// The longest user name, account or user agent that is kept.
const LONGEST_TEXT: usize = 256;

/// What is recorded of one request; becomes an [`Exchange`] on the writer's thread.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) time: SystemTime,
    pub(crate) generation: Generation,
    pub(crate) operation: Option<Arc<Operation>>,
    pub(crate) method: Method,
    pub(crate) versionless: bool,
    pub(crate) client: Client,
    pub(crate) v1_parameters: Vec<String>,
    pub(crate) v1_fields: Vec<String>,
    pub(crate) downstream_status: Option<u16>,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) duration: Duration,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'static str>,
}

impl Entry {
    fn into_exchange(self) -> Exchange {
        let v2_operation = self.operation.as_deref().and_then(|o| match &o.kind {
            Kind::Call(call) => Some(call.v2().to_string()),
            Kind::Composed(_) | Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => None,
        });
        Exchange {
            format: FORMAT,
            time: DateTime::<Utc>::from(self.time).to_rfc3339_opts(SecondsFormat::Millis, true),
            generation: self.generation,
            v1_operation: self.operation.as_deref().map(|o| o.id.clone()),
            v2_operation,
            method: method_name(&self.method),
            versionless: self.versionless,
            client: self.client,
            v1_parameters: self.v1_parameters,
            v1_fields: self.v1_fields,
            downstream_status: self.downstream_status,
            upstream_status: self.upstream_status,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            outcome: self.outcome,
            reason: self.reason.map(str::to_owned),
        }
    }
}

/// The method, unless the client made one up.
fn method_name(method: &Method) -> String {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    if known.contains(method) {
        method.as_str().to_owned()
    } else {
        "other".to_owned()
    }
}

/// Who called, as far as the headers tell. Of credentials only the user name is kept, and only
/// of Basic ones.
pub(crate) fn client(headers: &HeaderMap, address: Option<String>) -> Client {
    Client {
        user: headers
            .get(header::AUTHORIZATION)
            .and_then(|v| basic_user(v.as_bytes())),
        account: text(headers, "x-anchore-account"),
        user_agent: text(headers, header::USER_AGENT.as_str()),
        address,
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| clean(&String::from_utf8_lossy(value.as_bytes())))
}

/// The user name in front of the first colon.
fn basic_user(value: &[u8]) -> Option<String> {
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim_ascii()).ok()?;
    // Without a colon there is no telling whether this is a name or a secret.
    let colon = decoded.iter().position(|b| *b == b':')?;
    Some(clean(std::str::from_utf8(&decoded[..colon]).ok()?))
}

/// Text without control characters, of bounded length.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_TEXT)
        .collect()
}

/// Where entries go. Cloned into every service; the file is closed by [`Recorder::close`].
#[derive(Debug, Clone)]
pub(crate) struct Recorder(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    dropped: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<Entry>,
    closed: bool,
}

impl Recorder {
    /// Records nothing.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    /// Appends to this file, which is made when it is not there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = append_to(path)?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            dropped: AtomicU64::new(0),
            writer: Mutex::new(None),
        });
        let writer = Writer {
            path: path.to_owned(),
            file,
            shared: Arc::clone(&shared),
            failing: false,
        };
        let thread = thread::Builder::new()
            .name("records".to_owned())
            .spawn(move || writer.run())?;
        *lock(&shared.writer) = Some(thread);
        Ok(Self(Some(shared)))
    }

    /// Whether entries are wanted at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Leaves an entry for the writer.
    pub(crate) fn push(&self, entry: Entry) {
        let Some(shared) = &self.0 else { return };
        let mut queue = lock(&shared.queue);
        if queue.entries.len() >= QUEUE {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.entries.push(entry);
        if queue.entries.len() == QUEUE / 2 {
            shared.wake.notify_one();
        }
    }

    /// How many entries did not fit the queue, or could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |shared| shared.dropped.load(Ordering::Relaxed))
    }

    /// Writes what is left and ends the writer. What is pushed later is lost.
    pub(crate) fn close(&self) {
        let Some(shared) = &self.0 else { return };
        lock(&shared.queue).closed = true;
        shared.wake.notify_one();
        let writer = lock(&shared.writer).take();
        if let Some(thread) = writer
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes records panicked");
        }
    }
}

/// A panic elsewhere leaves the queue whole: every change to it is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The thread that owns the file.
struct Writer {
    path: PathBuf,
    file: File,
    shared: Arc<Shared>,
    /// Whether the last attempt failed: a full disk is reported once.
    failing: bool,
}

impl Writer {
    fn run(mut self) {
        let mut lines = Vec::new();
        loop {
            let (entries, closed) = self.wait();
            let count = entries.len() as u64;
            lines.clear();
            for entry in entries {
                serde_json::to_writer(&mut lines, &entry.into_exchange())
                    .expect("an exchange has text keys, and a vector takes any byte");
                lines.push(b'\n');
            }
            if !lines.is_empty() {
                self.append(&lines, count);
            }
            if closed {
                return;
            }
        }
    }

    /// Waits for the next round; returns what has gathered, and whether it is the last.
    fn wait(&self) -> (Vec<Entry>, bool) {
        let queue = lock(&self.shared.queue);
        let (mut queue, _) = self
            .shared
            .wake
            .wait_timeout_while(queue, FLUSH_EVERY, |queue| {
                !queue.closed && queue.entries.len() < QUEUE / 2
            })
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (std::mem::take(&mut queue.entries), queue.closed)
    }

    /// One write, so that proxies may share a file: lines never mix.
    fn append(&mut self, lines: &[u8], count: u64) {
        let result = self
            .follow_rotation()
            .and_then(|()| self.file.write_all(lines));
        match result {
            Ok(()) => self.failing = false,
            Err(error) => {
                self.shared.dropped.fetch_add(count, Ordering::Relaxed);
                if !self.failing {
                    tracing::error!(
                        "failed to write records to `{}`: {error}",
                        self.path.display()
                    );
                }
                self.failing = true;
            }
        }
    }

    /// Opens the file anew when it was moved away.
    fn follow_rotation(&mut self) -> io::Result<()> {
        let open = self.file.metadata()?;
        let same = std::fs::metadata(&self.path)
            .is_ok_and(|there| there.ino() == open.ino() && there.dev() == open.dev());
        if !same {
            self.file = append_to(&self.path)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
            generation: Generation::V2,
            operation: None,
            method: Method::GET,
            versionless: false,
            client: Client::default(),
            v1_parameters: Vec::new(),
            v1_fields: Vec::new(),
            downstream_status: Some(200),
            upstream_status: Some(200),
            request_bytes: 0,
            response_bytes: 2,
            duration: Duration::from_micros(1_900),
            outcome: Outcome::PassedThrough,
            reason: None,
        }
    }

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        headers
    }

    #[test]
    fn only_the_user_name_of_basic_credentials_is_kept() {
        let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (sent, kept) in [
            (encoded("admin:secret"), Some("admin")),
            (encoded("admin:se:cret"), Some("admin")),
            (encoded("secret-without-colon"), None),
            (encoded("a\u{7}b:x"), Some("ab")),
            ("basic YTpi".to_owned(), Some("a")),
            ("Bearer c2VjcmV0OmE=".to_owned(), None),
            ("Basic not base64".to_owned(), None),
            ("Basic".to_owned(), None),
        ] {
            let client = client(&headers(&sent), None);
            assert_eq!(client.user.as_deref(), kept, "{sent}");
        }
    }

    #[test]
    fn user_agents_lose_control_characters_and_are_bounded() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::USER_AGENT,
            format!("a\tb{}", "x".repeat(999)).parse().unwrap(),
        );
        let agent = client(&headers, None).user_agent.unwrap();
        assert!(agent.starts_with("abx"));
        assert_eq!(agent.len(), LONGEST_TEXT);
    }

    #[test]
    fn every_entry_is_a_line_when_the_recorder_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        recorder.push(entry());
        recorder.push(entry());
        recorder.close();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Exchange> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].time, "2023-11-14T22:13:20.123Z");
        assert_eq!(lines[0].duration_ms, 1);
        assert_eq!(recorder.dropped(), 0);
    }

    #[test]
    fn a_rotated_file_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        std::fs::rename(&path, folder.path().join("records.1")).unwrap();
        recorder.push(entry());
        recorder.close();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn entries_beyond_the_queue_are_dropped_and_counted() {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            dropped: AtomicU64::new(0),
            writer: Mutex::new(None),
        });
        let recorder = Recorder(Some(shared));
        for _ in 0..QUEUE + 3 {
            recorder.push(entry());
        }
        assert_eq!(recorder.dropped(), 3);
    }
}
