//! Running one rule in a test.

use crate::time::Timestamp;

use super::{CheckError, Match, Subject};
use crate::resources::images::evaluation::{
    CvssScores, EvaluationInput, ImageMetadata, Package, PackageClass, VulnerabilityMatch,
};
use crate::resources::policies::catalogue::{Arguments, Build, find_gate};
use crate::resources::policies::engine::{Check, FeedState};

/// The time of every evaluation in tests.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

/// An analysed image without packages, files or anything else.
pub(crate) fn subject() -> Subject {
    Subject {
        image: EvaluationInput {
            image_digest: format!("sha256:{}", "a".repeat(64)),
            parent_digest: format!("sha256:{}", "a".repeat(64)),
            image_id: "1d".repeat(32),
            tags: Vec::new(),
            metadata: ImageMetadata {
                arch: Some("amd64".to_owned()),
                os: Some("linux".to_owned()),
                distro: Some("alpine".to_owned()),
                distro_version: Some("3.12.0".to_owned()),
                like_distro: Vec::new(),
                image_size: Some(2_797_541),
                layer_count: Some(1),
            },
            dockerfile: None,
            packages: Vec::new(),
            vulnerabilities: Vec::new(),
        },
        feed: FeedState {
            namespace: Some("alpine:3.12.0".to_owned()),
            has_data: true,
            last_sync: Some(now()),
        },
        files: None,
        content_matches: Vec::new(),
        secret_matches: Vec::new(),
        retrieved_files: Vec::new(),
        malware_scans: Vec::new(),
    }
}

/// A package of the distribution.
pub(crate) fn package(name: &str, version: &str, licenses: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        package_type: "APKG".to_owned(),
        class: PackageClass::Os,
        licenses: licenses.iter().map(|&license| license.to_owned()).collect(),
        location: "pkgdb".to_owned(),
    }
}

/// A vulnerability of a package of the distribution, detected ten days ago, with a fix.
pub(crate) fn vulnerability(id: &str, severity: &str, package: &str) -> VulnerabilityMatch {
    VulnerabilityMatch {
        vulnerability_id: id.to_owned(),
        severity: severity.to_owned(),
        fix: Some("1.1.24-r10".to_owned()),
        package_name: package.to_owned(),
        package_version: "1.1.24-r8".to_owned(),
        package_type: "APKG".to_owned(),
        package_class: PackageClass::Os,
        package_path: "pkgdb".to_owned(),
        url: Some(format!("https://example.com/{id}")),
        feed: "vulnerabilities".to_owned(),
        feed_group: "alpine:3.12".to_owned(),
        will_not_fix: false,
        nvd_data: Vec::new(),
        vendor_data: Vec::new(),
        detected_at: "2026-05-22T12:00:00Z".to_owned(),
        fix_observed_at: None,
        package_cpe: None,
    }
}

/// CVSS scores.
pub(crate) fn scores(base: f64, exploitability: f64, impact: f64) -> CvssScores {
    CvssScores {
        base_score: base,
        exploitability_score: exploitability,
        impact_score: impact,
    }
}

/// One rule, for running its check alone.
pub(crate) struct Rule {
    gate: &'static str,
    trigger: &'static str,
    parameters: Vec<(&'static str, String)>,
}

impl Rule {
    /// A rule without parameters.
    pub(crate) fn new(gate: &'static str, trigger: &'static str) -> Self {
        Self {
            gate,
            trigger,
            parameters: Vec::new(),
        }
    }

    /// The rule with one more parameter.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, value.to_owned()));
        self
    }

    /// The check that the rule becomes, or what is wrong with it.
    pub(crate) fn check(&self) -> Result<Box<dyn Check>, String> {
        let gate = find_gate(self.gate).expect("a known gate");
        let trigger = gate.trigger(self.trigger).expect("a known trigger");
        let mut arguments = Arguments::for_rule("rule1");
        for (name, value) in &self.parameters {
            let parameter = trigger.parameter(name).expect("a known parameter");
            arguments.insert(parameter, parameter.kind.read(value)?);
        }
        match trigger.build {
            Build::Check(build) => Ok(build(&arguments)),
            Build::TryCheck(build) => {
                build(&arguments).map_err(|bad| format!("{}: {}", bad.parameter, bad.expected))
            }
            Build::NotAvailable | Build::Retired => {
                panic!("{}/{} has no check", self.gate, self.trigger)
            }
        }
    }

    /// The outcome of the check.
    pub(crate) fn outcome(&self, subject: &Subject) -> Result<Vec<Match>, CheckError> {
        self.check().expect("a good rule").run(subject, now())
    }

    /// The trigger ids (empty where they are made from the message) and messages of what is found.
    pub(crate) fn run(&self, subject: &Subject) -> Vec<(String, String)> {
        self.outcome(subject)
            .expect("the image has the data")
            .into_iter()
            .map(|found| (found.trigger_id.unwrap_or_default(), found.message))
            .collect()
    }

    /// The messages of what is found.
    pub(crate) fn messages(&self, subject: &Subject) -> Vec<String> {
        self.run(subject)
            .into_iter()
            .map(|(_, message)| message)
            .collect()
    }
}
