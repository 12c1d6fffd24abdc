//! All mapping files together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{NO_SUCH_FILE, OPERATION_TWICE};
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::operation::OperationFile;
use crate::mapping::place::{Place, SourceFile, Text};
use crate::mapping::response::{ResponseFile, read_responses};
use crate::mapping::shape::ShapeFile;
use crate::mapping::table::{Table, with_file};

/// All mapping files, parsed.
#[derive(Debug, Default)]
pub struct MappingSet {
    pub(crate) operations: Vec<OperationFile>,
    pub(crate) shapes: BTreeMap<String, ShapeFile>,
    pub(crate) defaults: Vec<ResponseFile>,
    pub(crate) unmapped: Vec<Unmapped>,
}

/// A V1 operation that has no mapping yet.
#[derive(Debug)]
pub(crate) struct Unmapped {
    pub(crate) id: Text,
    pub(crate) v1: WrittenEndpoint,
}

/// What a file of the mappings folder is.
enum FileRole<'a> {
    /// `operations/<group>/<id>.toml`
    Operation(&'a str),
    /// `shapes/<Name>.toml`
    Shape(&'a str),
    /// `defaults.toml`
    Defaults,
    /// `unmapped.toml`
    Unmapped,
}

fn role(path: &str) -> Option<FileRole<'_>> {
    let stem = path.strip_suffix(".toml")?;
    if let Some(rest) = stem.strip_prefix("operations/") {
        let id = rest.rsplit('/').next().filter(|id| !id.is_empty())?;
        return Some(FileRole::Operation(id));
    }
    if let Some(name) = stem.strip_prefix("shapes/") {
        return (!name.is_empty() && !name.contains('/')).then_some(FileRole::Shape(name));
    }
    match stem {
        "defaults" => Some(FileRole::Defaults),
        "unmapped" => Some(FileRole::Unmapped),
        _ => None,
    }
}

impl MappingSet {
    /// Whether a path below the mappings folder names a mapping file; a folder's other files
    /// are left alone.
    pub fn is_mapping_file(path: &str) -> bool {
        role(path).is_some()
    }

    /// Reads mapping files: `(path relative to the mappings folder, text)`. All mistakes are
    /// reported at once.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut set = Self::default();
        let mut errors = Vec::new();
        for (path, text) in files {
            let file = Arc::new(SourceFile {
                path: path.into(),
                text: text.into(),
            });
            set.read(&file, &mut errors);
        }
        set.operations.sort_by(|a, b| a.id.cmp(&b.id));
        for pair in set.operations.windows(2) {
            if pair[0].id == pair[1].id {
                errors.push(pair[1].v1.text.diagnostic(
                    OPERATION_TWICE,
                    format!(
                        "operation `{}` is also mapped in `{}`",
                        pair[1].id, pair[0].v1.text.place.file.path
                    ),
                ));
            }
        }
        if errors.is_empty() {
            Ok(set)
        } else {
            Err(errors)
        }
    }

    /// The names of all shapes, sorted.
    pub fn shape_names(&self) -> impl Iterator<Item = &str> {
        self.shapes.keys().map(String::as_str)
    }

    /// The services that operations name, each as often as it is named.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.operations
            .iter()
            .filter_map(|file| file.service.as_deref())
    }

    fn read(&mut self, file: &Arc<SourceFile>, errors: &mut Vec<Diagnostic>) {
        match role(&file.path) {
            Some(FileRole::Operation(id)) => {
                let read = with_file(file, errors, |table, errors| {
                    OperationFile::read(id, table, errors)
                });
                self.operations.extend(read.flatten());
            }
            Some(FileRole::Shape(name)) => {
                let read = with_file(file, errors, |table, errors| {
                    ShapeFile::read(name, table, errors)
                });
                self.shapes
                    .extend(read.flatten().map(|shape| (shape.name.clone(), shape)));
            }
            Some(FileRole::Defaults) => {
                let read = with_file(file, errors, read_defaults);
                self.defaults.extend(read.into_iter().flatten());
            }
            Some(FileRole::Unmapped) => {
                let read = with_file(file, errors, read_unmapped);
                self.unmapped.extend(read.into_iter().flatten());
            }
            None => {
                let mut diagnostic = Place::start_of(file)
                    .diagnostic(NO_SUCH_FILE, "this is not the name of a mapping file");
                diagnostic.help = Some(
                    "mapping files are `operations/<group>/<operation id>.toml`, \
                     `shapes/<Name>.toml`, `defaults.toml` and `unmapped.toml`"
                        .into(),
                );
                errors.push(diagnostic);
            }
        }
    }
}

fn read_defaults(mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Vec<ResponseFile> {
    let responses = read_responses(&mut table, errors);
    table.finish(errors);
    responses
}

fn read_unmapped(table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Vec<Unmapped> {
    let entries = table.into_texts(errors);
    entries
        .into_iter()
        .filter_map(|(id, text)| {
            let v1 = WrittenEndpoint::read(text, errors)?;
            Some(Unmapped { id, v1 })
        })
        .collect()
}
