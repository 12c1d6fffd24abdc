//! Cuts a JSON array into its elements while it streams by.
//!
//! What comes in was written by a [`BodyRewriter`](super::BodyRewriter) and is JSON already, so
//! only strings and brackets are told apart here.

use std::sync::Arc;

use memchr::memchr2;
use serde_json::Value;

use super::body::BodyRewriter;
use super::error::{Limits, RewriteError};
use crate::plan::composed::PartPlan;
use crate::step::{StepContext, StepError};

/// A piece of a list.
pub(super) enum Piece<'t> {
    /// Bytes of an element.
    Bytes(&'t [u8]),
    /// The element is complete.
    End,
}

/// What should have been a list is none.
#[derive(Debug)]
pub(super) struct NotAList;

/// Where a splitter is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// In front of the list.
    #[default]
    Start,
    /// Between elements.
    Between,
    /// In an element, this many brackets deep.
    Element(usize),
    /// In a string of an element; whether the last byte was a backslash.
    String(usize, bool),
    /// Behind the list.
    End,
}

/// Cuts a JSON array into its elements.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    at: At,
}

impl Splitter {
    /// Takes the next bytes of the list.
    pub(super) fn push<E: From<NotAList>>(
        &mut self,
        text: &[u8],
        see: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        // Where the bytes of the element begin that were not handed on yet.
        let mut from = 0;
        while at < text.len() {
            let byte = text[at];
            match self.at {
                At::Start => match byte {
                    b'[' => self.at = At::Between,
                    byte if byte.is_ascii_whitespace() => {}
                    _ => return Err(NotAList.into()),
                },
                At::Between => match byte {
                    b']' => self.at = At::End,
                    byte if byte == b',' || byte.is_ascii_whitespace() => {}
                    _ => {
                        from = at;
                        self.at = At::Element(0);
                        continue;
                    }
                },
                At::Element(depth) => match byte {
                    b'"' => self.at = At::String(depth, false),
                    b'[' | b'{' => self.at = At::Element(depth + 1),
                    b',' | b']' if depth == 0 => {
                        see(Piece::Bytes(&text[from..at]))?;
                        see(Piece::End)?;
                        self.at = At::Between;
                        continue;
                    }
                    b']' | b'}' => self.at = At::Element(depth - 1),
                    _ => {}
                },
                At::String(depth, true) => self.at = At::String(depth, false),
                At::String(depth, false) => {
                    let Some(found) = memchr2(b'"', b'\\', &text[at..]) else {
                        break;
                    };
                    at += found;
                    self.at = if text[at] == b'"' {
                        At::Element(depth)
                    } else {
                        At::String(depth, true)
                    };
                }
                At::End if byte.is_ascii_whitespace() => {}
                At::End => return Err(NotAList.into()),
            }
            at += 1;
        }
        if matches!(self.at, At::Element(_) | At::String(..)) && from < text.len() {
            see(Piece::Bytes(&text[from..]))?;
        }
        Ok(())
    }

    /// Whether the list came to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.at == At::End
    }
}

