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
pub(super) const SHORT_NAME: usize = 32;

/// Output with room to spare behind it.
#[derive(Debug)]
pub(super) struct Sink<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
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

    /// Writes `bytes[from..to]` and the first bytes of a name.
    #[inline(always)]
    pub(super) fn copy_and_name(
        &mut self,
        bytes: &[u8],
        from: usize,
        to: usize,
        name: &[u8; SHORT_NAME],
        name_length: usize,
    ) {
        let length = to - from;
        if length <= SHORT
            && let Some(source) = bytes[from..].first_chunk::<SHORT>()
            && let Some(room) = self.out[self.end..].first_chunk_mut::<{ SHORT + SHORT_NAME }>()
        {
            room[..SHORT].copy_from_slice(source);
            room[length..length + SHORT_NAME].copy_from_slice(name);
            self.end += length + name_length;
        } else {
            self.write(&bytes[from..to]);
            self.write(&name[..name_length]);
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
