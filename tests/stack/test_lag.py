"""The age of the oldest unread record, worked out from offsets and times alone."""

from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from upstream_stack.lag import Found, Partition, times_of

NOW_MS = 1_000_000_000
TOPIC = ("intake.requests.v1", 0)


def first_at_in(times: list[int], first_offset: int = 0) -> Callable[[Mapping[Partition, int]], dict[Partition, Found | None]]:
    """A partition whose records have these times, asked as a broker is asked."""

    def first_at(asked: Mapping[Partition, int]) -> dict[Partition, Found | None]:
        answers: dict[Partition, Found | None] = {}
        for partition, time_ms in asked.items():
            rows = [(first_offset + index, time) for index, time in enumerate(times) if time >= time_ms]
            answers[partition] = Found(*rows[0]) if rows else None
        return answers

    return first_at


def test_the_time_of_the_only_record_is_found() -> None:
    assert times_of({TOPIC: 0}, first_at_in([NOW_MS - 5_000]), 0, NOW_MS) == {TOPIC: NOW_MS - 5_000}


def test_no_waiting_partition_asks_nothing() -> None:
    def never(_: Mapping[Partition, int]) -> dict[Partition, Found | None]:
        raise AssertionError

    assert times_of({}, never, 0, NOW_MS) == {}


@given(st.data())
def test_the_time_of_any_record_is_found_within_a_quarter_of_a_second(data: st.DataObject) -> None:
    times = sorted(data.draw(st.lists(st.integers(0, NOW_MS), min_size=1, max_size=40)))
    first_offset = data.draw(st.integers(0, 10_000))
    index = data.draw(st.integers(0, len(times) - 1))
    found = times_of({TOPIC: first_offset + index}, first_at_in(times, first_offset), 0, NOW_MS)[TOPIC]
    assert 0 <= times[index] - found <= 250
