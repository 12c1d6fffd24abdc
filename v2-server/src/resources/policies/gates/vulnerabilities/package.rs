//! `package`: vulnerabilities that meet a number of conditions.

use super::super::Comparison;
use super::{SEVERITIES, age, seconds};
use crate::resources::images::evaluation::{
    CvssScores, PackageClass, ScoredRecord, VulnerabilityMatch,
};
use crate::resources::policies::catalogue::Arguments;
use crate::resources::policies::engine::{Check, CheckError, Expression, Match, Subject};
use crate::time::Timestamp;

/// Every condition that is given must hold.
#[derive(Debug)]
pub(super) struct Package {
    class: Option<PackageClass>,
    severity: (Comparison, usize),
    nvd: [ScoreCondition; 3],
    vendor: [ScoreCondition; 3],
    fix_available: Option<bool>,
    vendor_only: bool,
    detected_days_ago: Option<u64>,
    fixed_days_ago: Option<u64>,
    path_exclude: Option<Expression>,
}

/// A condition on one kind of CVSS score.
#[derive(Debug)]
struct ScoreCondition {
    name: &'static str,
    of: fn(&CvssScores) -> f64,
    wanted: Option<(Comparison, f64)>,
}

impl ScoreCondition {
    fn build(
        arguments: &Arguments,
        name: &'static str,
        comparison: &str,
        of: fn(&CvssScores) -> f64,
    ) -> Self {
        Self {
            name,
            of,
            wanted: arguments.decimal(name).map(|wanted| {
                (
                    compares(arguments, comparison, Comparison::GreaterOrEqual),
                    wanted,
                )
            }),
        }
    }

    /// The highest score, as `name=score` for the message; none when it does not meet the condition. Without a
    /// condition, an empty text.
    fn met(&self, records: &[ScoredRecord]) -> Option<String> {
        let Some((comparison, wanted)) = &self.wanted else {
            return Some(String::new());
        };
        let score = records
            .iter()
            .map(|record| (self.of)(&record.cvss_v3))
            .max_by(f64::total_cmp)
            .unwrap_or(-1.0);
        let shown = if score == 0.0 {
            String::new()
        } else {
            format!("{}={score:?}", self.name)
        };
        comparison.holds(&score, wanted).then_some(shown)
    }
}

fn compares(arguments: &Arguments, name: &str, otherwise: Comparison) -> Comparison {
    arguments.text(name).map_or(otherwise, |word| {
        Comparison::named(word).expect("a choice of the comparison words")
    })
}

impl Package {
    pub(super) fn build(arguments: &Arguments) -> Box<dyn Check> {
        let score = |name, comparison, of| ScoreCondition::build(arguments, name, comparison, of);
        Box::new(Self {
            class: PackageClass::parse(&arguments.required_text("package_type")),
            severity: (
                compares(arguments, "severity_comparison", Comparison::Greater),
                rank(arguments.text("severity").unwrap_or("unknown")),
            ),
            nvd: [
                score("cvss_v3_base_score", "cvss_v3_base_score_comparison", base),
                score(
                    "cvss_v3_exploitability_score",
                    "cvss_v3_exploitability_score_comparison",
                    exploitability,
                ),
                score(
                    "cvss_v3_impact_score",
                    "cvss_v3_impact_score_comparison",
                    impact,
                ),
            ],
            vendor: [
                score(
                    "vendor_cvss_v3_base_score",
                    "vendor_cvss_v3_base_score_comparison",
                    base,
                ),
                score(
                    "vendor_cvss_v3_exploitability_score",
                    "vendor_cvss_v3_exploitability_score_comparison",
                    exploitability,
                ),
                score(
                    "vendor_cvss_v3_impact_score",
                    "vendor_cvss_v3_impact_score_comparison",
                    impact,
                ),
            ],
            fix_available: arguments.flag("fix_available"),
            vendor_only: arguments.flag("vendor_only").unwrap_or(true),
            detected_days_ago: arguments.integer("max_days_since_creation"),
            fixed_days_ago: arguments
                .integer("max_days_since_fix")
                .filter(|_| arguments.flag("fix_available") == Some(true)),
            path_exclude: arguments.expression("package_path_exclude"),
        })
    }

