-- Identity providers that users may log in at. Of metadata that is fetched from `idp_metadata_url` the last good copy
-- is kept, so that all servers have it and a login does not wait for it; the address is asked again when it is due.
CREATE TABLE saml_idps (
    name                      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    enabled                   BOOLEAN NOT NULL,
    sp_entity_id              TEXT COLLATE "C" NOT NULL,
    acs_url                   TEXT COLLATE "C" NOT NULL,
    acs_https_port            BIGINT,
    idp_metadata_url          TEXT COLLATE "C",
    idp_metadata_xml          TEXT COLLATE "C",
    idp_username_attribute    TEXT COLLATE "C",
    idp_account_attribute     TEXT COLLATE "C",
    idp_role_attribute        TEXT COLLATE "C",
    default_account           TEXT COLLATE "C",
    default_role              TEXT COLLATE "C",
    require_signed_assertions BOOLEAN NOT NULL,
    require_signed_response   BOOLEAN NOT NULL,
    created_at                TEXT COLLATE "C" NOT NULL,
    last_updated              TEXT COLLATE "C" NOT NULL,
    entity_id                 TEXT COLLATE "C" NOT NULL,
    metadata                  TEXT COLLATE "C" NOT NULL,
    metadata_read_at          TEXT COLLATE "C" NOT NULL,
    metadata_due_at           TEXT COLLATE "C" NOT NULL
);
CREATE INDEX saml_idps_by_entity ON saml_idps (entity_id);

-- Users go with their identity provider.
CREATE INDEX users_by_idp ON users (idp_name) WHERE idp_name IS NOT NULL;

-- Ids of assertions, and of the requests they answered, that nobody may bring again; kept until they are over anyway.
-- They do not refer to an identity provider: one that is removed and made anew must not bring them back.
CREATE TABLE saml_used_ids (
    issuer     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (issuer, id)
);
CREATE INDEX saml_used_ids_by_expiry ON saml_used_ids (expires_at);
