//! Partial counts, written by `windlass audit --format partial`.

use std::io::Read;

use anyhow::bail;

use crate::audit::counter::Counter;
use crate::audit::tally::Tally;
use crate::read::source::Source;

/// Merges the counts of a whole file.
pub(super) fn read(
    bytes: &mut dyn Read,
    source: &mut Source,
    counter: &mut Counter<'_>,
) -> anyhow::Result<()> {
    let tally: Tally = match serde_json::from_reader(bytes) {
        Ok(tally) => tally,
        Err(error) if error.is_data() => {
            source.lines = 1;
            source.unreadable(1, "not the partial counts of this version of Windlass");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    if !tally.is_readable() {
        bail!(
            "partial counts of format {}, which this version does not know",
            tally.windlass_partial
        );
    }
    source.lines = 1;
    counter.partial(tally);
    Ok(())
}
