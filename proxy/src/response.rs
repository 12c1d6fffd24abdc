//! Applies the response side of a plan: status, headers, and the body piece by piece.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::{GzEncoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use windlass_transforms::plan::body::Strategy;
use windlass_transforms::plan::call::ResponsePlan;
use windlass_transforms::rewrite::{BodyRewriter, Limits};
use windlass_transforms::step::StepContext;

use crate::error::{Answer, Failure, challenge};
use crate::headers;

/// A compressed piece is unfolded in slices of this size, so that it cannot blow up at once.
const UNFOLD: usize = 4 << 10;

/// What becomes of an upstream answer, once its header is known.
pub(crate) enum Reply {
    /// The body leaves as it came.
    Pass(ResponseHeader),
    /// The body is rewritten.
    Rewrite(ResponseHeader, Box<BodyPipe>),
    /// The whole answer is known; the upstream's body does not matter.
    Known(Answer),
}

/// Decides what becomes of an answer.
pub(crate) fn reply(
    method: &Method,
    upstream: &ResponseHeader,
    plan: &ResponsePlan,
    step_context: &Arc<StepContext>,
    limits: Limits,
) -> Result<Reply, Failure> {
    let status = StatusCode::from_u16(plan.status)
        .map_err(|_| Failure::wrong_answer("the mapping has an impossible status"))?;
    if upstream.status.is_redirection() && upstream.status != StatusCode::NOT_MODIFIED {
        return Err(Failure::wrong_answer(format!(
            "the upstream answered with a redirection ({})",
            upstream.status.as_u16()
        )));
    }
    if let Strategy::Fixed(text) = &plan.body.strategy {
        let content_type = plan.content_type.as_deref();
        let answer = Answer::fixed(status, content_type, text).with_challenge();
        return Ok(Reply::Known(answer));
    }
    let mut head = v1_head(upstream, plan)?;
    challenge(&mut head).map_err(Failure::internal)?;
    let coding = Coding::of(&upstream.headers);
    let bodiless = is_bodiless(method, upstream.status);
    if let Some(file) = &plan.gzip {
        let name = file.name(step_context);
        head.insert_header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename={name}"),
        )
        .map_err(Failure::internal)?;
    } else if plan.passes() && matches!(coding, Some(Coding::Identity) | None) {
        return Ok(Reply::Pass(head));
    }
    if bodiless {
        if *method == Method::HEAD {
            headers::clean_rewritten_response(&mut head);
            return Ok(Reply::Pass(head));
        }
        if plan.passes() {
            return Ok(Reply::Pass(head));
        }
        return Err(Failure::wrong_answer(format!(
            "the upstream answered {} without a body, where one was expected",
            upstream.status.as_u16()
        )));
    }
    let coding = coding.ok_or_else(other_coding)?;
    let rewriter = if plan.passes() && plan.gzip.is_none() {
        None
    } else {
        let media_type = headers::media_type(&upstream.headers);
        let is_empty = headers::content_length(&upstream.headers) == Some(0);
        if is_empty || !headers::is_json(&media_type) {
            return not_json(status, upstream.status, &media_type, is_empty);
        }
        Some(BodyRewriter::new(
            Arc::clone(&plan.body),
            Arc::clone(step_context),
            limits,
        ))
    };
    headers::clean_rewritten_response(&mut head);
    let mut pipe = BodyPipe {
        decoder: coding.decoder(),
        rewriter,
        ..BodyPipe::plain()
    };
    if plan.gzip.is_some() {
        pipe.compress();
    }
    Ok(Reply::Rewrite(head, Box::new(pipe)))
}

