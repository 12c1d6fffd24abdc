-- Servers that use this database, and the services that each of them offers.

CREATE TABLE servers (
    host_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    base_url   TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    started_at TEXT COLLATE "C" NOT NULL,
    seen_at    TEXT COLLATE "C" NOT NULL
);

CREATE TABLE server_services (
    host_id      TEXT COLLATE "C" NOT NULL REFERENCES servers (host_id) ON DELETE CASCADE,
    service_name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (host_id, service_name)
);

-- The server that analyses it: when that one is gone, another may.
ALTER TABLE images ADD COLUMN claimed_by TEXT COLLATE "C";
ALTER TABLE sources ADD COLUMN claimed_by TEXT COLLATE "C";
