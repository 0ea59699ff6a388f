"""The real parts: where Java, Kafka's jars and PostgreSQL's binaries are found, or fetched from Maven coordinates."""
