"""Wall time and UTC, on ordinary days and on the two on which the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scheduler_builders import on, portland

from upstream_scheduler import calendar
from upstream_scheduler.model import Away, Span, Stretch

ZONE = ZoneInfo("America/Los_Angeles")
SUNDAY = 6


def _week_of(year: int, month: int, day: int) -> Span:
    return Span(portland(year, month, day, 0) - timedelta(days=3), portland(year, month, day, 0) + timedelta(days=4))


def test_wall_time_on_an_ordinary_day_has_one_moment() -> None:
    assert calendar.instant(on(2026, 12, 1), time(18), ZONE) == datetime(2026, 12, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_wall_time_that_the_spring_switch_skips_is_refused(minute: int) -> None:
    assert calendar.instant(on(2027, 3, 14), time(2, minute), ZONE) is None


def test_wall_times_around_the_skipped_hour_stand() -> None:
    assert calendar.instant(on(2027, 3, 14), time(1, 59), ZONE) == datetime(2027, 3, 14, 9, 59, tzinfo=UTC)
    assert calendar.instant(on(2027, 3, 14), time(3), ZONE) == datetime(2027, 3, 14, 10, tzinfo=UTC)


def test_wall_time_that_the_autumn_switch_has_twice_means_the_first() -> None:
    assert calendar.instant(on(2026, 11, 1), time(1, 30), ZONE) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_stretch_over_the_autumn_switch_is_an_hour_longer_than_its_wall_times_say() -> None:
    stretch = Stretch(SUNDAY, time(0, 30), time(4))
    (span,) = calendar.free_spans([stretch], [], _week_of(2026, 11, 1), ZONE)
    assert span.end - span.start == timedelta(hours=4, minutes=30)


def test_stretch_over_the_spring_switch_is_an_hour_shorter_than_its_wall_times_say() -> None:
    stretch = Stretch(SUNDAY, time(0, 30), time(4))
    (span,) = calendar.free_spans([stretch], [], _week_of(2027, 3, 14), ZONE)
    assert span.end - span.start == timedelta(hours=2, minutes=30)


@pytest.mark.parametrize(("start", "end"), [(time(2, 30), time(4)), (time(1), time(2, 30))])
def test_stretch_that_begins_or_ends_in_the_skipped_hour_is_left_out_that_day(start: time, end: time) -> None:
    assert calendar.free_spans([Stretch(SUNDAY, start, end)], [], _week_of(2027, 3, 14), ZONE) == ()


def test_stretch_keeps_its_wall_time_when_the_clocks_change() -> None:
    evening = Stretch(1, time(18), time(20))
    inside = Span(portland(2026, 10, 26, 0), portland(2026, 11, 9, 0))
    before, after = calendar.free_spans([evening], [], inside, ZONE)
    assert (before.start, after.start) == (portland(2026, 10, 27, 18), portland(2026, 11, 3, 18))
    assert after.start - before.start == timedelta(days=7, hours=1)


def test_exception_without_hours_means_away() -> None:
    evening = Stretch(1, time(18), time(20))
    inside = Span(portland(2026, 11, 30, 0), portland(2026, 12, 14, 0))
    (left,) = calendar.free_spans([evening], [Away(on(2026, 12, 1))], inside, ZONE)
    assert left.start == portland(2026, 12, 8, 18)


def test_exception_with_hours_replaces_its_day() -> None:
    evening = Stretch(1, time(18), time(20))
    inside = Span(portland(2026, 11, 30, 0), portland(2026, 12, 7, 0))
    noon = Away(on(2026, 12, 1), ((time(12), time(13)),))
    assert calendar.free_spans([evening], [noon], inside, ZONE) == (
        Span(portland(2026, 12, 1, 12), portland(2026, 12, 1, 13)),
    )


def test_touching_and_overlapping_stretches_are_one() -> None:
    stretches = [Stretch(1, time(12), time(15)), Stretch(1, time(9), time(12)), Stretch(1, time(14), time(16))]
    inside = Span(portland(2026, 11, 30, 0), portland(2026, 12, 7, 0))
    assert calendar.free_spans(stretches, [], inside, ZONE) == (Span(portland(2026, 12, 1, 9), portland(2026, 12, 1, 16)),)


def test_stretches_are_cut_to_what_is_asked_for() -> None:
    inside = Span(portland(2026, 12, 1, 18, 40), portland(2026, 12, 1, 19))
    assert calendar.free_spans([Stretch(1, time(18), time(20))], [], inside, ZONE) == (inside,)


def test_sessions_start_on_full_and_half_hours_only() -> None:
    span = Span(portland(2026, 12, 1, 18, 10), portland(2026, 12, 1, 20))
    assert list(calendar.starts([span], timedelta(minutes=60))) == [
        portland(2026, 12, 1, 18, 30),
        portland(2026, 12, 1, 19),
    ]


def test_week_begins_on_the_local_monday() -> None:
    assert calendar.monday_of(portland(2026, 11, 29, 23, 30), ZONE) == on(2026, 11, 23)
    assert calendar.monday_of(portland(2026, 11, 30, 0), ZONE) == on(2026, 11, 30)


SWITCH_DAYS = st.sampled_from([on(2026, 11, 1), on(2027, 3, 14), on(2027, 11, 7), on(2026, 12, 6)])
WALL = st.times(max_value=time(23, 59)).map(lambda wall: wall.replace(second=0, microsecond=0))


@given(day=SWITCH_DAYS, wall=WALL)
def test_moment_of_a_wall_time_reads_as_that_wall_time_again(day: datetime, wall: time) -> None:
    moment = calendar.instant(day, wall, ZONE)
    if moment is None:
        assert (day, wall.hour) == (on(2027, 3, 14), 2)
    else:
        assert moment.astimezone(ZONE).replace(tzinfo=None) == datetime.combine(day, wall)


@given(day=SWITCH_DAYS, start=WALL, end=WALL, minutes=st.sampled_from([30, 90, 120]))
def test_every_start_leaves_its_whole_length_inside_a_span(day: datetime, start: time, end: time, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    spans = calendar.free_spans([Stretch(SUNDAY, start, end)], [], _week_of(day.year, day.month, day.day), ZONE)
    for moment in calendar.starts(spans, length):
        assert any(span.start <= moment and moment + length <= span.end for span in spans)
        assert moment.timestamp() % 1800 == 0
