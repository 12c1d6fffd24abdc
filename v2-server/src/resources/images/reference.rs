//! How people name images: digests, image ids, and `registry/repository:tag` in all its short forms.
//!
//! Tags enter the server in many places (adding an image, subscriptions, repositories, the policy check). All of them
//! are read here, so that `nginx`, `docker.io/nginx` and `docker.io/nginx:latest` are one image everywhere. The official
//! `library/` prefix of Docker Hub is *not* inserted: records keep the repository as it was written.

use std::fmt;

/// The registry meant when a reference names none.
pub(crate) const DEFAULT_REGISTRY: &str = "docker.io";

/// The tag meant when a reference names neither tag nor digest.
pub(crate) const DEFAULT_TAG: &str = "latest";

/// First path parts that name a registry although they contain neither a dot nor a port.
const KNOWN_REGISTRIES: [&str; 2] = ["localhost", "localbuild"];

/// A `sha256:` digest, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Digest(String);

impl Digest {
    /// Reads `sha256:` followed by 64 hexadecimal digits. Anything else names no image.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        is_sha256_hex(hex).then(|| Self(text.to_owned()))
    }

    /// The whole digest, with its `sha256:`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits alone.
    pub(crate) fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the text is a bare SHA-256 in hexadecimal.
pub(crate) fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageReference {
    /// A digest and nothing else.
    Digest(Digest),
    /// A bare image id: the digest of the image's configuration without `sha256:`.
    ImageId(String),
    /// A repository with a tag.
    Tag(TagReference),
    /// A repository with a digest. A tag written next to the digest is ignored, as registries do.
    Pinned(PinnedReference),
}

/// `registry/repository:tag`, every part present.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TagReference {
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Everything between the registry and the tag.
    pub(crate) repository: String,
    /// The tag.
    pub(crate) tag: String,
}

impl TagReference {
    /// Reads a reference that must name a tag, or nothing after the repository (then the tag is `latest`).
    pub(crate) fn parse(text: &str) -> Result<Self, ReferenceError> {
        match ImageReference::parse(text)? {
            ImageReference::Tag(tag) => Ok(tag),
            _ => Err(ReferenceError::NotATag(text.to_owned())),
        }
    }

    /// `registry/repository:tag`.
    pub(crate) fn full_tag(&self) -> String {
        format!("{}/{}:{}", self.registry, self.repository, self.tag)
    }
}

/// `registry/repository@digest`, every part present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PinnedReference {
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Everything between the registry and the digest.
    pub(crate) repository: String,
    /// The digest.
    pub(crate) digest: Digest,
}

impl PinnedReference {
    /// Reads a reference that must name a repository and a digest.
    pub(crate) fn parse(text: &str) -> Result<Self, ReferenceError> {
        match ImageReference::parse(text)? {
            ImageReference::Pinned(pinned) => Ok(pinned),
            _ => Err(ReferenceError::NotADigest(text.to_owned())),
        }
    }
}

/// `registry/repository` without a version: what a repository is watched under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepositoryReference {
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Everything after the registry.
    pub(crate) repository: String,
}

impl RepositoryReference {
    /// Reads a repository; a tag written after it is ignored, a digest is an error.
    pub(crate) fn parse(text: &str) -> Result<Self, ReferenceError> {
        match ImageReference::parse(text)? {
            ImageReference::Tag(tag) => Ok(Self {
                registry: tag.registry,
                repository: tag.repository,
            }),
            _ => Err(ReferenceError::NotARepository(text.to_owned())),
        }
    }

    /// `registry/repository`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

impl ImageReference {
    /// Reads any reference.
    pub(crate) fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(bad) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(ReferenceError::Character {
                reference: text.to_owned(),
                character: bad,
            });
        }
        if text.starts_with("sha256:") {
            return Digest::parse(text)
                .map(Self::Digest)
                .ok_or_else(|| ReferenceError::Digest(text.to_owned()));
        }
        if is_sha256_hex(text) {
            return Ok(Self::ImageId(text.to_owned()));
        }
        let (registry, rest) = split_registry(text);
        if let Some((name, digest)) = rest.split_once('@') {
            let digest =
                Digest::parse(digest).ok_or_else(|| ReferenceError::Digest(digest.to_owned()))?;
            let (repository, _ignored_tag) = split_tag(name);
            return Ok(Self::Pinned(PinnedReference {
                registry: registry.to_owned(),
                repository: checked_repository(repository, text)?,
                digest,
            }));
        }
        let (repository, tag) = split_tag(rest);
        let tag = tag.unwrap_or(DEFAULT_TAG);
        if !is_tag(tag) {
            return Err(ReferenceError::Tag(text.to_owned()));
        }
        Ok(Self::Tag(TagReference {
            registry: registry.to_owned(),
            repository: checked_repository(repository, text)?,
            tag: tag.to_owned(),
        }))
    }
}