    /// The finding that a vulnerability makes, if it meets every condition.
    fn find(
        &self,
        found: &VulnerabilityMatch,
        now: Timestamp,
    ) -> Result<Option<Match>, CheckError> {
        let (comparison, severity) = &self.severity;
        let fits = self.class.is_none_or(|class| class == found.package_class)
            && comparison.holds(&rank(&found.severity), severity)
            && !(self.vendor_only && found.will_not_fix)
            && self
                .fix_available
                .is_none_or(|wanted| wanted == found.fix.is_some());
        if !fits || self.is_excluded(found)? {
            return Ok(None);
        }
        let fixed_at = found.fix_observed_at.as_ref().unwrap_or(&found.detected_at);
        let Some(detected) = old_enough(&found.detected_at, self.detected_days_ago, now) else {
            return Ok(None);
        };
        let Some(fixed) = old_enough(fixed_at, self.fixed_days_ago, now) else {
            return Ok(None);
        };
        let Some(scores) = all_met(&self.nvd, &found.nvd_data) else {
            return Ok(None);
        };
        let Some(vendor_scores) = all_met(&self.vendor, &found.vendor_data) else {
            return Ok(None);
        };
        let times = [
            ("max_days_since_creation", detected),
            ("max_days_since_fix", fixed),
        ]
        .into_iter()
        .filter_map(|(name, date)| Some(format!("{name}={}", date?)))
        .collect();
        let fix = found
            .fix
            .as_ref()
            .map(|fix| format!("(fixed in: {fix})"))
            .unwrap_or_default();
        let package = match found.package_class {
            PackageClass::Os => &found.package_name,
            PackageClass::NonOs => &found.package_path,
        };
        Ok(Some(Match::with_id(
            trigger_id(found),
            format!(
                "{} Vulnerability found in {} package type ({}) - {package} {fix}{}{}{}({} - {})",
                found.severity.to_uppercase(),
                found.package_class.as_str(),
                found.package_type,
                in_brackets(scores),
                in_brackets(times),
                in_brackets(vendor_scores),
                found.vulnerability_id,
                found.url.as_deref().unwrap_or("None"),
            ),
        )))
    }

    fn is_excluded(&self, found: &VulnerabilityMatch) -> Result<bool, CheckError> {
        match &self.path_exclude {
            Some(expression) if found.package_class == PackageClass::NonOs => {
                Ok(expression.matches(&found.package_path)?)
            }
            _ => Ok(false),
        }
    }
}

fn base(scores: &CvssScores) -> f64 {
    scores.base_score
}

fn exploitability(scores: &CvssScores) -> f64 {
    scores.exploitability_score
}

fn impact(scores: &CvssScores) -> f64 {
    scores.impact_score
}

/// The place of a severity among the others; one that nobody knows counts as unknown.
fn rank(severity: &str) -> usize {
    SEVERITIES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(severity))
        .unwrap_or(0)
}

/// The day of `time` when it lies at least that many days back; `Some(None)` when no number of days is given.
#[expect(
    clippy::option_option,
    reason = "outside: is the condition met; inside: is there anything to show for it"
)]
fn old_enough(time: &str, days: Option<u64>, now: Timestamp) -> Option<Option<String>> {
    let Some(days) = days else {
        return Some(None);
    };
    let time: Timestamp = time.parse().ok()?;
    (age(time, now) >= seconds(days)?).then(|| Some(day(time)))
}

/// The day alone, such as `2026-05-22`.
fn day(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('T')
        .map_or_else(|| text.clone(), |(day, _)| day.to_owned())
}

fn all_met(conditions: &[ScoreCondition; 3], records: &[ScoredRecord]) -> Option<Vec<String>> {
    conditions
        .iter()
        .map(|condition| condition.met(records))
        .collect()
}

/// `(a b)`, or nothing when there is nothing to say.
fn in_brackets(words: Vec<String>) -> String {
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        String::new()
    } else {
        format!("({})", words.join(" "))
    }
}

/// The vulnerability and what it was found in: the package of the distribution, or the file or folder of any other,
/// by name and version where the path says nothing.
fn trigger_id(found: &VulnerabilityMatch) -> String {
    let from_path = match found.package_type.as_str() {
        _ if found.package_class == PackageClass::Os => Some(found.package_name.as_str()),
        "java" | "gem" => found.package_path.rsplit('/').next(),
        "npm" => found.package_path.rsplit('/').nth(1),
        _ => None,
    };
    match from_path.filter(|name| !name.is_empty()) {
        Some(name) => format!("{}+{name}", found.vulnerability_id),
        None => format!(
            "{}+{}-{}",
            found.vulnerability_id, found.package_name, found.package_version
        ),
    }
}

