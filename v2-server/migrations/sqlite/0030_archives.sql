-- Archived analyses. `body` is the whole analysis, compressed; what listings show stands beside it.
CREATE TABLE archived_images (
    sequence      INTEGER NOT NULL PRIMARY KEY,
    account_name  TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    image_digest  TEXT NOT NULL,
    parent_digest TEXT NOT NULL,
    annotations   TEXT NOT NULL,
    -- The tags as clients see them: a JSON list.
    image_detail  TEXT NOT NULL,
    tag_count     INTEGER NOT NULL,
    analyzed_at   TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    last_updated  TEXT NOT NULL,
    size          INTEGER NOT NULL,
    body          BLOB NOT NULL,
    UNIQUE (account_name, image_digest)
);
CREATE INDEX archived_images_by_age ON archived_images (account_name, sequence);

-- Rules that archive images, and rules that delete what is archived. Numbers below 0 switch a condition off.
CREATE TABLE archive_rules (
    sequence                  INTEGER NOT NULL PRIMARY KEY,
    rule_id                   TEXT NOT NULL UNIQUE,
    account_name              TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    transition                TEXT NOT NULL CHECK (transition IN ('archive', 'delete')),
    system_global             INTEGER NOT NULL,
    registry                  TEXT NOT NULL,
    repository                TEXT NOT NULL,
    tag                       TEXT NOT NULL,
    analysis_age_days         INTEGER NOT NULL,
    tag_versions_newer        INTEGER NOT NULL,
    max_images_per_account    INTEGER,
    exclude_registry          TEXT NOT NULL,
    exclude_repository        TEXT NOT NULL,
    exclude_tag               TEXT NOT NULL,
    exclude_expiration_days   INTEGER NOT NULL,
    exclude_last_seen_in_days INTEGER NOT NULL,
    created_at                TEXT NOT NULL,
    last_updated              TEXT NOT NULL
);
CREATE INDEX archive_rules_by_age ON archive_rules (account_name, sequence);
CREATE INDEX archive_rules_global ON archive_rules (sequence) WHERE system_global;
-- Only one rule limits how many images accounts may have.
CREATE UNIQUE INDEX archive_rules_one_limit ON archive_rules (system_global) WHERE max_images_per_account IS NOT NULL;

-- What an image's layers come to, so that images that others are built on are found by it. Images that were analysed
-- before this was kept get it with their next analysis.
ALTER TABLE images ADD COLUMN layers_digest TEXT;
CREATE INDEX images_by_layers ON images (account_name, layers_digest);
