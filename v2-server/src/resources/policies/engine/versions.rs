//! Comparing versions the way package managers do.
//!
//! Debian, RPM and Alpine each define an order; everything else is compared like RPM versions, which sorts ordinary
//! numbered versions as people expect.

use std::cmp::Ordering;

/// Which of two versions of a package of this type is newer. Types are written as in vulnerability reports (`dpkg`,
/// `rpm`, `APKG`, …), in any case.
pub(crate) fn compare(package_type: &str, left: &str, right: &str) -> Ordering {
    match package_type.to_ascii_lowercase().as_str() {
        "dpkg" | "deb" => debian(left, right),
        "apkg" | "apk" => alpine(left, right),
        _ => rpm(left, right),
    }
}

/// `epoch:upstream-revision`; a missing epoch is 0, a missing revision is older than any but `0`.
fn debian(left: &str, right: &str) -> Ordering {
    let (left_epoch, left) = epoch(left);
    let (right_epoch, right) = epoch(right);
    let (left, left_revision) = left.rsplit_once('-').unwrap_or((left, "0"));
    let (right, right_revision) = right.rsplit_once('-').unwrap_or((right, "0"));
    left_epoch
        .cmp(&right_epoch)
        .then_with(|| debian_part(left, right))
        .then_with(|| debian_part(left_revision, right_revision))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => match epoch.parse() {
            Ok(epoch) => (epoch, rest),
            Err(_) => (0, version),
        },
        None => (0, version),
    }
}

/// Alternating runs of non-digits and digits. Among non-digits `~` sorts before the end, letters before the rest.
fn debian_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = split_while(left, |byte| !byte.is_ascii_digit());
        let (right_text, right_rest) = split_while(right, |byte| !byte.is_ascii_digit());
        let length = left_text.len().max(right_text.len());
        for place in 0..length {
            let order = debian_weight(left_text.as_bytes().get(place))
                .cmp(&debian_weight(right_text.as_bytes().get(place)));
            if order.is_ne() {
                return order;
            }
        }
        let (left_number, left_rest) = split_while(left_rest, |byte| byte.is_ascii_digit());
        let (right_number, right_rest) = split_while(right_rest, |byte| byte.is_ascii_digit());
        let order = numbers(left_number, right_number);
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn debian_weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// `epoch:version-release`, each part in runs of digits or letters; `~` sorts before the end, `^` after it.
fn rpm(left: &str, right: &str) -> Ordering {
    let (left_epoch, left) = epoch(left);
    let (right_epoch, right) = epoch(right);
    let (left, left_release) = split_release(left);
    let (right, right_release) = split_release(right);
    left_epoch
        .cmp(&right_epoch)
        .then_with(|| rpm_part(left, right))
        .then_with(|| match (left_release, right_release) {
            // A version without release stands for any release.
            (Some(left), Some(right)) => rpm_part(left, right),
            _ => Ordering::Equal,
        })
}

fn split_release(version: &str) -> (&str, Option<&str>) {
    match version.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (version, None),
    }
}