impl Check for Package {
    fn run(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Match>, CheckError> {
        let mut matches = Vec::new();
        for found in &subject.image.vulnerabilities {
            matches.extend(self.find(found, now)?);
        }
        Ok(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::testing::{Rule, scores, subject, vulnerability};

    /// A critical one in a jar and a medium one in a package of the distribution.
    fn vulnerable() -> Subject {
        let mut subject = subject();
        let mut log4j = vulnerability("CVE-2021-44228", "Critical", "log4j");
        log4j.fix = None;
        log4j.package_version = "2.14.1".to_owned();
        log4j.package_type = "java".to_owned();
        log4j.package_class = PackageClass::NonOs;
        log4j.package_path = "/app/log4j-core-2.14.1.jar".to_owned();
        log4j.nvd_data = vec![
            ScoredRecord {
                id: "a".to_owned(),
                cvss_v2: CvssScores::UNKNOWN,
                cvss_v3: scores(7.5, 3.9, 3.6),
            },
            ScoredRecord {
                id: "b".to_owned(),
                cvss_v2: CvssScores::UNKNOWN,
                cvss_v3: scores(10.0, 3.9, 6.0),
            },
        ];
        subject.image.vulnerabilities =
            vec![vulnerability("CVE-2020-28928", "Medium", "musl"), log4j];
        subject
    }

    fn rule(parameters: &[(&'static str, &str)]) -> Rule {
        parameters.iter().fold(
            Rule::new("vulnerabilities", "package"),
            |rule, (name, value)| rule.with(name, value),
        )
    }

    /// The ids that a rule finds in the image above.
    fn ids(parameters: &[(&'static str, &str)]) -> Vec<String> {
        ids_in(&vulnerable(), parameters)
    }

    fn ids_in(subject: &Subject, parameters: &[(&'static str, &str)]) -> Vec<String> {
        rule(parameters)
            .run(subject)
            .into_iter()
            .map(|(id, _)| id)
            .collect()
    }

    const MUSL: &str = "CVE-2020-28928+musl";
    const LOG4J: &str = "CVE-2021-44228+log4j-core-2.14.1.jar";
    const NOTHING: [&str; 0] = [];

    #[test]
    fn messages_say_what_was_found_where() {
        assert_eq!(
            rule(&[("package_type", "all")]).run(&vulnerable()),
            [
                (
                    MUSL.to_owned(),
                    "MEDIUM Vulnerability found in os package type (APKG) - musl (fixed in: 1.1.24-r10)\
                     (CVE-2020-28928 - https://example.com/CVE-2020-28928)"
                        .to_owned()
                ),
                (
                    LOG4J.to_owned(),
                    "CRITICAL Vulnerability found in non-os package type (java) - /app/log4j-core-2.14.1.jar \
                     (CVE-2021-44228 - https://example.com/CVE-2021-44228)"
                        .to_owned()
                ),
            ]
        );
    }

    #[test]
    fn the_package_type_chooses_the_packages() {
        assert_eq!(ids(&[("package_type", "os")]), [MUSL]);
        assert_eq!(ids(&[("package_type", "non-os")]), [LOG4J]);
    }

    #[test]
    fn severities_are_compared_in_their_order() {
        let with = |comparison, severity| {
            ids(&[
                ("package_type", "all"),
                ("severity_comparison", comparison),
                ("severity", severity),
            ])
        };
        assert_eq!(with(">", "medium"), [LOG4J]);
        assert_eq!(with(">=", "medium"), [MUSL, LOG4J]);
        assert_eq!(with("=", "medium"), [MUSL]);
        assert_eq!(with("<", "high"), [MUSL]);
        assert_eq!(with("!=", "critical"), [MUSL]);
    }

    #[test]
    fn unknown_severities_are_left_out_unless_asked_for() {
        let mut subject = vulnerable();
        subject.image.vulnerabilities = vec![vulnerability("CVE-1", "Unknown", "a")];
        assert_eq!(ids_in(&subject, &[("package_type", "all")]), NOTHING);
        let all = [("package_type", "all"), ("severity_comparison", ">=")];
        assert_eq!(ids_in(&subject, &all), ["CVE-1+a"]);
    }

    #[test]
    fn the_highest_score_counts_and_is_shown() {
        let with = |comparison, score| {
            rule(&[
                ("package_type", "non-os"),
                ("cvss_v3_base_score_comparison", comparison),
                ("cvss_v3_base_score", score),
                ("cvss_v3_impact_score", "6"),
            ])
            .messages(&vulnerable())
        };
        assert_eq!(
            with(">", "9.9"),
            [
                "CRITICAL Vulnerability found in non-os package type (java) - /app/log4j-core-2.14.1.jar \
                 (cvss_v3_base_score=10.0 cvss_v3_impact_score=6.0)(CVE-2021-44228 - \
                 https://example.com/CVE-2021-44228)"
            ]
        );
        assert_eq!(with("<", "9.9"), NOTHING);
    }

    #[test]
    fn without_scores_the_score_is_minus_one() {
        let with = |comparison, score| {
            ids(&[
                ("package_type", "os"),
                ("vendor_cvss_v3_base_score_comparison", comparison),
                ("vendor_cvss_v3_base_score", score),
            ])
        };
        assert_eq!(with("=", "-1"), [MUSL]);
        assert_eq!(with(">=", "0"), NOTHING);
    }

    #[test]
    fn a_fix_must_be_there_or_must_not() {
        let with = |fix| ids(&[("package_type", "all"), ("fix_available", fix)]);
        assert_eq!(with("true"), [MUSL]);
        assert_eq!(with("false"), [LOG4J]);
    }

    #[test]
    fn what_the_vendor_will_not_fix_is_left_out_by_default() {
        let mut subject = vulnerable();
        for found in &mut subject.image.vulnerabilities {
            found.will_not_fix = true;
        }
        assert_eq!(ids_in(&subject, &[("package_type", "all")]), NOTHING);
        let with_all = [("package_type", "all"), ("vendor_only", "false")];
        assert_eq!(ids_in(&subject, &with_all), [MUSL, LOG4J]);
    }

    #[test]
    fn recent_detections_are_left_out_when_days_are_given() {
        let with = |days| {
            rule(&[("package_type", "os"), ("max_days_since_creation", days)])
                .messages(&vulnerable())
        };
        assert_eq!(with("11"), NOTHING);
        assert_eq!(
            with("10"),
            [
                "MEDIUM Vulnerability found in os package type (APKG) - musl (fixed in: 1.1.24-r10)\
                 (max_days_since_creation=2026-05-22)(CVE-2020-28928 - https://example.com/CVE-2020-28928)"
            ]
        );
        assert_eq!(with("99999999999999"), NOTHING);
    }

    #[test]
    fn days_since_the_fix_count_only_when_a_fix_is_asked_for() {
        let mut subject = vulnerable();
        subject.image.vulnerabilities[0].fix_observed_at = Some("2026-05-31T12:00:00Z".to_owned());
        let without = [("package_type", "os"), ("max_days_since_fix", "5")];
        assert_eq!(ids_in(&subject, &without), [MUSL]);
        let with = [without[0], without[1], ("fix_available", "true")];
        assert_eq!(ids_in(&subject, &with), NOTHING);
        subject.image.vulnerabilities[0].fix_observed_at = None;
        assert_eq!(ids_in(&subject, &with), [MUSL], "then the detection counts");
    }

    #[test]
    fn paths_are_excluded_for_packages_outside_the_distribution_only() {
        let with = |path| ids(&[("package_type", "all"), ("package_path_exclude", path)]);
        assert_eq!(with("/app/.*"), [MUSL]);
        assert_eq!(with("log4j"), [MUSL, LOG4J], "matched from the start");
        assert_eq!(with(".*"), [MUSL]);
    }

    #[test]
    fn ids_follow_the_kind_of_package() {
        let id = |package_type: &str, path: &str| {
            let mut found = vulnerability("CVE-1", "High", "name");
            found.package_version = "1.0".to_owned();
            found.package_type = package_type.to_owned();
            found.package_class = PackageClass::NonOs;
            found.package_path = path.to_owned();
            trigger_id(&found)
        };
        assert_eq!(id("java", "/app/a.jar"), "CVE-1+a.jar");
        assert_eq!(id("gem", "/gems/a.gemspec"), "CVE-1+a.gemspec");
        assert_eq!(id("npm", "/app/node_modules/a/package.json"), "CVE-1+a");
        assert_eq!(id("npm", "package.json"), "CVE-1+name-1.0");
        assert_eq!(id("python", "/usr/lib/python3/a"), "CVE-1+name-1.0");
        assert_eq!(id("java", ""), "CVE-1+name-1.0");
    }
}
