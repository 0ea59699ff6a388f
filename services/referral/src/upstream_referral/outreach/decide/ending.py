"""How a referral ends: closed by whoever helped, and forgotten after a while. Pure."""

from dataclasses import replace

from upstream_referral.outreach.decide.case import (
    ANSWER_LATE,
    HAND_OFF_LATE,
    MATCH,
    OFFER,
    Course,
    Ctx,
    about_a_referral,
    lifted,
    moved,
    tells,
)
from upstream_referral.outreach.decide.letting_go import forgotten_later, person_gone, withdraws
from upstream_referral.outreach.model import Referral, Stage
from upstream_runtime.decision import Decision
from upstream_schemas.outreach import ReferralClosedV1


def closes(referral: Referral, outcome: str, ctx: Ctx) -> Course:
    """The loop closes: to the participant and to OVP, and to nobody else."""
    closed = replace(moved(referral, Stage.CLOSED, ctx), outcome=outcome)
    event = ReferralClosedV1(referral_id=referral.referral_id, outcome=outcome)
    due = (*lifted(referral, OFFER, MATCH, ANSWER_LATE, HAND_OFF_LATE), forgotten_later(referral, ctx))
    return Course(closed, (event,), due).then(tells("participant-closed.v1", ctx))


@about_a_referral
def forget(referral: Referral, _: None, ctx: Ctx) -> Decision[Referral]:
    """It ended long ago: nothing opens any more, nobody is waited for, and the page is gone."""
    if not referral.ended:
        return Decision()
    course = Course(referral)
    for consent in referral.consents:
        if consent.offer is not None and consent.offer.over is None:
            course = course.then(withdraws(consent, ctx))
    course = course.then(person_gone)
    return Course(replace(course.referral, page_hash=None), course.events, course.due).decided()
