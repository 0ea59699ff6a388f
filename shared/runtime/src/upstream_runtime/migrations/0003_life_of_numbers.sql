-- The life of numbers: the cluster they are sent to, the streams before a restore, and the streams that readers have passed.

-- The cluster that the relay sends to; null until it has met one. To another one nothing is sent until topics are rebuilt.
ALTER TABLE runtime.lease ADD COLUMN cluster text;

-- Each restore ends a stream. Rows that were numbered under it keep it.
CREATE TABLE runtime.ended_stream (
  place int PRIMARY KEY,
  stream text NOT NULL UNIQUE,
  ended_at timestamptz NOT NULL DEFAULT now()
);

-- The last number of an ended stream that counts, for each partition that had one.
CREATE TABLE runtime.ended_number (
  place int NOT NULL REFERENCES runtime.ended_stream,
  topic text NOT NULL,
  partition int NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (place, topic, partition)
);

-- On topics that we read: streams that another one has taken the place of, and how far each was applied.
CREATE TABLE runtime.passed_stream (
  topic text NOT NULL,
  partition int NOT NULL,
  stream text NOT NULL,
  n bigint NOT NULL,
  passed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition, stream)
);

-- Written by the database itself, so that no watermark can leave a stream without a trace.
CREATE FUNCTION runtime.remember_passed_stream() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO runtime.passed_stream (topic, partition, stream, n) VALUES (OLD.topic, OLD.partition, OLD.stream, OLD.n)
  ON CONFLICT (topic, partition, stream) DO UPDATE SET n = excluded.n, passed_at = excluded.passed_at;
  RETURN NULL;
END $$;
CREATE TRIGGER passed_stream AFTER UPDATE ON runtime.watermark
FOR EACH ROW WHEN (OLD.stream IS DISTINCT FROM NEW.stream) EXECUTE FUNCTION runtime.remember_passed_stream();
