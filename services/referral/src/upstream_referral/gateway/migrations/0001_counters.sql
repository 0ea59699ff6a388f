-- How often what happened at the wall: one row. No row of this database names a crossing.
CREATE TABLE counters (
    id       uuid     PRIMARY KEY,
    version  integer  NOT NULL,
    body     text     NOT NULL
);

-- The counters are published at every midnight, UTC, from the first one on, whether anything crosses or not.
INSERT INTO runtime.due (kind, key, due_at)
VALUES (
    'publish-counters',
    '07e4c4de-0000-8000-8000-000000000002',
    (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
);
