-- Registries an account pulls from. `registry` may be a host, host:port, or a repository pattern.
CREATE TABLE registries (
    account_name    TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    registry        TEXT COLLATE "C" NOT NULL,
    registry_name   TEXT COLLATE "C" NOT NULL,
    registry_type   TEXT COLLATE "C" NOT NULL,
    registry_user   TEXT COLLATE "C" NOT NULL,
    registry_pass   TEXT COLLATE "C" NOT NULL,
    registry_verify BOOLEAN NOT NULL,
    created_at      TEXT COLLATE "C" NOT NULL,
    last_updated    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_name, registry)
);
