"""The matrix's own tools: journals that survive a cut, a proxy that breaks what it is told to, a plan that a seed repeats."""

import ast
import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults import crash_points, exam, laps, soak
from faults.__main__ import main
from faults.bad_input import CLASSES
from faults.exam import QUESTIONS, Question
from faults.invariants import INVARIANTS
from faults.journal import Journal, Line, read
from faults.laps import LAPS
from faults.little_room import LittleRoom, room_can_be_limited
from faults.planted import BUGS
from faults.proxy import Proxy, Way
from faults.quorum import laid_over
from faults.rows_process import POINTS
from faults.world import World, free_port

FAULTS = Path(__file__).parents[1] / "faults"
ALONE = ("bad_input", "checker", "client", "evidence", "invariants", "journal")


@pytest.mark.parametrize("module", ALONE)
def test_checker_and_client_import_nothing_of_the_product(module: str) -> None:
    tree = ast.parse((FAULTS / f"{module}.py").read_text())
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert not [name for name in named if name.startswith("upstream")]
    assert {name.removeprefix("faults.") for name in named if name.startswith("faults.")} <= set(ALONE)


def test_every_planted_bug_is_asked_about_and_names_an_invariant() -> None:
    assert {question.bug for question in QUESTIONS} == BUGS.keys()
    assert {question.red for question in QUESTIONS} <= INVARIANTS.keys()
    assert len(QUESTIONS) == 13


def test_every_crash_point_is_used_and_exists_in_the_product() -> None:
    assert {point for points in POINTS.values() for point in points} == crash_points.POINTS.keys()
    assert all(callable(getattr(place, name)) for places in crash_points.POINTS.values() for place, name in places)


def test_no_two_laps_or_planted_bugs_share_a_name() -> None:
    names = [plan.name for plan in LAPS] + [question.bug for question in QUESTIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("limited", [True, False])
def test_what_cannot_be_broken_here_is_not_run_and_is_named(limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laps, "room_can_be_limited", lambda: limited)
    assert ("room" in {plan.name for plan in laps.possible()}) is limited
    assert ("D5" in laps.absent()) is not limited


def test_name_that_nobody_has_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["faults", "--only", "quorum", "quorom"])
    with pytest.raises(SystemExit):
        main()
    assert "quorom" in capsys.readouterr().err


def test_settings_are_laid_over_those_of_the_same_name_and_behind_all_others() -> None:
    assert laid_over("a=1\nb=2\n# b=3\n", {"b": "4", "c": "5"}) == "a=1\n# b=3\nb=4\nc=5\n"


@pytest.mark.skipif(not room_can_be_limited(), reason="mounting a file system needs root")
def test_room_that_is_full_takes_nothing_until_there_is_room_again(tmp_path: Path) -> None:
    world = LittleRoom(tmp_path)
    place = world.rooms["kafka"]
    try:
        world.limit(1)
        world.fill("kafka")
        with pytest.raises(OSError, match="No space left"):
            (place / "a-record").write_bytes(b"." * 8192)
        world.make_room("kafka")
        (place / "a-record").write_bytes(b"." * 8192)
    finally:
        world.unlimit()
    assert not place.is_mount()


def test_journal_leaves_out_a_line_that_was_cut(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    journal = Journal(file)
    journal.write([{"n": 1}, {"n": 2}])
    journal.close()
    with file.open("ab") as open_file:
        open_file.write(b'{"n": 3')
    assert [line["n"] for line in read(file)] == [1, 2]


def test_bad_input_is_the_same_for_the_same_seed() -> None:
    def made() -> list[tuple[str | None, bytes | None]]:
        rng = random.Random(7)
        return [(sent.id, sent.value) for name in CLASSES for sent in [CLASSES[name](rng, "north", "an-account")]]

    assert made() == made()


async def say_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1024):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        await ended(writer)


async def ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@dataclass
class Spoken:
    """One connection through a proxy, to a server that says everything back."""

    proxy: Proxy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def heard(self, seconds: float = 5) -> bytes:
        async with asyncio.timeout(seconds):
            return await self.reader.read(100)


@asynccontextmanager
async def speaking() -> AsyncIterator[Spoken]:
    server = await asyncio.start_server(say_back, "127.0.0.1", 0)
    proxy = Proxy(free_port(), server.sockets[0].getsockname()[1], random.Random(1))
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield Spoken(proxy, reader, writer)
    finally:
        await ended(writer)
        await proxy.stop()
        server.close()
        await asyncio.sleep(0.05)  # aborted transports end in the loop's next turns


async def test_proxy_passes_everything_on() -> None:
    async with speaking() as spoken:
        spoken.writer.write(b"hello")
        assert await spoken.heard() == b"hello"


@pytest.mark.parametrize("way", Way)
async def test_partition_holds_bytes_back_until_it_heals(way: Way) -> None:
    async with speaking() as spoken:
        await spoken.proxy.block(way)
        spoken.writer.write(b"hello")
        with pytest.raises(TimeoutError):
            await spoken.heard(0.1)
        await spoken.proxy.heal()
        assert await spoken.heard() == b"hello"


async def test_cut_ends_the_connection_after_byte_n() -> None:
    async with speaking() as spoken:
        spoken.proxy.cut = 3
        spoken.writer.write(b"hello")
        with suppress(ConnectionError):
            assert await spoken.heard() == b""
        assert spoken.proxy.cuts == 1


@pytest.mark.parametrize(("caught_in", "draws"), [(1, 1), (3, 3), (0, 3)])
async def test_bug_that_was_missed_is_asked_about_again_and_only_so_often(
    caught_in: int, draws: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def ask(_: World, __: Path, ___: Question, seed: int, mark: str) -> bool:
        asked.append((seed, mark))
        return len(asked) == caught_in

    monkeypatch.setattr(exam, "_ask", ask)
    marks = exam.graded(await exam.exam(World(tmp_path), tmp_path, 7, QUESTIONS[:1]))
    assert marks["missed"] == ([] if caught_in else [QUESTIONS[0].bug])
    assert marks["draws"] == ({QUESTIONS[0].bug: caught_in} if caught_in > 1 else {})
    assert len(set(asked)) == len(asked) == draws


async def test_simulation_goes_on_behind_the_stretches_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    async def stretch(first: int) -> Line:
        begun.append(first)
        await asyncio.sleep(0 if first % (2 * soak.STRETCH) > 1 else 0.01)  # they do not end in their order
        return {**dict.fromkeys(soak.SUMMED, 1), "first": first, "wrong": [first] if first == 1 else []}

    monkeypatch.setattr(soak, "_stretch", stretch)
    monkeypatch.setattr(soak, "SEEDS", 6 * soak.STRETCH)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    journal = Journal(tmp_path / "soak.jsonl")
    second = 1 + soak.STRETCH
    summed = await soak._simulated(7, [await stretch(second)], journal)
    journal.close()
    assert begun == [second, *(1 + n * soak.STRETCH for n in (0, 2, 3, 4, 5))]
    assert [line["simulated"]["first"] for line in read(tmp_path / "soak.jsonl")] == begun[1:]
    assert summed["seeds"] == 6
    assert summed["wrong"] == [1]
