-- One database and its three roles, made once; names in braces are filled in. Passwords are set apart: this text holds no secret.
-- One statement at a time, because CREATE DATABASE stands in no transaction.
CREATE ROLE ${DATABASE}_owner LOGIN CONNECTION LIMIT 4;
CREATE ROLE ${DATABASE} LOGIN CONNECTION LIMIT 15;
CREATE ROLE ${DATABASE}_reader LOGIN CONNECTION LIMIT 8;
CREATE DATABASE ${DATABASE} OWNER ${DATABASE}_owner;
