-- What agencies handed over. The body holds no grounds and nobody's account.
CREATE TABLE submission (
    id           uuid         PRIMARY KEY,
    version      integer      NOT NULL,
    agency       text         NOT NULL,
    kind         text         NOT NULL,
    received_at  timestamptz  NOT NULL,
    ended        text,
    body         text         NOT NULL
);

CREATE INDEX submission_waiting ON submission (received_at) WHERE ended IS NULL;

-- Who said what, and when. Rows are added and never changed. That one account never approves twice is said here, too.
CREATE TABLE signature (
    submission_id  uuid         NOT NULL REFERENCES submission (id),
    role           text         NOT NULL,
    word           text         NOT NULL CHECK (word IN ('approve', 'decline')),
    account        text         NOT NULL,
    at             timestamptz  NOT NULL,
    PRIMARY KEY (submission_id, role, word),
    CONSTRAINT two_people_are_two_accounts UNIQUE (submission_id, account, word)
);

-- Who asks for a life-safety call and why, encrypted, with the key beside. Keys stand in no other table, so that a backup
-- can leave this one out.
CREATE TABLE grounds (
    submission_id  uuid  PRIMARY KEY REFERENCES submission (id),
    key            text  NOT NULL,
    text           text  NOT NULL
);
