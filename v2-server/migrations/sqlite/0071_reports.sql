-- Results of scheduled queries, finished and never changed. One without an account is about all accounts.
CREATE TABLE report_results (
    uuid         TEXT NOT NULL PRIMARY KEY,
    account_name TEXT REFERENCES accounts (name) ON DELETE CASCADE,
    created_at   TEXT NOT NULL
);
CREATE INDEX report_results_by_account ON report_results (account_name);

-- Each page as the JSON it is answered as. Pages are counted from 1; a result without rows has one, too.
CREATE TABLE report_result_pages (
    result_uuid TEXT NOT NULL REFERENCES report_results (uuid) ON DELETE CASCADE,
    page        INTEGER NOT NULL CHECK (page >= 1),
    body        TEXT NOT NULL,
    PRIMARY KEY (result_uuid, page)
);
