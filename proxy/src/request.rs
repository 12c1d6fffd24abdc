//! Applies the request side of a plan: the V2 call with its path, query, headers and body.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderValue, Method, Uri, Version, header};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use serde_json::Value;
use std::sync::Arc;
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::plan::call::{CallPlan, RequestBody, UpstreamCall};
use windlass_transforms::rewrite::BodyRewriter;
use windlass_transforms::step::StepContext;

use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::headers;
use crate::limits::Limits;
use crate::upstream::UpstreamUrl;

/// What the client sent besides the header.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Nothing, or nothing that the V2 call has a place for.
    None,
    /// JSON, complete, to be rewritten.
    Json(Vec<u8>),
    /// JSON that stands for a query.
    Query(Value),
    /// Whatever it is, it passes as it comes; not read yet.
    Stream,
}

/// What is sent to the upstream besides the header.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Nothing.
    None,
    /// A complete body.
    Whole(Bytes),
    /// The client's body, as it comes.
    Stream,
}

/// Reads as much of the request body as the plan needs before the V2 call can be made.
pub(crate) async fn receive(
    session: &mut Session,
    ctx: &mut Context,
    plan: &CallPlan,
    limits: &Limits,
) -> Result<Incoming, Failure> {
    if session.is_body_empty() {
        return Ok(Incoming::None);
    }
    match plan.request_body() {
        RequestBody::Rewrite(_) => {
            let json = read_json(session, ctx, limits).await?;
            Ok(if json.is_empty() {
                Incoming::None
            } else {
                Incoming::Json(json)
            })
        }
        RequestBody::Opaque if plan.reads_body_query() => {
            let json = read_whole(session, ctx, limits).await?;
            if json.is_empty() {
                return Ok(Incoming::None);
            }
            serde_json::from_slice(&json)
                .map(Incoming::Query)
                .map_err(|error| {
                    Failure::malformed(format!("Request body is not valid JSON: {error}"))
                })
        }
        // A body has no meaning there, and servers differ in what they do with one.
        RequestBody::Opaque if matches!(plan.v2().method, Method::GET | Method::HEAD) => {
            read_whole(session, ctx, limits).await?;
            Ok(Incoming::None)
        }
        RequestBody::Drawn(_) => {
            read_whole(session, ctx, limits).await?;
            Ok(Incoming::None)
        }
        RequestBody::Opaque => Ok(Incoming::Stream),
    }
}

/// Reads a JSON body to its end. V1 servers took no other type here.
async fn read_json(
    session: &mut Session,
    ctx: &mut Context,
    limits: &Limits,
) -> Result<Vec<u8>, Failure> {
    let fields = &session.req_header().headers;
    let media_type = headers::media_type(fields);
    if !headers::is_json(&media_type) {
        return Err(Failure::new(
            Kind::MediaType,
            format!("Invalid Content-type ({media_type}), expected JSON data"),
        ));
    }
    let coding = fields
        .get(header::CONTENT_ENCODING)
        .map(|value| value.as_bytes().to_ascii_lowercase());
    let body = read_whole(session, ctx, limits).await?;
    match coding.as_deref() {
        None | Some(b"" | b"identity") => Ok(body),
        Some(b"gzip" | b"x-gzip") => unzip(&body, limits),
        Some(_) => Err(Failure::new(
            Kind::MediaType,
            "Unsupported Content-Encoding, expected gzip or none",
        )),
    }
}

