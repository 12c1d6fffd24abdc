-- Servers that use this database, and the services that each of them offers.

CREATE TABLE servers (
    host_id    TEXT NOT NULL PRIMARY KEY,
    base_url   TEXT NOT NULL,
    version    TEXT NOT NULL,
    state      TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seen_at    TEXT NOT NULL
);

CREATE TABLE server_services (
    host_id      TEXT NOT NULL REFERENCES servers (host_id) ON DELETE CASCADE,
    service_name TEXT NOT NULL,
    PRIMARY KEY (host_id, service_name)
);

-- The server that analyses it: when that one is gone, another may.
ALTER TABLE images ADD COLUMN claimed_by TEXT;
ALTER TABLE sources ADD COLUMN claimed_by TEXT;
