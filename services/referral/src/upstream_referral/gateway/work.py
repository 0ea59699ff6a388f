"""What the gateway looks at again when its time has come."""

from upstream_referral.gateway import decide
from upstream_referral.gateway.decide.counting import PUBLISH
from upstream_runtime.wiring import Aggregate, Work


def due_work(counters: Aggregate) -> tuple[Work, ...]:
    """The counters, once a day; `migrations/0001_counters.sql` begins it."""
    return (Work(PUBLISH, counters, decide.counters_due),)
