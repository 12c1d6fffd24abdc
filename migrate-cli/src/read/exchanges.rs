//! Whole exchanges with their bodies, from the sources that hold them: HTTP Archives and flow
//! dumps.

use std::borrow::Cow;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::bail;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::formats::{Choice, Formats, har, mitmproxy};
use super::inputs::Input;
use super::open::{Opened, open};
use super::pool::is_damage;
use super::source::{Kind, Source};
use crate::audit::call::Call;

/// The largest body that is unzipped.
const MAX_BODY: u64 = 64 << 20;

/// A recorded request and what was answered, borrowed from what was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a> {
    /// The request, its status, and who sent it.
    pub(crate) call: Call<'a>,
    /// `Content-Type` of the request.
    pub(crate) content_type: Option<&'a [u8]>,
    /// `Accept` of the request.
    pub(crate) accept: Option<&'a [u8]>,
    /// Whether the request had a body that the recording lacks.
    pub(crate) lacks_body: bool,
    /// Body of the answer, where it was recorded.
    pub(crate) answer: Option<&'a [u8]>,
}

/// What is done with an exchange; after a break no more are read.
pub(crate) type Take<'t> = &'t mut dyn FnMut(&Recorded<'_>) -> ControlFlow<()>;

/// Hands every exchange of the inputs to `take`. With `strict`, what cannot be read is an error.
pub(crate) fn exchanges(
    inputs: &[Input],
    strict: bool,
    bytes: &Arc<AtomicU64>,
    take: Take<'_>,
) -> anyhow::Result<Vec<Source>> {
    let formats = Formats::new(&Choice::default())?;
    let mut sources = Vec::new();
    let mut ended = false;
    for input in inputs {
        if ended {
            break;
        }
        let name = input.path.display().to_string();
        let Opened {
            head,
            bytes: mut text,
        } = open(&input.path, bytes)?;
        let kind = formats.of(&head).map(|format| format.kind());
        if let Some(reason) = bodiless(kind) {
            if input.is_named {
                bail!("failed to replay `{name}`: {reason}");
            }
            let mut source = Source::new(name, kind.unwrap_or(Kind::Empty));
            source.cut_short = Some(format!("left out: {reason}"));
            sources.push(source);
            continue;
        }
        let mut source = Source::new(name, kind.unwrap_or(Kind::Empty));
        let read = read(&mut text, &mut source, &mut |recorded| {
            let next = take(recorded);
            ended |= next.is_break();
            next
        });
        let name = &source.name;
        if strict && let Some(entry) = source.first_unreadable.first() {
            bail!(
                "`{name}` entry {}: {}; without `--strict` such entries are counted",
                entry.line,
                entry.reason
            );
        }
        if let Err(error) = read {
            if !is_damage(&error) {
                return Err(error.context(format!("failed to read `{name}`")));
            }
            // Never the error itself: it might quote what it read.
            let reason = "it is truncated or damaged: only what came before was read";
            if strict {
                bail!("failed to read `{name}`: {reason}");
            }
            source.cut_short = Some(reason.to_owned());
        }
        sources.push(source);
    }
    Ok(sources)
}

/// Why a kind of source has nothing to replay.
fn bodiless(kind: Option<Kind>) -> Option<String> {
    const HOW: &str = "record exchanges with `mitmdump -w FILE`, or save an HTTP Archive";
    match kind {
        Some(Kind::Har | Kind::Mitmproxy | Kind::Empty) => None,
        Some(Kind::Records) => Some(format!(
            "records of windlass-proxy name operations, and never hold paths, bodies or answers; {HOW}"
        )),
        Some(kind) => Some(format!(
            "it is a source without bodies ({}); {HOW}",
            kind.title()
        )),
        None => Some(format!(
            "expected an HTTP Archive or a flow dump of mitmproxy; {HOW}"
        )),
    }
}

fn read(bytes: &mut dyn Read, source: &mut Source, take: Take<'_>) -> anyhow::Result<()> {
    let unreadable = |source: &mut Source, reason| {
        source.unreadable(source.lines, reason);
        ControlFlow::Continue(())
    };
    match source.kind {
        Kind::Har => har::entries(bytes, &mut |entry| {
            source.lines += 1;
            match entry {
                Some(entry) => {
                    source.calls += 1;
                    entry.with_exchange(&mut *take)
                }
                None => unreadable(source, har::NOT_AN_ENTRY),
            }
        }),
        Kind::Mitmproxy => mitmproxy::flows(bytes, &mut |flow| {
            source.lines += 1;
            match flow {
                Ok(Some(flow)) => {
                    source.calls += 1;
                    flow.with_exchange(&mut *take)
                }
                Ok(None) => ControlFlow::Continue(()),
                Err(reason) => unreadable(source, reason),
            }
        }),
        _ => Ok(()),
    }
}

/// A body without the coding it was sent in; `None` where that is not known here, or the body is
/// damaged or too large.
pub(super) fn decoded<'a>(body: &'a [u8], coding: Option<&[u8]>) -> Option<Cow<'a, [u8]>> {
    let coding = coding.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let unzipped = |decoder: &mut dyn Read| {
        let mut plain = Vec::new();
        decoder.take(MAX_BODY + 1).read_to_end(&mut plain).ok()?;
        (plain.len() as u64 <= MAX_BODY).then_some(Cow::Owned(plain))
    };
    match coding.as_slice() {
        _ if body.is_empty() => Some(Cow::Borrowed(body)),
        b"" | b"identity" => Some(Cow::Borrowed(body)),
        b"gzip" | b"x-gzip" => unzipped(&mut MultiGzDecoder::new(body)),
        // Two forms go by this name.
        b"deflate" => unzipped(&mut ZlibDecoder::new(body))
            .or_else(|| unzipped(&mut DeflateDecoder::new(body))),
        b"zstd" => unzipped(&mut zstd::stream::read::Decoder::new(body).ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn bodies_are_read_as_they_were_before_they_were_coded() {
        let plain = b"{\"a\": 1}";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(plain).unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(plain).unwrap();
        for (coding, body) in [
            (None, plain.to_vec()),
            (Some(b"GZIP".as_slice()), gzip.finish().unwrap()),
            (Some(b"deflate"), zlib.finish().unwrap()),
            (
                Some(b"zstd"),
                zstd::encode_all(plain.as_slice(), 1).unwrap(),
            ),
        ] {
            assert_eq!(
                decoded(&body, coding).unwrap(),
                plain.as_slice(),
                "{coding:?}"
            );
        }
        assert_eq!(decoded(plain, Some(b"br")), None);
        assert_eq!(decoded(plain, Some(b"gzip")), None);
        assert_eq!(decoded(b"", Some(b"gzip")).unwrap(), b"".as_slice());
    }
}