/// The header of a V1 answer that is made of an upstream answer.
pub(crate) fn v1_head(
    upstream: &ResponseHeader,
    plan: &ResponsePlan,
) -> Result<ResponseHeader, Failure> {
    let mut head = upstream.clone();
    headers::clean_response(&mut head);
    head.set_version(Version::HTTP_11);
    head.set_status(v1_status(plan)?)
        .map_err(Failure::internal)?;
    head.set_reason_phrase(None).map_err(Failure::internal)?;
    if let Some(content_type) = &plan.content_type {
        let value = HeaderValue::from_str(content_type)
            .map_err(|_| Failure::wrong_answer("the mapping has an impossible content type"))?;
        head.insert_header(header::CONTENT_TYPE, value)
            .map_err(Failure::internal)?;
    }
    Ok(head)
}

fn v1_status(plan: &ResponsePlan) -> Result<StatusCode, Failure> {
    StatusCode::from_u16(plan.status)
        .map_err(|_| Failure::wrong_answer("the mapping has an impossible status"))
}

/// The answer that is drawn from what a look-up answered; the upstream's body does not matter.
pub(crate) fn looked_up(
    plan: &ResponsePlan,
    answer: &[u8],
    step_context: Arc<StepContext>,
    limits: Limits,
) -> Result<Reply, Failure> {
    let mut rewriter = BodyRewriter::new(Arc::clone(&plan.body), step_context, limits);
    let mut body = Vec::with_capacity(answer.len() + answer.len() / 8);
    rewriter
        .push(answer, &mut body)
        .and_then(|()| rewriter.finish(&mut body))
        .map_err(Failure::response_body)?;
    let content_type = plan.content_type.as_deref();
    Ok(Reply::Known(Answer::whole(
        v1_status(plan)?,
        content_type,
        body,
    )))
}

/// Says in a header that the body is compressed for this client.
pub(crate) fn note_gzip(head: &mut ResponseHeader) -> Result<(), Failure> {
    head.insert_header(header::CONTENT_ENCODING, "gzip")
        .and_then(|()| {
            head.append_header(header::VARY, "Accept-Encoding")
                .map(|_| ())
        })
        .map_err(Failure::internal)
}

/// Reads the JSON body of an upstream answer, undoing its content coding.
pub(crate) struct JsonBody {
    decoder: Decoder,
}

impl JsonBody {
    /// For the answer with this header; an error when it is not JSON.
    pub(crate) fn of(upstream: &ResponseHeader) -> Result<Self, Failure> {
        let media_type = headers::media_type(&upstream.headers);
        let is_empty = headers::content_length(&upstream.headers) == Some(0);
        if is_empty || !headers::is_json(&media_type) {
            return Err(Failure::wrong_answer(no_json(
                upstream.status,
                &media_type,
                is_empty,
            )));
        }
        let coding = Coding::of(&upstream.headers).ok_or_else(other_coding)?;
        Ok(Self {
            decoder: coding.decoder(),
        })
    }

    /// A piece in slices that do not blow up at once.
    pub(crate) fn slices<'p>(&self, piece: &'p [u8]) -> std::slice::Chunks<'p, u8> {
        let size = match self.decoder {
            Decoder::Identity => piece.len().max(1),
            Decoder::Gzip(_) | Decoder::Deflate(_) => UNFOLD,
        };
        piece.chunks(size)
    }

    /// What a slice unfolds to.
    pub(crate) fn decode<'p>(&mut self, slice: &'p [u8]) -> Result<Cow<'p, [u8]>, Failure> {
        match &mut self.decoder {
            Decoder::Identity => Ok(Cow::Borrowed(slice)),
            other => other.decode(slice).map(Cow::Owned).map_err(broken_coding),
        }
    }

    /// What was still inside. Only for a body that the upstream has sent to its end.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Failure> {
        self.decoder.finish().map_err(broken_coding)
    }
}

fn other_coding() -> Failure {
    Failure::wrong_answer("the upstream answered in a content coding that was not asked for")
}

/// An answer that cannot be rewritten because it is not JSON. Errors keep their status: what
/// stands in front of the upstream makes errors of its own, such as a 503 in HTML.
fn not_json(
    status: StatusCode,
    upstream: StatusCode,
    media_type: &str,
    is_empty: bool,
) -> Result<Reply, Failure> {
    let message = no_json(upstream, media_type, is_empty);
    if upstream.is_client_error() || upstream.is_server_error() {
        Ok(Reply::Known(Answer::upstream_error(status, &message)))
    } else {
        Err(Failure::wrong_answer(message))
    }
}

