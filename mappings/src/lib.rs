//! How the V1 and V2 Anchore Enterprise APIs differ: every operation and shape, as data.
//!
//! The TOML files beside this crate are embedded in it; [`mappings`] has them compiled. What
//! the mapping language cannot say is a named Rust step in [`steps`]; answers that take several
//! V2 calls which depend on each other are named [`compositions`].

use std::sync::LazyLock;

use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::{MappingSet, Mappings};

pub mod compositions;
pub mod document;
mod folder;
pub mod steps;

pub use folder::{LoadError, load, read_set};

/// All mapping files: path relative to the mappings folder, and text. Sorted by path.
pub static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Compiles the embedded files.
pub fn compile() -> Result<Mappings, Vec<Diagnostic>> {
    compile_set(&MappingSet::parse(FILES.iter().copied())?)
}

/// Compiles parsed files, with all that is written beside them in Rust.
pub fn compile_set(set: &MappingSet) -> Result<Mappings, Vec<Diagnostic>> {
    Mappings::compile_with(set, steps::STEPS, compositions::COMPOSITIONS)
}

/// The embedded files, compiled once.
pub fn mappings() -> &'static Mappings {
    static MAPPINGS: LazyLock<Mappings> =
        LazyLock::new(|| compile().expect("`embedded_mappings_compile` keeps them right"));
    &MAPPINGS
}

#[cfg(test)]
mod tests {
    #[test]
    fn embedded_mappings_compile() {
        if let Err(diagnostics) = super::compile() {
            let text: String = diagnostics.iter().map(ToString::to_string).collect();
            panic!("{text}");
        }
    }

    #[test]
    fn every_composition_is_used_by_a_mapping() {
        for composition in super::compositions::COMPOSITIONS {
            let name = composition.name;
            let is_used = super::mappings().operations().iter().any(|operation| {
                let used = operation.explanation.composition.as_ref();
                used.is_some_and(|used| used.name == name)
            });
            assert!(is_used, "nothing uses `{name}`");
        }
    }

    #[test]
    fn every_step_is_used_by_a_mapping() {
        let used: Vec<&str> = super::mappings()
            .operations()
            .iter()
            .flat_map(|operation| &operation.explanation.steps)
            .map(|step| step.name.as_str())
            .collect();
        for step in super::steps::STEPS {
            assert!(used.contains(&step.name), "nothing uses `{}`", step.name);
        }
    }
}
