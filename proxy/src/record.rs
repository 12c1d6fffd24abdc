//! One line of JSON per request: what the audit reads later.
//!
//! Requests leave their lines in a bounded buffer; a thread of its own appends them to the
//! file, many at a time and at the end. A full buffer drops the line and counts it: a slow disk
//! never slows a request. The lines are made by the requests, each its own: made by that thread,
//! all of half a second at once, they would hold up the requests that come just then.

use std::borrow::Cow;
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
use serde::{Serialize, Serializer};
use windlass_transforms::exchange::{FORMAT, Generation, Outcome};
use windlass_transforms::plan::operation::{Kind, Operation};

use crate::calling::{has_several, v2_operations};

/// How long a line may wait before it is in the file.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How many bytes of lines may wait.
const MOST: usize = 16 << 20;
/// With this many it is time to write.
const ENOUGH: usize = 256 << 10;
/// The longest user name, account or user agent that is kept.
const LONGEST_TEXT: usize = 256;

/// An [`Exchange`](windlass_transforms::exchange::Exchange) that owns as little as it can.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    format: u32,
    #[serde(serialize_with = "time_text")]
    pub(crate) time: SystemTime,
    pub(crate) generation: Generation,
    #[serde(skip_serializing_if = "Option::is_none")]
    v1_operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v2_operation: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    v2_operations: Vec<String>,
    method: &'a str,
    pub(crate) versionless: bool,
    pub(crate) client: Client<'a>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) v1_parameters: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) v1_fields: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) downstream_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_status: Option<u16>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub(crate) duration: Duration,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) upstream_calls: usize,
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed_call: Option<&'a str>,
}

/// Who called.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Client<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

impl<'a> Line<'a> {
    /// A passed-through request of a client, of which nothing else is known yet.
    pub(crate) fn new(time: SystemTime, method: &'a Method, client: Client<'a>) -> Self {
        Self {
            format: FORMAT,
            time,
            generation: Generation::V2,
            v1_operation: None,
            v2_operation: None,
            v2_operations: Vec::new(),
            method: method_name(method),
            versionless: false,
            client,
            v1_parameters: &[],
            v1_fields: &[],
            downstream_status: None,
            upstream_status: None,
            request_bytes: 0,
            response_bytes: 0,
            duration: Duration::ZERO,
            upstream_calls: 0,
            outcome: Outcome::PassedThrough,
            reason: None,
            failed_call: None,
        }
    }

    /// The same of a V1 operation.
    pub(crate) fn of(mut self, operation: &'a Operation) -> Self {
        self.v1_operation = Some(&operation.id);
        self.v2_operation = match &operation.kind {
            Kind::Call(call) => Some(call.v2().to_string()),
            Kind::Composed(_) | Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => None,
        };
        // One operation needs no list.
        if has_several(operation) {
            self.v2_operations = v2_operations(operation);
        }
        self
    }
}

fn time_text<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = DateTime::<Utc>::from(*time).to_rfc3339_opts(SecondsFormat::Millis, true);
    serializer.serialize_str(&text)
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The method, unless the client made one up.
fn method_name(method: &Method) -> &str {
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
        method.as_str()
    } else {
        "other"
    }
}

