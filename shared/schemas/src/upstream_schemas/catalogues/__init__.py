"""Open vocabularies as versioned data: topics of training, languages, channels, connections, access needs.

Codes travel in events as plain strings and are checked against these tables, so a new code needs no new schema.
Nothing here decides anything, reads a file or knows a person.
"""
