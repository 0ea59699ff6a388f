"""The errand: a contact sealed as its owner seals it is opened, written to through a real server, and forgotten."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from nacl.public import PrivateKey
from pydantic_core import to_json
from support.notifier_builders import NOW, cancelled, confirmed, notice, received
from support.scripted_mail_server import Script, serving

from upstream_notifier.channels.smtp import Server, Smtp
from upstream_notifier.model import Attempt, Contact, Looked, Notice, Outcome, Result, Stage
from upstream_notifier.work import Desk
from upstream_notifier.writing import Writer
from upstream_runtime.vault import Seal, key_text, lock, new_key, opener, sealer
from upstream_schemas.model import Event

LANE = PrivateKey.generate()
WRITER = Writer()
LINK = "https://upstream.example.org/r/token"
ASHA = {"name": "Asha Example", "email": "asha@example.org", "consent_contact": True}


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    public = tmp_path / "lane.pub"
    public.write_text(b64encode(bytes(LANE.public_key)).decode())
    return sealer(public)


def contact(seal: Seal, **fields: Any) -> Looked:
    key = new_key()
    sealed = Contact(lock(key, to_json({**ASHA, **fields}).decode()), seal(key_text(key)), "so")
    return Looked(sealed, overtaken=False)


def sending(seal: Seal, event: Event, language: str = "so") -> Notice:
    found = notice(event)
    wanted = replace(found.wanted, language=language, says=replace(found.wanted.says, link=seal(LINK)))
    return replace(found, wanted=wanted, stage=Stage.SENDING, attempt=Attempt(1, NOW))


@asynccontextmanager
async def desk(script: Script) -> AsyncIterator[Desk]:
    async with serving(script) as port:
        channel = Smtp(Server("127.0.0.1", port), sender="PCS <pcs@upstream.example.org>")
        yield Desk(channel, WRITER, opener(b64encode(bytes(LANE)).decode()))
        await channel.close()


async def test_a_sealed_contact_gets_the_letter_in_their_language_with_their_own_link(seal: Seal) -> None:
    script = Script()
    async with desk(script) as at:
        assert await at.send(sending(seal, received()), contact(seal)) == Result(1, Outcome.TAKEN)
    (got,) = script.messages()
    plain = got.get_body(("plain",))
    assert plain is not None
    assert (got["To"], got["Content-Language"]) == ("asha@example.org", "so")
    assert LINK in plain.get_content()
    assert "Salaan" in plain.get_content()


async def test_nobodys_name_stands_in_a_mail(seal: Seal) -> None:
    script = Script()
    async with desk(script) as at:
        await at.send(sending(seal, confirmed()), contact(seal))
    assert b"Asha Example" not in script.taken[0]


@pytest.mark.parametrize(("event", "method"), [(confirmed(), "REQUEST"), (cancelled(), "CANCEL")])
async def test_the_calendar_entry_that_arrives_can_be_read(seal: Seal, event: Event, method: str) -> None:
    found = sending(seal, event, "ar")
    script = Script()
    async with desk(script) as at:
        assert await at.send(found, contact(seal)) == Result(1, Outcome.TAKEN)
    (got,) = script.messages()
    (inline,) = [part for part in got.walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(inline.get_content())
    assert (calendar["METHOD"], inline.get_param("method")) == (method, method)


@pytest.mark.parametrize(
    ("fields", "code"), [({"consent_contact": False}, "no-consent"), ({"email": None, "phone": "+15035550100"}, "no-address")]
)
async def test_who_may_not_or_cannot_be_written_to_is_not(seal: Seal, fields: dict[str, Any], code: str) -> None:
    script = Script()
    async with desk(script) as at:
        assert await at.send(sending(seal, received()), contact(seal, **fields)) == Result(1, Outcome.NOT_TRIED, code)
    assert script.connections == 0


@pytest.mark.parametrize("broken", ["locked", "sealed_key"])
async def test_a_contact_that_this_lane_cannot_open_is_our_own_fault_and_not_the_persons(seal: Seal, broken: str) -> None:
    found = contact(seal)
    assert found.contact is not None
    nonsense = b64encode(bytes(80)).decode()
    locked, key = (nonsense, found.contact.sealed_key) if broken == "locked" else (found.contact.locked, nonsense)
    damaged = replace(found, contact=replace(found.contact, locked=locked, sealed_key=key))
    async with desk(Script()) as at:
        assert await at.send(sending(seal, received()), damaged) == Result(1, Outcome.BROKEN, "cannot-open")


async def test_a_contact_that_does_not_say_whether_we_may_write_is_not_written_to(seal: Seal) -> None:
    key = new_key()
    locked = lock(key, to_json({"name": "Tomas Example", "email": "tomas@example.org"}).decode())
    silent = Looked(Contact(locked, seal(key_text(key)), "en"), overtaken=False)
    async with desk(Script()) as at:
        assert await at.send(sending(seal, confirmed()), silent) == Result(1, Outcome.BROKEN, "cannot-open")


async def test_there_is_no_errand_where_the_decision_was_not_to_send(seal: Seal) -> None:
    async with desk(Script()) as at:
        assert await at.send(replace(sending(seal, received()), stage=Stage.SUPPRESSED), contact(seal)) is None
        assert await at.send(sending(seal, received()), Looked(None, overtaken=False)) is None


async def test_the_desk_shows_nothing_of_what_it_can_open(seal: Seal) -> None:
    async with desk(Script()) as at:
        assert "open_sealed" not in repr(at)
