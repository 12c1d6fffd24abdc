//! What a draft is worth.

use std::path::Path;

use windlass_migrate::infer::{Agreement, Draft};
use windlass_transforms::compare::Kind;

use super::table::{Align, table, thousands};

/// How much of a mapping a draft finds.
pub(crate) fn agreement(rows: &[Agreement], out: &mut String) {
    let share = |part: usize, whole: usize| {
        let share = (part * 100).checked_div(whole);
        share.map_or_else(|| "-".to_owned(), |share| format!("{share}%"))
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let word = match row.kind {
                Kind::Operation => "operations",
                Kind::Parameter => "parameters",
                Kind::Status => "statuses",
                Kind::Field => "fields",
                Kind::Word => "values",
            };
            vec![
                word.to_owned(),
                thousands(row.mapped as u64),
                thousands(row.found as u64),
                share(row.found, row.mapped),
                thousands(row.wrong as u64),
                thousands(row.extra as u64),
                thousands(row.renamed as u64),
                thousands(row.renamed_found as u64),
                share(row.renamed_found, row.renamed),
            ]
        })
        .collect();
    table(
        &[
            ("WHAT", Align::Left),
            ("MAPPED", Align::Right),
            ("FOUND", Align::Right),
            ("", Align::Right),
            ("WRONG", Align::Right),
            ("EXTRA", Align::Right),
            ("RENAMED", Align::Right),
            ("FOUND", Align::Right),
            ("", Align::Right),
        ],
        &rows,
        out,
    );
}

/// Says on standard error what was written.
pub(crate) fn written(draft: &Draft, folder: &Path) {
    eprintln!(
        "windlass: {} files in `{}`: {} of {} operations have one, {} lines are rules, {} are comments because they are not sure",
        thousands(draft.files.len() as u64),
        folder.display(),
        thousands(draft.mapped as u64),
        thousands(draft.operations as u64),
        thousands(draft.rules as u64),
        thousands(draft.comments as u64),
    );
}
