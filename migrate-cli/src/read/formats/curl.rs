//! Plain lines of `curl` commands, from notes, scripts or a shell history.

use base64::Engine as _;

use super::har::basic_user;
use crate::audit::call::Call;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Options of curl that take a value and say nothing about the call.
const WITH_VALUE: [&str; 24] = [
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--cacert",
    "--cert",
    "--key",
    "-E",
    "-x",
    "--proxy",
    "-b",
    "--cookie",
    "-c",
    "--cookie-jar",
    "-e",
    "--referer",
    "--retry-delay",
    "--resolve",
    "-F",
    "--form",
];

/// Lines of curl commands.
pub(super) struct Curl;

impl LineFormat for Curl {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?.trim();
        if line.starts_with('#') {
            return Ok(Read::Passed);
        }
        let words = words(line).ok_or("a quote that is not closed")?;
        // `$ curl …`, `time curl …`, `sudo curl …`, `FOO=bar curl …`.
        let Some(at) = words
            .iter()
            .position(|word| word == "curl" || word.ends_with("/curl"))
            .filter(|at| *at < 4)
        else {
            return Err("expected a `curl` command".into());
        };
        let command = Command::read(&words[at + 1..]);
        let target = command
            .target
            .as_deref()
            .ok_or("a `curl` command without a URL")?;
        Ok(take(Observed::Call(Call {
            user: command.user.as_deref(),
            account: command.account.as_deref().map(str::as_bytes),
            user_agent: Some(command.user_agent.as_deref().unwrap_or("curl").as_bytes()),
            method: command.method().as_bytes(),
            target: target.as_bytes(),
            body: command.body.as_deref().map(str::as_bytes),
            ..Call::default()
        })))
    }
}

/// What a command line asks for.
#[derive(Debug, Default)]
struct Command {
    method: Option<String>,
    target: Option<String>,
    user: Option<Vec<u8>>,
    account: Option<String>,
    user_agent: Option<String>,
    body: Option<String>,
    body_is_query: bool,
    is_head: bool,
}

impl Command {
    fn read(words: &[String]) -> Self {
        let mut command = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (option, attached) = split_option(word);
            let mut value = || {
                attached
                    .map(str::to_owned)
                    .or_else(|| words.next().cloned())
            };
            match option {
                "-X" | "--request" => command.method = value(),
                "-u" | "--user" => {
                    command.user = value().and_then(|user| {
                        // Through the same door as headers: a name only with a colon behind it.
                        let encoded = base64::engine::general_purpose::STANDARD.encode(user);
                        basic_user(format!("Basic {encoded}").as_bytes())
                    });
                }
                "-H" | "--header" => {
                    if let Some(header) = value() {
                        command.header(&header);
                    }
                }
                "-A" | "--user-agent" => command.user_agent = value(),
                "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii"
                | "--data-urlencode" | "--json" => command.body = value(),
                "-G" | "--get" => command.body_is_query = true,
                "-I" | "--head" => command.is_head = true,
                "--url" => command.target = value(),
                "|" | ";" | "&&" | "||" | ">" | ">>" => break,
                _ if WITH_VALUE.contains(&option) => {
                    value();
                }
                _ if option.starts_with('-') => {}
                _ => {
                    if command.target.is_none() {
                        command.target = Some(word.clone());
                    }
                }
            }
        }
        command.finish()
    }

    fn header(&mut self, header: &str) {
        let Some((name, value)) = header.split_once(':') else {
            return;
        };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "authorization" => self.user = basic_user(value.as_bytes()),
            "x-anchore-account" => self.account = Some(value.to_owned()),
            "user-agent" => self.user_agent = Some(value.to_owned()),
            _ => {}
        }
    }

    fn finish(mut self) -> Self {
        if let Some(target) = &mut self.target {
            // `$ANCHORE_URL/v1/…`, `host:8228/v1/…`: what is in front of the path is a host.
            if !target.contains("://") {
                let path = target.find('/').unwrap_or(target.len());
                *target = if path == 0 {
                    target.clone()
                } else {
                    format!("http://host{}", &target[path..])
                };
            }
            if self.body_is_query
                && let Some(query) = self.body.take()
            {
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str(&query);
            }
        }
        // `@file`: what is in the file is unknown.
        self.body = self.body.filter(|body| !body.starts_with('@'));
        self
    }

    fn method(&self) -> &str {
        match &self.method {
            Some(method) => method,
            None if self.is_head => "HEAD",
            None if self.body.is_some() => "POST",
            None => "GET",
        }
    }
}

/// `-XPOST` and `--request=POST` carry their value.
fn split_option(word: &str) -> (&str, Option<&str>) {
    if let Some((option, value)) = word.split_once('=')
        && option.starts_with("--")
    {
        return (option, Some(value));
    }
    let short = word
        .get(..2)
        .filter(|short| matches!(*short, "-X" | "-u" | "-H" | "-A" | "-d") && word.len() > 2);
    match short {
        Some(short) => (short, Some(&word[2..])),
        // `-sk`, `-sXPOST` and the like: the last letter of a cluster may take a value.
        None if word.starts_with('-') && !word.starts_with("--") && word.len() > 2 => {
            match word
                .char_indices()
                .find(|(at, c)| *at > 0 && "XuHAd".contains(*c))
            {
                Some((at, _)) => {
                    let option = match &word[at..=at] {
                        "X" => "-X",
                        "u" => "-u",
                        "H" => "-H",
                        "A" => "-A",
                        _ => "-d",
                    };
                    (
                        option,
                        Some(&word[at + 1..]).filter(|value| !value.is_empty()),
                    )
                }
                None => (word, None),
            }
        }
        None => (word, None),
    }
}

/// Splits a command line as a shell does, without expanding anything. `None`: an open quote.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => word.push(characters.next()?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => {
                if let Some(c) = characters.next() {
                    word.get_or_insert_default().push(c);
                }
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}
