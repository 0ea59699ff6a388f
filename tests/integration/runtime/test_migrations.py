"""Migrations are applied once, in order, by whoever comes first; a text that was applied never changes."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from upstream_runtime.migrate import ChangedMigrationError, migrate

PACKAGE = "rooms_of_a_test"


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / PACKAGE / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / PACKAGE / "__init__.py").touch()
    (folder / "0001_first.sql").write_text("CREATE TABLE room (name text); INSERT INTO room VALUES ('first')")
    (folder / "0002_second.sql").write_text("INSERT INTO room SELECT name || ' again' FROM room")
    (folder / "notes.txt").write_text("no migration")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    sys.modules.pop(PACKAGE, None)


async def run(dsn: str) -> list[str]:
    conn = await asyncpg.connect(dsn)
    try:
        return await migrate(conn, ("upstream_runtime", PACKAGE))
    finally:
        await conn.close()


async def rooms(dsn: str) -> list[str]:
    conn = await asyncpg.connect(dsn)
    try:
        return [row["name"] for row in await conn.fetch("SELECT name FROM room ORDER BY name")]
    finally:
        await conn.close()


async def test_each_is_applied_once_in_order_the_engines_own_first(engine_dsn: str, migrations: Path) -> None:
    fresh = await run(engine_dsn)
    assert fresh[-2:] == ["0001_first.sql", "0002_second.sql"]
    assert len(fresh) > 2
    assert await run(engine_dsn) == []
    (migrations / "0003_third.sql").write_text("INSERT INTO room VALUES ('third')")
    assert await run(engine_dsn) == ["0003_third.sql"]
    assert await rooms(engine_dsn) == ["first", "first again", "third"]


@pytest.mark.usefixtures("migrations")
async def test_of_two_starts_at_once_one_applies_them_and_the_other_finds_them(engine_dsn: str) -> None:
    both = await asyncio.gather(*(run(engine_dsn) for _ in range(4)))
    assert sorted(map(bool, both)) == [False, False, False, True]
    assert await rooms(engine_dsn) == ["first", "first again"]


async def test_a_text_that_was_applied_may_not_change(engine_dsn: str, migrations: Path) -> None:
    await run(engine_dsn)
    (migrations / "0001_first.sql").write_text("CREATE TABLE room (name text, size int)")
    (migrations / "0003_third.sql").write_text("INSERT INTO room VALUES ('third')")
    with pytest.raises(ChangedMigrationError, match=f"{PACKAGE} 0001_first.sql"):
        await run(engine_dsn)
    assert await rooms(engine_dsn) == ["first", "first again"]


async def test_one_that_fails_takes_all_of_this_start_back(engine_dsn: str, migrations: Path) -> None:
    (migrations / "0003_third.sql").write_text("INSERT INTO room VALUES ('third'); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await run(engine_dsn)
    with pytest.raises(asyncpg.UndefinedTableError):
        await rooms(engine_dsn)
