//! Declaring settings and reading them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::nearest::nearest;
use super::{Error, file};

/// What every environment variable begins with.
const PREFIX: &str = "WINDLASS_";
/// Names the file; the one setting that the file itself cannot hold.
const CONFIG: Setting = Setting::new("config", "FILE", "Read settings from this TOML file");

/// A program and all its settings.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The name of the binary.
    pub name: &'static str,
    /// Its release.
    pub version: &'static str,
    /// What it does, for `--help`.
    pub about: &'static str,
    /// Examples, for the end of `--help`.
    pub after_help: &'static str,
    /// The settings, as `--help` groups them.
    pub groups: &'static [Group],
}

/// Settings that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Their heading in `--help`.
    pub heading: &'static str,
    /// The settings.
    pub settings: &'static [Setting],
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    key: &'static str,
    value_name: &'static str,
    help: &'static str,
    default: Option<&'static str>,
    is_switch: bool,
}

impl Setting {
    /// A setting with its key in the file, a name for its value, and a line of help.
    pub const fn new(key: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self {
            key,
            value_name,
            help,
            default: None,
            is_switch: false,
        }
    }

    /// A setting that is on or off: `--drain` is the same as `--drain true`. Off unless set.
    pub const fn switch(key: &'static str, help: &'static str) -> Self {
        Self {
            is_switch: true,
            default: Some("false"),
            ..Self::new(key, "BOOL", help)
        }
    }

    /// What holds when nobody says otherwise.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "_").to_uppercase())
    }

    fn arg(&self) -> Arg {
        let default = self
            .default
            .map_or_else(String::new, |text| format!(" [default: {text}]"));
        let help = format!("{} [env: {}]{default}", self.help, self.variable());
        let arg = Arg::new(self.key)
            .long(self.flag())
            .value_name(self.value_name)
            .help(help)
            .action(ArgAction::Set);
        if self.is_switch {
            arg.num_args(0..=1)
                .default_missing_value("true")
                .require_equals(true)
                .value_parser(BoolishValueParser::new())
        } else {
            arg
        }
    }
}

impl Program {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// [`Error`]; give it to [`Error::report`].
    pub fn read(&self) -> Result<Settings, Error> {
        let mut settings = self.read_from(std::env::args_os(), |name| std::env::var(name).ok())?;
        settings.doubts =
            self.doubts(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
        Ok(settings)
    }

    /// Reads settings from flags (the first is the program's name) and environment variables.
    ///
    /// # Errors
    /// [`Error`]: an unknown flag or key, an unreadable file.
    pub fn read_from<F, T>(
        &self,
        flags: F,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, Error>
    where
        F: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let matches = self
            .command()
            .try_get_matches_from(flags)
            .map_err(Error::CommandLine)?;
        let mut values = BTreeMap::new();
        if let Some((path, _)) = from_flag_or_variable(&CONFIG, &matches, &variable) {
            let path = PathBuf::from(path);
            let known: Vec<&str> = self.settings().map(|setting| setting.key).collect();
            for value in file::read(&path, &known)? {
                let origin = format!("{}:{}", path.display(), value.line);
                values.insert(value.key, (value.text, origin));
            }
        }
        for setting in self.settings() {
            if let Some(value) = from_flag_or_variable(setting, &matches, &variable) {
                values.insert(setting.key.to_owned(), value);
            }
        }
        Ok(Settings {
            program: *self,
            values,
            doubts: Vec::new(),
        })
    }

    fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        self.groups.iter().flat_map(|group| group.settings)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.name)
            .version(self.version)
            .about(self.about)
            .after_help(self.after_help)
            .arg(CONFIG.arg());
        for group in self.groups {
            command = command
                .next_help_heading(group.heading)
                .args(group.settings.iter().map(Setting::arg));
        }
        command
    }

    /// Variables that look like slips. Others may belong to another program.
    pub(super) fn doubts(&self, variables: impl Iterator<Item = String>) -> Vec<String> {
        let known: Vec<String> = self
            .settings()
            .chain([&CONFIG])
            .map(Setting::variable)
            .collect();
        variables
            .filter(|name| name.starts_with(PREFIX) && !known.contains(name))
            .filter_map(|name| {
                let known = known.iter().map(|known| &known[PREFIX.len()..]);
                let meant = nearest(&name[PREFIX.len()..], known)?;
                Some(format!(
                    "the environment variable `{name}` is no setting; did you mean `{PREFIX}{meant}`?"
                ))
            })
            .collect()
    }
}

