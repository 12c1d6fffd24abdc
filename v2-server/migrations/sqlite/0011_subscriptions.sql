-- What an account wants to be told about, or kept up to date. `subscription_value` is the client's own text.
CREATE TABLE subscriptions (
    sequence           INTEGER NOT NULL PRIMARY KEY,
    subscription_id    TEXT NOT NULL UNIQUE,
    account_name       TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    subscription_key   TEXT NOT NULL,
    subscription_type  TEXT NOT NULL,
    subscription_value TEXT,
    active             INTEGER NOT NULL,
    created_at         TEXT NOT NULL,
    last_updated       TEXT NOT NULL,
    UNIQUE (account_name, subscription_key, subscription_type)
);
CREATE INDEX subscriptions_by_age ON subscriptions (account_name, sequence);
CREATE INDEX subscriptions_by_type ON subscriptions (subscription_type, active, account_name);
