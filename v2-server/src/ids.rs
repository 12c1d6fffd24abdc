//! New identifiers. Tests bring a source that counts.

use uuid::Uuid;

/// Makes identifiers that nobody can guess and that never come twice.
pub trait IdSource: Send + Sync + 'static {
    /// A new identifier.
    fn uuid(&self) -> Uuid;
}

/// Random identifiers (UUID version 4).
pub struct RandomIds;

impl IdSource for RandomIds {
    fn uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
