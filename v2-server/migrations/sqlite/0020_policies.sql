-- Policies. `sequence` keeps the order in which they came; `digest` is that of the document's canonical form.
CREATE TABLE policies (
    sequence      INTEGER NOT NULL PRIMARY KEY,
    account_name  TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    policy_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT,
    policy_source TEXT NOT NULL,
    active        INTEGER NOT NULL,
    document      TEXT NOT NULL,
    digest        TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    last_updated  TEXT NOT NULL,
    UNIQUE (account_name, policy_id)
);
CREATE UNIQUE INDEX policies_one_active ON policies (account_name) WHERE active;
