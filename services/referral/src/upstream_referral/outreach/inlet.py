"""The door for providers: whom a record concerns, and the answer to one that cannot be read. Must not repeat a value it was sent."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from upstream_referral.outreach.decide import provider_id
from upstream_referral.outreach.decide.replies import PROBLEMS_MAX
from upstream_referral.outreach.model import Reference
from upstream_runtime.decision import Cause, Context, Fact
from upstream_runtime.wiring import Asked, Refusal
from upstream_schemas.city import Problem
from upstream_schemas.model import Event
from upstream_schemas.provider import CapacityUpdatedV1, ForProvider, ResponseRefusedV1, TrialReceivedV1

ABOUT_ITSELF: Final = (CapacityUpdatedV1, TrialReceivedV1)


def key(event: Event, cause: Cause, secret: bytes) -> UUID:
    """The referral by the id that this provider knows it by, or the provider itself where the record is about that."""
    assert isinstance(event, ForProvider), "the family carries nothing else"
    return provider_id(cause.party or "", secret) if isinstance(event, ABOUT_ITSELF) else event.referral_id


def prepare(event: Event, _: Cause) -> Event:
    """As it came: there is nothing personal in it."""
    return event


def screen(_: bytes) -> None:
    """Codes and ids alone: there is no text in which somebody could call for help."""


def refuse(refusal: Refusal, asked: Asked, _: Context[Reference]) -> Sequence[Fact]:
    """What is wrong with the record. The same record again needs no second answer: the first one stands."""
    if refusal.verdict == "duplicate":
        return ()
    problems = tuple(Problem(pointer=pointer, code=code) for pointer, code in refusal.problems[:PROBLEMS_MAX])
    return (ResponseRefusedV1(referral_id=asked.key, answer_to=asked.event_id, code=refusal.code, problems=problems),)
