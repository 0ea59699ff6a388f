"""Providers and the services they stand for, in the database. Every statement in view; nothing is decided here."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Connection
from pydantic import TypeAdapter

from upstream_referral.outreach.model import Provider, Service
from upstream_runtime.wiring import Change, Stored

_PROVIDER: Final = TypeAdapter(Provider)
_SERVICE: Final = TypeAdapter(Service)


async def load_providers(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Provider]]:
    """Providers by id; ids without one are left out."""
    rows = await conn.fetch("SELECT provider_id, version, body FROM provider WHERE provider_id = ANY($1::uuid[])", list(keys))
    return {row["provider_id"]: Stored(row["version"], _PROVIDER.validate_json(row["body"])) for row in rows}


async def save_providers(conn: Connection, changes: Sequence[Change[Provider]]) -> int:
    """Write each provider whose row still has the version that was loaded. Returns how many.

    Their services are stored one array each; unnest would flatten arrays of arrays, so they travel joined by spaces.
    """
    written: int = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::bool[], $6::text[], $7::jsonb[])
                AS c (provider_id, loaded, version, slug, active, services, body)
        ), inserted AS (
            INSERT INTO provider (provider_id, version, slug, active, services, body)
            SELECT provider_id, version, slug, active, string_to_array(services, ' '), body
              FROM c WHERE loaded = 0 ORDER BY provider_id
            ON CONFLICT (provider_id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE provider AS p
               SET version = c.version, active = c.active, services = string_to_array(c.services, ' '), body = c.body
              FROM c JOIN (SELECT provider_id FROM provider WHERE provider_id = ANY($1) ORDER BY provider_id FOR UPDATE) AS held
                       USING (provider_id)
             WHERE p.provider_id = c.provider_id AND p.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.slug for change in changes],
        [change.state.active for change in changes],
        [" ".join(change.state.services) for change in changes],
        [_PROVIDER.dump_json(change.state).decode() for change in changes],
    )
    return written


async def standing_for(conn: Connection) -> Mapping[str, str]:
    """Which provider stands for which service. Where two say so, the first by name does."""
    rows = await conn.fetch(
        "SELECT code, min(slug) AS slug FROM provider, unnest(services) AS code WHERE active GROUP BY code ORDER BY code"
    )
    return {row["code"]: row["slug"] for row in rows}


async def provider_for(conn: Connection, code: str) -> Provider | None:
    """The provider that stands for a service and can be told, if there is one."""
    body = await conn.fetchval(
        """
        SELECT p.body FROM service AS s JOIN provider AS p ON p.slug = s.slug
         WHERE s.code = $1 AND s.status = 'active' AND p.active AND s.code = ANY(p.services)
        """,
        code,
    )
    return None if body is None else _PROVIDER.validate_json(body)


async def taking_referrals(conn: Connection) -> tuple[tuple[Service, ...], frozenset[str]]:
    """The services that can be told through Upstream, and the codes of those whose provider says that it is full."""
    rows = await conn.fetch(
        """
        SELECT s.body AS service, p.body AS provider FROM service AS s JOIN provider AS p ON p.slug = s.slug
         WHERE s.status = 'active' AND p.active ORDER BY s.code
        """
    )
    providers = [_PROVIDER.validate_json(row["provider"]) for row in rows]
    full = frozenset(code for provider in providers for code, available in provider.places if available == 0)
    return tuple(_SERVICE.validate_json(row["service"]) for row in rows), full


async def load_services(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Service]]:
    """Services by id; ids without one are left out."""
    rows = await conn.fetch("SELECT service_id, version, body FROM service WHERE service_id = ANY($1::uuid[])", list(keys))
    return {row["service_id"]: Stored(row["version"], _SERVICE.validate_json(row["body"])) for row in rows}


async def save_services(conn: Connection, changes: Sequence[Change[Service]]) -> int:
    """Write each service whose row still has the version that was loaded. Returns how many."""
    written: int = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
                AS c (service_id, loaded, version, code, slug, status, body)
        ), inserted AS (
            INSERT INTO service (service_id, version, code, slug, status, body)
            SELECT service_id, version, code, slug, status, body FROM c WHERE loaded = 0 ORDER BY service_id
            ON CONFLICT (service_id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE service AS s SET version = c.version, slug = c.slug, status = c.status, body = c.body
              FROM c JOIN (SELECT service_id FROM service WHERE service_id = ANY($1) ORDER BY service_id FOR UPDATE) AS held
                       USING (service_id)
             WHERE s.service_id = c.service_id AND s.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.code for change in changes],
        [change.state.slug for change in changes],
        [change.state.status for change in changes],
        [_SERVICE.dump_json(change.state).decode() for change in changes],
    )
    return written


async def directory(conn: Connection) -> Mapping[str, Service]:
    """All services by their code."""
    rows = await conn.fetch("SELECT body FROM service ORDER BY code")
    services = [_SERVICE.validate_json(row["body"]) for row in rows]
    return {service.code: service for service in services}
