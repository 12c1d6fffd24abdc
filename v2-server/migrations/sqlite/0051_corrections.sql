-- What users know better about packages than the analysis does. `conditions` and `replacements` are JSON.
CREATE TABLE corrections (
    id              INTEGER NOT NULL PRIMARY KEY,
    uuid            TEXT NOT NULL UNIQUE,
    account_name    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    correction_type TEXT NOT NULL,
    description     TEXT,
    package_type    TEXT NOT NULL,
    conditions      TEXT,
    replacements    TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    last_updated    TEXT NOT NULL
);
CREATE INDEX corrections_by_age ON corrections (account_name, id);
CREATE INDEX corrections_by_package_type ON corrections (account_name, package_type, id);
