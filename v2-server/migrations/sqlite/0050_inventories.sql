-- What runs where, as agents reported it: namespaces, nodes, pods and containers of Kubernetes clusters, services,
-- tasks and containers of ECS clusters. `shown` is the object as clients see it, without the time it was last seen.
CREATE TABLE inventory_objects (
    id           INTEGER NOT NULL PRIMARY KEY,
    account_name TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('namespace', 'node', 'pod', 'container', 'ecs_service', 'ecs_task',
                                               'ecs_container')),
    cluster      TEXT NOT NULL,
    -- The id it was reported under.
    uid          TEXT NOT NULL,
    -- Name of a namespace; uid of the namespace of a pod.
    namespace    TEXT,
    -- Where a container runs: `cluster/namespace`, or the cluster.
    context      TEXT,
    image_digest TEXT,
    shown        TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_seen    TEXT NOT NULL,
    UNIQUE (account_name, kind, cluster, uid)
);
CREATE INDEX inventory_objects_by_age ON inventory_objects (account_name, kind, id);
CREATE INDEX inventory_objects_by_uid ON inventory_objects (account_name, kind, uid);
CREATE INDEX inventory_objects_by_context ON inventory_objects (account_name, kind, context);
CREATE INDEX inventory_objects_by_time ON inventory_objects (last_seen);

-- Images in use, by the place where they run.
CREATE TABLE inventory_images (
    id             INTEGER NOT NULL PRIMARY KEY,
    account_name   TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    inventory_type TEXT NOT NULL CHECK (inventory_type IN ('ecs', 'kubernetes')),
    context        TEXT NOT NULL,
    image_tag      TEXT NOT NULL,
    -- Empty when it was not reported.
    image_digest   TEXT NOT NULL,
    created_at     TEXT NOT NULL,
    last_updated   TEXT NOT NULL,
    last_seen      TEXT NOT NULL,
    UNIQUE (account_name, inventory_type, context, image_tag, image_digest)
);
CREATE INDEX inventory_images_by_age ON inventory_images (account_name, id);
CREATE INDEX inventory_images_by_digest ON inventory_images (account_name, image_digest);
CREATE INDEX inventory_images_by_time ON inventory_images (last_seen);
