//! Gates at their end of life. They are known only so that a policy that still uses them is told so, and what to use
//! instead.

use super::super::catalogue::{Build, Gate, State, Trigger};

const fn gate(
    name: &'static str,
    superseded_by: Option<&'static str>,
    triggers: &'static [Trigger],
) -> Gate {
    Gate {
        name,
        description: "At its end of life: rules that use it are not evaluated.",
        state: State::EndOfLife,
        superseded_by,
        triggers,
    }
}

const fn trigger(name: &'static str) -> Trigger {
    Trigger::new(name, "Not evaluated any more.", Build::Retired)
}

/// The gates at their end of life.
pub(in super::super) const RETIRED: [&Gate; 16] = [
    &gate(
        "anchoresec",
        Some("vulnerabilities"),
        &[
            trigger("vulnlow"),
            trigger("vulnmedium"),
            trigger("vulnhigh"),
            trigger("vulncritical"),
            trigger("vulnunknown"),
            trigger("feedoutofdate"),
            trigger("unsupporteddistro"),
        ],
    ),
    &gate(
        "pkgcheck",
        Some("packages"),
        &[trigger("pkgnotpresent"), trigger("verify")],
    ),
    &gate(
        "pkgdenylist",
        Some("packages"),
        &[trigger("pkgfullmatch"), trigger("pkgnamematch")],
    ),
    &gate(
        "dockerfilecheck",
        Some("dockerfile"),
        &[
            trigger("directivecheck"),
            trigger("effectiveuser"),
            trigger("expose"),
            trigger("nofrom"),
            trigger("fromscratch"),
            trigger("notag"),
            trigger("sudo"),
            trigger("volumepresent"),
            trigger("nohealthcheck"),
            trigger("nodockerfile"),
        ],
    ),
    &gate(
        "filecheck",
        Some("files"),
        &[
            trigger("contentmatch"),
            trigger("filenamematch"),
            trigger("suidsgidcheck"),
        ],
    ),
    &gate(
        "fileparse_passwd",
        Some("passwd_file"),
        &[
            trigger("filenotstored"),
            trigger("usernamematch"),
            trigger("useridmatch"),
            trigger("groupidmatch"),
            trigger("shellmatch"),
            trigger("pentrymatch"),
        ],
    ),
    &gate(
        "gemcheck",
        None,
        &[
            trigger("gemnotlatest"),
            trigger("gemnotofficial"),
            trigger("gembadversion"),
            trigger("gempkgfullmatch"),
            trigger("gempkgnamematch"),
            trigger("gemnofeed"),
        ],
    ),
    &gate(
        "metadatacheck",
        Some("metadata"),
        &[trigger("attributecheck")],
    ),
    &gate(
        "licdenylist",
        Some("licenses"),
        &[trigger("licfullmatch"), trigger("licsubmatch")],
    ),
    &gate(
        "npmcheck",
        None,
        &[
            trigger("npmnotlatest"),
            trigger("npmnotofficial"),
            trigger("npmbadversion"),
            trigger("npmpkgfullmatch"),
            trigger("npmpkgnamematch"),
            trigger("npmnofeed"),
        ],
    ),
    &gate(
        "secretcheck",
        Some("secret_scans"),
        &[trigger("contentmatch"), trigger("filenamematch")],
    ),
    &gate(
        "suiddiff",
        None,
        &[
            trigger("suiddiff"),
            trigger("suidfileadd"),
            trigger("suidfiledel"),
            trigger("suidmodediff"),
        ],
    ),
    &gate("imagecheck", None, &[trigger("baseoutofdate")]),
    &gate(
        "pkgdiff",
        None,
        &[
            trigger("pkgversiondiff"),
            trigger("pkgadd"),
            trigger("pkgdel"),
            trigger("pkgdiff"),
        ],
    ),
    &gate(
        "npms",
        None,
        &[
            trigger("newer_version_in_feed"),
            trigger("unknown_in_feeds"),
            trigger("version_not_in_feeds"),
            trigger("denylisted_name_version"),
            trigger("feed_data_unavailable"),
        ],
    ),
    &gate(
        "ruby_gems",
        None,
        &[
            trigger("newer_version_found_in_feed"),
            trigger("not_found_in_feed"),
            trigger("version_not_found_in_feed"),
            trigger("denylist"),
            trigger("feed_data_unavailable"),
        ],
    ),
];
