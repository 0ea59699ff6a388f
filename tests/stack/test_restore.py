"""A service's database put back to a backup: its numbers go on under a new stream, and nobody holds or takes them for old ones."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from stack.conftest import discard, new_stack
from support.stack_load import NAMES, City, load, requests, until
from support.system_tables import rows
from support.system_topics import attributes, everything

from upstream_stack.errors import Trouble
from upstream_stack.stack import Stack

REQUESTS, CONTACTS = "intake.requests.v1", "intake.contacts.v1"
PERSON = "SELECT reference, id, contact_id FROM request JOIN person ON request_id = id WHERE contact_id IS NOT NULL LIMIT 1"
Place = tuple[str, int]


def stream(stack: Stack) -> str:
    return str(rows(stack, "intake", "SELECT stream::text FROM runtime.instance")[0][0])


def counters(stack: Stack) -> dict[Place, int]:
    query = "SELECT topic, partition, n FROM runtime.counter WHERE topic IN ($1, $2)"
    return {(t, p): n for t, p, n in rows(stack, "intake", query, REQUESTS, CONTACTS)}


def read_up_to(stack: Stack) -> dict[Place, tuple[str, int]]:
    query = "SELECT topic, partition, stream, n FROM runtime.watermark WHERE topic IN ($1, $2)"
    return {(t, p): (s, n) for t, p, s, n in rows(stack, "notifier-public", query, REQUESTS, CONTACTS)}


def followed(stack: Stack) -> bool:
    """The notifier stands at the end of everything that intake says, under the stream it says it under."""
    return read_up_to(stack) == {place: (stream(stack), n) for place, n in counters(stack).items()}


def named_before(stack: Stack) -> set[str]:
    """The streams that records on intake's topics name as the one before theirs."""
    found = set()
    for messages in everything(stack.kafka_admin_config(), (REQUESTS, CONTACTS)).values():
        for message in messages:
            named = attributes(message).get("ce_previoussequence", "")
            found |= {part.partition(":")[0] for part in named.split(",") if part}
    return found


def said_of(stack: Stack, contact: UUID) -> list[int]:
    """The numbers under which intake's outbox still holds somebody's contact."""
    query = "SELECT n FROM runtime.outbox WHERE topic = $1 AND key = $2 AND value IS NOT NULL"
    return [row["n"] for row in rows(stack, "intake", query, CONTACTS, str(contact).encode())]


def hand_over(stack: Stack, count: int) -> City:
    """So many submissions, each answered."""
    with load(stack) as city:
        until("nothing is handed over", lambda: len(city.sent) >= count)
    until("submissions are not answered", lambda: not city.pending())
    return city


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("restored"))
    stack.up(*NAMES)
    yield stack
    discard(stack)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a backup"


def put_back(stack: Stack, folder: Path) -> str:
    stack.down()
    told = stack.run("restore", "intake", "--from", str(folder), "--yes")
    stack.up(*NAMES)
    return told


def test_readers_follow_two_restores_in_a_row_and_the_same_backup_put_back_twice(whole: Stack, folder: Path) -> None:
    hand_over(whole, 40)
    first = stream(whole)
    whole.run("backup", "intake", "--to", str(folder))
    kept = requests(whole)
    hand_over(whole, 40)
    assert requests(whole) >= kept + 40

    put_back(whole, folder)
    second = stream(whole)
    assert second != first
    until("what was forgotten is not read again", lambda: requests(whole) >= kept + 40)
    hand_over(whole, 60)
    until("the notifier does not follow", lambda: followed(whole))
    assert "partition.set-back" in whole.layout.log("notifier-public").read_text()

    put_back(whole, folder)
    until("what was forgotten is not read again", lambda: requests(whole) >= kept + 100)
    hand_over(whole, 60)
    until("the notifier does not follow", lambda: followed(whole))
    assert {first, second} <= named_before(whole)

    later = folder.with_name("a later one")
    whole.run("backup", "intake", "--to", str(later))
    third = stream(whole)
    put_back(whole, later)
    hand_over(whole, 60)
    until("the notifier does not follow", lambda: followed(whole))
    assert third in named_before(whole)
    assert "partition.gap" not in whole.layout.log("notifier-public").read_text()


def test_what_was_erased_after_a_backup_stays_erased_when_it_is_put_back(whole: Stack, folder: Path) -> None:
    hand_over(whole, 10)
    whole.run("backup", "intake", "--to", str(folder))
    keys = {row["key"] for row in rows(whole, "intake", "SELECT key FROM person WHERE key IS NOT NULL")}
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    assert keys and not any(key.encode() in held for key in keys)
    person = rows(whole, "intake", PERSON)[0]
    assert said_of(whole, person["contact_id"])
    whole.run("triage", "erase", person["reference"], "--by", "a.tester")
    erased = "SELECT count(*) FROM person WHERE request_id = $1 AND key IS NOT NULL"
    until("nothing is erased", lambda: rows(whole, "intake", erased, person["id"])[0][0] == 0)
    assert said_of(whole, person["contact_id"]) == []
    living = rows(whole, "intake", "SELECT count(*) FROM person WHERE key IS NOT NULL")[0][0]
    put_back(whole, folder)
    assert rows(whole, "intake", erased, person["id"])[0][0] == 0
    assert said_of(whole, person["contact_id"]) == [], "the backup brought back what its tombstone erased"
    assert rows(whole, "intake", "SELECT count(*) FROM person WHERE key IS NOT NULL")[0][0] >= living


def test_what_cannot_be_put_back_is_refused_in_three_lines(whole: Stack, folder: Path) -> None:
    whole.up(*NAMES)
    whole.run("backup", "scheduler", "--to", str(folder))
    refused = {
        ("restore", "scheduler", "--from", str(folder), "--yes"): "The stack runs",
        ("backup", "scheduler", "--to", str(folder)): "exists",
        ("backup", "nobody"): "There is no nobody",
    }
    for words, what in refused.items():
        with pytest.raises(Trouble, match=what):
            whole.run(*words)
    whole.down()
    with pytest.raises(Trouble, match="is no backup of intake"):
        whole.run("restore", "intake", "--from", str(folder), "--yes")
    with pytest.raises(Trouble, match="is no backup"):
        whole.run("restore", "intake", "--from", str(folder.parent), "--yes")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"taken_at": "20', '"taken_at": "19'))
    with pytest.raises(Trouble, match="too old"):
        whole.run("restore", "scheduler", "--from", str(folder), "--yes")
