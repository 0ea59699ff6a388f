-- The engine's own tables, the same in every service's database. Services never touch them.
CREATE SCHEMA runtime;

-- This database's own names: the stream its numbers belong to, and the secret that ids are drawn with.
CREATE TABLE runtime.instance (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  stream uuid NOT NULL DEFAULT gen_random_uuid(),
  secret bytea NOT NULL DEFAULT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
);
INSERT INTO runtime.instance DEFAULT VALUES;

-- How far each partition was applied: the last number of a stream on our own topics, the last offset of a cluster elsewhere.
CREATE TABLE runtime.watermark (
  topic text NOT NULL,
  partition int NOT NULL,
  stream text NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Records from outside that were answered, so that a resend gets the first answer again.
CREATE TABLE runtime.inbox (
  topic text NOT NULL,
  id text NOT NULL,
  hash bytea NOT NULL,
  answer bytea,
  answered_at timestamptz NOT NULL,
  PRIMARY KEY (topic, id)
);
CREATE INDEX inbox_answered_at ON runtime.inbox USING brin (answered_at);

-- The last number given out for each partition we write. Locked from numbering to commit: the order of n is the order of commits.
CREATE TABLE runtime.counter (
  topic text NOT NULL,
  partition int NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- What was said, dense in n for each partition, kept after it was sent.
CREATE TABLE runtime.outbox (
  topic text NOT NULL,
  partition int NOT NULL,
  n bigint NOT NULL,
  key bytea,
  value bytea,
  headers bytea NOT NULL,
  said_at timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, n)
);
ALTER TABLE runtime.outbox ALTER COLUMN value SET STORAGE EXTERNAL;

-- How far the relay has sent each partition, and under which lease.
CREATE TABLE runtime.sent (
  topic text NOT NULL,
  partition int NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE runtime.lease (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch bigint NOT NULL,
  holder uuid NOT NULL,
  expires_at timestamptz NOT NULL
);
INSERT INTO runtime.lease (epoch, holder, expires_at) VALUES (0, gen_random_uuid(), '-infinity');

-- What must be looked at again, and when.
CREATE TABLE runtime.due (
  kind text NOT NULL,
  key uuid NOT NULL,
  due_at timestamptz NOT NULL,
  waits_for uuid,
  correlation text,
  attempts int NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, key)
);
CREATE INDEX due_at ON runtime.due (due_at);
CREATE INDEX due_waits_for ON runtime.due (waits_for) WHERE waits_for IS NOT NULL;

-- Records that were set aside for a person. The dead-letter topic is a copy of this.
CREATE TABLE runtime.set_aside (
  id uuid PRIMARY KEY,
  topic text NOT NULL,
  partition int NOT NULL,
  position bigint NOT NULL,
  reason text NOT NULL,
  pointer text,
  key bytea,
  value bytea,
  headers bytea,
  value_hash bytea NOT NULL,
  value_bytes bigint NOT NULL,
  set_aside_at timestamptz NOT NULL
);
