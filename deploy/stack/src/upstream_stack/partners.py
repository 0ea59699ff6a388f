"""Outside parties on the broker: what makes, renews and removes one. The catalogue says what each may do."""

import json
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka.admin import AdminClient

from upstream_schemas.topics import CATALOGUE
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import admin_client, client_config, lets_in, own_config
from upstream_stack.kafka_acls import apply_acls
from upstream_stack.kafka_topics import make_topics, topics_expected
from upstream_stack.kafka_users import lock_out, make_users, set_passwords
from upstream_stack.key_files import ensure_keys
from upstream_stack.layout import Layout, Ports
from upstream_stack.locks import alone
from upstream_stack.parties import Kind, Party, is_slug, read_parties, write_parties
from upstream_stack.private_files import write_private
from upstream_stack.processes import SERVICES
from upstream_stack.rights import ADMIN, PEOPLE, RESERVED_PRINCIPALS, acls_expected
from upstream_stack.secret_files import (
    KAFKA_PASSWORD,
    forget_party,
    party_secret,
    read_secret,
)


def set_up_broker(layout: Layout, ports: Ports) -> str:
    """Topics, users and rights as the catalogue and the parties on file say, and what parties are handed; says what changed."""
    write_parties(layout.parties, read_parties(layout.parties))
    changed = apply_to_broker(layout, ports)
    hand_out(layout, ports)
    return changed


def apply_to_broker(layout: Layout, ports: Ports) -> str:
    """Topics, users and rights as the catalogue and the parties on file say. Writes no file where every party has its password."""
    admin = admin_client(own_config(layout, ports, ADMIN))
    parties = read_parties(layout.parties)
    topics = make_topics(admin, topics_expected(CATALOGUE, parties))
    users = make_users(admin, _passwords(layout, parties))
    added, removed = apply_acls(admin, acls_expected(CATALOGUE, parties))
    return f"{topics} topics and {users} users made, {added} rights added, {removed} removed"


def hand_out(layout: Layout, ports: Ports) -> None:
    """Writes what each party on file is handed, its password made where it has none yet."""
    for party in read_parties(layout.parties):
        _write_credentials(layout, ports, party)


def parties_of(layout: Layout, kind: Kind) -> tuple[Party, ...]:
    """The parties of one kind that are on file."""
    return tuple(party for party in read_parties(layout.parties) if party.kind == kind)


def find_party(layout: Layout, party: Party) -> Party:
    """The party as it is on file. Raises Trouble where there is none of that name and kind."""
    if party not in read_parties(layout.parties):
        raise Trouble(
            f"There is no {party.kind} {party.slug}",
            "no party of that name and kind is on file",
            command(party.kind, "list"),
        )
    return party


def add_party(layout: Layout, ports: Ports, party: Party) -> None:
    """Makes a party: user, topics, rights, credentials. Returns once it can be used. A slug is one party's, whatever its kind."""
    with alone(layout.parties_lock):
        parties = read_parties(layout.parties)
        _refuse_name(party, parties)
        set_passwords(_admin(layout, ports), {party.slug: party_secret(layout, party)})
        write_parties(layout.parties, (*parties, party))
        set_up_broker(layout, ports)


def _refuse_name(party: Party, parties: tuple[Party, ...]) -> None:
    known = next((other for other in parties if other.slug == party.slug), None)
    if known is not None:
        fix = command(known.kind, "rotate", known.slug)
        raise Trouble(f"{known.kind.capitalize()} {known.slug} exists", "it was added before", fix)
    if not is_slug(party.slug) or party.slug in RESERVED_PRINCIPALS:
        raise Trouble(
            f"{party.slug!r} cannot name a {party.kind}",
            "a slug is lower-case letters, digits and single hyphens, at most 40, and no name of ours",
            command(party.kind, "add", "city-library"),
        )


def rotate_party(layout: Layout, ports: Ports, party: Party) -> None:
    """Gives a party a new password; connections that are open stay open until they end."""
    with alone(layout.parties_lock):
        find_party(layout, party)
        forget_party(layout, party)
        set_passwords(_admin(layout, ports), {party.slug: party_secret(layout, party)})
        _write_credentials(layout, ports, party)


def revoke_party(layout: Layout, ports: Ports, party: Party) -> None:
    """Takes a party's rights and password away and proves it with its own credentials. Its topics stay, and empty in time."""
    with alone(layout.parties_lock):
        find_party(layout, party)
        remaining = tuple(other for other in read_parties(layout.parties) if other != party)
        write_parties(layout.parties, remaining)
        admin = _admin(layout, ports)
        apply_acls(admin, acls_expected(CATALOGUE, remaining))
        old = client_config(ports, party.slug, party_secret(layout, party))
        lock_out(admin, party.slug)
        forget_party(layout, party)
        for path in (credentials_path(layout, party), key_ring_path(layout, party)):
            path.unlink(missing_ok=True)
        if lets_in(old):
            why = "the broker still takes its old password"
            raise Trouble(f"{party.slug} is not locked out", why, command("logs", "kafka"))


def credentials_path(layout: Layout, party: Party) -> Path:
    """What the party is handed."""
    return layout.credentials / f"{party.slug}.json"


def key_ring_path(layout: Layout, party: Party) -> Path:
    """A provider's private keys; only providers have them."""
    return layout.credentials / f"{party.slug}.keys.json"


def _admin(layout: Layout, ports: Ports) -> AdminClient:
    return admin_client(own_config(layout, ports, ADMIN))


def _passwords(layout: Layout, parties: Iterable[Party]) -> dict[str, str]:
    ours = {name: read_secret(layout, name, KAFKA_PASSWORD) for name in (*PEOPLE, *(row.name for row in SERVICES))}
    return ours | {party.slug: party_secret(layout, party) for party in parties}


def _write_credentials(layout: Layout, ports: Ports, party: Party) -> None:
    """What the party is handed: librdkafka's own names, who it is, and for a provider where its private keys lie."""
    config = client_config(ports, party.slug, party_secret(layout, party)) | {party.kind: party.slug}
    if party.kind == "provider":
        ensure_keys(key_ring_path(layout, party), party.slug)
        config["private_key_file"] = str(key_ring_path(layout, party))
    write_private(credentials_path(layout, party), json.dumps(config, indent=2))
