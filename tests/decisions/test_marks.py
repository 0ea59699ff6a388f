"""Records that are published at marks: nothing overtakes, whatever the broker's clock does."""

from datetime import UTC, datetime, timedelta

from upstream_runtime.marks import ripe
from upstream_runtime.store import Said

NOW = datetime(2026, 11, 23, 18, 20, 0, 500_000, UTC)
PLACE = ("enforcement.receipts.ppb.v1", 0)
TICKING = ("enforcement.receipts.",)


def record(n: int, seconds: float) -> Said:
    """The n-th record, with a mark so many seconds from now."""
    return Said(PLACE[0], 0, b"key", b"value", b"[]", NOW + timedelta(seconds=seconds), n)


def numbers(*records: Said) -> list[int]:
    return [said.n for said in ripe({PLACE: list(records)}, TICKING, NOW).get(PLACE, [])]


def test_nothing_goes_before_its_mark() -> None:
    assert numbers(record(1, 0.1)) == []
    assert numbers(record(1, -0.1), record(2, 4.9)) == [1]


def test_a_mark_before_its_predecessor_s_overtakes_nothing() -> None:
    assert numbers(record(1, 4.0), record(2, -0.2)) == []


def test_other_topics_wait_for_nothing() -> None:
    other = Said("intake.requests.v1", 0, None, b"", b"[]", NOW + timedelta(hours=1), 1)
    assert ripe({("intake.requests.v1", 0): [other]}, TICKING, NOW) == {("intake.requests.v1", 0): [other]}
