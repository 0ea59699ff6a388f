-- The open directory, one row for each service. Without a body it was taken off the directory.
CREATE TABLE service (
    id       uuid     PRIMARY KEY,
    version  integer  NOT NULL,
    body     text
);
