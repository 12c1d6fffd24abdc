-- One row for each revision of a source repository that an account imported. What an analysis finds hangs on
-- `analysis`, as with images.
CREATE TABLE sources (
    id              INTEGER NOT NULL PRIMARY KEY,
    uuid            TEXT NOT NULL UNIQUE,
    account_name    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    host            TEXT NOT NULL,
    repository_name TEXT NOT NULL,
    revision        TEXT NOT NULL,
    analysis_status TEXT NOT NULL
        CHECK (analysis_status IN ('not_analyzed', 'analyzing', 'analyzed', 'analysis_failed')),
    import_uuid     TEXT,
    analysis        INTEGER NOT NULL,
    analyzed_at     TEXT,
    claimed_until   TEXT,
    queued_at       TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    last_updated    TEXT NOT NULL,
    UNIQUE (account_name, host, repository_name, revision)
);
CREATE INDEX sources_by_age ON sources (account_name, id);
CREATE INDEX sources_to_analyze ON sources (analysis_status, queued_at) WHERE import_uuid IS NOT NULL;

-- What each import told about the revision.
CREATE TABLE source_metadata (
    sequence                   INTEGER NOT NULL PRIMARY KEY,
    uuid                       TEXT NOT NULL UNIQUE,
    source                     INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    ci_workflow_name           TEXT,
    ci_workflow_execution_time TEXT,
    branch_name                TEXT,
    change_author              TEXT
);
CREATE INDEX source_metadata_by_source ON source_metadata (source, sequence);

-- The SBOM as it was uploaded.
CREATE TABLE source_sboms (
    source INTEGER NOT NULL PRIMARY KEY REFERENCES sources (id) ON DELETE CASCADE,
    body   BLOB NOT NULL
);

-- Content listings as JSON text, in pieces of bounded size: rows joined by commas.
CREATE TABLE source_content (
    source       INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    content_type TEXT NOT NULL,
    piece        INTEGER NOT NULL,
    body         TEXT NOT NULL,
    PRIMARY KEY (source, content_type, piece)
);

-- Vulnerability matches, worst first by `position`. `report` is the row of the report as JSON text.
CREATE TABLE source_vulnerabilities (
    source        INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    package_class TEXT NOT NULL,
    will_not_fix  INTEGER NOT NULL,
    report        TEXT NOT NULL,
    PRIMARY KEY (source, position)
);

-- Imports of sources: an operation gathers uploads of an SBOM until a source is made of one.
CREATE TABLE source_imports (
    sequence     INTEGER NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    account_name TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    status       TEXT NOT NULL
        CHECK (status IN ('pending', 'queued', 'processing', 'complete', 'failed', 'expired')),
    -- The upload the source is made of.
    sbom         TEXT,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL,
    expires_at   TEXT NOT NULL
);
CREATE INDEX source_imports_by_age ON source_imports (account_name, sequence);
CREATE INDEX source_imports_by_expiry ON source_imports (expires_at);

-- Uploaded SBOMs. The content goes once the operation has come to an end.
CREATE TABLE source_import_sboms (
    sequence   INTEGER NOT NULL PRIMARY KEY,
    import     TEXT NOT NULL REFERENCES source_imports (uuid) ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    content    BLOB,
    created_at TEXT NOT NULL,
    UNIQUE (import, digest)
);
