-- Evaluations of images. The id is made from policy, account, image, tag and final action, so the same outcome again is
-- the same row; `turn` says which row of an image was written last.
CREATE TABLE policy_evaluations (
    evaluation_id TEXT NOT NULL PRIMARY KEY,
    image         INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag           TEXT NOT NULL,
    policy_id     TEXT NOT NULL,
    turn          INTEGER NOT NULL,
    evaluation    TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    last_updated  TEXT NOT NULL
);
CREATE INDEX policy_evaluations_by_tag ON policy_evaluations (image, tag, turn);