/// Why the rows of an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The answer is not JSON, or has no list where the mapping says.
    #[error("{0}")]
    Answer(#[from] RewriteError),
    /// There is something else where the mapping says that a list is.
    #[error("there is no list where one was expected")]
    NotAList,
    /// One row, or what stands around the rows, is larger than this many bytes.
    #[error("a row, or what stands around the rows, is larger than {0} bytes")]
    TooLarge(usize),
    /// A row or a whole answer is no JSON that can be read.
    #[error("a row cannot be read: {0}")]
    Unreadable(String),
    /// The composition does not take it.
    #[error("{0}")]
    Refused(#[from] StepError),
}

impl From<NotAList> for RowsError {
    fn from(_: NotAList) -> Self {
        Self::NotAList
    }
}

/// Reads the answer to one call of a composition: its rows one by one, and the rest at the end.
/// Holds one row at a time, and the rest.
#[derive(Debug)]
pub struct RowReader {
    /// For the list; `None`: the answer has no rows.
    list: Option<BodyRewriter>,
    rest: Option<BodyRewriter>,
    splitter: Splitter,
    row: Vec<u8>,
    around: Vec<u8>,
    scratch: Vec<u8>,
    most: usize,
}

impl RowReader {
    /// A reader for an answer to this call. `limits.max_held_bytes` bounds each row, and the
    /// rest.
    pub fn new(part: &PartPlan, limits: Limits) -> Self {
        let context = Arc::new(StepContext::default());
        let rewriter = |plan| BodyRewriter::new(plan, Arc::clone(&context), limits);
        let rows = part.rows.clone();
        let (list, rest) = rows.map_or((None, None), |rows| {
            (Some(rewriter(rows.list)), Some(rewriter(rows.rest)))
        });
        Self {
            list,
            rest,
            splitter: Splitter::default(),
            row: Vec::new(),
            around: Vec::new(),
            scratch: Vec::new(),
            most: limits.max_held_bytes,
        }
    }

    /// Takes the next bytes of the answer; `see` is shown each row that is complete.
    pub fn push(
        &mut self,
        bytes: &[u8],
        see: &mut impl FnMut(Value) -> Result<(), StepError>,
    ) -> Result<(), RowsError> {
        let (Some(list), Some(rest)) = (&mut self.list, &mut self.rest) else {
            self.around.extend_from_slice(bytes);
            return bounded(&self.around, self.most);
        };
        rest.push(bytes, &mut self.around)?;
        bounded(&self.around, self.most)?;
        list.push(bytes, &mut self.scratch)?;
        self.split(see)
    }

    /// Ends the answer; gives what it holds besides its rows.
    pub fn finish(
        mut self,
        see: &mut impl FnMut(Value) -> Result<(), StepError>,
    ) -> Result<Value, RowsError> {
        if let (Some(list), Some(rest)) = (&mut self.list, &mut self.rest) {
            list.finish(&mut self.scratch)?;
            rest.finish(&mut self.around)?;
            self.split(see)?;
            if !self.splitter.is_complete() {
                return Err(RowsError::NotAList);
            }
        }
        read(&self.around)
    }

    fn split(
        &mut self,
        see: &mut impl FnMut(Value) -> Result<(), StepError>,
    ) -> Result<(), RowsError> {
        let (row, most) = (&mut self.row, self.most);
        let outcome = self.splitter.push(&self.scratch, &mut |piece| match piece {
            Piece::Bytes(bytes) => {
                row.extend_from_slice(bytes);
                bounded(row, most)
            }
            Piece::End => {
                let value = read(row)?;
                row.clear();
                Ok(see(value)?)
            }
        });
        self.scratch.clear();
        outcome
    }
}

fn bounded(held: &[u8], most: usize) -> Result<(), RowsError> {
    if held.len() > most {
        return Err(RowsError::TooLarge(most));
    }
    Ok(())
}

fn read(text: &[u8]) -> Result<Value, RowsError> {
    serde_json::from_slice(text).map_err(|error| RowsError::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Option<Vec<String>> {
        let mut splitter = Splitter::default();
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        for piece in pieces {
            splitter
                .push::<RowsError>(piece, &mut |piece| {
                    match piece {
                        Piece::Bytes(bytes) => row.extend_from_slice(bytes),
                        Piece::End => {
                            rows.push(String::from_utf8(std::mem::take(&mut row)).unwrap());
                        }
                    }
                    Ok(())
                })
                .ok()?;
        }
        splitter.is_complete().then_some(rows)
    }

    #[test]
    fn elements_are_found_however_the_list_is_cut() {
        let text = br#" [ {"a":"]},\"{"} ,[1,[2]],"x\\",7 ,null,{}] "#;
        let rows = [
            r#"{"a":"]},\"{"} "#,
            "[1,[2]]",
            r#""x\\""#,
            "7 ",
            "null",
            "{}",
        ];
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(split(&pieces).unwrap(), rows, "pieces of {size} bytes");
        }
    }

    #[test]
    fn an_empty_list_has_no_elements_and_anything_else_is_no_list() {
        assert_eq!(split(&[b"[]"]).unwrap().len(), 0);
        assert_eq!(split(&[b"[ ", b" ]"]).unwrap().len(), 0);
        for text in ["null", "{}", "\"[]\"", "[", "[1", "[]x", ""] {
            assert_eq!(split(&[text.as_bytes()]), None, "{text}");
        }
    }
}
