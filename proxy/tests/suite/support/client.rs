//! A client that sends the bytes it is told and reads answers strictly.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::PATIENCE;

/// A connection to the proxy.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) version: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that its framing promised.
    pub(crate) is_complete: bool,
    /// The sizes of its chunks, if it had any.
    pub(crate) chunks: Vec<usize>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends bytes to a proxy that may have hung up already.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.get_mut().write_all(bytes.as_ref()).is_ok()
    }

    /// A request without a body, and its answer.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send(format!(
            "GET {path} HTTP/1.1\r\nHost: proxy.test\r\nAuthorization: Basic YWRtaW46Zm9vYmFy\r\n\r\n"
        ));
        self.answer()
    }

    /// A request with a JSON body, and its answer.
    pub(crate) fn json(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: proxy.test\r\nAuthorization: Basic YWRtaW46Zm9vYmFy\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        self.answer()
    }

    /// The final answer to a request that was not HEAD.
    pub(crate) fn answer(&mut self) -> Answer {
        loop {
            let answer = self.any_answer(false);
            if answer.status >= 200 {
                return answer;
            }
        }
    }

    /// The answer to a HEAD request.
    pub(crate) fn head_answer(&mut self) -> Answer {
        self.any_answer(true)
    }

    /// The next answer, which may be an interim one.
    pub(crate) fn any_answer(&mut self, is_head: bool) -> Answer {
        let mut answer = self.head();
        let bodiless = is_head || answer.status < 200 || matches!(answer.status, 204 | 304);
        if bodiless {
            answer.is_complete = true;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            assert_eq!(answer.header("content-length"), None, "two framings");
            self.chunks(&mut answer);
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            answer.body = vec![0; length];
            let mut read = 0;
            while read < length {
                match self.stream.read(&mut answer.body[read..]) {
                    Ok(0) => break,
                    Ok(n) => read += n,
                    Err(error) if is_hung_up(error.kind()) => break,
                    Err(error) => panic!("the body did not come: {error}"),
                }
            }
            answer.body.truncate(read);
            answer.is_complete = read == length;
        } else {
            let end = self.stream.read_to_end(&mut answer.body);
            answer.is_complete = end.is_ok();
        }
        answer
    }

    /// The header of an answer, its body left to be read.
    pub(crate) fn head(&mut self) -> Answer {
        let line = self.line().expect("an answer");
        let mut words = line.splitn(3, ' ');
        let version = words.next().unwrap().to_owned();
        let status = words.next().unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().expect("the end of the header");
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Answer {
            version,
            status,
            headers,
            body: Vec::new(),
            is_complete: false,
            chunks: Vec::new(),
        }
    }

    /// The next chunk of a chunked body; `None` when the connection ends or the chunk is cut.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line()?;
        let size = usize::from_str_radix(&line, 16).expect("the size of a chunk");
        let mut data = vec![0; size + 2];
        self.stream.read_exact(&mut data).ok()?;
        assert_eq!(&data[size..], b"\r\n", "the end of a chunk");
        data.truncate(size);
        Some(data)
    }

    fn chunks(&mut self, answer: &mut Answer) {
        while let Some(chunk) = self.chunk() {
            if chunk.is_empty() {
                answer.is_complete = true;
                return;
            }
            answer.chunks.push(chunk.len());
            answer.body.extend_from_slice(&chunk);
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(_) => {}
            Err(error) if is_hung_up(error.kind()) => return None,
            Err(error) => panic!("nothing came: {error}"),
        }
        line.strip_suffix(b"\r\n")
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
    }

    /// Waits for the proxy to close the connection, and says whether it sent nothing more.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => is_hung_up(error.kind()),
        }
    }

    /// Hangs up at once.
    pub(crate) fn hang_up(self) {
        drop(self);
    }
}

fn is_hung_up(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    )
}

impl Answer {
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

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }
}
