"""Who is told what, and when: one row for each kind of message, one table from events to rows.

Pure. Knows events and names of templates; must not know contacts, channels or wording. A notice's id is drawn from the
rule, its subject, the recipient and the round, so that the same event again gives the same notice, and a later event
finds the notice it takes back. All of these are random ids or counters, so an id gives nothing away.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from upstream_notifier.model import Entry, Method, NoticeCancelled, NoticeWanted, Particulars
from upstream_schemas import intake, scheduler
from upstream_schemas.model import Event

NAMESPACE: Final = UUID("6f1d2c1e-7c0f-5c59-9a53-0d5f0b6f5a11")
REMINDER_BEFORE: Final = timedelta(hours=24)
Step = tuple[UUID, NoticeWanted | NoticeCancelled]
Dated = scheduler.SessionConfirmedV1 | scheduler.SessionCancelledV1


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of a message. `link` is their own page, still sealed."""

    contact_id: UUID | None
    language: str
    link: str | None
    template: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of message. `to` finds the recipients in an event, `round` tells repeated messages apart."""

    name: str
    to: Callable[[Any], Iterable[Told]]
    says: Callable[[Any], Particulars]
    round: Callable[[Any], object]
    when: Callable[[Any], bool] = lambda _: True
    not_before: Callable[[Any], datetime | None] = lambda _: None
    expires_at: Callable[[Any], datetime | None] = lambda _: None
    entry: Callable[[Any], Entry | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class TakesBack:
    """Notices of `rule` that an event makes untrue; `round` is theirs, not the event's."""

    rule: str
    round: Callable[[Any], object]


def _requester(template: str) -> Callable[[Any], Iterable[Told]]:
    return lambda event: (Told(event.contact_id, event.language, None, template),)


def _requester_with_page(template: str) -> Callable[[Any], Iterable[Told]]:
    return lambda event: (Told(event.contact_id, event.language, event.page_link, template),)


def _everybody(template: str, for_trainers: str | None = None) -> Callable[[Any], Iterable[Told]]:
    def told(event: scheduler.SessionNews) -> Iterator[Told]:
        for one in event.recipients:
            chosen = for_trainers if for_trainers and one.party == "trainer" else template
            yield Told(one.contact_id, one.language, one.answer_link, chosen)

    return told


def _all_but_a_declining_group(event: scheduler.SlotDeclinedV1) -> Iterator[Told]:
    for one in event.recipients:
        if one.party != "group" or event.party != "group":
            yield Told(one.contact_id, one.language, one.answer_link, "slot-declined.v1")


def _who_waits(event: scheduler.SessionLeftWaitingV1) -> Iterator[Told]:
    one = event.recipient
    yield Told(one.contact_id, one.language, one.answer_link, "left-waiting.v1")


def _reference(event: intake.ForRequester) -> Particulars:
    return Particulars(event.reference)


def _slot(event: scheduler.SlotNews) -> Particulars:
    return Particulars(event.reference, slot=event.slot, topic=event.slot.topic)


def _cancellation(event: scheduler.SessionCancelledV1) -> Particulars:
    code = "will-be-rescheduled" if event.will_be_rescheduled else "not-rescheduled"
    return Particulars(event.reference, slot=event.slot, code=code)


def _entry(method: Method | None) -> Callable[[Dated], Entry]:
    return lambda event: Entry(event.calendar_uid, event.calendar_sequence, method)


def _cancelled_entry(event: scheduler.SessionCancelledV1) -> Entry | None:
    return Entry(event.calendar_uid, event.calendar_sequence, "CANCEL") if event.was_confirmed else None


def _sequence(event: Dated) -> int:
    return event.calendar_sequence


def _sequence_before(event: Dated) -> int:
    """The SEQUENCE of the invitation that is taken back: a cancellation carries the next one (RFC 5546 §2.1.4)."""
    return event.calendar_sequence - 1


def _round(event: Any) -> int:
    offered: int = event.round
    return offered


def _once(_: Event) -> str:
    return ""


