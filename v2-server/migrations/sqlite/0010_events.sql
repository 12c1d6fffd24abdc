-- What happened. `sequence` gives all events one order, also those of one second.
CREATE TABLE events (
    sequence      INTEGER NOT NULL PRIMARY KEY,
    event_id      TEXT NOT NULL UNIQUE,
    account_name  TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    type          TEXT NOT NULL,
    category      TEXT NOT NULL,
    level         TEXT NOT NULL,
    message       TEXT NOT NULL,
    details       TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    service_name  TEXT NOT NULL,
    host_id       TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    request_id    TEXT,
    created_at    TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (account_name, created_at, sequence);
CREATE INDEX events_by_type ON events (account_name, type, created_at, sequence);
CREATE INDEX events_by_level ON events (account_name, level, created_at, sequence);
CREATE INDEX events_by_resource ON events (account_name, resource_id, created_at, sequence);
