//! Traefik's JSON access log. Its text form is a common log (see `combined`).

use super::json::{object, status, text, time};
use crate::audit::call::Call;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Traefik lines.
pub(super) struct Traefik;

impl LineFormat for Traefik {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let value = object(line)?;
        let (Some(method), Some(target)) = (
            text(&value, &["RequestMethod"]),
            text(&value, &["RequestPath"]),
        ) else {
            return Err(
                "JSON, but without the `RequestMethod` and `RequestPath` of Traefik".into(),
            );
        };
        let started = value.get("StartUTC").or_else(|| value.get("time"));
        Ok(take(Observed::Call(Call {
            time: started.and_then(time),
            user: text(&value, &["ClientUsername"]),
            account: text(&value, &["request_X-Anchore-Account"]),
            user_agent: text(&value, &["request_User-Agent"]),
            address: text(&value, &["ClientHost"]).or_else(|| text(&value, &["ClientAddr"])),
            method,
            target,
            status: value.get("DownstreamStatus").and_then(status),
            body: None,
        })))
    }
}
