-- One row for each referral. `body` holds no word that a person wrote; what they wrote is ciphertext in `details`, the card
-- for the notifier's lane in `contact`. The address of the person's page is known by its hash alone.
CREATE TABLE referral (
    referral_id uuid        PRIMARY KEY,
    version     integer     NOT NULL,
    page_hash   text,
    stage       text        NOT NULL,
    late        text,
    since       timestamptz NOT NULL,
    details     text,
    contact     text,
    body        jsonb       NOT NULL
);

CREATE INDEX referral_by_page ON referral (page_hash) WHERE page_hash IS NOT NULL;
CREATE INDEX referral_waiting ON referral (since) WHERE stage IN ('choosing', 'unmet') OR late IS NOT NULL;

-- The keys to what people wrote: of a participant by the referral, of the coordinator's desk by its own id. They stand in
-- no other table, so that deleting a row erases a person, and so that a backup can leave this table out.
CREATE TABLE person_key (
    owner_id    uuid PRIMARY KEY,
    details_key text,
    contact_key text
);

-- What a provider knows a referral by: an id of its own for each offer. Stays, so that a late answer still finds its referral.
CREATE TABLE offer (
    offer_id    uuid PRIMARY KEY,
    referral_id uuid NOT NULL REFERENCES referral
);

-- The keys to what providers were told, for as long as each offer stands. Apart for the same reasons as person_key.
CREATE TABLE content_key (
    offer_id    uuid PRIMARY KEY,
    referral_id uuid NOT NULL,
    key         text NOT NULL
);

CREATE INDEX content_key_by_referral ON content_key (referral_id);

CREATE TABLE provider (
    provider_id uuid    PRIMARY KEY,
    version     integer NOT NULL,
    slug        text    NOT NULL UNIQUE,
    active      boolean NOT NULL,
    services    text[]  NOT NULL,
    body        jsonb   NOT NULL
);

-- `slug` is the provider that stands for the service.
CREATE TABLE service (
    service_id uuid    PRIMARY KEY,
    version    integer NOT NULL,
    code       text    NOT NULL UNIQUE,
    slug       text,
    status     text    NOT NULL,
    body       jsonb   NOT NULL
);

-- What came through the wall. Its content goes when it is forgotten, and the row stays, so that nothing comes twice.
CREATE TABLE crossing (
    crossing_id uuid        PRIMARY KEY,
    version     integer     NOT NULL,
    received_at timestamptz NOT NULL,
    waits       boolean     NOT NULL,
    body        jsonb       NOT NULL
);

CREATE INDEX crossing_waiting ON crossing (received_at) WHERE waits;

CREATE TABLE desk (
    desk_id uuid    PRIMARY KEY,
    version integer NOT NULL,
    contact text    NOT NULL,
    body    jsonb   NOT NULL
);

-- The five grantees of the Gun Violence Reduction Grants (grantees.toml), to be published when the process starts.
INSERT INTO runtime.due (kind, key, due_at) VALUES
    ('service-seeded', '5e71ce00-0000-8000-8000-000000000001', '2026-01-01T00:00:00Z'),
    ('service-seeded', '5e71ce00-0000-8000-8000-000000000002', '2026-01-01T00:00:00Z'),
    ('service-seeded', '5e71ce00-0000-8000-8000-000000000003', '2026-01-01T00:00:00Z'),
    ('service-seeded', '5e71ce00-0000-8000-8000-000000000004', '2026-01-01T00:00:00Z'),
    ('service-seeded', '5e71ce00-0000-8000-8000-000000000005', '2026-01-01T00:00:00Z');
