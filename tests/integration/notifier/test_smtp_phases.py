"""The mail channel against a real server that fails in each phase: what is definite, what nobody can know."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from support.scripted_mail_server import Script, serving

from upstream_notifier.channels import Message, Report
from upstream_notifier.channels.smtp import Patience, Server, Smtp
from upstream_notifier.model import Outcome
from upstream_notifier.writing import Letter

TAKEN = Report(Outcome.TAKEN)
QUICK = Patience(command=2.0, ready=3.0, taking=0.3)
LETTER = Letter("en", "Portland Community Safety: a test", "Hello,\n\n.a line with a dot\n", "<p>Hello</p>", "training")


def message(n: int = 1, address: str = "asha@example.org") -> Message:
    return Message(UUID(int=n), address, LETTER, datetime(2026, 11, 21, 17, tzinfo=UTC), None, None)


@asynccontextmanager
async def channel_to(script: Script, patience: Patience = QUICK, per_line: int = 90) -> AsyncIterator[Smtp]:
    async with serving(script) as port:
        channel = Smtp(
            Server("127.0.0.1", port),
            sender="Portland Community Safety <community-safety@upstream.example.org>",
            patience=patience,
            messages_per_line_max=per_line,
        )
        yield channel
        await channel.close()


async def test_a_message_is_taken_as_it_was_written() -> None:
    script = Script()
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == TAKEN
    (got,) = script.messages()
    assert got["Message-ID"] == "<00000000-0000-0000-0000-000000000001@upstream.example.org>"
    plain = got.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["Hello,", "", ".a line with a dot"]


async def test_one_line_serves_many_messages() -> None:
    script = Script()
    async with channel_to(script) as channel:
        assert [await channel.hand_over(message(n)) for n in range(20)] == [TAKEN] * 20
    assert script.connections == 1


async def test_a_line_that_is_cut_after_the_last_dot_leaves_the_outcome_unknown() -> None:
    script = Script(drop_after_dot=1)
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == Report(Outcome.UNKNOWN, "cut-off")
        assert await channel.hand_over(message()) == TAKEN
    assert len({got["Message-ID"] for got in script.messages()}) == 1
    assert len(script.taken) == 2


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown() -> None:
    script = Script(slow_after_dot=1.0)
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == Report(Outcome.UNKNOWN, "cut-off")
    assert len(script.taken) == 1


async def test_a_server_that_is_slow_before_the_message_is_definite() -> None:
    script = Script(slow_before_data=1.0)
    async with channel_to(script, Patience(command=2.0, ready=0.3, taking=2.0)) as channel:
        assert await channel.hand_over(message()) == Report(Outcome.REFUSED_FOR_NOW, "timeout")
    assert script.taken == []


async def test_messages_at_the_same_time_each_have_a_line_of_their_own() -> None:
    script = Script(slow_after_dot=0.1)
    async with channel_to(script) as channel:
        assert await asyncio.gather(*(channel.hand_over(message(n)) for n in range(3))) == [TAKEN] * 3
    assert (script.connections, script.most_at_once) == (3, 3)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "report"),
    [
        ("451 4.7.1 Greylisted", Report(Outcome.REFUSED_FOR_NOW, "smtp-451")),
        ("552 5.3.4 Too big", Report(Outcome.REFUSED, "smtp-552")),
        ("550 5.1.1 No such mailbox", Report(Outcome.REFUSED, "smtp-550")),
    ],
)
async def test_an_answer_is_definite_in_every_phase_and_the_line_stays_good(phase: str, answer: str, report: Report) -> None:
    script = Script(answers={phase: [answer]})
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == report
        assert script.taken == []
        assert await channel.hand_over(message()) == TAKEN
    assert script.connections == 1


async def test_a_line_cut_before_the_message_is_definite() -> None:
    script = Script(drop_before_data=1)
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == Report(Outcome.REFUSED_FOR_NOW, "line-lost")
    assert script.taken == []


async def test_a_line_that_died_while_idle_costs_nothing() -> None:
    script = Script()
    async with channel_to(script) as channel:
        assert await channel.hand_over(message(1)) == TAKEN
        script.drop_before_data = 1
        assert await channel.hand_over(message(2)) == TAKEN
    assert (script.connections, len(script.taken)) == (2, 2)


async def test_a_server_that_is_not_there_is_definite() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = Smtp(Server("127.0.0.1", taken.getsockname()[1]), sender="a@example.org")
        assert await channel.hand_over(message()) == Report(Outcome.REFUSED_FOR_NOW, "no-connection")


async def test_a_line_is_given_up_before_a_server_with_a_limit_refuses() -> None:
    script = Script(limit=100)
    async with channel_to(script) as channel:
        assert [await channel.hand_over(message(n)) for n in range(205)] == [TAKEN] * 205
    assert script.connections == 3


async def test_a_server_that_refuses_the_101st_message_of_a_line_gets_it_on_another() -> None:
    script = Script(limit=100)
    async with channel_to(script, per_line=1000) as channel:
        assert [await channel.hand_over(message(n)) for n in range(205)] == [TAKEN] * 205
    assert script.connections == 3
    assert len(script.taken) == 205


async def test_a_fresh_line_that_is_refused_is_not_tried_for_ever() -> None:
    script = Script(limit=0)
    async with channel_to(script) as channel:
        assert await channel.hand_over(message()) == Report(Outcome.REFUSED_FOR_NOW, "smtp-452")
    assert script.connections == 1


async def test_what_is_no_address_never_reaches_the_server() -> None:
    script = Script()
    async with channel_to(script) as channel:
        assert await channel.hand_over(message(address="nobody")) == Report(Outcome.REFUSED, "bad-address")
    assert script.connections == 0


async def test_a_server_that_offers_no_encryption_gets_nothing_when_encryption_is_set() -> None:
    script = Script()
    async with serving(script) as port:
        server = Server("127.0.0.1", port, "smtp+starttls")
        channel = Smtp(server, sender="a@example.org", patience=QUICK)
        assert await channel.hand_over(message()) == Report(Outcome.REFUSED_FOR_NOW, "no-connection")
    assert script.taken == []


@pytest.mark.parametrize(("password", "outcome"), [("right", Outcome.TAKEN), ("wrong", Outcome.REFUSED_FOR_NOW)])
async def test_a_server_that_wants_a_password_gets_ours(password: str, outcome: Outcome) -> None:
    script = Script(password="right")
    async with serving(script) as port:
        server = Server("127.0.0.1", port, user="notifier", password=password)
        channel = Smtp(server, sender="a@example.org", patience=QUICK)
        assert (await channel.hand_over(message())).outcome is outcome
        await channel.close()