/// Who called, as far as the headers tell. Of credentials only the user name is kept, and only
/// of Basic ones.
pub(crate) fn client(headers: &HeaderMap, address: Option<String>) -> Client<'_> {
    Client {
        user: headers
            .get(header::AUTHORIZATION)
            .and_then(|v| basic_user(v.as_bytes())),
        account: text(headers, "x-anchore-account"),
        user_agent: text(headers, header::USER_AGENT.as_str()),
        address,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let value = headers.get(name)?;
    Some(match value.to_str() {
        // Then it has neither control characters but tabs nor any letter of several bytes.
        Ok(text) if text.len() <= LONGEST_TEXT && !text.contains('\t') => Cow::Borrowed(text),
        _ => Cow::Owned(clean(&String::from_utf8_lossy(value.as_bytes()))),
    })
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

/// Where lines go. Cloned into every service; the file is closed by [`Recorder::close`].
#[derive(Debug, Clone)]
pub(crate) struct Recorder(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    dropped: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// The lines that wait.
#[derive(Debug, Default)]
struct Queue {
    lines: Vec<u8>,
    count: u64,
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
        let shared = Arc::new(Shared::default());
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

    /// Whether lines are wanted at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Leaves a line for the writer.
    pub(crate) fn push(&self, line: &Line<'_>) {
        let Some(shared) = &self.0 else { return };
        // Most lines are shorter.
        let mut text = Vec::with_capacity(512);
        serde_json::to_writer(&mut text, line)
            .expect("a line has text keys, and a vector takes any byte");
        text.push(b'\n');
        let mut queue = lock(&shared.queue);
        if queue.lines.len() + text.len() > MOST {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = queue.lines.len();
        queue.lines.extend_from_slice(&text);
        queue.count += 1;
        if before < ENOUGH && queue.lines.len() >= ENOUGH {
            shared.wake.notify_one();
        }
    }

    /// How many lines found no room, or could not be written.
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
            let (count, closed) = self.wait(&mut lines);
            if !lines.is_empty() {
                self.append(&lines, count);
            }
            if closed {
                return;
            }
            lines.clear();
            // What one slow moment needed is not kept.
            lines.shrink_to(2 * ENOUGH);
        }
    }

    /// Waits for the next round, and exchanges what has gathered for the empty buffer. Returns
    /// how many lines that is, and whether it is the last.
    fn wait(&self, lines: &mut Vec<u8>) -> (u64, bool) {
        let queue = lock(&self.shared.queue);
        let (mut queue, _) = self
            .shared
            .wake
            .wait_timeout_while(queue, FLUSH_EVERY, |queue| {
                !queue.closed && queue.lines.len() < ENOUGH
            })
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::swap(&mut queue.lines, lines);
        (std::mem::take(&mut queue.count), queue.closed)
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
    use windlass_transforms::exchange::Exchange;

    use super::*;

    fn line() -> Line<'static> {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        Line {
            downstream_status: Some(200),
            upstream_status: Some(200),
            response_bytes: 2,
            duration: Duration::from_micros(1_900),
            ..Line::new(time, &Method::GET, Client::default())
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
            let headers = headers(&sent);
            let client = client(&headers, None);
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
        let agent = client(&headers, None).user_agent.unwrap().into_owned();
        assert!(agent.starts_with("abx"));
        assert_eq!(agent.len(), LONGEST_TEXT);
    }

    #[test]
    fn every_entry_is_a_line_when_the_recorder_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        recorder.push(&line());
        recorder.push(&line());
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
        recorder.push(&line());
        recorder.close();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn lines_that_find_no_room_are_dropped_and_counted() {
        let recorder = Recorder(Some(Arc::default()));
        let length = serde_json::to_vec(&line()).unwrap().len() + 1;
        for _ in 0..MOST / length + 3 {
            recorder.push(&line());
        }
        assert_eq!(recorder.dropped(), 3);
    }

    #[test]
    fn a_line_with_everything_reads_back_as_an_exchange() {
        let names = ["one".to_owned(), "two".to_owned()];
        let line = Line {
            generation: Generation::V1,
            v1_operation: Some("get_thing"),
            v2_operation: Some("GET /things/{id}".to_owned()),
            v2_operations: names.to_vec(),
            versionless: true,
            client: Client {
                user: Some("admin".to_owned()),
                account: Some("acme \" \\".into()),
                user_agent: Some("tests/1".into()),
                address: Some("::1".to_owned()),
            },
            v1_parameters: &names,
            v1_fields: &names[..1],
            upstream_calls: 2,
            outcome: Outcome::Failed,
            reason: Some("upstream cut off"),
            failed_call: Some("GET /things/{id}, page 2"),
            ..line()
        };
        let read: Exchange = serde_json::from_slice(&serde_json::to_vec(&line).unwrap()).unwrap();
        assert_eq!(
            read,
            Exchange {
                format: FORMAT,
                time: "2023-11-14T22:13:20.123Z".to_owned(),
                generation: Generation::V1,
                v1_operation: Some("get_thing".to_owned()),
                v2_operation: Some("GET /things/{id}".to_owned()),
                v2_operations: names.to_vec(),
                method: "GET".to_owned(),
                versionless: true,
                client: windlass_transforms::exchange::Client {
                    user: Some("admin".to_owned()),
                    account: Some("acme \" \\".to_owned()),
                    user_agent: Some("tests/1".to_owned()),
                    address: Some("::1".to_owned()),
                },
                v1_parameters: names.to_vec(),
                v1_fields: names[..1].to_vec(),
                downstream_status: Some(200),
                upstream_status: Some(200),
                request_bytes: 0,
                response_bytes: 2,
                duration_ms: 1,
                upstream_calls: 2,
                outcome: Outcome::Failed,
                reason: Some("upstream cut off".to_owned()),
                failed_call: Some("GET /things/{id}, page 2".to_owned()),
            }
        );
    }
}
