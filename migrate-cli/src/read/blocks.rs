//! Cuts a stream of bytes into blocks of whole lines.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use super::lines::MAX_LINE_BYTES;

/// How much is read at a time.
const BLOCK: usize = 512 << 10;

/// What a block holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Whole lines; only the last of the input may lack its line feed.
    Lines(Vec<u8>),
    /// A line longer than [`MAX_LINE_BYTES`], left out.
    TooLong,
}

/// Hands every block to `take`, in order, until the input ends, fails, or `take` fails. The
/// inner result says whether the input could be read to its end.
pub(crate) fn cut<E>(
    input: &mut dyn Read,
    mut take: impl FnMut(Piece) -> Result<(), E>,
) -> Result<io::Result<()>, E> {
    let mut carried = Vec::new();
    loop {
        let mut block = std::mem::take(&mut carried);
        let (end, failure) = fill(input, &mut block);
        if let Some(at) = memrchr(b'\n', &block) {
            carried = Vec::with_capacity(BLOCK);
            carried.extend_from_slice(&block[at + 1..]);
            block.truncate(at + 1);
            take(Piece::Lines(block))?;
        } else if block.len() > MAX_LINE_BYTES {
            drop(block);
            take(Piece::TooLong)?;
            match skip_line(input) {
                Ok(rest) => carried = rest,
                Err(error) => return Ok(Err(error)),
            }
            continue;
        } else {
            carried = block;
        }
        if let Some(error) = failure {
            // What follows the last line feed is no whole line.
            return Ok(Err(error));
        }
        if end {
            if !carried.is_empty() {
                take(Piece::Lines(carried))?;
            }
            return Ok(Ok(()));
        }
    }
}

/// Appends up to a block. Whether the input ended, and why it failed.
fn fill(input: &mut dyn Read, block: &mut Vec<u8>) -> (bool, Option<io::Error>) {
    let mut filled = block.len();
    block.resize(filled + BLOCK, 0);
    let mut failure = None;
    let mut end = false;
    while filled < block.len() {
        match input.read(&mut block[filled..]) {
            Ok(0) => {
                end = true;
                break;
            }
            Ok(taken) => filled += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    block.truncate(filled);
    (end, failure)
}

/// Reads to the next line feed; returns what was read behind it.
fn skip_line(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut block = Vec::new();
    loop {
        block.clear();
        let (end, failure) = fill(input, &mut block);
        if let Some(at) = memchr(b'\n', &block) {
            let rest = block.split_off(at + 1);
            return match failure {
                Some(error) => Err(error),
                None => Ok(rest),
            };
        }
        if let Some(error) = failure {
            return Err(error);
        }
        if end {
            return Ok(Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn pieces(text: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let Ok(read) = cut(&mut &*text, |piece| {
            pieces.push(piece);
            Ok::<(), Infallible>(())
        });
        read.unwrap();
        pieces
    }

    #[test]
    fn blocks_hold_whole_lines_and_nothing_is_lost() {
        let line = [b'x'; 999];
        let mut text = Vec::new();
        for _ in 0..3000 {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        text.extend_from_slice(b"last");
        let pieces = pieces(&text);
        assert!(pieces.len() > 3);
        let mut joined = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let Piece::Lines(lines) = piece else {
                panic!("no line is too long")
            };
            assert!(index + 1 == pieces.len() || lines.ends_with(b"\n"));
            joined.extend_from_slice(lines);
        }
        assert!(joined == text);
    }

    #[test]
    fn a_line_of_ten_megabytes_costs_one_line_and_no_more() {
        let mut text = b"before\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 10 << 20));
        text.extend_from_slice(b"\nafter\n");
        assert_eq!(
            pieces(&text),
            [
                Piece::Lines(b"before\n".to_vec()),
                Piece::TooLong,
                Piece::Lines(b"after\n".to_vec())
            ]
        );
    }
}
