//! Caddy's JSON access log: `"msg": "handled request"`.

use serde_json::Value;

use super::json::{header, object, status, text, time};
use crate::audit::call::Call;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Caddy lines.
pub(super) struct Caddy;

impl LineFormat for Caddy {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let value = object(line)?;
        let request = value
            .get("request")
            .filter(|request| request.is_object())
            .ok_or("JSON, but without the `request` of a Caddy access log")?;
        let headers = request.get("headers").unwrap_or(&Value::Null);
        let (Some(method), Some(target)) = (text(request, &["method"]), text(request, &["uri"]))
        else {
            return Err("a Caddy line without `request.method` and `request.uri`".into());
        };
        Ok(take(Observed::Call(Call {
            time: value.get("ts").and_then(time),
            user: text(&value, &["user_id"]),
            account: header(headers, "X-Anchore-Account"),
            user_agent: header(headers, "User-Agent"),
            address: text(request, &["client_ip"]).or_else(|| text(request, &["remote_ip"])),
            method,
            target,
            status: value.get("status").and_then(status),
            body: None,
        })))
    }
}
