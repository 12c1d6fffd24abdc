//! Where the output goes.
//!
//! Most stretches of input that leave unchanged, and all names, are short. Copying a fixed
//! number of bytes and then counting only those that are meant is much cheaper than copying
//! exactly: no call, no loop. For that the output always has room to spare, which is cut off
//! in the end.

/// What may be copied too much.
const SLACK: usize = 128;

/// Bytes of input that are copied at once.
const SHORT: usize = 64;

/// Bytes of a name that are copied at once.
const NAME: usize = 32;

/// Output with room to spare behind it.
#[derive(Debug)]
pub(super) struct Sink<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
}

/// A name to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    text: Box<[u8]>,
    start: [u8; NAME],
}

impl Name {
    /// A name, given as it stands in JSON text.
    pub(super) fn new(text: &str) -> Self {
        let text: Box<[u8]> = text.as_bytes().into();
        let mut start = [0; NAME];
        for (to, from) in start.iter_mut().zip(&text) {
            *to = *from;
        }
        Self { text, start }
    }
}

impl<'o> Sink<'o> {
    /// A sink that appends to `out`, where about `expected` bytes will come.
    pub(super) fn new(out: &'o mut Vec<u8>, expected: usize) -> Self {
        let end = out.len();
        out.resize(end + expected + SLACK, 0);
        Self { out, end }
    }

    /// Writes `bytes[from..to]`.
    #[inline(always)]
    pub(super) fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        let length = to - from;
        if length <= SHORT
            && let Some(source) = bytes[from..].first_chunk::<SHORT>()
            && let Some(room) = self.out[self.end..].first_chunk_mut::<SHORT>()
        {
            *room = *source;
            self.end += length;
        } else {
            self.write(&bytes[from..to]);
        }
    }

    /// Writes `bytes[from..to]` and a name.
    #[inline(always)]
    pub(super) fn copy_and_name(&mut self, bytes: &[u8], from: usize, to: usize, name: &Name) {
        let length = to - from;
        if length <= SHORT
            && name.text.len() <= NAME
            && let Some(source) = bytes[from..].first_chunk::<SHORT>()
            && let Some(room) = self.out[self.end..].first_chunk_mut::<{ SHORT + NAME }>()
        {
            room[..SHORT].copy_from_slice(source);
            room[length..length + NAME].copy_from_slice(&name.start);
            self.end += length + name.text.len();
        } else {
            self.write(&bytes[from..to]);
            self.write(&name.text);
        }
    }

    /// Writes bytes.
    #[inline(never)]
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if self.out.len() < end + SLACK {
            self.out.resize(end + end / 2 + SLACK, 0);
        }
        self.out[self.end..end].copy_from_slice(bytes);
        self.end = end;
    }

    /// Lets someone else append.
    pub(super) fn append<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.out.truncate(self.end);
        let done = write(self.out);
        self.end = self.out.len();
        self.out.resize(self.end + SLACK, 0);
        done
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.end);
    }
}
