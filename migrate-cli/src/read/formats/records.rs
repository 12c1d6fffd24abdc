//! Records of windlass-proxy, one JSON object a line.

use windlass_transforms::exchange::{Exchange, FORMAT};

use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Records.
pub(super) struct Records;

impl LineFormat for Records {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let exchange: Exchange =
            serde_json::from_slice(line).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => "JSON, but not a record of windlass-proxy",
                _ => "not JSON",
            })?;
        if exchange.format != FORMAT {
            return Err(format!("record format {}, expected {FORMAT}", exchange.format).into());
        }
        Ok(take(Observed::Exchange(Box::new(exchange))))
    }
}
