"""The same stack in containers: what `docker compose` is handed, asked and told. docker-compose.yml says what runs."""
