-- One row for each request. The body holds no word about a person.
CREATE TABLE request (
    id          uuid        PRIMARY KEY,
    version     integer     NOT NULL,
    reference   text        NOT NULL UNIQUE,
    status      text        NOT NULL,
    waiting_at  timestamptz,
    body        text        NOT NULL
);

CREATE INDEX request_waiting ON request (waiting_at) WHERE waiting_at IS NOT NULL;

-- What is kept about whoever asks: their contact and what they wrote, each encrypted, with the keys beside. Keys stand in
-- no other table, so that deleting the row erases the person, and so that a backup can leave this table out.
CREATE TABLE person (
    request_id  uuid        PRIMARY KEY REFERENCES request (id),
    contact_id  uuid,
    key         text,
    contact     text,
    note        text        NOT NULL
);