/// Reads a body to its end, within `max_rewritten_body_bytes`.
async fn read_whole(
    session: &mut Session,
    ctx: &mut Context,
    limits: &Limits,
) -> Result<Vec<u8>, Failure> {
    let most = limits.max_rewritten_body_bytes;
    let declared = headers::content_length(&session.req_header().headers);
    if declared.is_some_and(|length| length > most as u64) {
        return Err(limits.rewritten_body_too_large());
    }
    invite(session).await?;
    // A declared length is a promise, not a reason to set memory aside.
    let mut body = Vec::with_capacity(declared.unwrap_or(0).min(64 << 10) as usize);
    while let Some(piece) = session
        .downstream_session
        .read_request_body()
        .await
        .map_err(Failure::downstream)?
    {
        ctx.request_bytes += piece.len() as u64;
        if body.len() + piece.len() > most {
            return Err(limits.rewritten_body_too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Tells a client that waits for `100 Continue` to go on.
pub(crate) async fn invite(session: &mut Session) -> Result<(), Failure> {
    if expects_invitation(session) {
        session
            .downstream_session
            .write_continue_response()
            .await
            .map_err(Failure::downstream)?;
    }
    Ok(())
}

/// Whether the client waits for `100 Continue` before it sends its body.
pub(crate) fn expects_invitation(session: &Session) -> bool {
    let head = session.req_header();
    head.version != Version::HTTP_10
        && head
            .headers
            .get(header::EXPECT)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn unzip(body: &[u8], limits: &Limits) -> Result<Vec<u8>, Failure> {
    let most = limits.max_rewritten_body_bytes;
    let mut plain = Vec::new();
    MultiGzDecoder::new(body)
        .take(most as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|error| Failure::malformed(format!("Request body is not valid gzip: {error}")))?;
    if plain.len() > most {
        return Err(limits.rewritten_body_too_large());
    }
    Ok(plain)
}

/// Rewrites a JSON body; notes in the context which V1 members it had.
pub(crate) fn rewrite_body(
    ctx: &mut Context,
    plan: &Arc<BodyPlan>,
    step_context: &Arc<StepContext>,
    json: &[u8],
    limits: &Limits,
) -> Result<Bytes, Failure> {
    let mut rewriter = BodyRewriter::new(
        Arc::clone(plan),
        Arc::clone(step_context),
        limits.rewrite_request(),
    );
    let mut out = Vec::with_capacity(json.len() + json.len() / 8 + 64);
    rewriter
        .push(json, &mut out)
        .map_err(Failure::request_body)?;
    rewriter.finish(&mut out).map_err(Failure::request_body)?;
    ctx.v1_fields = rewriter.touched();
    Ok(out.into())
}

/// The header of a V2 call: the client's, cleaned, with method, target and framing of the call.
pub(crate) fn head(
    session: &Session,
    call: &UpstreamCall,
    outgoing: &Outgoing,
    url: &UpstreamUrl,
) -> Result<RequestHeader, Failure> {
    let client = session.req_header();
    let mut head = client.clone();
    let declared = headers::content_length(&client.headers);
    let authority = client.uri.authority().map(|a| a.as_str().to_owned());
    headers::clean_request(&mut head)?;
    // HEAD is a GET whose answer has no body, on both sides.
    let is_head = client.method == Method::HEAD && call.method == Method::GET;
    head.set_method(if is_head {
        Method::HEAD
    } else {
        call.method.clone()
    });
    head.set_version(Version::HTTP_11);
    head.set_uri(target(call)?);
    if !head.headers.contains_key(header::HOST) {
        let host = authority.unwrap_or_else(|| url.authority());
        set(&mut head, header::HOST, &host)?;
    }
    headers::forwarded(&mut head, session).map_err(Failure::internal)?;
    match outgoing {
        Outgoing::None => {
            head.remove_header(&header::CONTENT_ENCODING);
            match call.method {
                Method::GET | Method::HEAD => {
                    head.remove_header(&header::CONTENT_TYPE);
                }
                // A request that could have a body says that it has none. Its type stays:
                // servers want to see one even then.
                _ => set(&mut head, header::CONTENT_LENGTH, "0")?,
            }
        }
        Outgoing::Whole(body) => {
            head.remove_header(&header::CONTENT_ENCODING);
            set(&mut head, header::CONTENT_TYPE, "application/json")?;
            set(&mut head, header::CONTENT_LENGTH, &body.len().to_string())?;
        }
        Outgoing::Stream => match declared {
            Some(length) => set(&mut head, header::CONTENT_LENGTH, &length.to_string())?,
            None => set(&mut head, header::TRANSFER_ENCODING, "chunked")?,
        },
    }
    Ok(head)
}

/// The header of a look-up: the client's credentials and account, and nothing about its body.
pub(crate) fn lookup_head(
    session: &Session,
    call: &UpstreamCall,
    url: &UpstreamUrl,
) -> Result<RequestHeader, Failure> {
    let mut head = self::head(session, call, &Outgoing::None, url)?;
    // Also for HEAD: what is looked up stands in the body.
    head.set_method(call.method.clone());
    set(&mut head, header::ACCEPT, "application/json")?;
    Ok(head)
}

/// The same request for another target.
pub(crate) fn retarget(
    head: &RequestHeader,
    call: &UpstreamCall,
) -> Result<RequestHeader, Failure> {
    let mut head = head.clone();
    head.set_uri(target(call)?);
    Ok(head)
}

fn target(call: &UpstreamCall) -> Result<Uri, Failure> {
    call.path_and_query
        .parse()
        .map_err(|error| Failure::malformed(format!("the path does not fit a V2 request: {error}")))
}

/// Reads a body that has no meaning, and servers differ in what they do with one.
pub(crate) async fn drop_body(
    session: &mut Session,
    ctx: &mut Context,
    limits: &Limits,
) -> Result<(), Failure> {
    if !session.is_body_empty() {
        read_whole(session, ctx, limits).await?;
    }
    Ok(())
}

fn set(head: &mut RequestHeader, name: header::HeaderName, value: &str) -> Result<(), Failure> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Failure::malformed(format!("`{name}` cannot be sent on")))?;
    head.insert_header(name, value).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_zipped_body_counts_as_large_as_it_unfolds() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&[b' '; 4096]).unwrap();
        let zipped = encoder.finish().unwrap();
        let limits = |max_rewritten_body_bytes| Limits {
            max_rewritten_body_bytes,
            ..Limits::default()
        };
        assert_eq!(unzip(&zipped, &limits(4096)).unwrap().len(), 4096);
        let failure = unzip(&zipped, &limits(4095)).unwrap_err();
        assert_eq!(failure.status().unwrap(), 413);
        assert!(failure.to_string().contains("`max_rewritten_body_bytes`"));
        assert_eq!(
            unzip(b"not gzip", &limits(9))
                .unwrap_err()
                .status()
                .unwrap(),
            400
        );
    }
}
