//! Sources for tests: made as clients make them, by importing an SBOM.

use serde_json::{Value, json};

use crate::testing::TestServer;

/// A source to import.
pub(crate) struct SourceParts {
    /// The SBOM.
    pub(crate) sbom: Value,
    /// The revision.
    pub(crate) revision: String,
    /// Who imports.
    pub(crate) user: &'static str,
}

/// An SBOM with two packages.
pub(crate) fn sbom() -> Value {
    json!({
        "artifacts": [
            {
                "name": "lodash", "version": "4.17.4", "type": "npm", "language": "javascript",
                "locations": [{ "path": "/package-lock.json" }], "licenses": ["MIT"], "cpes": [],
                "purl": "pkg:npm/lodash@4.17.4", "metadata": { "author": "a" },
            },
            {
                "name": "log4j-core", "version": "2.14.1", "type": "java-archive", "language": "java",
                "locations": [{ "path": "/pom.xml" }], "licenses": [], "cpes": [],
            },
        ],
        "source": { "type": "directory", "target": "." },
        "distro": {},
        "descriptor": { "name": "syft", "version": "1.0.0" },
    })
}

impl SourceParts {
    /// A revision of a repository.
    pub(crate) fn new(revision: &str) -> Self {
        Self {
            sbom: sbom(),
            revision: revision.to_owned(),
            user: "admin",
        }
    }

    /// Imports the source, without analysing it; gives its record.
    pub(crate) async fn add(&self, server: &TestServer) -> Value {
        let begun = server.post("/v2/imports/sources").as_user(self.user).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        let path = format!(
            "/v2/imports/sources/{}",
            begun.body["uuid"].as_str().unwrap()
        );
        let kept = server
            .post(&format!("{path}/sbom"))
            .as_user(self.user)
            .json(&self.sbom)
            .await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        let metadata = json!({
            "host": "github.com", "repository_name": "acme/shop", "revision": self.revision,
            "contents": { "sbom": kept.body["digest"] }, "branch_name": "main", "change_author": "a@example.com",
            "ci_workflow_name": "build", "ci_workflow_execution_time": "2026-11-23T08:00:00Z",
        });
        let made = server
            .post(&format!("{path}/finalize"))
            .as_user(self.user)
            .json(metadata)
            .await;
        assert_eq!(made.status, 200, "{}", made.text);
        made.body
    }

    /// Imports and analyses the source; gives its id.
    pub(crate) async fn analyzed(&self, server: &TestServer) -> String {
        let made = self.add(server).await;
        super::analysis::analyze_waiting(&server.state)
            .await
            .unwrap();
        made["uuid"].as_str().unwrap().to_owned()
    }
}
