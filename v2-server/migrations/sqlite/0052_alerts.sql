-- Images that fail the active policy under a watched tag.
CREATE TABLE alerts (
    id                       INTEGER NOT NULL PRIMARY KEY,
    uuid                     TEXT NOT NULL UNIQUE,
    account_name             TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    state                    TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    image_digest             TEXT NOT NULL,
    image_tag                TEXT NOT NULL,
    registry                 TEXT NOT NULL,
    repository               TEXT NOT NULL,
    policy_id                TEXT NOT NULL,
    evaluation_id            TEXT NOT NULL,
    evaluated_at             TEXT NOT NULL,
    compliance_status_reason TEXT NOT NULL,
    violations_count         INTEGER NOT NULL,
    closed_by                TEXT,
    closed_reason            TEXT,
    created_at               TEXT NOT NULL,
    last_updated             TEXT NOT NULL
);
CREATE INDEX alerts_by_age ON alerts (account_name, id);
CREATE INDEX alerts_by_state ON alerts (account_name, state, id);
CREATE INDEX alerts_by_tag ON alerts (account_name, image_tag, id);
CREATE UNIQUE INDEX alerts_one_open ON alerts (account_name, image_digest, image_tag, policy_id) WHERE state = 'open';
