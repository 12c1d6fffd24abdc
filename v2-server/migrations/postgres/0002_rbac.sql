-- Roles and what they allow are seeded from the code at every start; members are what users made.
CREATE TABLE roles (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    description  TEXT COLLATE "C" NOT NULL,
    immutable    BOOLEAN NOT NULL,
    created_at   TEXT COLLATE "C" NOT NULL,
    last_updated TEXT COLLATE "C" NOT NULL
);

CREATE TABLE role_permissions (
    role_name TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    action    TEXT COLLATE "C" NOT NULL,
    target    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role_name, action)
);

CREATE TABLE role_members (
    role_name   TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    username    TEXT COLLATE "C" NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    for_account TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (username, for_account, role_name)
);
CREATE INDEX role_members_by_role ON role_members (role_name, for_account, username);
CREATE INDEX role_members_by_account ON role_members (for_account);