RECEIVED: Final = Rule(
    "request-received", _requester_with_page("request-received.v1"), _reference, _once, when=lambda event: not event.late
)
ASKED: Final = Rule(
    "information-requested",
    _requester_with_page("information-requested.v1"),
    lambda event: Particulars(event.reference, words=event.question, until=event.expires_at),
    lambda event: (event.question, event.page_link),  # sealing is random: the same question asked again is another round
    expires_at=lambda event: event.expires_at,
)
PROPOSED: Final = Rule(
    "agreement-proposed",
    _requester_with_page("agreement-proposed.v1"),
    lambda event: Particulars(event.reference, topic=event.terms.topic, until=event.expires_at),
    lambda event: event.terms.version,
    expires_at=lambda event: event.expires_at,
)
OFFERED: Final = Rule(
    "slot-offered",
    _everybody("slot-offered.v1", for_trainers="slot-offered-to-trainer.v1"),
    lambda event: Particulars(event.reference, slot=event.slot, topic=event.slot.topic, until=event.hold_until),
    _round,
    expires_at=lambda event: event.hold_until,
)
LEFT_WAITING: Final = Rule(
    "left-waiting",
    _who_waits,
    lambda event: Particulars(event.reference, code=event.reason),
    lambda event: event.reason,  # each reason is told once
)
CONFIRMED: Final = Rule(
    "session-confirmed",
    _everybody("session-confirmed.v1"),
    _slot,
    _sequence,
    expires_at=lambda event: event.slot.starts_at,
    entry=_entry("REQUEST"),
)
REMINDER: Final = Rule(
    "session-reminder",
    _everybody("session-reminder.v1"),
    _slot,
    _sequence,
    not_before=lambda event: event.slot.starts_at - REMINDER_BEFORE,
    expires_at=lambda event: event.slot.starts_at,
    entry=_entry(None),
)
CANCELLED: Final = Rule(
    "session-cancelled",
    _everybody("session-cancelled.v1"),
    _cancellation,
    lambda event: (event.calendar_sequence, event.slot.starts_at.isoformat()),
    when=lambda event: event.slot is not None,  # no date was given to anybody
    entry=_cancelled_entry,
)
DECLINED: Final = Rule("slot-declined", _all_but_a_declining_group, _slot, _round)
HOLD_EXPIRED: Final = Rule("hold-expired", _everybody("hold-expired.v1"), _slot, _round)
FEEDBACK: Final = Rule("feedback-requested", _requester_with_page("feedback-requested.v1"), _reference, _once)
CLOSED: Final = Rule(
    "request-closed",
    _requester("request-closed.v1"),
    lambda event: Particulars(event.reference, code=event.what_changed, words=event.what_changed_text),
    _once,
    when=lambda event: event.outcome not in ("rejected", "withdrawn", "expired"),  # these say so in a message of their own
)
REJECTED: Final = Rule(
    "request-rejected",
    _requester("request-rejected.v1"),
    lambda event: Particulars(event.reference, words=event.reason),
    _once,
)
EXPIRED: Final = Rule(
    "request-expired",
    _requester("request-expired.v1"),
    lambda event: Particulars(event.reference, code=event.waiting_for),
    _once,
)
WITHDRAWN: Final = Rule("request-withdrawn", _requester("request-withdrawn.v1"), _reference, _once)

RULES: Final[dict[type[Event], tuple[Rule | TakesBack, ...]]] = {
    intake.RequestReceivedV1: (RECEIVED,),
    intake.InformationRequestedV1: (ASKED,),
    intake.AgreementProposedV1: (PROPOSED,),
    intake.FeedbackRequestedV1: (FEEDBACK,),
    intake.RequestClosedV1: (CLOSED,),
    intake.RequestRejectedV1: (REJECTED,),
    intake.RequestExpiredV1: (EXPIRED,),
    intake.RequestWithdrawnV1: (WITHDRAWN,),
    scheduler.SlotOfferedV1: (OFFERED,),
    scheduler.SlotDeclinedV1: (TakesBack("slot-offered", _round), DECLINED),
    scheduler.HoldExpiredV1: (TakesBack("slot-offered", _round), HOLD_EXPIRED),
    scheduler.SessionConfirmedV1: (CONFIRMED, REMINDER),
    scheduler.SessionCancelledV1: (
        TakesBack("session-confirmed", _sequence_before),
        TakesBack("session-reminder", _sequence_before),
        CANCELLED,
    ),
    scheduler.SessionLeftWaitingV1: (LEFT_WAITING,),
}


def notice_id(rule: str, subject: UUID, recipient: UUID, round_: object) -> UUID:
    """The id of one rule's notice about this subject (a session, else the request) to this recipient, in this round."""
    return uuid5(NAMESPACE, f"{rule} {subject} {recipient} {round_}")


def steps(event: Event) -> Iterator[Step]:
    """What one event means for the notices: those to write, and those it takes back. None for who cannot be told."""
    for row in RULES.get(type(event), ()):
        if isinstance(row, TakesBack):
            yield from _taken_back(row, event)
        elif row.when(event):
            yield from _wanted(row, event)


def _wanted(rule: Rule, event: Any) -> Iterator[Step]:
    for told in rule.to(event):
        if told.contact_id is not None:
            key = notice_id(rule.name, _subject(event), told.contact_id, rule.round(event))
            yield (
                key,
                NoticeWanted(
                    notice_id=key,
                    request_id=event.request_id,
                    subject=_subject(event),
                    contact_id=told.contact_id,
                    language=told.language,
                    template=told.template,
                    says=replace(rule.says(event), link=told.link),
                    entry=rule.entry(event),
                    not_before=rule.not_before(event),
                    expires_at=rule.expires_at(event),
                ),
            )


def _taken_back(row: TakesBack, event: Any) -> Iterator[Step]:
    for one in event.recipients:
        if one.contact_id is not None:
            yield notice_id(row.rule, event.session_id, one.contact_id, row.round(event)), NoticeCancelled()


def _subject(event: Any) -> UUID:
    subject: UUID = event.session_id if isinstance(event, scheduler.AboutSession) else event.request_id
    return subject
