"""Outside sources on the broker: what makes, renews and removes one. The catalogue says what each may do."""

import json
from collections.abc import Iterable

from confluent_kafka.admin import AdminClient

from upstream_schemas.topics import CATALOGUE
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import admin_client, client_config, own_config
from upstream_stack.kafka_acls import apply_acls
from upstream_stack.kafka_topics import make_topics, topics_expected
from upstream_stack.kafka_users import lock_out, make_users, set_passwords
from upstream_stack.layout import Layout, Ports
from upstream_stack.locks import alone
from upstream_stack.parties import Party, is_slug, read_parties, write_parties
from upstream_stack.processes import SERVICES
from upstream_stack.rights import ADMIN, OPERATOR, RESERVED_PRINCIPALS, acls_expected
from upstream_stack.secret_files import (
    KAFKA_PASSWORD,
    forget_party,
    party_secret,
    read_secret,
    write_private,
)


def set_up_broker(layout: Layout, ports: Ports) -> str:
    """Topics, users and rights as the catalogue and the parties on file say; says what changed."""
    admin = admin_client(own_config(layout, ports, ADMIN))
    parties = read_parties(layout.parties)
    write_parties(layout.parties, parties)
    topics = make_topics(admin, topics_expected(CATALOGUE, parties))
    users = make_users(admin, _passwords(layout, parties))
    added, removed = apply_acls(admin, acls_expected(CATALOGUE, parties))
    for party in parties:
        _write_credentials(layout, ports, party)
    return f"{topics} topics and {users} users made, {added} rights added, {removed} removed"


def add_source(layout: Layout, ports: Ports, slug: str) -> None:
    """Makes a source: user, topics, rights, credentials. Returns once it can be used."""
    with alone(layout.parties_lock):
        _add_source(layout, ports, slug)


def _add_source(layout: Layout, ports: Ports, slug: str) -> None:
    parties = read_parties(layout.parties)
    if slug in {party.slug for party in parties}:
        raise Trouble(f"Source {slug} exists", "it was added before", command("source", "rotate", slug))
    if not is_slug(slug) or slug in RESERVED_PRINCIPALS:
        raise Trouble(
            f"{slug!r} cannot name a source",
            "a slug is lower-case letters, digits and single hyphens, at most 40, and no name of ours",
            command("source", "add", "city-library"),
        )
    party = Party(slug=slug)
    set_passwords(_admin(layout, ports), {slug: party_secret(layout, party)})
    write_parties(layout.parties, (*parties, party))
    set_up_broker(layout, ports)


def rotate_source(layout: Layout, ports: Ports, slug: str) -> None:
    """Gives a source a new password; connections that are open stay open until they end."""
    with alone(layout.parties_lock):
        party = _known(layout, slug)
        forget_party(layout, party)
        set_passwords(_admin(layout, ports), {slug: party_secret(layout, party)})
        _write_credentials(layout, ports, party)


def revoke_source(layout: Layout, ports: Ports, slug: str) -> None:
    """Takes a source's rights and password away. Its topics stay, and empty as their retention ends."""
    with alone(layout.parties_lock):
        party = _known(layout, slug)
        remaining = tuple(other for other in read_parties(layout.parties) if other != party)
        write_parties(layout.parties, remaining)
        admin = _admin(layout, ports)
        apply_acls(admin, acls_expected(CATALOGUE, remaining))
        lock_out(admin, slug)
        forget_party(layout, party)
        (layout.credentials / f"{slug}.json").unlink(missing_ok=True)


def _known(layout: Layout, slug: str) -> Party:
    found = next((party for party in read_parties(layout.parties) if party.slug == slug), None)
    if found is None:
        raise Trouble(f"There is no source {slug}", "no party of that name is on file", command("source", "list"))
    return found


def _admin(layout: Layout, ports: Ports) -> AdminClient:
    return admin_client(own_config(layout, ports, ADMIN))


def _passwords(layout: Layout, parties: Iterable[Party]) -> dict[str, str]:
    ours = {name: read_secret(layout, name, KAFKA_PASSWORD) for name in (OPERATOR, *(row.name for row in SERVICES))}
    return ours | {party.slug: party_secret(layout, party) for party in parties}


def _write_credentials(layout: Layout, ports: Ports, party: Party) -> None:
    """What the source is handed: librdkafka's own names, and which source it is."""
    config = client_config(ports, party.slug, party_secret(layout, party)) | {"source": party.slug}
    write_private(layout.credentials / f"{party.slug}.json", json.dumps(config, indent=2))
