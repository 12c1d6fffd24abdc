-- One row for each image of an account. What an analysis finds hangs on `analysis`, a number that grows with each
-- analysis of the image: readers of a long listing notice when it is replaced under them.
CREATE TABLE images (
    id                     INTEGER NOT NULL PRIMARY KEY,
    account_name           TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    image_digest           TEXT NOT NULL,
    parent_digest          TEXT NOT NULL,
    image_id               TEXT NOT NULL,
    image_type             TEXT NOT NULL,
    image_status           TEXT NOT NULL CHECK (image_status IN ('active', 'deleting')),
    analysis_status        TEXT NOT NULL
        CHECK (analysis_status IN ('not_analyzed', 'analyzing', 'analyzed', 'analysis_failed')),
    analysis_status_detail TEXT NOT NULL,
    annotations            TEXT NOT NULL,
    -- The import whose parts an analysis reads; none for images of a registry.
    import_uuid            TEXT,
    analysis               INTEGER NOT NULL,
    -- The same for vulnerability matching.
    matching               INTEGER NOT NULL DEFAULT 0,
    -- While an image is analyzed: until when its worker has it.
    claimed_until          TEXT,
    queued_at              TEXT NOT NULL,
    created_at             TEXT NOT NULL,
    last_updated           TEXT NOT NULL,
    analyzed_at            TEXT,
    -- What the analysis found out about the image as a whole.
    arch                   TEXT,
    os                     TEXT,
    distro                 TEXT,
    distro_version         TEXT,
    like_distro            TEXT NOT NULL,
    dockerfile_mode        TEXT,
    image_size             INTEGER,
    layer_count            INTEGER,
    layers                 TEXT NOT NULL,
    UNIQUE (account_name, image_digest)
);
CREATE INDEX images_by_age ON images (account_name, id);
CREATE INDEX images_by_status ON images (account_name, image_status, id);
CREATE INDEX images_by_analysis_status ON images (account_name, analysis_status, id);
CREATE INDEX images_by_image_id ON images (account_name, image_id);
CREATE INDEX images_to_analyze ON images (analysis_status, queued_at) WHERE import_uuid IS NOT NULL;
CREATE INDEX images_to_delete ON images (id) WHERE image_status = 'deleting';

-- Every tag an image was seen under. Of the images seen under one tag the newest detection is the tag's image;
-- `detection` tells detections of one second apart.
CREATE TABLE image_tags (
    image           INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    account_name    TEXT NOT NULL,
    full_tag        TEXT NOT NULL,
    registry        TEXT NOT NULL,
    repo            TEXT NOT NULL,
    tag             TEXT NOT NULL,
    dockerfile      TEXT,
    created_at      TEXT NOT NULL,
    last_updated    TEXT NOT NULL,
    tag_detected_at TEXT NOT NULL,
    detection       INTEGER NOT NULL,
    PRIMARY KEY (image, full_tag)
);
CREATE INDEX image_tags_by_tag ON image_tags (account_name, full_tag, tag_detected_at, detection);

-- Documents about an image: `sbom`, `manifest`, `docker_history`, `dockerfile`, and the by-products of its analysis.
CREATE TABLE image_documents (
    image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    kind  TEXT NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (image, kind)
);

-- Content listings as JSON text, in pieces of bounded size: rows joined by commas.
CREATE TABLE image_content (
    image        INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    content_type TEXT NOT NULL,
    piece        INTEGER NOT NULL,
    body         TEXT NOT NULL,
    PRIMARY KEY (image, content_type, piece)
);

-- Packages as columns, for everything that asks about them: policies, matching, queries by package.
CREATE TABLE image_packages (
    image        INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    version      TEXT NOT NULL,
    package_type TEXT NOT NULL,
    class        TEXT NOT NULL,
    location     TEXT NOT NULL,
    licenses     TEXT NOT NULL,
    cpes         TEXT NOT NULL,
    purl         TEXT,
    PRIMARY KEY (image, position)
);
CREATE INDEX image_packages_by_name ON image_packages (name, image);
