//! The reference specifications and recordings, where this machine has them.

use std::path::PathBuf;

use windlass_tests::say;

/// The folder named by `WINDLASS_REFERENCE`; says so when a test is skipped for want of it.
pub(crate) fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("WINDLASS_REFERENCE") {
        return Some(PathBuf::from(folder));
    }
    say("skipped: WINDLASS_REFERENCE is not set, so there is nothing to compare with");
    None
}
