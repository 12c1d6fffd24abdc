//! Layers, messages and help.

use std::net::SocketAddr;

use super::{Error, Group, Program, Setting, Settings};

const PROGRAM: Program = Program {
    name: "example",
    version: "1.0.0",
    about: "Tries settings.",
    after_help: "",
    groups: &[
        Group {
            heading: "Network",
            settings: &[
                Setting::new("listen", "ADDRESS", "Where to listen").or("127.0.0.1:1"),
                Setting::new("upstream.url", "URL", "Where to send requests"),
            ],
        },
        Group {
            heading: "Other",
            settings: &[
                Setting::switch("verbose", "Say more"),
                Setting::new("tags", "WORDS", "Some words"),
            ],
        },
    ],
};

fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Error> {
    PROGRAM.read_from([&["example"], flags].concat(), |name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

fn with_file(text: &str, flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.toml");
    std::fs::write(&path, text).unwrap();
    let flags = [&["--config", path.to_str().unwrap()], flags].concat();
    read(&flags, variables)
}

fn message(outcome: Result<Settings, Error>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn later_layers_win() {
    let listen = |settings: Settings| settings.get::<SocketAddr>("listen").unwrap().port();
    let file = "listen = \"127.0.0.1:2\"";
    let variable = [("WINDLASS_LISTEN", "127.0.0.1:3")];
    let flag = ["--listen", "127.0.0.1:4"];
    assert_eq!(listen(read(&[], &[]).unwrap()), 1);
    assert_eq!(listen(with_file(file, &[], &[]).unwrap()), 2);
    assert_eq!(listen(with_file(file, &[], &variable).unwrap()), 3);
    assert_eq!(listen(with_file(file, &flag, &variable).unwrap()), 4);
    // An empty variable is as good as none.
    assert_eq!(listen(read(&[], &[("WINDLASS_LISTEN", "")]).unwrap()), 1);
}

#[test]
fn a_dot_in_a_key_is_a_table_in_the_file() {
    let url = |settings: Settings| settings.optional::<String>("upstream.url").unwrap();
    assert_eq!(url(read(&[], &[]).unwrap()), None);
    let text = "[upstream]\nurl = \"http://a\"";
    assert_eq!(
        url(with_file(text, &[], &[]).unwrap()).as_deref(),
        Some("http://a")
    );
    let flags = ["--upstream-url", "http://b"];
    assert_eq!(url(read(&flags, &[]).unwrap()).as_deref(), Some("http://b"));
    let variables = [("WINDLASS_UPSTREAM_URL", "http://c")];
    assert_eq!(
        url(read(&[], &variables).unwrap()).as_deref(),
        Some("http://c")
    );
}

#[test]
fn switches_and_lists_can_be_written_in_several_ways() {
    let verbose = |settings: Settings| settings.get::<bool>("verbose").unwrap();
    assert!(!verbose(read(&[], &[]).unwrap()));
    assert!(verbose(read(&["--verbose"], &[]).unwrap()));
    assert!(!verbose(
        with_file("verbose = true", &["--verbose=false"], &[]).unwrap()
    ));
    assert!(verbose(with_file("verbose = true", &[], &[]).unwrap()));

    let tags = |settings: Settings| settings.list::<String>("tags").unwrap();
    assert_eq!(
        tags(with_file("tags = [\"a\", \"b\"]", &[], &[]).unwrap()),
        ["a", "b"]
    );
    assert_eq!(tags(read(&["--tags", "a, b"], &[]).unwrap()), ["a", "b"]);
    assert!(tags(read(&[], &[]).unwrap()).is_empty());
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
    let told = message(with_file("\nlisen = \"x\"", &[], &[]));
    assert!(
        told.ends_with("example.toml:2: unknown setting `lisen`; did you mean `listen`?"),
        "{told}"
    );
    let told = message(with_file("[upstream]\nuri = \"x\"", &[], &[]));
    assert!(
        told.ends_with(":2: unknown setting `upstream.uri`; did you mean `upstream.url`?"),
        "{told}"
    );
    let told = message(with_file("colour = 1", &[], &[]));
    assert!(told.ends_with(":1: unknown setting `colour`"), "{told}");
    let told = message(read(&["--lisen", "x"], &[]));
    assert!(
        told.contains("'--lisen'") && told.contains("'--listen'"),
        "{told}"
    );
}

#[test]
fn a_value_that_does_not_fit_says_where_it_comes_from() {
    let told = |settings: Settings| {
        settings
            .get::<SocketAddr>("listen")
            .unwrap_err()
            .to_string()
    };
    let reason = "expected ADDRESS, got `x`: invalid socket address syntax";
    assert_eq!(
        told(read(&["--listen", "x"], &[]).unwrap()),
        format!("--listen: {reason}")
    );
    let variables = [("WINDLASS_LISTEN", "x")];
    assert_eq!(
        told(read(&[], &variables).unwrap()),
        format!("WINDLASS_LISTEN: {reason}")
    );
    let file = told(with_file("\n\nlisten = \"x\"", &[], &[]).unwrap());
    assert!(
        file.ends_with(&format!("example.toml:3: {reason}")),
        "{file}"
    );
    let missing = read(&[], &[])
        .unwrap()
        .get::<String>("upstream.url")
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "`--upstream-url` is needed; give it as a flag, as `WINDLASS_UPSTREAM_URL`, or as \
         `upstream.url` in the file"
    );
}

#[test]
fn files_that_are_no_toml_or_not_there_are_told() {
    let told = message(with_file("listen = \n", &[], &[]));
    assert!(told.contains("example.toml:1: "), "{told}");
    let told = message(with_file("listen = 2026-11-23", &[], &[]));
    assert!(
        told.ends_with(":1: `listen`: expected a text, a number, true, false, or a list of these"),
        "{told}"
    );
    let told = message(read(&["--config", "/nosuch/file"], &[]));
    assert!(
        told.starts_with("failed to read settings from `/nosuch/file`: "),
        "{told}"
    );
}

#[test]
fn help_tells_flag_variable_and_default_of_every_setting() {
    let help = message(read(&["--help"], &[]));
    for part in [
        "Network:",
        "--listen <ADDRESS>",
        "Where to listen [env: WINDLASS_LISTEN] [default: 127.0.0.1:1]",
        "[env: WINDLASS_UPSTREAM_URL]",
        "--config <FILE>",
    ] {
        assert!(help.contains(part), "{part} is not in\n{help}");
    }
}

#[test]
fn variables_that_look_like_slips_are_doubted() {
    let names = [
        "WINDLASS_LISTN",
        "WINDLASS_REFERENCE",
        "WINDLASS_TAGS",
        "HOME",
    ];
    let doubts = PROGRAM.doubts(names.into_iter().map(str::to_owned));
    assert_eq!(
        doubts,
        [
            "the environment variable `WINDLASS_LISTN` is no setting; did you mean `WINDLASS_LISTEN`?"
        ]
    );
}

#[test]
fn credentials_in_a_value_that_does_not_fit_are_not_told() {
    for url in ["http://ada:secret@host/", "http://ada:sec/ret@host/"] {
        let settings = read(&["--upstream-url", url], &[]).unwrap();
        let error = settings.get::<SocketAddr>("upstream.url").unwrap_err();
        let told = error.to_string();
        assert!(told.contains("got `http://…@host/`"), "{told}");
    }
}