/// Why an answer cannot be read.
fn no_json(upstream: StatusCode, media_type: &str, is_empty: bool) -> String {
    let what = if is_empty {
        "an empty body".to_owned()
    } else if media_type.is_empty() {
        "a body of unknown type".to_owned()
    } else {
        format!("a body of type `{media_type}`")
    };
    format!(
        "the upstream answered {} with {what}, where JSON was expected",
        upstream.as_u16()
    )
}

/// Whether the answer to this method with this status has no body, whatever its header says.
pub(crate) fn is_bodiless(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || status.is_informational()
}

/// How an upstream body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
}

impl Coding {
    /// `None`: one that we cannot undo.
    fn of(fields: &HeaderMap) -> Option<Self> {
        let Some(value) = fields.get(header::CONTENT_ENCODING) else {
            return Some(Self::Identity);
        };
        match value
            .as_bytes()
            .trim_ascii()
            .to_ascii_lowercase()
            .as_slice()
        {
            b"" | b"identity" => Some(Self::Identity),
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            _ => None,
        }
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Identity => Decoder::Identity,
            Self::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Self::Deflate => Decoder::Deflate(Box::new(ZlibDecoder::new(Vec::new()))),
        }
    }
}

/// Undoes a content coding.
enum Decoder {
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl Decoder {
    /// What a slice unfolds to.
    fn decode(&mut self, slice: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(slice.to_vec()),
            Self::Gzip(decoder) => {
                decoder.write_all(slice)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Deflate(decoder) => {
                decoder.write_all(slice)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }

    /// What was still inside; an error when the coding is not complete.
    fn finish(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(Vec::new()),
            Self::Gzip(decoder) => decoder.finish(),
            Self::Deflate(decoder) => decoder.finish(),
        }
    }
}

/// What a body goes through, piece by piece: decoded, rewritten, coded again.
pub(crate) struct BodyPipe {
    decoder: Decoder,
    rewriter: Option<BodyRewriter>,
    encoder: Option<Box<GzEncoder<Vec<u8>>>>,
    /// What can be sent.
    out: Vec<u8>,
}

impl BodyPipe {
    /// A pipe that changes nothing.
    pub(crate) fn plain() -> Self {
        Self {
            decoder: Decoder::Identity,
            rewriter: None,
            encoder: None,
            out: Vec::new(),
        }
    }

    /// Whether what leaves is gzip.
    pub(crate) fn compresses(&self) -> bool {
        self.encoder.is_some()
    }

    /// From here on what leaves is gzip.
    pub(crate) fn compress(&mut self) {
        self.encoder = Some(Box::new(GzEncoder::new(Vec::new(), Compression::fast())));
    }

    /// Whether what comes is compressed: then its length says little.
    pub(crate) fn unpacks(&self) -> bool {
        !matches!(self.decoder, Decoder::Identity)
    }

    /// Makes room for a body of this length.
    pub(crate) fn expect(&mut self, length: usize) {
        // Names in V1 are about as long as in V2.
        self.out.reserve(length + length / 8 + 256);
    }

    /// Takes the next piece of the upstream's body.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if matches!(self.decoder, Decoder::Identity) {
            return self.rewrite(piece);
        }
        for slice in piece.chunks(UNFOLD) {
            let plain = self.decoder.decode(slice).map_err(broken_coding)?;
            self.rewrite(&plain)?;
        }
        Ok(())
    }

