//! One call as a source shows it.

use super::moment::Moment;

/// One observed call, borrowed from what was read. Bytes, because logs are not always UTF-8.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Call<'a> {
    /// When the request arrived.
    pub(crate) time: Option<Moment>,
    /// User name of Basic credentials.
    pub(crate) user: Option<&'a [u8]>,
    /// `x-anchore-account`.
    pub(crate) account: Option<&'a [u8]>,
    /// `User-Agent`.
    pub(crate) user_agent: Option<&'a [u8]>,
    /// Address of the client, with or without port.
    pub(crate) address: Option<&'a [u8]>,
    /// HTTP method.
    pub(crate) method: &'a [u8],
    /// Path and query as sent, or a whole URL.
    pub(crate) target: &'a [u8],
    /// Status sent to the client.
    pub(crate) status: Option<u16>,
    /// JSON body of the request, where the source has bodies.
    pub(crate) body: Option<&'a [u8]>,
}

/// What a log writes for a missing value.
pub(crate) fn present(value: &[u8]) -> Option<&[u8]> {
    (!value.is_empty() && value != b"-").then_some(value)
}
