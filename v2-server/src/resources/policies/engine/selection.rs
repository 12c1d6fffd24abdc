//! Which mapping applies to an image, and which images are allowed or denied as a whole.

use super::{Pattern, PatternError};
use crate::resources::policies::document::{
    ImageRef, ImageRefType, ImageSelectionRule, MappingRule, SourceMappingRule,
};

/// The image that is evaluated, as policies select it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EvaluatedImage {
    /// The registry of the tag that is evaluated.
    pub(crate) registry: String,
    /// The repository of that tag.
    pub(crate) repository: String,
    /// The tag alone.
    pub(crate) tag: String,
    /// The image's digest.
    pub(crate) digest: String,
    /// The image's id; none when it is not known.
    pub(crate) id: Option<String>,
}

/// The compiled form of what mappings and image lists select by.
#[derive(Debug)]
pub(super) struct Selector {
    registry: Pattern,
    repository: Pattern,
    image: ImageSelector,
}

#[derive(Debug)]
enum ImageSelector {
    Tag(Pattern),
    Digest(String),
    Id(String),
}

impl Selector {
    pub(super) fn of_mapping(rule: &MappingRule) -> Result<Self, PatternError> {
        Self::compile(&rule.registry, &rule.repository, &rule.image)
    }

    pub(super) fn of_image_list(rule: &ImageSelectionRule) -> Result<Self, PatternError> {
        Self::compile(&rule.registry, &rule.repository, &rule.image)
    }

    fn compile(registry: &str, repository: &str, image: &ImageRef) -> Result<Self, PatternError> {
        Ok(Self {
            // Policies may still use the old name of Docker Hub.
            registry: Pattern::compile(if registry == "dockerhub" {
                "docker.io"
            } else {
                registry
            })?,
            repository: Pattern::compile(repository)?,
            image: match image.kind {
                ImageRefType::Tag => ImageSelector::Tag(Pattern::compile(&image.value)?),
                ImageRefType::Digest => ImageSelector::Digest(image.value.clone()),
                ImageRefType::Id => ImageSelector::Id(image.value.clone()),
            },
        })
    }

    /// Whether the image is selected: registry, repository and image must all fit.
    pub(super) fn selects(&self, image: &EvaluatedImage) -> Result<bool, PatternError> {
        let fits = match &self.image {
            ImageSelector::Tag(pattern) => pattern.matches(&image.tag)?,
            ImageSelector::Digest(digest) => *digest == image.digest,
            ImageSelector::Id(id) => Some(id) == image.id.as_ref(),
        };
        Ok(fits
            && self.registry.matches(&image.registry)?
            && self.repository.matches(&image.repository)?)
    }
}

/// The source that is evaluated, as policies select it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EvaluatedSource {
    /// Host of the repository.
    pub(crate) host: String,
    /// Name of the repository.
    pub(crate) repository: String,
}

/// The compiled form of what mappings of sources select by.
#[derive(Debug)]
pub(super) struct SourceSelector {
    host: Pattern,
    repository: Pattern,
}

impl SourceSelector {
    pub(super) fn of_mapping(rule: &SourceMappingRule) -> Result<Self, PatternError> {
        Ok(Self {
            host: Pattern::compile(&rule.host)?,
            repository: Pattern::compile(&rule.repository)?,
        })
    }

    /// Whether the source is selected: host and repository must fit.
    pub(super) fn selects(&self, source: &EvaluatedSource) -> Result<bool, PatternError> {
        Ok(self.host.matches(&source.host)? && self.repository.matches(&source.repository)?)
    }
}

/// The first of several that selects the image.
pub(super) fn first<'a, T>(
    selectors: &'a [(Selector, T)],
    image: &EvaluatedImage,
) -> Result<Option<&'a T>, PatternError> {
    for (selector, selected) in selectors {
        if selector.selects(image)? {
            return Ok(Some(selected));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> EvaluatedImage {
        EvaluatedImage {
            registry: "docker.io".to_owned(),
            repository: "library/app".to_owned(),
            tag: "1.0".to_owned(),
            digest: "sha256:aa".to_owned(),
            id: Some("1d".to_owned()),
        }
    }

    fn selects(registry: &str, repository: &str, kind: ImageRefType, value: &str) -> bool {
        let reference = ImageRef {
            kind,
            value: value.to_owned(),
        };
        Selector::compile(registry, repository, &reference)
            .unwrap()
            .selects(&image())
            .unwrap()
    }

    #[test]
    fn registry_repository_and_tag_must_all_fit() {
        let by_tag =
            |registry, repository, tag| selects(registry, repository, ImageRefType::Tag, tag);
        assert!(by_tag("*", "*", "*"));
        assert!(by_tag("docker.io", "library/*", "1.*"));
        assert!(by_tag("regexp:docker\\.(io|com)", "*", "1.0"));
        assert!(!by_tag("quay.io", "*", "*"));
        assert!(!by_tag("*", "other", "*"));
        assert!(!by_tag("*", "*", "2.0"));
    }

    #[test]
    fn digest_and_id_are_compared_exactly() {
        assert!(selects("*", "*", ImageRefType::Digest, "sha256:aa"));
        assert!(!selects("*", "*", ImageRefType::Digest, "*"));
        assert!(selects("*", "*", ImageRefType::Id, "1d"));
        assert!(!selects("*", "*", ImageRefType::Id, "1"));
        assert!(!selects("quay.io", "*", ImageRefType::Digest, "sha256:aa"));
    }

    #[test]
    fn the_old_name_of_docker_hub_still_selects() {
        assert!(selects("dockerhub", "*", ImageRefType::Tag, "*"));
    }

    #[test]
    fn an_image_without_id_is_not_selected_by_id() {
        let reference = ImageRef {
            kind: ImageRefType::Id,
            value: String::new(),
        };
        let selector = Selector::compile("*", "*", &reference).unwrap();
        let image = EvaluatedImage {
            id: None,
            ..image()
        };
        assert!(!selector.selects(&image).unwrap());
    }
}
