"""What all rules of a referral share: what it is about, how it moves on, and who hears of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, TypeAlias, TypeVar

from upstream_referral.outreach.model import DESK_KEY, UNKNOWN, Consent, Late, Reference, Referral, Stage
from upstream_runtime.decision import Context, Decision, Due, Erased, ErasedFor, Fact, To
from upstream_schemas.outreach import ReferralEscalatedV1

F = TypeVar("F")
Ctx: TypeAlias = Context[Reference]
Said: TypeAlias = Fact | To | Erased | ErasedFor
Rule: TypeAlias = Callable[[Referral, F, Ctx], Decision[Referral]]

# The kinds of due work on a referral, one row of each.
MATCH: Final = "match"
CHOICE_LATE: Final = "choice-late"
OFFER: Final = "offer"
ANSWER_LATE: Final = "answer-late"
HAND_OFF_LATE: Final = "hand-off-late"
CONSENT_EXPIRES: Final = "consent-expires"
NEWS: Final = "news"
FORGET: Final = "forget"
ALL_KINDS: Final = (MATCH, CHOICE_LATE, OFFER, ANSWER_LATE, HAND_OFF_LATE, CONSENT_EXPIRES, NEWS, FORGET)
# And elsewhere: behind what was erased on a provider's keys, and for the coordinator's desk.
PADDING: Final = "padding"
DESK_NEWS: Final = "desk-news"


def about_a_referral(rule: Rule[F]) -> Callable[[Any, F, Ctx], Decision[Referral]]:
    """For facts about a referral that must exist: where it does not, nothing follows and the answer is UNKNOWN."""

    @wraps(rule)
    def answered(referral: Any, fact: F, ctx: Ctx) -> Decision[Referral]:
        return rule(referral, fact, ctx) if isinstance(referral, Referral) else Decision(answer=UNKNOWN)

    return answered


@dataclass(frozen=True, slots=True)
class Course:
    """What follows so far: the referral from now on, what is said, and what is looked at again. Rules chain it."""

    referral: Referral
    events: tuple[Said, ...] = ()
    due: tuple[Due, ...] = ()

    def then(self, step: Callable[[Referral], "Course"]) -> "Course":
        """The same, and what one more step makes of it."""
        after = step(self.referral)
        return Course(after.referral, (*self.events, *after.events), (*self.due, *after.due))

    def decided(self, answer: Fact | str | None = None) -> Decision[Referral]:
        """This as a decision."""
        return Decision(self.referral, self.events, self.due, answer)


Step: TypeAlias = Callable[[Referral], Course]


def moved(referral: Referral, stage: Stage, ctx: Ctx) -> Referral:
    """The referral at a stage from now on. What was late is late no more."""
    return replace(referral, stage=stage, since=ctx.now, late=None)


def with_consent(referral: Referral, consent: Consent) -> Referral:
    """The referral with this consent in the place of the one for the same service. A key goes when its offer is over."""
    consents = tuple(consent if one.service == consent.service else one for one in referral.consents)
    standing = {one.offer.offer_id for one in consents if one.offer is not None and one.offer.over is None}
    keys = tuple(key for key in referral.content_keys if key.offer_id in standing)
    return replace(referral, consents=consents, content_keys=keys)


def tells(template: str, ctx: Ctx) -> Step:
    """A step: the participant is told something, if there is a way to. The newest news is the one that goes out."""

    def step(referral: Referral) -> Course:
        if referral.contact_id is None:
            return Course(referral)
        return Course(replace(referral, news=template), due=(Due(NEWS, referral.referral_id, ctx.now),))

    return step


def escalated(referral: Referral, late: Late, ctx: Ctx) -> Course:
    """It takes longer than it may: the coordinator sees it, nobody else does."""
    event = ReferralEscalatedV1(referral_id=referral.referral_id, stage=late)
    return Course(replace(referral, late=late), (event,), (desk_hears(ctx.now),))


def desk_hears(now: datetime) -> Due:
    """Something new waits for the coordinator: one message, however many things there are."""
    return Due(DESK_NEWS, DESK_KEY, now, case=DESK_KEY)


def lifted(referral: Referral, *kinds: str) -> tuple[Due, ...]:
    """Takes back what would have been looked at again."""
    return tuple(Due(kind, referral.referral_id, None) for kind in kinds)


def full_hour_after(moment: datetime) -> datetime:
    """Rounded up to the hour: what a provider is told of times tells nothing of when something was decided here."""
    past = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    return moment + timedelta(hours=1) - past if past else moment
