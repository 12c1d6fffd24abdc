-- Imports of images: an operation gathers uploaded parts until an image is made of them.
CREATE TABLE image_imports (
    sequence     INTEGER NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    account_name TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    status       TEXT NOT NULL
        CHECK (status IN ('pending', 'queued', 'processing', 'complete', 'failed', 'expired')),
    -- Which upload of each part the image is made of: a JSON object of part and digest.
    contents     TEXT,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL,
    expires_at   TEXT NOT NULL
);
CREATE INDEX image_imports_by_age ON image_imports (account_name, sequence);
CREATE INDEX image_imports_by_expiry ON image_imports (expires_at);

-- Uploaded parts. The content goes once the operation has come to an end.
CREATE TABLE image_import_parts (
    sequence   INTEGER NOT NULL PRIMARY KEY,
    import     TEXT NOT NULL REFERENCES image_imports (uuid) ON DELETE CASCADE,
    part       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    content    BLOB,
    created_at TEXT NOT NULL,
    UNIQUE (import, part, digest)
);
