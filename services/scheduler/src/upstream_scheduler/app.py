"""The scheduler's wiring table, and nothing else."""

from pathlib import Path

from upstream_runtime import vault
from upstream_runtime.links import Links
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Route, Work
from upstream_scheduler import decide, roster, store, work
from upstream_scheduler.model import Reference
from upstream_scheduler.web import Kept, pages
from upstream_schemas import intake, topics

SESSIONS = Aggregate("session", store.load_sessions, store.save_sessions)
TRAINERS = Aggregate("trainer", roster.load_trainers, roster.save_trainers)
VENUES = Aggregate("venue", roster.load_venues, roster.save_venues)


def wiring(settings: Settings) -> App:
    """What comes in, which decision answers it, and how its state is kept."""
    links = Links(settings.public_url, settings.secret("link-key"))
    return App(
        process="scheduler",
        reference=Reference(link=links.make),
        routes=(
            Route(
                topic=topics.INTAKE_REQUESTS,
                aggregate=SESSIONS,
                on={
                    intake.TrainingRequestedV1: decide.training_requested,
                    intake.RequestWithdrawnV1: decide.request_ended,
                    intake.RequestRejectedV1: decide.request_ended,
                    intake.RequestClosedV1: decide.request_ended,
                    intake.RequesterErasedV1: decide.request_ended,
                },
            ),
        ),
        work=(
            Work("place", SESSIONS, decide.place, look=work.look_for_slot),
            Work("hold-expires", SESSIONS, decide.hold_expires),
            Work("close-out", SESSIONS, decide.close_out),
            Work("refill", SESSIONS, decide.refill_waiting, look=work.look_for_waiting),
        ),
        seal=vault.sealer(Path(settings.value("LANE_PUBLIC_KEY"))),
        pages=pages(Kept(SESSIONS, TRAINERS, VENUES), links, settings.secret("staff-token")),
    )
