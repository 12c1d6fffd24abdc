-- Vulnerability matches of images. `report` is the row of the report as JSON text, without what depends on the
-- question asked. `severity_rank` counts from the worst severity.
CREATE TABLE image_vulnerabilities (
    image            INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    severity_rank    INTEGER NOT NULL,
    vulnerability_id TEXT NOT NULL,
    package_name     TEXT NOT NULL,
    package_version  TEXT NOT NULL,
    package_type     TEXT NOT NULL,
    package_path     TEXT NOT NULL,
    feed             TEXT NOT NULL,
    feed_group       TEXT NOT NULL,
    package_class    TEXT NOT NULL,
    severity         TEXT NOT NULL,
    fix              TEXT,
    url              TEXT,
    package_cpe      TEXT,
    will_not_fix     INTEGER NOT NULL,
    nvd_data         TEXT NOT NULL,
    vendor_data      TEXT NOT NULL,
    detected_at      TEXT NOT NULL,
    fix_observed_at  TEXT,
    report           TEXT NOT NULL,
    PRIMARY KEY (image, vulnerability_id, package_name, package_version, package_type, package_path, feed)
);
-- The order of the report.
CREATE INDEX image_vulnerabilities_by_severity ON image_vulnerabilities
    (image, severity_rank, vulnerability_id, package_name, package_version, package_type, package_path, feed);

-- Feeds of vulnerability data and the groups within, by namespace such as `alpine:3.12`.
CREATE TABLE feeds (
    name           TEXT NOT NULL PRIMARY KEY,
    enabled        INTEGER NOT NULL,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    last_full_sync TEXT
);
CREATE TABLE feed_groups (
    feed         TEXT NOT NULL REFERENCES feeds (name) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    last_sync    TEXT,
    record_count INTEGER NOT NULL,
    PRIMARY KEY (feed, name)
);
