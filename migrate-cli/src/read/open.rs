//! Opens an input, takes gzip and zstd off, and looks at its beginning.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;

/// How much of the beginning is looked at.
const HEAD: usize = 64 << 10;

/// An opened input.
pub(crate) struct Opened {
    /// The first bytes, unzipped.
    pub(crate) head: Vec<u8>,
    /// All bytes, unzipped, the head included.
    pub(crate) bytes: Box<dyn Read + Send>,
}

/// Counts the bytes that come from disk.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.inner.read(buffer)?;
        self.count.fetch_add(taken as u64, Ordering::Relaxed);
        Ok(taken)
    }
}

/// The head, then an error met while reading it, then the rest.
struct Replayed<R> {
    head: io::Cursor<Vec<u8>>,
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Read for Replayed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => match self.error.take() {
                Some(error) => Err(error),
                None => self.rest.read(buffer),
            },
            taken => Ok(taken),
        }
    }
}

/// Opens an input; `-` is standard input. Bytes read from it, as they are stored, are added to
/// `count`.
pub(crate) fn open(path: &Path, count: &Arc<AtomicU64>) -> anyhow::Result<Opened> {
    let name = path.display();
    let raw: Box<dyn Read + Send> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("failed to open `{name}`"))?)
    };
    let counted = Counted {
        inner: raw,
        count: Arc::clone(count),
    };
    let (magic, stored) = peek(counted, 4);
    let unzipped: Box<dyn Read + Send> = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::with_capacity(HEAD, stored))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(
            zstd::stream::read::Decoder::new(stored)
                .with_context(|| format!("failed to unzip `{name}`"))?,
        ),
        _ => Box::new(stored),
    };
    let (head, bytes) = peek(unzipped, HEAD);
    Ok(Opened {
        head,
        bytes: Box::new(bytes),
    })
}

fn peek<R: Read>(mut reader: R, most: usize) -> (Vec<u8>, Replayed<R>) {
    let mut head = vec![0; most];
    let mut filled = 0;
    let mut error = None;
    while filled < most {
        match reader.read(&mut head[filled..]) {
            Ok(0) => break,
            Ok(taken) => filled += taken,
            Err(failed) if failed.kind() == io::ErrorKind::Interrupted => {}
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
    }
    head.truncate(filled);
    let replayed = Replayed {
        head: io::Cursor::new(head.clone()),
        error,
        rest: reader,
    };
    (head, replayed)
}
