-- Accounts own everything: every table that holds an account's records refers to `accounts`
-- with ON DELETE CASCADE, so that removing the account row removes all of it.
CREATE TABLE accounts (
    name         TEXT NOT NULL PRIMARY KEY,
    type         TEXT NOT NULL CHECK (type IN ('user', 'admin', 'service')),
    state        TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'deleting')),
    email        TEXT,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL
);

-- User names are unique in the whole system. Tokens name the uuid, so that a user made anew under
-- an old name does not inherit them.
CREATE TABLE users (
    username     TEXT NOT NULL PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    account_name TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    type         TEXT NOT NULL CHECK (type IN ('native', 'saml')),
    source       TEXT,
    idp_name     TEXT,
    created_at   TEXT NOT NULL,
    last_updated TEXT NOT NULL
);
CREATE INDEX users_by_account ON users (account_name, username);

-- At most one password a user; `hash` is an Argon2id string in PHC form.
CREATE TABLE credentials (
    username   TEXT NOT NULL PRIMARY KEY REFERENCES users (username) ON DELETE CASCADE,
    hash       TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Refresh tokens are opaque and stored as their SHA-256, so a copy of the database opens no session.
CREATE TABLE refresh_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_uuid  TEXT NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_uuid);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Secrets the servers of one database share, such as the key that signs access tokens.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
