//! Which packages belong together: Syft's package types, and what the API calls them.

use crate::resources::images::evaluation::PackageClass;

/// How the API speaks of packages of one Syft type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ecosystem {
    /// The content listing they appear in.
    pub(crate) content_type: &'static str,
    /// The type in vulnerability rows and policies. Content listings show it in capitals.
    pub(crate) package_type: &'static str,
    /// Operating system or not.
    pub(crate) class: PackageClass,
}

/// Every content type there is, in the order `GET /images/{image_digest}/content` lists them. The list does not depend
/// on the image.
pub(crate) const CONTENT_TYPES: [&str; 22] = [
    "os",
    "files",
    "npm",
    "gem",
    "python",
    "java",
    "binary",
    "go",
    "malware",
    "nuget",
    "rust",
    "composer",
    "conan",
    "conda",
    "dart",
    "swift",
    "cocoapods",
    "hex",
    "haskell",
    "r",
    "lua",
    "other",
];

/// Content types that list something other than packages.
pub(crate) const FILES: &str = "files";
/// See [`FILES`].
pub(crate) const MALWARE: &str = "malware";
/// The one content type whose packages have a form of their own.
pub(crate) const JAVA: &str = "java";

const fn os(package_type: &'static str) -> Ecosystem {
    Ecosystem {
        content_type: "os",
        package_type,
        class: PackageClass::Os,
    }
}

const fn language(name: &'static str) -> Ecosystem {
    Ecosystem {
        content_type: name,
        package_type: name,
        class: PackageClass::NonOs,
    }
}

/// The ecosystem of a Syft package type. What is not known here, such as types of later Syft releases, is `other`.
pub(crate) fn of_syft_type(syft_type: &str) -> Ecosystem {
    match syft_type {
        "apk" => os("APKG"),
        "deb" => os("dpkg"),
        "rpm" => os("rpm"),
        "alpm" => os("alpm"),
        "portage" => os("portage"),
        "npm" => language("npm"),
        "gem" => language("gem"),
        "python" => language("python"),
        "java-archive" | "jenkins-plugin" | "graalvm-native-image" => language(JAVA),
        "binary" | "linux-kernel" | "linux-kernel-module" => language("binary"),
        "go-module" => language("go"),
        "dotnet" => language("nuget"),
        "rust-crate" => language("rust"),
        "php-composer" | "php-pecl" | "php-pear" => language("composer"),
        "conan" => language("conan"),
        "conda" => language("conda"),
        "dart-pub" => language("dart"),
        "swift" => language("swift"),
        "pod" => language("cocoapods"),
        "hex" | "erlang-otp" => language("hex"),
        "hackage" => language("haskell"),
        "R-package" => language("r"),
        "lua-rocks" => language("lua"),
        _ => language("other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ecosystem_has_a_listing() {
        for syft_type in [
            "apk",
            "deb",
            "rpm",
            "alpm",
            "portage",
            "npm",
            "gem",
            "python",
            "java-archive",
            "binary",
            "go-module",
            "dotnet",
            "rust-crate",
            "php-composer",
            "conan",
            "conda",
            "dart-pub",
            "swift",
            "pod",
            "hex",
            "hackage",
            "R-package",
            "lua-rocks",
            "some-later-type",
        ] {
            let ecosystem = of_syft_type(syft_type);
            assert!(
                CONTENT_TYPES.contains(&ecosystem.content_type),
                "{syft_type}"
            );
        }
    }

    #[test]
    fn only_distribution_packages_are_of_the_operating_system() {
        assert_eq!(of_syft_type("deb").class, PackageClass::Os);
        assert_eq!(of_syft_type("linux-kernel").class, PackageClass::NonOs);
        assert_eq!(of_syft_type("some-later-type").class, PackageClass::NonOs);
    }
}