fn rpm_part(mut left: &str, mut right: &str) -> Ordering {
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'~' || byte == b'^';
    loop {
        left = split_while(left, |byte| !is_mark(byte)).1;
        right = split_while(right, |byte| !is_mark(byte)).1;
        for (mark, with_mark) in [('~', Ordering::Less), ('^', Ordering::Greater)] {
            match (left.strip_prefix(mark), right.strip_prefix(mark)) {
                (Some(left), Some(right)) => return rpm_part(left, right),
                (Some(_), None) if mark == '~' || right.is_empty() => return with_mark,
                (None, Some(_)) if mark == '~' || left.is_empty() => return with_mark.reverse(),
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (None, None) => {}
            }
        }
        if left.is_empty() || right.is_empty() {
            return left.len().cmp(&right.len());
        }
        let is_number = left.as_bytes()[0].is_ascii_digit();
        let same = |byte: u8| {
            if is_number {
                byte.is_ascii_digit()
            } else {
                byte.is_ascii_alphabetic()
            }
        };
        let (left_run, left_rest) = split_while(left, same);
        let (right_run, right_rest) = split_while(right, same);
        if right_run.is_empty() {
            // Numbers are newer than letters.
            return if is_number {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        let order = if is_number {
            numbers(left_run, right_run)
        } else {
            left_run.cmp(right_run)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

/// `1.2.3a_rc1-r4`: numbers, an optional letter, suffixes that sort before or after the plain version, a revision.
fn alpine(left: &str, right: &str) -> Ordering {
    let (left, left_revision) = alpine_revision(left);
    let (right, right_revision) = alpine_revision(right);
    let (left, left_suffix) = left.split_once('_').unwrap_or((left, ""));
    let (right, right_suffix) = right.split_once('_').unwrap_or((right, ""));
    rpm_part(left, right)
        .then_with(|| alpine_suffix(left_suffix).cmp(&alpine_suffix(right_suffix)))
        .then_with(|| numbers(left_revision, right_revision))
}

fn alpine_revision(version: &str) -> (&str, &str) {
    match version.rsplit_once("-r") {
        Some((version, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => {
            (version, revision)
        }
        _ => (version, "0"),
    }
}

/// The place of a suffix such as `rc1` among the others, and its number.
fn alpine_suffix(suffix: &str) -> (i32, u64) {
    let (name, number) = split_while(suffix, |byte| byte.is_ascii_alphabetic());
    let place = match name {
        "alpha" => -4,
        "beta" => -3,
        "pre" => -2,
        "rc" => -1,
        "" => 0,
        "cvs" => 1,
        "svn" => 2,
        "git" => 3,
        "hg" => 4,
        "p" => 5,
        _ => 6,
    };
    let (number, _) = split_while(number, |byte| byte.is_ascii_digit());
    (place, number.parse().unwrap_or(0))
}

/// Two runs of digits as numbers of any length; an empty run is 0.
fn numbers(left: &str, right: &str) -> Ordering {
    let left = left.trim_start_matches('0');
    let right = right.trim_start_matches('0');
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The longest start of `text` whose bytes are all wanted, and the rest. Both sides stay whole characters, as bytes
/// of longer characters are neither digits nor letters and so are never parted from each other.
fn split_while(text: &str, wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !wanted(byte))
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn ascending(package_type: &str, versions: &[&str]) {
        for (place, older) in versions.iter().enumerate() {
            assert_eq!(compare(package_type, older, older), Ordering::Equal);
            for newer in &versions[place + 1..] {
                assert_eq!(
                    compare(package_type, older, newer),
                    Ordering::Less,
                    "{package_type}: {older} < {newer}"
                );
                assert_eq!(
                    compare(package_type, newer, older),
                    Ordering::Greater,
                    "{package_type}: {newer} > {older}"
                );
            }
        }
    }

    #[test]
    fn debian_versions() {
        ascending(
            "dpkg",
            &[
                "1.0~rc1-1",
                "1.0-1",
                "1.0-1+deb12u1",
                "1.0-1+deb12u2",
                "1.0-2",
                "1.0a-1",
                "1.0+b-1",
                "1.2-1",
                "1.10-1",
                "1:0.1-1",
            ],
        );
        assert_eq!(compare("deb", "1.0", "1.0-0"), Ordering::Equal);
        assert_eq!(compare("deb", "0:1.0-1", "1.0-1"), Ordering::Equal);
    }

    #[test]
    fn rpm_versions() {
        ascending(
            "rpm",
            &[
                "1.0~rc1-1",
                "1.0-1.el8",
                "1.0-1.el9",
                "1.0-10.el8",
                "1.0^git1-1",
                "1.0.1-1",
                "1.1-1",
                "1.10-1",
                "1:0.1-1",
            ],
        );
        assert_eq!(compare("rpm", "1.0", "1.0-7"), Ordering::Equal);
        assert_eq!(compare("rpm", "1.0", "1_0"), Ordering::Equal);
    }

    #[test]
    fn alpine_versions() {
        ascending(
            "APKG",
            &[
                "1.1.1_alpha1-r0",
                "1.1.1_rc1-r0",
                "1.1.1_rc2-r0",
                "1.1.1-r0",
                "1.1.1-r2",
                "1.1.1-r10",
                "1.1.1_p1-r0",
                "1.1.1g-r0",
                "1.1.1k-r0",
                "1.1.2-r0",
                "1.2-r0",
            ],
        );
    }

    #[test]
    fn other_versions() {
        ascending("npm", &["1.2.3", "1.2.10", "1.10.0", "2.0.0"]);
    }

    proptest! {
        #[test]
        fn swapping_two_versions_swaps_the_answer(
            kind in prop::sample::select(vec!["dpkg", "rpm", "apkg", "npm"]),
            left in "[0-9a-z.:_~^é-]{0,12}", right in "[0-9a-z.:_~^é-]{0,12}",
        ) {
            prop_assert_eq!(compare(kind, &left, &right), compare(kind, &right, &left).reverse());
            prop_assert_eq!(compare(kind, &left, &left), Ordering::Equal);
        }
    }
}
