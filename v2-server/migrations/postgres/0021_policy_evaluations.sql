-- Evaluations of images. The id is made from policy, account, image, tag and final action, so the same outcome again is
-- the same row; `turn` says which row of an image was written last.
CREATE TABLE policy_evaluations (
    evaluation_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    image         BIGINT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag           TEXT COLLATE "C" NOT NULL,
    policy_id     TEXT COLLATE "C" NOT NULL,
    turn          BIGINT NOT NULL,
    evaluation    TEXT COLLATE "C" NOT NULL,
    created_at    TEXT COLLATE "C" NOT NULL,
    last_updated  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX policy_evaluations_by_tag ON policy_evaluations (image, tag, turn);
