//! Licences as published forms want them: by their SPDX id where they have one.

use crate::analysis::syft::License;

/// The SPDX ids that packages name most, sorted. Other names are kept as texts: both forms allow that, and neither
/// allows an id that is none.
const IDS: [&str; 61] = [
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-4-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "EPL-1.0",
    "EPL-2.0",
    "FTL",
    "GFDL-1.3-or-later",
    "GPL-1.0-only",
    "GPL-1.0-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "ICU",
    "IJG",
    "ISC",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "Libpng",
    "MIT",
    "MIT-0",
    "MPL-1.1",
    "MPL-2.0",
    "NCSA",
    "OFL-1.1",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "PostgreSQL",
    "Python-2.0",
    "Ruby",
    "Unicode-DFS-2016",
    "Unlicense",
    "Vim",
    "WTFPL",
    "X11",
    "Zlib",
    "curl",
];

/// How a licence can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// By its SPDX id.
    Id(&'a str),
    /// By an SPDX expression, which may be a single id that is not in the list here.
    Expression(&'a str),
    /// In words.
    Text(&'a str),
}

/// The best name of a licence.
pub(super) fn named<'a>(license: &'a License<'_>) -> Named<'a> {
    let name = license.name.trim();
    if IDS.binary_search(&name).is_ok() {
        Named::Id(name)
    } else if license.is_spdx {
        Named::Expression(name)
    } else {
        Named::Text(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_for_the_search() {
        assert!(IDS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn what_is_no_id_stays_a_text_unless_syft_says_otherwise() {
        let license = |name: &'static str, is_spdx| License {
            name: name.into(),
            is_spdx,
        };
        assert_eq!(named(&license("MIT", false)), Named::Id("MIT"));
        assert_eq!(named(&license("GPL", false)), Named::Text("GPL"));
        let both = license("MIT OR Apache-2.0", true);
        assert_eq!(named(&both), Named::Expression("MIT OR Apache-2.0"));
    }
}
