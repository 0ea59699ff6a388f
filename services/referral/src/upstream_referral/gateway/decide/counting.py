"""X7: what passed the wall, by agency and quarter, from facts of the enforcement side alone. Published once a day. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from upstream_referral.gateway.model import WALL, Count, Counters, Period
from upstream_runtime.decision import Context, Decision, Due, steady_id
from upstream_schemas.crossing import BoundaryCount, BoundaryCountersPublishedV1
from upstream_schemas.enforcement import CrossingKind

CROSSED: Final = "crossed"
PUBLISH: Final = "publish-counters"


def counted(counters: Counters | None, agency: str, kind: CrossingKind, outcome: str, now: datetime) -> Counters:
    """One more of this, in the quarter that runs."""
    *earlier, running = _with_running(counters, now)
    tally = {(each.agency, each.kind, each.outcome): each.count for each in running.counts}
    tally[agency, kind, outcome] = tally.get((agency, kind, outcome), 0) + 1
    counts = tuple(Count(*what, count) for what, count in sorted(tally.items()))
    return Counters((*earlier, replace(running, counts=counts)))


def counters_due(counters: Counters | None, _: None, ctx: Context[None]) -> Decision[Counters]:
    """It is midnight, UTC: all counts so far are published, also where nothing happened; a quarter that is over for good."""
    periods = _with_running(counters, ctx.now)
    events = tuple(_published(period, ctx.secret) for period in periods)
    return Decision(Counters(periods[-1:]), events, (Due(PUBLISH, WALL, next_midnight(ctx.now)),))


def quarter(now: datetime) -> str:
    """The quarter of a moment, UTC."""
    return f"{now.year}-Q{(now.month + 2) // 3}"


def next_midnight(now: datetime) -> datetime:
    """The next midnight after a moment, UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _with_running(counters: Counters | None, now: datetime) -> tuple[Period, ...]:
    periods = counters.periods if counters else ()
    name = quarter(now)
    return periods if periods and periods[-1].name == name else (*periods, Period(name))


def _published(period: Period, secret: bytes) -> BoundaryCountersPublishedV1:
    return BoundaryCountersPublishedV1(
        period_id=steady_id(f"period {period.name}", secret),
        period=period.name,
        counts=tuple(
            BoundaryCount(agency=each.agency, kind=each.kind, outcome=each.outcome, count=each.count) for each in period.counts
        ),
    )
