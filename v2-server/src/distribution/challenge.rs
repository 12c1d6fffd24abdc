//! `WWW-Authenticate` of registries: what they want to see before they answer.

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password.
    Basic,
    /// A token of another server.
    Bearer {
        /// Where tokens are given out.
        realm: String,
        /// Parameters to ask for one with: `service` and `scope`.
        parameters: Vec<(String, String)>,
    },
}

impl Challenge {
    /// Reads the header; nothing when it asks for something else.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut realm = None;
        let mut parameters = Vec::new();
        for (name, value) in pairs(rest) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "service" | "scope" => parameters.push((name.to_ascii_lowercase(), value)),
                _ => {}
            }
        }
        Some(Self::Bearer {
            realm: realm?,
            parameters,
        })
    }
}

/// `name="value", name=value`; commas within quotes belong to the value.
fn pairs(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c == ',' || c.is_whitespace());
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((value, next)) => (value, next),
                None => (quoted, ""),
            },
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name, value.trim().to_owned()));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_challenge_names_realm_service_and_scope() {
        let header = r#"Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push",error="x""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.example.com/token".into(),
            parameters: vec![
                ("service".into(), "registry.example.com".into()),
                ("scope".into(), "repository:a/b:pull,push".into()),
            ],
        };
        assert_eq!(Challenge::parse(header), Some(expected));
    }

    #[test]
    fn unquoted_values_are_read_too() {
        let expected = Challenge::Bearer {
            realm: "http://x/t".into(),
            parameters: vec![("service".into(), "y".into())],
        };
        assert_eq!(
            Challenge::parse("bearer realm=http://x/t, service=y"),
            Some(expected)
        );
    }

    #[test]
    fn other_challenges_are_told_apart() {
        assert_eq!(
            Challenge::parse("Basic realm=\"x\""),
            Some(Challenge::Basic)
        );
        assert_eq!(Challenge::parse("Basic"), Some(Challenge::Basic));
        for header in [
            "",
            "Digest realm=\"x\"",
            "Bearer service=\"x\"",
            "Bearer realm",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
    }
}
