//! What a policy document is made of: one declaration of every member, for both directions.

/// What one member holds.
pub(in crate::steps) enum Holds {
    /// Any value; it is the same in V1 and V2.
    Anything,
    /// The version of the document's language.
    Version,
    /// One object.
    One(&'static Shape),
    /// A list of objects.
    Many(&'static Shape),
}

/// One member, by both names. Where two V1 members stand for one V2 member, the first wins.
pub(in crate::steps) struct Member {
    pub(super) v1: &'static str,
    pub(super) v2: &'static str,
    pub(super) holds: Holds,
}

/// What V2 requires and V1 may leave out.
pub(in crate::steps) enum Added {
    /// An id made from the element's content.
    Id,
    /// The element's id as its name.
    Name,
    /// An empty list with this V2 name.
    List(&'static str),
}

/// What else differs in objects of a shape.
#[derive(PartialEq, Eq)]
pub(in crate::steps) enum Besides {
    /// Nothing.
    Nothing,
    /// The document: V1 wrote its description under two names.
    Document,
    /// A mapping: V1 named one rule set or several.
    Mapping,
    /// A rule: the words of its trigger and parameters.
    Rule,
}

/// One kind of object in a policy document.
pub(in crate::steps) struct Shape {
    /// The name of its V1 schema.
    pub(super) name: &'static str,
    /// V1 names of members without which V1 servers refused the document.
    pub(super) required: &'static [&'static str],
    pub(super) members: &'static [Member],
    pub(super) added: &'static [Added],
    pub(super) besides: Besides,
}

/// A member with the same value in both; one name means that it has the same name in both.
const fn same(name: &'static str) -> Member {
    renamed(name, name)
}

const fn renamed(v1: &'static str, v2: &'static str) -> Member {
    Member {
        v1,
        v2,
        holds: Holds::Anything,
    }
}

const fn many(v1: &'static str, v2: &'static str, shape: &'static Shape) -> Member {
    Member {
        v1,
        v2,
        holds: Holds::Many(shape),
    }
}

const VERSION: Member = Member {
    v1: "version",
    v2: "version",
    holds: Holds::Version,
};

const IMAGE: Member = Member {
    v1: "image",
    v2: "image",
    holds: Holds::One(&IMAGE_REF),
};

/// The document itself.
pub(super) static POLICY_BUNDLE: Shape = Shape {
    name: "PolicyBundle",
    required: &["id", "version", "policies", "mappings"],
    members: &[
        same("id"),
        same("name"),
        same("description"),
        renamed("comment", "description"),
        VERSION,
        many("whitelists", "allowlists", &WHITELIST),
        many("policies", "rule_sets", &POLICY),
        many("source_mappings", "source_mappings", &SOURCE_MAPPING_RULE),
        many("mappings", "mappings", &MAPPING_RULE),
        many(
            "whitelisted_images",
            "allowlisted_images",
            &IMAGE_SELECTION_RULE,
        ),
        many(
            "blacklisted_images",
            "denylisted_images",
            &IMAGE_SELECTION_RULE,
        ),
        same("last_updated"),
    ],
    added: &[Added::Name],
    besides: Besides::Document,
};

/// V1 `policies[]`, V2 `rule_sets[]`.
static POLICY: Shape = Shape {
    name: "Policy",
    required: &["id", "version"],
    members: &[
        same("id"),
        same("name"),
        renamed("comment", "description"),
        same("description"),
        VERSION,
        same("artifact_type"),
        many("rules", "rules", &POLICY_RULE),
    ],
    added: &[Added::Name, Added::List("rules")],
    besides: Besides::Nothing,
};

static POLICY_RULE: Shape = Shape {
    name: "PolicyRule",
    required: &["gate", "trigger", "action"],
    members: &[
        same("id"),
        same("gate"),
        same("trigger"),
        same("action"),
        same("description"),
        many("params", "params", &POLICY_RULE_PARAMS),
        same("recommendation"),
    ],
    added: &[Added::Id, Added::List("params")],
    besides: Besides::Rule,
};

static POLICY_RULE_PARAMS: Shape = Shape {
    name: "PolicyRuleParams",
    required: &["name", "value"],
    members: &[same("name"), same("value")],
    added: &[],
    besides: Besides::Nothing,
};

static WHITELIST: Shape = Shape {
    name: "Whitelist",
    required: &["id", "version"],
    members: &[
        same("id"),
        same("name"),
        VERSION,
        renamed("comment", "description"),
        same("description"),
        many("items", "items", &WHITELIST_ITEM),
    ],
    added: &[Added::Name, Added::List("items")],
    besides: Besides::Nothing,
};

static WHITELIST_ITEM: Shape = Shape {
    name: "WhitelistItem",
    required: &["gate", "trigger_id"],
    members: &[
        same("id"),
        same("gate"),
        same("trigger_id"),
        same("expires_on"),
        same("description"),
    ],
    added: &[Added::Id],
    besides: Besides::Nothing,
};

/// Which rule sets an image is judged by.
pub(in crate::steps) static MAPPING_RULE: Shape = Shape {
    name: "MappingRule",
    required: &["name", "registry", "repository", "image"],
    members: &[
        same("id"),
        same("name"),
        renamed("whitelist_ids", "allowlist_ids"),
        renamed("policy_ids", "rule_set_ids"),
        same("registry"),
        same("repository"),
        IMAGE,
        same("description"),
    ],
    added: &[Added::Id, Added::List("allowlist_ids")],
    besides: Besides::Mapping,
};

pub(in crate::steps) static SOURCE_MAPPING_RULE: Shape = Shape {
    name: "SourceMappingRule",
    required: &["name", "host", "repository"],
    members: &[
        same("id"),
        same("name"),
        renamed("whitelist_ids", "allowlist_ids"),
        renamed("policy_ids", "rule_set_ids"),
        same("host"),
        same("repository"),
        same("description"),
    ],
    added: &[Added::Id, Added::List("allowlist_ids")],
    besides: Besides::Mapping,
};

/// An image that is allowed or denied by itself.
pub(in crate::steps) static IMAGE_SELECTION_RULE: Shape = Shape {
    name: "ImageSelectionRule",
    required: &["name", "registry", "repository", "image"],
    members: &[
        same("id"),
        same("name"),
        same("registry"),
        same("repository"),
        IMAGE,
        same("description"),
    ],
    added: &[Added::Id],
    besides: Besides::Nothing,
};

static IMAGE_REF: Shape = Shape {
    name: "ImageRef",
    required: &["type", "value"],
    members: &[same("type"), same("value")],
    added: &[],
    besides: Besides::Nothing,
};
