"""The gateway's wiring table, and nothing else."""

from collections.abc import Iterable
from uuid import UUID

from upstream_referral.gateway import decide, store
from upstream_referral.gateway.model import WALL
from upstream_referral.gateway.work import due_work
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Route
from upstream_schemas import enforcement, topics
from upstream_schemas.model import Event

COUNTERS = Aggregate("counters", store.load_counters, store.save_counters)


def at_the_wall(event: Event) -> Iterable[tuple[UUID, object]]:
    """Whatever comes is about the wall: no state stands under the id that it had on the enforcement side."""
    yield WALL, event


def wiring(_: Settings) -> App:
    """What comes in, which decision answers it, and how its state is kept."""
    return App(
        process="referral-gateway",
        reference=None,
        routes=(
            Route(
                topic=topics.ENFORCEMENT_CROSSINGS,
                aggregate=COUNTERS,
                on={
                    enforcement.HelpOfferApprovedV1: decide.help_offer_approved,
                    enforcement.AreaAlertApprovedV1: decide.area_alert_approved,
                    enforcement.LifeSafetyCallApprovedV1: decide.life_safety_call_approved,
                    enforcement.CrossingRefusedV1: decide.crossing_refused,
                },
                steps=at_the_wall,
            ),
        ),
        work=due_work(COUNTERS),
    )