/// The value of a flag, or else of a variable, and where it comes from. An empty variable is none.
fn from_flag_or_variable(
    setting: &Setting,
    matches: &ArgMatches,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(String, String)> {
    let flag = if setting.is_switch {
        matches.get_one::<bool>(setting.key).map(bool::to_string)
    } else {
        matches.get_one::<String>(setting.key).cloned()
    };
    if let Some(text) = flag {
        return Some((text, format!("--{}", setting.flag())));
    }
    let name = setting.variable();
    let text = variable(&name).filter(|text| !text.is_empty())?;
    Some((text, name))
}

/// What to say of a value that does not fit: what was expected and what came, but no credentials,
/// which people put into URLs.
fn unfit(setting: &Setting, text: &str, error: &impl std::fmt::Display) -> String {
    let shown = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => text.to_owned(),
    };
    format!("expected {}, got `{shown}`: {error}", setting.value_name)
}

/// The settings of one run.
#[derive(Debug)]
pub struct Settings {
    program: Program,
    /// Key → value and where it comes from.
    values: BTreeMap<String, (String, String)>,
    doubts: Vec<String>,
}

impl Settings {
    /// A setting as a value of type `T`.
    ///
    /// # Errors
    /// It is not set and has no default, or its text is no `T`.
    ///
    /// # Panics
    /// The program does not declare `key`.
    pub fn get<T: FromStr>(&self, key: &'static str) -> Result<T, Error>
    where
        T::Err: std::fmt::Display,
    {
        let setting = self.setting(key);
        self.optional(key)?.ok_or_else(|| Error::Missing {
            flag: format!("--{}", setting.flag()),
            variable: setting.variable(),
            key,
        })
    }

    /// A setting that may be left out.
    ///
    /// # Errors
    /// Its text is no `T`.
    ///
    /// # Panics
    /// The program does not declare `key`.
    pub fn optional<T: FromStr>(&self, key: &'static str) -> Result<Option<T>, Error>
    where
        T::Err: std::fmt::Display,
    {
        let setting = self.setting(key);
        let (text, origin) = match self.values.get(key) {
            Some((text, origin)) => (text.as_str(), origin.as_str()),
            None => match setting.default {
                Some(default) => (default, "the default"),
                None => return Ok(None),
            },
        };
        text.parse().map(Some).map_err(|error| Error::Value {
            origin: origin.to_owned(),
            message: unfit(setting, text, &error),
        })
    }

    /// A setting that is a list: texts with commas between.
    ///
    /// # Errors
    /// One of the texts is no `T`.
    ///
    /// # Panics
    /// The program does not declare `key`.
    pub fn list<T: FromStr>(&self, key: &'static str) -> Result<Vec<T>, Error>
    where
        T::Err: std::fmt::Display,
    {
        let setting = self.setting(key);
        let (text, origin) = self.values.get(key).map_or(
            (setting.default.unwrap_or_default(), "the default"),
            |(text, origin)| (text.as_str(), origin.as_str()),
        );
        text.split(',')
            .map(str::trim)
            .filter(|element| !element.is_empty())
            .map(|element| {
                element.parse().map_err(|error| Error::Value {
                    origin: origin.to_owned(),
                    message: unfit(setting, element, &error),
                })
            })
            .collect()
    }

    /// Sentences about what may be a slip, to be logged once logging has begun.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    fn setting(&self, key: &str) -> &'static Setting {
        self.program
            .settings()
            .find(|setting| setting.key == key)
            .unwrap_or_else(|| panic!("the program declares no setting `{key}`"))
    }
}
