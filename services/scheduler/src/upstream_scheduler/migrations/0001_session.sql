-- Sessions, the roster, and who is booked when. That nobody is ever booked twice is said here and nowhere else.

-- A range of ids makes "the same trainer" something a GiST index compares, without an extension.
CREATE TYPE uuidrange AS RANGE (subtype = uuid);

CREATE TABLE session (
  request_id uuid PRIMARY KEY,
  version integer NOT NULL,
  session_id uuid NOT NULL UNIQUE,
  reference text NOT NULL,
  stage text NOT NULL,
  asked_at timestamptz NOT NULL,
  body jsonb NOT NULL
);
CREATE INDEX session_by_reference ON session (reference);
CREATE INDEX session_without_slot ON session (asked_at) WHERE stage IN ('seeking', 'waiting');

-- A trainer's name and addresses are ciphertext in `contact`, under `person_key`; both are null once erased.
CREATE TABLE trainer (
  trainer_id uuid PRIMARY KEY,
  version integer NOT NULL,
  slug text NOT NULL UNIQUE,
  active boolean NOT NULL,
  skills text[] NOT NULL,
  contact text,
  person_key text,
  body jsonb NOT NULL,
  CHECK ((contact IS NULL) = (person_key IS NULL))
);

CREATE TABLE venue (
  venue_id uuid PRIMARY KEY,
  version integer NOT NULL,
  code text NOT NULL UNIQUE,
  active boolean NOT NULL,
  body jsonb NOT NULL
);

-- `during` is the session with its buffers. `ordinal` is the place it takes in the trainer's week, Monday `week`: a week
-- with ordinal_max places has no room for one more. Sessions that took place keep their rows, and so their place.
CREATE TABLE trainer_booking (
  request_id uuid NOT NULL REFERENCES session,
  trainer_id uuid NOT NULL REFERENCES trainer,
  during tstzrange NOT NULL CHECK (NOT isempty(during)),
  status text NOT NULL CHECK (status IN ('held', 'confirmed', 'done')),
  week date NOT NULL,
  ordinal integer NOT NULL,
  ordinal_max integer NOT NULL,
  PRIMARY KEY (request_id, trainer_id),
  CONSTRAINT trainer_week_not_full CHECK (ordinal BETWEEN 1 AND ordinal_max),
  CONSTRAINT trainer_week_place_once UNIQUE (trainer_id, week, ordinal) DEFERRABLE INITIALLY IMMEDIATE,
  CONSTRAINT trainer_not_twice EXCLUDE USING gist (uuidrange(trainer_id, trainer_id, '[]') WITH &&, during WITH &&)
    WHERE (status IN ('held', 'confirmed')) DEFERRABLE INITIALLY IMMEDIATE
);

CREATE TABLE venue_booking (
  request_id uuid PRIMARY KEY REFERENCES session,
  venue_id uuid NOT NULL REFERENCES venue,
  during tstzrange NOT NULL CHECK (NOT isempty(during)),
  status text NOT NULL CHECK (status IN ('held', 'confirmed', 'done')),
  CONSTRAINT venue_not_twice EXCLUDE USING gist (uuidrange(venue_id, venue_id, '[]') WITH &&, during WITH &&)
    WHERE (status IN ('held', 'confirmed')) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX venue_booking_by_end ON venue_booking (upper(during)) WHERE status IN ('held', 'confirmed');
