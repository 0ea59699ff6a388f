-- What the notifier keeps of people: their contact as it came, encrypted, with its key sealed to this lane.
-- An erased contact keeps its row, empty, so that nothing brings it back.
CREATE TABLE contact (
    id         uuid    PRIMARY KEY,
    version    bigint  NOT NULL,
    language   text    NOT NULL,
    locked     text    NOT NULL,
    sealed_key text    NOT NULL,
    erased     boolean NOT NULL,
    CHECK (NOT erased OR (locked = '' AND sealed_key = ''))
);

-- One message to one recipient. No name, no address, no text; `body` holds what the message will say, its link sealed.
-- `calendar_sequence` is that of the calendar entry it speaks of, so that later news of the same session overtakes it.
CREATE TABLE notice (
    id                uuid   PRIMARY KEY,
    version           bigint NOT NULL,
    request_id        uuid   NOT NULL,
    subject           uuid   NOT NULL,
    contact_id        uuid   NOT NULL,
    calendar_sequence integer,
    stage             text   NOT NULL,
    body              text   NOT NULL
);

CREATE INDEX notice_by_session ON notice (subject, contact_id, calendar_sequence) WHERE calendar_sequence IS NOT NULL;

-- Each go at sending, written before the first byte leaves. A row without an end is under way, or nobody came back.
CREATE TABLE attempt (
    notice_id  uuid        NOT NULL REFERENCES notice,
    n          integer     NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text        NOT NULL,
    PRIMARY KEY (notice_id, n)
);
