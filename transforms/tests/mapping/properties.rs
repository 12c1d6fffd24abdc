//! Whatever a mapping file says: it is read, or every mistake has a place.

use proptest::prelude::*;

use crate::set;

/// Pieces that the small grammars are made of, and some that they are not.
fn expression() -> impl Strategy<Value = String> {
    let pieces = vec![
        "$",
        "$.",
        ".",
        "a",
        "é",
        "as",
        "via",
        "else",
        "words",
        "none",
        "none:",
        ":",
        "[",
        "]",
        "[0]",
        "{",
        "}",
        ",",
        "\"",
        "\"k\"",
        "request.path.",
        "request.query.id",
        "1",
        "null",
        "\\",
        "\u{1F600}",
        " ",
        "\t",
        "GET",
        "/",
        "{id}",
        "{id...}",
        "?",
        "=",
        "S",
        "both_ways",
        "bool",
        "'",
    ];
    let separator = prop::sample::select(vec!["", " "]);
    (
        prop::collection::vec(prop::sample::select(pieces), 0..10),
        separator,
    )
        .prop_map(|(pieces, separator)| pieces.join(separator))
}

/// A TOML string, in either kind of quotes, of this value.
fn quoted(value: &str) -> String {
    if value.contains(['\'', '\t']) {
        serde_json::Value::from(value).to_string()
    } else {
        format!("'{value}'")
    }
}

fn check(bundle: &str) -> Result<(), TestCaseError> {
    for diagnostic in set::compile(bundle).err().into_iter().flatten() {
        let (_, text) = set::files(bundle)
            .into_iter()
            .find(|(path, _)| *path == diagnostic.file)
            .expect("the file is one of the set");
        let lines: Vec<&str> = text.split('\n').collect();
        prop_assert!(diagnostic.line <= lines.len().max(1), "{diagnostic}");
        prop_assert!(lines[diagnostic.line - 1].starts_with(&diagnostic.source_line));
        prop_assert!(diagnostic.column <= diagnostic.source_line.chars().count() + 1);
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "(\\PC|[\n\"'=\\[\\]{}.]){0,120}") {
        for path in ["operations/x/op.toml", "shapes/S.toml", "defaults.toml", "unmapped.toml"] {
            check(&format!("#--- {path}\n{text}"))?;
        }
    }

    #[test]
    fn no_expression_makes_it_panic(
        v1 in expression(),
        v2 in expression(),
        path in expression(),
        query in expression(),
        layout in expression(),
        field in expression(),
        each in expression(),
    ) {
        let [v1, v2, path, query, layout, field, each] =
            [v1, v2, path, query, layout, field, each].map(|text| quoted(&text));
        let operation = |v1: &str, v2: &str| format!(
            "summary = 'x'\nv1 = {v1}\nv2 = {v2}\n[path]\nid = {path}\n[query]\nq = {query}\n\
             [lookup.l]\nv2 = {v2}\ntake = {{ a = {layout} }}\n\
             [request]\nlayout = {layout}\n[response.200]\nlayout = {layout}\n"
        );
        let shape = format!("summary = 'x'\n[fields]\na = {field}\n[each]\nvalue = {each}\n");
        check(&format!(
            "#--- operations/x/a.toml\n{}#--- operations/x/b.toml\n{}#--- shapes/S.toml\n{shape}",
            operation(&v1, &v2),
            operation("'PUT /a/{id}'", "'PUT /a/{id}'"),
        ))?;
    }

    #[test]
    fn layouts_that_can_be_read_are_lowered(layout in expression()) {
        let layout = quoted(&layout);
        for table in ["request", "response.200"] {
            check(&format!(
                "#--- operations/x/a.toml\nsummary = 'x'\nv1 = 'PUT /a'\nv2 = 'PUT /a'\n\
                 [{table}]\nlayout = {layout}\n#--- shapes/S.toml\nsummary = 'x'\n[fields]\na = 'b'\n"
            ))?;
        }
    }
}
