-- Action plans that were sent. `resolutions` is JSON.
CREATE TABLE action_plans (
    id               INTEGER NOT NULL PRIMARY KEY,
    uuid             TEXT NOT NULL UNIQUE,
    account_name     TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    type             TEXT NOT NULL,
    image_tag        TEXT,
    image_digest     TEXT,
    policy_id        TEXT,
    resolutions      TEXT NOT NULL,
    endpoint         TEXT NOT NULL,
    configuration_id TEXT NOT NULL,
    subject          TEXT NOT NULL,
    message          TEXT NOT NULL,
    created_at       TEXT NOT NULL,
    last_updated     TEXT NOT NULL
);
CREATE INDEX action_plans_by_age ON action_plans (account_name, id);
CREATE INDEX action_plans_by_tag ON action_plans (account_name, image_tag, id);
CREATE INDEX action_plans_by_digest ON action_plans (account_name, image_digest, id);