    /// Ends the body. Only for one that the upstream has sent to its end.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        let rest = std::mem::replace(&mut self.decoder, Decoder::Identity)
            .finish()
            .map_err(broken_coding)?;
        self.rewrite(&rest)?;
        let mut last = Vec::new();
        if let Some(rewriter) = &mut self.rewriter {
            rewriter
                .finish(if self.encoder.is_some() {
                    &mut last
                } else {
                    &mut self.out
                })
                .map_err(Failure::response_body)?;
        }
        if let Some(mut encoder) = self.encoder.take() {
            encoder.write_all(&last).map_err(broken_coding)?;
            self.out
                .extend_from_slice(&encoder.finish().map_err(broken_coding)?);
        }
        Ok(())
    }

    /// Makes what was pushed so far ready to leave.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if let Some(encoder) = &mut self.encoder {
            encoder.flush().map_err(broken_coding)?;
            self.out.append(encoder.get_mut());
        }
        Ok(())
    }

    /// What can leave; whoever sends it clears it.
    pub(crate) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// How much is ready to leave.
    pub(crate) fn ready(&self) -> usize {
        self.out.len() + self.encoder.as_ref().map_or(0, |e| e.get_ref().len())
    }

    fn rewrite(&mut self, plain: &[u8]) -> Result<(), Failure> {
        match (&mut self.rewriter, &mut self.encoder) {
            (Some(rewriter), None) => rewriter
                .push(plain, &mut self.out)
                .map_err(Failure::response_body),
            (None, None) => {
                self.out.extend_from_slice(plain);
                Ok(())
            }
            (None, Some(encoder)) => encoder.write_all(plain).map_err(broken_coding),
            (Some(rewriter), Some(encoder)) => {
                let mut piece = Vec::with_capacity(plain.len() + plain.len() / 8);
                rewriter
                    .push(plain, &mut piece)
                    .map_err(Failure::response_body)?;
                encoder.write_all(&piece).map_err(broken_coding)
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "passed to `map_err` by name")]
fn broken_coding(error: std::io::Error) -> Failure {
    Failure::wrong_answer(format!(
        "the answer of the upstream is not in its content coding: {error}"
    ))
}

/// Whether the client takes gzip: `Accept-Encoding` names it, or everything, and not with
/// weight 0.
pub(crate) fn accepts_gzip(fields: &HeaderMap) -> bool {
    let mut any = None;
    for item in fields
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
    {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts
            .filter_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
            .any(|weight| weight.trim().parse::<f32>().is_ok_and(|w| w <= 0.0));
        match coding.as_str() {
            "gzip" | "x-gzip" => return !is_refused,
            "*" => any = Some(!is_refused),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn pipe(coding: Coding) -> BodyPipe {
        BodyPipe {
            decoder: coding.decoder(),
            rewriter: None,
            encoder: None,
            out: Vec::new(),
        }
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_undone_however_it_is_cut() {
        let plain: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
        let zipped = gzip(&plain);
        for size in [1, 7, 4096, zipped.len()] {
            let mut pipe = pipe(Coding::Gzip);
            for piece in zipped.chunks(size) {
                pipe.push(piece).unwrap();
            }
            pipe.finish().unwrap();
            assert!(*pipe.out() == plain, "cut every {size} bytes");
        }
    }

    #[test]
    fn gzip_that_breaks_off_is_an_error_and_never_a_shorter_body() {
        let zipped = gzip(&[7; 10_000]);
        let mut pipe = pipe(Coding::Gzip);
        pipe.push(&zipped[..zipped.len() - 5]).unwrap();
        assert!(pipe.finish().is_err());
    }

    #[test]
    fn compressed_output_reads_back() {
        let mut pipe = pipe(Coding::Identity);
        pipe.compress();
        pipe.push(b"hello ").unwrap();
        pipe.flush().unwrap();
        assert!(pipe.ready() > 0, "a flush lets everything leave");
        pipe.push(b"world").unwrap();
        pipe.finish().unwrap();
        let mut text = String::new();
        GzDecoder::new(pipe.out().as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "hello world");
    }

    #[test]
    fn gzip_is_only_sent_to_clients_that_take_it() {
        for (sent, takes) in [
            ("gzip, deflate", true),
            ("GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(header::ACCEPT_ENCODING, sent.parse().unwrap());
            assert_eq!(accepts_gzip(&fields), takes, "{sent}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
