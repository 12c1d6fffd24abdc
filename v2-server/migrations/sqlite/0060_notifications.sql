-- Whether anything is sent to endpoints of a type.
CREATE TABLE notification_endpoints (
    name         TEXT NOT NULL PRIMARY KEY,
    enabled      INTEGER NOT NULL,
    last_updated TEXT NOT NULL
);

-- Where accounts want to be told. `settings` are those of the type, without the secret. `version` grows with every
-- change, so that the outcome of a delivery with old settings is not taken for one with new ones. Deliveries are made
-- by the server that holds the claim.
CREATE TABLE notification_configurations (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT NOT NULL UNIQUE,
    account_name  TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    endpoint      TEXT NOT NULL REFERENCES notification_endpoints (name),
    description   TEXT,
    verify_tls    INTEGER NOT NULL,
    settings      TEXT NOT NULL,
    secret        TEXT,
    status        TEXT NOT NULL CHECK (status IN ('unknown', 'healthy', 'unhealthy')),
    version       INTEGER NOT NULL,
    claimed_until TEXT,
    created_at    TEXT NOT NULL,
    last_updated  TEXT NOT NULL
);
CREATE INDEX notification_configurations_by_account ON notification_configurations (account_name, endpoint, id);
CREATE INDEX notification_configurations_by_endpoint ON notification_configurations (endpoint, id);

-- Which events a configuration wants.
CREATE TABLE notification_selectors (
    id            INTEGER NOT NULL PRIMARY KEY,
    uuid          TEXT NOT NULL UNIQUE,
    configuration INTEGER NOT NULL REFERENCES notification_configurations (id) ON DELETE CASCADE,
    scope         TEXT NOT NULL CHECK (scope IN ('account', 'global')),
    level         TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    type          TEXT NOT NULL
);
CREATE INDEX notification_selectors_by_configuration ON notification_selectors (configuration, id);
CREATE INDEX notification_selectors_global ON notification_selectors (configuration) WHERE scope = 'global';

-- What is still to be sent: one event for one configuration. Gone once it was sent or given up.
CREATE TABLE notification_deliveries (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    configuration INTEGER NOT NULL REFERENCES notification_configurations (id) ON DELETE CASCADE,
    event         TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    due_at        TEXT NOT NULL,
    created_at    TEXT NOT NULL
);
CREATE INDEX notification_deliveries_by_configuration ON notification_deliveries (configuration, id);
CREATE INDEX notification_deliveries_by_due ON notification_deliveries (due_at, configuration);
CREATE INDEX notification_deliveries_by_age ON notification_deliveries (created_at);

-- Whether an event was compared with the selectors. Those from before there were any count as compared.
ALTER TABLE events ADD COLUMN is_selected INTEGER NOT NULL DEFAULT 1;
CREATE INDEX events_to_select ON events (sequence) WHERE NOT is_selected;
