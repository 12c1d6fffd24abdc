-- Identity providers that users may log in at. Of metadata that is fetched from `idp_metadata_url` the last good copy
-- is kept, so that all servers have it and a login does not wait for it; the address is asked again when it is due.
CREATE TABLE saml_idps (
    name                      TEXT NOT NULL PRIMARY KEY,
    enabled                   INTEGER NOT NULL,
    sp_entity_id              TEXT NOT NULL,
    acs_url                   TEXT NOT NULL,
    acs_https_port            INTEGER,
    idp_metadata_url          TEXT,
    idp_metadata_xml          TEXT,
    idp_username_attribute    TEXT,
    idp_account_attribute     TEXT,
    idp_role_attribute        TEXT,
    default_account           TEXT,
    default_role              TEXT,
    require_signed_assertions INTEGER NOT NULL,
    require_signed_response   INTEGER NOT NULL,
    created_at                TEXT NOT NULL,
    last_updated              TEXT NOT NULL,
    entity_id                 TEXT NOT NULL,
    metadata                  TEXT NOT NULL,
    metadata_read_at          TEXT NOT NULL,
    metadata_due_at           TEXT NOT NULL
);
CREATE INDEX saml_idps_by_entity ON saml_idps (entity_id);

-- Users go with their identity provider.
CREATE INDEX users_by_idp ON users (idp_name) WHERE idp_name IS NOT NULL;

-- Ids of assertions, and of the requests they answered, that nobody may bring again; kept until they are over anyway.
-- They do not refer to an identity provider: one that is removed and made anew must not bring them back.
CREATE TABLE saml_used_ids (
    issuer     TEXT NOT NULL,
    id         TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (issuer, id)
);
CREATE INDEX saml_used_ids_by_expiry ON saml_used_ids (expires_at);
