-- Applications, their versions, and the images and sources that make a version up.
CREATE TABLE applications (
    id           INTEGER NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    account_name TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    description  TEXT,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL,
    UNIQUE (account_name, name)
);
CREATE INDEX applications_by_age ON applications (account_name, id);

CREATE TABLE application_versions (
    id           INTEGER NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    application  INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    version_name TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL,
    UNIQUE (application, version_name)
);
CREATE INDEX application_versions_by_age ON application_versions (application, id);

-- Either an image or a source. What is removed takes its associations along.
CREATE TABLE application_artifacts (
    id           INTEGER NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    version      INTEGER NOT NULL REFERENCES application_versions (id) ON DELETE CASCADE,
    image        INTEGER REFERENCES images (id) ON DELETE CASCADE,
    source       INTEGER REFERENCES sources (id) ON DELETE CASCADE,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL,
    UNIQUE (version, image),
    UNIQUE (version, source),
    CHECK ((image IS NULL) <> (source IS NULL))
);
CREATE INDEX application_artifacts_by_age ON application_artifacts (version, id);
CREATE INDEX application_artifacts_by_image ON application_artifacts (image);
CREATE INDEX application_artifacts_by_source ON application_artifacts (source);

-- Edges from one artifact to another: either end is an image or a source.
CREATE TABLE artifact_relationships (
    id                INTEGER NOT NULL PRIMARY KEY,
    uuid              TEXT NOT NULL UNIQUE,
    account_name      TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    from_image        INTEGER REFERENCES images (id) ON DELETE CASCADE,
    from_source       INTEGER REFERENCES sources (id) ON DELETE CASCADE,
    to_image          INTEGER REFERENCES images (id) ON DELETE CASCADE,
    to_source         INTEGER REFERENCES sources (id) ON DELETE CASCADE,
    relationship_type TEXT NOT NULL CHECK (relationship_type IN ('contains', 'contained_by')),
    comment           TEXT,
    user_metadata     TEXT,
    created_at        TEXT NOT NULL,
    CHECK ((from_image IS NULL) <> (from_source IS NULL)),
    CHECK ((to_image IS NULL) <> (to_source IS NULL))
);
CREATE INDEX artifact_relationships_by_age ON artifact_relationships (account_name, id);
CREATE INDEX artifact_relationships_from_image ON artifact_relationships (from_image);
CREATE INDEX artifact_relationships_from_source ON artifact_relationships (from_source);
CREATE INDEX artifact_relationships_to_image ON artifact_relationships (to_image);
CREATE INDEX artifact_relationships_to_source ON artifact_relationships (to_source);
