-- What waits because a record could be read but not decided on, and what people did about it.

-- A key that is parked: route and drain lock its row first. One key of one kind of state, shared by every topic that reaches it.
CREATE TABLE runtime.parked_key (
  aggregate text NOT NULL,
  key uuid NOT NULL,
  reason text NOT NULL,
  parked_at timestamptz NOT NULL,
  waiting int NOT NULL,
  tries int NOT NULL DEFAULT 0,
  try_at timestamptz NOT NULL,
  PRIMARY KEY (aggregate, key)
);
CREATE INDEX parked_key_try_at ON runtime.parked_key (try_at);

-- Its records, the undecidable one first, as they came. `place` is their order. Of an `unread` one nobody knew the keys yet.
CREATE TABLE runtime.parked (
  aggregate text NOT NULL,
  key uuid NOT NULL,
  place bigint GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  partition int NOT NULL,
  position bigint NOT NULL,
  broker_ms bigint NOT NULL,
  record_key bytea,
  value bytea,
  headers bytea NOT NULL,
  unread boolean NOT NULL,
  PRIMARY KEY (aggregate, key, place)
);

-- A record that was set aside is put back at most once.
ALTER TABLE runtime.set_aside ADD COLUMN redriven_at timestamptz;

-- What an operator did, who, when and why.
CREATE TABLE runtime.operator_act (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  act text NOT NULL,
  target text NOT NULL,
  by text NOT NULL,
  why text NOT NULL,
  outcome text NOT NULL
);
