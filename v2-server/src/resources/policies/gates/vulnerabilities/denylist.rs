//! `denylist`: vulnerabilities that are named one by one.

use crate::resources::policies::catalogue::Arguments;
use crate::resources::policies::engine::{Check, CheckError, Match, Subject};
use crate::time::Timestamp;

/// None of these may be there.
#[derive(Debug)]
pub(super) struct Denylist {
    ids: Vec<String>,
    vendor_only: bool,
}

impl Denylist {
    pub(super) fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            ids: arguments.list("vulnerability_ids"),
            vendor_only: arguments.flag("vendor_only").unwrap_or(true),
        })
    }
}

impl Check for Denylist {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let is_found = |id: &&String| {
            subject.image.vulnerabilities.iter().any(|found| {
                found.vulnerability_id == **id && !(self.vendor_only && found.will_not_fix)
            })
        };
        let found: Vec<String> = self
            .ids
            .iter()
            .filter(is_found)
            .map(|id| format!("'{id}'"))
            .collect();
        Ok(if found.is_empty() {
            Vec::new()
        } else {
            vec![Match::new(format!(
                "Denylisted vulnerabilities detected: [{}]",
                found.join(", ")
            ))]
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::testing::{Rule, subject, vulnerability};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn one_finding_lists_the_denied_vulnerabilities() {
        let found = |ids: &str, vendor_only: &str| {
            let mut subject = subject();
            subject.image.vulnerabilities = vec![
                vulnerability("CVE-2020-28928", "Medium", "musl"),
                vulnerability("CVE-2021-44228", "Critical", "log4j"),
            ];
            subject.image.vulnerabilities[1].will_not_fix = true;
            Rule::new("vulnerabilities", "denylist")
                .with("vulnerability_ids", ids)
                .with("vendor_only", vendor_only)
                .messages(&subject)
        };
        assert_eq!(
            found("CVE-2021-44228,CVE-1,CVE-2020-28928", "false"),
            ["Denylisted vulnerabilities detected: ['CVE-2021-44228', 'CVE-2020-28928']"]
        );
        assert_eq!(found("CVE-2021-44228", "true"), NOTHING);
        assert_eq!(found("CVE-1", "false"), NOTHING);
    }
}
