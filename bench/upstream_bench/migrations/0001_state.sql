-- The yardsticks' runner lays out tables of its own under the same name.
DROP TABLE IF EXISTS state;
CREATE TABLE state (key uuid PRIMARY KEY, version bigint NOT NULL, body bytea NOT NULL) WITH (fillfactor = 80);