/// Why a text is not the reference that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// Nothing was given.
    #[error("image reference is empty")]
    Empty,
    /// A character that no reference may contain.
    #[error(
        "image reference `{reference}` contains {character:?}; allowed are letters, digits and `@:/_.-`"
    )]
    Character {
        /// The reference as it was given.
        reference: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// A digest that is not `sha256:` and 64 hexadecimal digits.
    #[error("`{0}` is not a digest; expected `sha256:` and 64 hexadecimal digits")]
    Digest(String),
    /// A tag that is empty or starts with a character tags may not start with.
    #[error("image reference `{0}` has no valid tag")]
    Tag(String),
    /// An empty repository, or one with an empty path part.
    #[error("image reference `{0}` names no repository")]
    Repository(String),
    /// A reference of another form where a tag was needed.
    #[error("`{0}` is not a tag; expected the form `registry/repository:tag`")]
    NotATag(String),
    /// A reference of another form where a digest was needed.
    #[error("`{0}` is not a digest reference; expected the form `registry/repository@sha256:…`")]
    NotADigest(String),
    /// A reference of another form where a repository was needed.
    #[error("`{0}` is not a repository; expected the form `registry/repository`")]
    NotARepository(String),
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | ':' | '/' | '_' | '.' | '-')
}

fn split_registry(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((first, rest)) if is_registry(first) => (first, rest),
        _ => (DEFAULT_REGISTRY, text),
    }
}

fn is_registry(first: &str) -> bool {
    first.contains(':') || first.contains('.') || KNOWN_REGISTRIES.contains(&first)
}

fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        // A colon before the last slash belongs to a path part, which is then refused as a repository.
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, None),
    }
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !tag.contains(['@', ':'])
}

fn checked_repository(repository: &str, whole: &str) -> Result<String, ReferenceError> {
    if repository.split('/').any(str::is_empty) || repository.contains([':', '@']) {
        return Err(ReferenceError::Repository(whole.to_owned()));
    }
    Ok(repository.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "f75da3366bfd3d95ae0f3ae90f96b7f8d02ad2a24cf818d38fb89203d3eb2982";

    fn full_tag(text: &str) -> String {
        TagReference::parse(text).unwrap().full_tag()
    }

    #[test]
    fn short_names_are_expanded_without_the_library_prefix() {
        assert_eq!(full_tag("nginx"), "docker.io/nginx:latest");
        assert_eq!(full_tag("nginx:1.25"), "docker.io/nginx:1.25");
        assert_eq!(full_tag("team/app"), "docker.io/team/app:latest");
        assert_eq!(
            full_tag("docker.io/library/nginx"),
            "docker.io/library/nginx:latest"
        );
    }

    #[test]
    fn the_first_part_is_a_registry_when_it_looks_like_a_host() {
        for (text, expected) in [
            ("quay.io/team/app:1", "quay.io/team/app:1"),
            ("host:5000/app", "host:5000/app:latest"),
            ("localhost/app:1", "localhost/app:1"),
            ("localhost.localdomain/app:1", "localhost.localdomain/app:1"),
            ("localbuild/app:1", "localbuild/app:1"),
            ("team/sub/app:1", "docker.io/team/sub/app:1"),
        ] {
            assert_eq!(full_tag(text), expected, "{text}");
        }
    }

    #[test]
    fn a_lone_part_with_a_dot_is_a_repository() {
        assert_eq!(full_tag("my.app:1"), "docker.io/my.app:1");
    }

    #[test]
    fn digests_and_ids_are_told_apart() {
        let digest = format!("sha256:{HEX}");
        assert_eq!(
            ImageReference::parse(&digest),
            Ok(ImageReference::Digest(Digest(digest.clone())))
        );
        assert_eq!(
            ImageReference::parse(HEX),
            Ok(ImageReference::ImageId(HEX.to_owned()))
        );
        assert_eq!(Digest::parse(&digest).unwrap().hex(), HEX);
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let text = format!("quay.io/team/app:1@sha256:{HEX}");
        let pinned = PinnedReference::parse(&text).unwrap();
        assert_eq!(pinned.registry, "quay.io");
        assert_eq!(pinned.repository, "team/app");
        assert_eq!(pinned.digest.hex(), HEX);
        assert!(TagReference::parse(&text).is_err());
    }

    #[test]
    fn malformed_references_say_what_is_wrong() {
        for (text, expected) in [
            ("", ReferenceError::Empty),
            (
                "app name",
                ReferenceError::Character {
                    reference: "app name".into(),
                    character: ' ',
                },
            ),
            (
                "app\u{e9}",
                ReferenceError::Character {
                    reference: "app\u{e9}".into(),
                    character: '\u{e9}',
                },
            ),
            ("sha256:abc", ReferenceError::Digest("sha256:abc".into())),
            (
                "app@sha256:abc",
                ReferenceError::Digest("sha256:abc".into()),
            ),
            ("app@md5:abc", ReferenceError::Digest("md5:abc".into())),
            ("app:", ReferenceError::Tag("app:".into())),
            ("app:-x", ReferenceError::Tag("app:-x".into())),
            ("quay.io/", ReferenceError::Repository("quay.io/".into())),
            (
                "quay.io//app",
                ReferenceError::Repository("quay.io//app".into()),
            ),
            ("/app", ReferenceError::Repository("/app".into())),
            (":tag", ReferenceError::Repository(":tag".into())),
            ("a:b:c", ReferenceError::Repository("a:b:c".into())),
        ] {
            assert_eq!(ImageReference::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_repository_drops_the_tag_and_refuses_a_digest() {
        let repository = RepositoryReference::parse("host:5000/team/app:1.0").unwrap();
        assert_eq!(repository.full_name(), "host:5000/team/app");
        assert!(RepositoryReference::parse(&format!("app@sha256:{HEX}")).is_err());
        assert!(RepositoryReference::parse(HEX).is_err());
    }
}
