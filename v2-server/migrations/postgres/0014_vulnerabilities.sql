-- Vulnerability matches of images. `report` is the row of the report as JSON text, without what depends on the
-- question asked. `severity_rank` counts from the worst severity.
CREATE TABLE image_vulnerabilities (
    image            BIGINT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    severity_rank    BIGINT NOT NULL,
    vulnerability_id TEXT COLLATE "C" NOT NULL,
    package_name     TEXT COLLATE "C" NOT NULL,
    package_version  TEXT COLLATE "C" NOT NULL,
    package_type     TEXT COLLATE "C" NOT NULL,
    package_path     TEXT COLLATE "C" NOT NULL,
    feed             TEXT COLLATE "C" NOT NULL,
    feed_group       TEXT COLLATE "C" NOT NULL,
    package_class    TEXT COLLATE "C" NOT NULL,
    severity         TEXT COLLATE "C" NOT NULL,
    fix              TEXT COLLATE "C",
    url              TEXT COLLATE "C",
    package_cpe      TEXT COLLATE "C",
    will_not_fix     BOOLEAN NOT NULL,
    nvd_data         TEXT COLLATE "C" NOT NULL,
    vendor_data      TEXT COLLATE "C" NOT NULL,
    detected_at      TEXT COLLATE "C" NOT NULL,
    fix_observed_at  TEXT COLLATE "C",
    report           TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (image, vulnerability_id, package_name, package_version, package_type, package_path, feed)
);
-- The order of the report.
CREATE INDEX image_vulnerabilities_by_severity ON image_vulnerabilities
    (image, severity_rank, vulnerability_id, package_name, package_version, package_type, package_path, feed);

-- Feeds of vulnerability data and the groups within, by namespace such as `alpine:3.12`.
CREATE TABLE feeds (
    name           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    enabled        BOOLEAN NOT NULL,
    created_at     TEXT COLLATE "C" NOT NULL,
    updated_at     TEXT COLLATE "C" NOT NULL,
    last_full_sync TEXT COLLATE "C"
);
CREATE TABLE feed_groups (
    feed         TEXT COLLATE "C" NOT NULL REFERENCES feeds (name) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    enabled      BOOLEAN NOT NULL,
    created_at   TEXT COLLATE "C" NOT NULL,
    updated_at   TEXT COLLATE "C" NOT NULL,
    last_sync    TEXT COLLATE "C",
    record_count BIGINT NOT NULL,
    PRIMARY KEY (feed, name)
);
