//! Keeps secrets out of what is kept: text from outside enters a tally only through here.
//!
//! A client is known by its user, account, user agent and address. All four are written by the
//! client, or by whoever configured a log; any of them may carry a credential by mistake.

use std::net::IpAddr;

/// The longest text that is kept of anything from outside, in characters.
const LONGEST: usize = 256;
/// A run of letters and digits this long is taken for a key, unless it reads like words.
const KEY_LENGTH: usize = 20;
/// What stands in place of a secret.
const MARK: &str = "[removed]";

/// Words after which a secret stands, in lower case.
const LABELS: [&str; 14] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "credential",
    "credentials",
    "session",
    "sessionid",
];

/// Headers after which nothing is kept, in lower case.
const HEADERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Schemes of credentials, in lower case.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];

/// Text of a client as it may be kept: bounded, and what looks like a credential replaced.
/// Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    let lossy = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST * 8)]);
    let bounded: String = lossy.chars().take(LONGEST).collect();
    let without_users = url_users(&bounded);
    let mut kept = String::with_capacity(without_users.len());
    let mut secret_follows = false;
    for word in split_words(&without_users) {
        if word.chars().all(|c| !is_word(c)) {
            kept.push_str(word);
            continue;
        }
        let lower = word.to_ascii_lowercase();
        if secret_follows || is_key(word) {
            // `token: Bearer x`: the scheme is not the secret.
            if SCHEMES.contains(&lower.as_str()) {
                kept.push_str(word);
                continue;
            }
            kept.push_str(MARK);
            secret_follows = false;
            continue;
        }
        kept.push_str(word);
        if HEADERS.contains(&lower.as_str()) {
            kept.push(' ');
            kept.push_str(MARK);
            return kept;
        }
        secret_follows = labels(&lower);
    }
    kept
}

/// An IP address without port. Host names are left out: a password looks like one.
pub(crate) fn address(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let host = match text.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        // More than one colon: an IPv6 address without port.
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    let address: IpAddr = host.parse().ok()?;
    Some(address.to_string())
}

/// Whether a word announces a secret: one of the labels, or such as `db_password`.
fn labels(lower: &str) -> bool {
    SCHEMES[..2].contains(&lower)
        || LABELS.iter().any(|label| {
            lower == *label
                || lower
                    .strip_suffix(label)
                    .is_some_and(|front| front.ends_with(['_', '-', '.']))
        })
}

/// `https://user:password@host`: both are left out.
fn url_users(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after
            .find(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace())
            .unwrap_or(after.len());
        match after[..authority].rfind('@') {
            Some(users) => {
                out.push_str(MARK);
                rest = &after[users..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '%' | '~' | '!' | '$' | '*')
}

/// Words and what stands between them, in turn. `/` parts words: products stand before it.
fn split_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind = is_word(first);
        let end = rest
            .find(|c: char| is_word(c) != kind)
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Whether a word looks like a key or token: long, with digits among the letters, and not a
/// name put together from short words.
fn is_key(word: &str) -> bool {
    if word.starts_with("eyJ") && word.len() > 12 {
        return true;
    }
    word.split(['.', '-', '_', '%']).any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= KEY_LENGTH && digits > 0 && digits < part.len()
    }) || (word.len() >= 32 && {
        // A UUID or dashed key: letters and digits in turn, many times.
        let turns = word
            .as_bytes()
            .windows(2)
            .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
            .count();
        turns >= 10
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_of_real_clients_stay_as_they_are() {
        for agent in [
            "python-requests/2.26.0",
            "Apache-HttpClient/4.5.13 (Java/11.0.16)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            "Go-http-client/1.1",
            "kube-probe/1.29",
            "ELB-HealthChecker/2.0",
            "anchore-kubernetes-admission-controller-service/0.6.2",
            "jenkins-plugin/1.1 (build 20261120)",
        ] {
            assert_eq!(text(agent.as_bytes()), agent);
        }
    }

    #[test]
    fn whatever_looks_like_a_credential_is_left_out() {
        for (sent, kept) in [
            (
                "curl Authorization: Basic YWRtaW46aHVudGVyMg==",
                "curl Authorization [removed]",
            ),
            ("x Bearer abc.def", "x Bearer [removed]"),
            ("job?token=hunter2&x=1", "job?token=[removed]&x=1"),
            ("db_password: hunter2", "db_password: [removed]"),
            ("Cookie: sid=hunter2", "Cookie [removed]"),
            (
                "bot (+https://bob:hunter2@example.com/x)",
                "bot (+https://[removed]@example.com/x)",
            ),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "[removed]"),
            ("agent 9f86d081884c7d659a2feaa0c55ad015", "agent [removed]"),
        ] {
            let found = text(sent.as_bytes());
            assert_eq!(found, kept);
        }
    }

    #[test]
    fn only_ip_addresses_are_addresses() {
        assert_eq!(address(b"10.0.0.7:4711").unwrap(), "10.0.0.7");
        assert_eq!(address(b"[2001:db8::1]:443").unwrap(), "2001:db8::1");
        assert_eq!(address(b"2001:db8::1").unwrap(), "2001:db8::1");
        for none in [
            "",
            "a b",
            "<script>",
            "build-7.example.com",
            "token=hunter2",
            "9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert_eq!(address(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn text_is_bounded_whatever_it_is_made_of() {
        assert_eq!(text(&vec![0xff; 100_000]).chars().count(), LONGEST);
    }
}
