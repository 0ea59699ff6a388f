"""Facts for the notifier's tests, with defaults; all people and places are fictional."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from upstream_notifier.model import Contact, Looked, Notice, NoticeWanted, Outcome, Result
from upstream_notifier.rules import steps
from upstream_runtime.decision import Cause, Context, Decision, Due
from upstream_schemas import intake, scheduler
from upstream_schemas.model import Event

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
REQUEST = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77")
SESSION = UUID("0190c7a2-2222-7c11-9d0e-0c8a5f1e2b77")
REQUESTER = UUID("0190c7a2-3333-7c11-9d0e-0c8a5f1e2b77")
TRAINER = UUID("0190c7a2-4444-7c11-9d0e-0c8a5f1e2b77")
OTHER_TRAINER = UUID("0190c7a2-5555-7c11-9d0e-0c8a5f1e2b77")
REFERENCE = "UP-7K2M-9Q4X"
CONTACT = Contact(locked="bG9ja2Vk", sealed_key="c2VhbGVk", language="so")
KNOWN = Looked(CONTACT, overtaken=False)
UNKNOWN = Looked(None, overtaken=False)


def context(now: datetime = NOW, happened: datetime | None = None) -> Context[None]:
    """A context at `now`, for an event that happened then or earlier."""
    return Context(now, Cause("1", "/upstream/scheduler", happened or now), None, b"test")


def slot(starts_at: datetime = STARTS) -> scheduler.Slot:
    return scheduler.Slot(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        timezone="America/Los_Angeles",
        venue="virtual-1",
        venue_name="Online meeting room 1",
        topic="personal-safety",
    )


def group(language: str = "so", contact_id: UUID | None = REQUESTER) -> scheduler.Recipient:
    return scheduler.Recipient(party="group", contact_id=contact_id, language=language, answer_link="sealed group link")


def trainer(contact_id: UUID = TRAINER) -> scheduler.Recipient:
    return scheduler.Recipient(party="trainer", contact_id=contact_id, language="en", answer_link="sealed trainer link")


_REQUEST = {"request_id": REQUEST, "reference": REFERENCE, "contact_id": REQUESTER, "language": "so"}
_PAGE = {"page_link": "sealed page link"}
_SESSION = {"request_id": REQUEST, "session_id": SESSION}
_TERMS = intake.AgreementTerms(
    version=1,
    topic="personal-safety",
    catalogue_version=1,
    format="virtual",
    length_minutes=90,
    language="so",
    group_size=12,
    group_duties=(),
    city_duties=(),
    text_hash="0" * 64,
)


def _news(**fields: Any) -> dict[str, Any]:
    return {**_SESSION, "reference": REFERENCE, "slot": slot(), "recipients": (group(), trainer()), **fields}


def received(**fields: Any) -> intake.RequestReceivedV1:
    given = {**_REQUEST, **_PAGE, "source": "pdx311", "channel": "web", "late": False, **fields}
    return intake.RequestReceivedV1(**given)


def asked(**fields: Any) -> intake.InformationRequestedV1:
    given = {"question": "In which month would it suit you?", "expires_at": NOW + timedelta(days=30), **fields}
    return intake.InformationRequestedV1(**{**_REQUEST, **_PAGE, **given})


def proposed(**fields: Any) -> intake.AgreementProposedV1:
    given = {**_REQUEST, **_PAGE, "terms": _TERMS, "expires_at": NOW + timedelta(days=14), **fields}
    return intake.AgreementProposedV1(**given)


def feedback_requested(**fields: Any) -> intake.FeedbackRequestedV1:
    return intake.FeedbackRequestedV1(**{**_REQUEST, **_PAGE, **fields})


def closed(**fields: Any) -> intake.RequestClosedV1:
    return intake.RequestClosedV1(**{**_REQUEST, "outcome": "delivered", "what_changed": "feedback-counted", **fields})


def rejected(**fields: Any) -> intake.RequestRejectedV1:
    given = {**_REQUEST, "reason": "We only give trainings in Portland.", "reviewer": "staff-1", **fields}
    return intake.RequestRejectedV1(**given)


def expired(**fields: Any) -> intake.RequestExpiredV1:
    return intake.RequestExpiredV1(**{**_REQUEST, "waiting_for": "agreement", **fields})


def withdrawn(**fields: Any) -> intake.RequestWithdrawnV1:
    return intake.RequestWithdrawnV1(**{**_REQUEST, **fields})


def offered(**fields: Any) -> scheduler.SlotOfferedV1:
    return scheduler.SlotOfferedV1(**_news(round=1, hold_until=NOW + timedelta(hours=72), **fields))


def declined(**fields: Any) -> scheduler.SlotDeclinedV1:
    return scheduler.SlotDeclinedV1(**_news(**{"round": 1, "party": "trainer", **fields}))


def hold_expired(**fields: Any) -> scheduler.HoldExpiredV1:
    return scheduler.HoldExpiredV1(**_news(**{"round": 1, **fields}))


def confirmed(**fields: Any) -> scheduler.SessionConfirmedV1:
    given = {"calendar_uid": f"{SESSION}@upstream.example.org", "calendar_sequence": 0, **fields}
    return scheduler.SessionConfirmedV1(**_news(**given))


def cancelled(**fields: Any) -> scheduler.SessionCancelledV1:
    given = {
        "party": "trainer",
        "will_be_rescheduled": True,
        "was_confirmed": True,
        "calendar_uid": f"{SESSION}@upstream.example.org",
        "calendar_sequence": 1,
        **fields,
    }
    return scheduler.SessionCancelledV1(**_news(**given))


def left_waiting(**fields: Any) -> scheduler.SessionLeftWaitingV1:
    given = {**_SESSION, "reference": REFERENCE, "recipient": group(), "reason": "nobody-free", **fields}
    return scheduler.SessionLeftWaitingV1(**given)


TOLD: tuple[Event, ...] = (
    received(), asked(), proposed(), feedback_requested(), closed(), rejected(), expired(), withdrawn(), offered(),
    declined(), hold_expired(), confirmed(), cancelled(), left_waiting(),
)  # fmt: skip


def wanted(event: Event, template: str | None = None) -> NoticeWanted:
    """The first notice that an event asks for, or the one of that template."""
    found = (fact for _, fact in steps(event) if isinstance(fact, NoticeWanted))
    return next(fact for fact in found if template is None or fact.template.startswith(template))


def notice(event: Event | None = None, template: str | None = None, **fields: Any) -> Notice:
    """An accepted notice; by default that a request was received."""
    wish = wanted(event or received(), template)
    expires = wish.expires_at or NOW + timedelta(days=3)
    return replace(Notice(wish, accepted_at=NOW, expires_at=expires), **fields)


def state(decision: Decision[Notice]) -> Notice:
    """The state a decision leads to; fails where it leaves everything as it is."""
    assert isinstance(decision.state, Notice)
    return decision.state


def types(decision: Decision[Any]) -> list[str]:
    """What was said, in short: `notifier.notice.sent.v1` is `sent`."""
    return [event.TYPE.split(".")[2] for event in decision.events if isinstance(event, Event)]


def due(decision: Decision[Any], kind: str) -> Due | None:
    """What is due of that kind after a decision, None where it says nothing about it."""
    return next((row for row in decision.due if row.kind == kind), None)


def result(outcome: Outcome, n: int = 1, code: str = "") -> Result:
    return Result(n, outcome, code)
