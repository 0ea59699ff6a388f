"""Intake's wiring: what it hears, what it decides, where it keeps it."""

from pathlib import Path
from uuid import UUID

from upstream_intake import inlet, store
from upstream_intake.decide import deliveries, services, sessions, submissions
from upstream_intake.model import Reference
from upstream_intake.rules.emergency import emergency_in_record
from upstream_intake.web import pages
from upstream_intake.web.help_page import Helpers
from upstream_intake.work import due_work
from upstream_runtime import vault
from upstream_runtime.links import Links
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Inlet, Route, Tombstone
from upstream_schemas import city, notifier, outreach, scheduler, topics

REQUEST = Aggregate("request", store.load_requests, store.save_requests)
SERVICE = Aggregate("service", store.load_services, store.save_services)

SUBMISSIONS = Inlet(
    family=topics.CITY_SUBMISSIONS,
    aggregate=REQUEST,
    on={
        city.SubmissionSubmittedV1: submissions.submission_submitted,
        city.SubmissionAmendedV1: submissions.submission_amended,
        city.SubmissionWithdrawnV1: submissions.submission_withdrawn,
    },
    key=inlet.key,
    screen=emergency_in_record,
    prepare=inlet.prepare,
    refuse=inlet.refuse,
)
SESSIONS = Route(
    topic=topics.SCHEDULER_SESSIONS,
    aggregate=REQUEST,
    on={
        scheduler.SessionAcceptedV1: sessions.session_accepted,
        scheduler.SlotOfferedV1: sessions.slot_offered,
        scheduler.SlotAcceptedV1: sessions.slot_accepted,
        scheduler.SlotDeclinedV1: sessions.slot_declined,
        scheduler.HoldExpiredV1: sessions.hold_expired,
        scheduler.SessionConfirmedV1: sessions.session_confirmed,
        scheduler.SessionCancelledV1: sessions.session_cancelled,
        scheduler.SessionDeliveredV1: sessions.session_delivered,
        scheduler.SessionMissedV1: sessions.session_missed,
        scheduler.SessionLeftWaitingV1: sessions.session_left_waiting,
    },
)
DELIVERIES = Route(
    topic=topics.NOTIFIER_DELIVERIES,
    aggregate=REQUEST,
    on={
        notifier.NoticeSentV1: deliveries.notice_sent,
        notifier.NoticeFailedV1: deliveries.notice_not_sent,
        notifier.NoticeSuppressedV1: deliveries.notice_not_sent,
        notifier.NoticeExpiredV1: deliveries.notice_not_sent,
    },
    steps=deliveries.by_request,
)
DIRECTORY = Route(
    topic=topics.OPEN_DIRECTORY,
    aggregate=SERVICE,
    on={outreach.ServicePublishedV1: services.service_published, Tombstone: services.service_removed},
)


def wiring(settings: Settings) -> App:
    """The service as one table.

    Settings: LANE_PUBLIC_KEY and OVP_PUBLIC_KEY (files of public keys), OUTREACH_URL (where participants' pages are
    reached). Secrets: link-key, staff-token.
    """
    links = Links(settings.public_url, settings.secret("link-key"))

    def page_link(request_id: UUID) -> str:
        return links.make("r", str(request_id))

    return App(
        process="intake",
        reference=Reference(page_link),
        routes=(SESSIONS, DELIVERIES, DIRECTORY),
        inlets=(SUBMISSIONS,),
        work=due_work(REQUEST),
        seal=vault.sealer(Path(settings.value("LANE_PUBLIC_KEY"))),
        pages=pages(REQUEST, links, settings.secret("staff-token"), _helpers(settings)),
    )


def _helpers(settings: Settings) -> Helpers:
    seal = vault.named_sealer(Path(settings.value("OVP_PUBLIC_KEY")))
    return Helpers(seal, settings.value("OUTREACH_URL").rstrip("/"))
