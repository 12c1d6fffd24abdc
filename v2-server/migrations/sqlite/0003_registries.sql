-- Registries an account pulls from. `registry` may be a host, host:port, or a repository pattern.
CREATE TABLE registries (
    account_name    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    registry        TEXT NOT NULL,
    registry_name   TEXT NOT NULL,
    registry_type   TEXT NOT NULL,
    registry_user   TEXT NOT NULL,
    registry_pass   TEXT NOT NULL,
    registry_verify INTEGER NOT NULL,
    created_at      TEXT NOT NULL,
    last_updated    TEXT NOT NULL,
    PRIMARY KEY (account_name, registry)
);
