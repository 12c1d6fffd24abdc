-- Accounts own everything: every table that holds an account's records refers to `accounts`
-- with ON DELETE CASCADE, so that removing the account row removes all of it.
CREATE TABLE accounts (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type         TEXT COLLATE "C" NOT NULL CHECK (type IN ('user', 'admin', 'service')),
    state        TEXT COLLATE "C" NOT NULL CHECK (state IN ('enabled', 'disabled', 'deleting')),
    email        TEXT COLLATE "C",
    created_at   TEXT COLLATE "C" NOT NULL,
    last_updated TEXT COLLATE "C" NOT NULL
);

-- User names are unique in the whole system. Tokens name the uuid, so that a user made anew under
-- an old name does not inherit them.
CREATE TABLE users (
    username     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    uuid         TEXT COLLATE "C" NOT NULL UNIQUE,
    account_name TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    type         TEXT COLLATE "C" NOT NULL CHECK (type IN ('native', 'saml')),
    source       TEXT COLLATE "C",
    idp_name     TEXT COLLATE "C",
    created_at   TEXT COLLATE "C" NOT NULL,
    last_updated TEXT COLLATE "C" NOT NULL
);
CREATE INDEX users_by_account ON users (account_name, username);

-- At most one password a user; `hash` is an Argon2id string in PHC form.
CREATE TABLE credentials (
    username   TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (username) ON DELETE CASCADE,
    hash       TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL
);

-- Refresh tokens are opaque and stored as their SHA-256, so a copy of the database opens no session.
CREATE TABLE refresh_tokens (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_uuid  TEXT COLLATE "C" NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_uuid);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Secrets the servers of one database share, such as the key that signs access tokens.
CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
