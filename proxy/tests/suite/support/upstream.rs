//! An upstream that answers by script: every byte, every pause and every hang-up is the test's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{PATIENCE, Signal};

/// A request as it reached the upstream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    /// Which connection it came on, counted from 1.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The value of a header that must not occur twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` occurs twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What the upstream does for one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    steps: Vec<Step>,
    /// Whether it begins before the body of the request was read.
    is_early: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Send(Vec<u8>),
    Wait(Signal),
    Close,
}

impl Script {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    /// Waits for the test.
    pub(crate) fn wait(mut self, signal: &Signal) -> Self {
        self.steps.push(Step::Wait(signal.clone()));
        self
    }

    /// Hangs up.
    pub(crate) fn close(mut self) -> Self {
        self.steps.push(Step::Close);
        self
    }

    /// Answers before it reads the body.
    pub(crate) fn early(mut self) -> Self {
        self.is_early = true;
        self
    }

    /// An answer with a body of known length.
    pub(crate) fn answer(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::new()
            .send(format!(
                "HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            ))
            .send(body)
    }

    /// An answer of JSON.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::answer(status, "application/json", body)
    }

    /// An answer of JSON in chunks.
    pub(crate) fn chunked<T: AsRef<[u8]>>(chunks: impl IntoIterator<Item = T>) -> Self {
        let mut script = Self::new().send(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        for chunk in chunks {
            script = script.chunk(chunk);
        }
        script.send("0\r\n\r\n")
    }

    /// One chunk.
    pub(crate) fn chunk(self, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        self.send(format!("{:x}\r\n", data.len()))
            .send(data)
            .send("\r\n")
    }
}

/// An upstream on a free port.
pub(crate) struct FakeUpstream {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
}

impl FakeUpstream {
    /// Answers every request with the script that the function makes for it.
    pub(crate) fn start(script: impl Fn(&Received) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let received = Arc::clone(&upstream.received);
        let connections = Arc::clone(&upstream.connections);
        let script = Arc::new(script);
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
                let received = Arc::clone(&received);
                let script = Arc::clone(&script);
                thread::spawn(move || serve(stream.unwrap(), number, &received, &*script));
            }
        });
        upstream
    }

    /// Answers every request with the same script.
    pub(crate) fn always(script: Script) -> Self {
        Self::start(move |_| script.clone())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that reached it so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The only request that reached it.
    pub(crate) fn only_request(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received.into_iter().next().unwrap()
    }

    /// How many connections it took.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(
    stream: TcpStream,
    connection: usize,
    received: &Mutex<Vec<Received>>,
    script: &dyn Fn(&Received) -> Script,
) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = read_head(&mut reader) {
        request.connection = connection;
        let early = script(&request);
        let script = if early.is_early {
            received.lock().unwrap().push(request);
            early
        } else {
            if read_body(&mut reader, &mut request).is_none() {
                return;
            }
            let script = script(&request);
            received.lock().unwrap().push(request);
            script
        };
        for step in script.steps {
            match step {
                // The proxy may have hung up; then the next read ends this.
                Step::Send(bytes) => {
                    let _ = reader.get_mut().write_all(&bytes);
                }
                Step::Wait(signal) => signal.wait(),
                Step::Close => return,
            }
        }
        if script.is_early {
            return;
        }
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    Some(line.strip_suffix("\r\n")?.to_owned())
}

fn read_head(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let mut request = Received {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Received::default()
    };
    assert_eq!(words.next(), Some("HTTP/1.1"));
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(request);
        }
        let (name, value) = line.split_once(':')?;
        request
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(reader: &mut BufReader<TcpStream>, request: &mut Received) -> Option<()> {
    if request.header("transfer-encoding") == Some("chunked") {
        assert_eq!(request.header("content-length"), None, "two framings");
        loop {
            let size = usize::from_str_radix(&line(reader)?, 16).ok()?;
            let mut data = vec![0; size];
            reader.read_exact(&mut data).ok()?;
            assert_eq!(line(reader)?, "", "the end of a chunk");
            if size == 0 {
                return Some(());
            }
            request.body.extend_from_slice(&data);
        }
    }
    let length: usize = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()
}
