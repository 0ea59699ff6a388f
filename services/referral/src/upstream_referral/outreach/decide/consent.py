"""The participant's word: who may be told, what, in which order, and that it is taken back. Pure.

Source: research on referral §4.2: one consent for each recipient (SAMHSA: revocable for one while the rest stands), in
writing, time-limited, never a condition of help; it never grows in place.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final, Literal

from upstream_referral.outreach.decide.case import (
    CHOICE_LATE,
    CONSENT_EXPIRES,
    Course,
    Ctx,
    Step,
    about_a_referral,
    escalated,
    lifted,
    moved,
    with_consent,
)
from upstream_referral.outreach.decide.ending import closes
from upstream_referral.outreach.decide.letting_go import ends, forgotten_later, onward, person_gone, unmet, withdraws
from upstream_referral.outreach.model import (
    ALWAYS,
    CHANGED,
    CHOSEN,
    CONSENT_VALID,
    MAY_BE_TOLD,
    NOT_NOW,
    TAKEN_BACK,
    Became,
    Chosen,
    Consent,
    Referral,
    Stage,
    TakenBack,
)
from upstream_runtime.decision import Decision, Due, Fact
from upstream_schemas.outreach import (
    ConsentExpiredV1,
    ConsentGivenV1,
    ConsentNarrowedV1,
    ConsentRevokedV1,
    ReferralWithdrawnV1,
)

CHOICE_ENDS_AFTER: Final = timedelta(days=14)


@about_a_referral
def chosen(referral: Referral, choice: Chosen, ctx: Ctx) -> Decision[Referral]:
    """The participant allows these to be told, one after the other, in this order."""
    if referral.stage is not Stage.CHOOSING:
        return Decision(answer=NOT_NOW)
    if not choice.services or not set(choice.services) <= set(referral.proposed):
        return Decision(answer=CHANGED)
    classes = (*ALWAYS, *(kind for kind in MAY_BE_TOLD if kind in choice.classes and kind in referral.gave))
    course = Course(referral, (), lifted(referral, CHOICE_LATE)).then(_narrowed_to(classes))
    for service in dict.fromkeys(choice.services):
        course = course.then(_given(service, classes, ctx))
    expiry = Course(course.referral, course.events, (*course.due, _expiry(course.referral)))
    return expiry.then(onward(ctx)).decided(CHOSEN)


def _given(service: str, classes: tuple[str, ...], ctx: Ctx) -> Step:
    """A step: this one may be told these classes of things, for its time."""

    def step(referral: Referral) -> Course:
        consent = Consent(ctx.id(f"consent {service}"), service, classes, ctx.now, ctx.now + CONSENT_VALID)
        said = ConsentGivenV1(
            consent_id=consent.consent_id,
            referral_id=referral.referral_id,
            service=service,
            classes=classes,
            valid_until=consent.valid_until,
        )
        return Course(replace(referral, consents=(*referral.consents, consent), proposed=()), (said,))

    return step


def _narrowed_to(classes: tuple[str, ...]) -> Step:
    """A step: who may still answer may know no more than this from now on. Nobody may know more than before.

    What was told was told: the offer says so, and the page with it.
    """

    def step(referral: Referral) -> Course:
        course = Course(referral)
        for consent in referral.consents:
            less = tuple(kind for kind in consent.classes if kind in classes)
            over = consent.ended is not None or (consent.offer is not None and consent.offer.over is not None)
            if not over and less != consent.classes:
                said = ConsentNarrowedV1(consent_id=consent.consent_id, referral_id=referral.referral_id, classes=less)
                narrowed = with_consent(course.referral, replace(consent, classes=less))
                course = Course(narrowed, (*course.events, said))
        return course

    return step


@about_a_referral
def taken_back(referral: Referral, fact: TakenBack, ctx: Ctx) -> Decision[Referral]:
    """The participant takes it back, from one recipient or from all. Nobody has to say why, and it costs nothing."""
    if referral.stage is Stage.WITHDRAWN:
        return Decision(answer=NOT_NOW)
    if fact.service is None:
        return _all_taken_back(referral, ctx).decided(TAKEN_BACK)
    consent = referral.consent(fact.service)
    if consent is None or consent.ended is not None:
        return Decision(answer=NOT_NOW)
    course = Course(referral).then(_ended(consent, "revoked", ctx))
    return course.then(_goes_on_from(referral, ctx)).decided(TAKEN_BACK)


def _all_taken_back(referral: Referral, ctx: Ctx) -> Course:
    """Deliveries stop, the keys of what was sent and of what was written are destroyed, whoever was told must erase."""
    course = Course(moved(referral, Stage.WITHDRAWN, ctx), (ReferralWithdrawnV1(referral_id=referral.referral_id),))
    for consent in referral.consents:
        if consent.ended is None:
            course = course.then(_ended(consent, "revoked", ctx))
    course = course.then(person_gone)
    return Course(course.referral, course.events, (*course.due, forgotten_later(referral, ctx)))


@about_a_referral
def consent_expires(referral: Referral, _: None, ctx: Ctx) -> Decision[Referral]:
    """The time of a consent is over: whoever was asked under it is asked no longer."""
    over = [consent for consent in referral.consents if consent.ended is None and consent.valid_until <= ctx.now]
    course = Course(referral)
    for consent in over:
        course = course.then(_ended(consent, "expired", ctx))
    course = course.then(_goes_on_from(referral, ctx))
    left = any(consent.ended is None for consent in course.referral.consents)
    next_time = (_expiry(course.referral),) if left else ()
    return replace(course.decided(), due=(*course.due, *next_time)) if over else Decision(due=next_time)


@about_a_referral
def choice_late(referral: Referral, _: None, ctx: Ctx) -> Decision[Referral]:
    """Nobody was chosen in time: a person of the team sees it, and after two weeks it ends by itself."""
    if referral.stage is not Stage.CHOOSING:
        return Decision()
    if referral.late is None:
        ends_at = Due(CHOICE_LATE, referral.referral_id, referral.since + CHOICE_ENDS_AFTER)
        course = escalated(referral, "choice", ctx)
        return Course(course.referral, course.events, (*course.due, ends_at)).decided()
    return unmet(referral, "not-chosen", ctx).decided()


def _ended(consent: Consent, how: Literal["revoked", "expired"], ctx: Ctx) -> Step:
    """A step: one consent ends, and with it whatever rests on it.

    A provider that is in contact when the time runs out keeps what it knows: that is between the two by then.
    """

    def step(referral: Referral) -> Course:
        after = replace(consent, ended=how)
        course = Course(with_consent(referral, after), (_end_said(consent, how, referral),))
        offer = consent.offer
        if offer is None or (how == "expired" and offer.over is not None):
            return course
        if how == "expired" and offer.became is Became.ENGAGED:
            return course.then(ends(after, Became.CLOSED, ctx, erase=False))
        return course.then(withdraws(after, ctx))

    return step


def _end_said(consent: Consent, how: Literal["revoked", "expired"], referral: Referral) -> Fact:
    if how == "revoked":
        return ConsentRevokedV1(consent_id=consent.consent_id, referral_id=referral.referral_id)
    return ConsentExpiredV1(consent_id=consent.consent_id, referral_id=referral.referral_id)


def _goes_on_from(before: Referral, ctx: Ctx) -> Step:
    """A step: where nobody is asked and nobody has said yes any more, the search goes on; a hand-off that was done is closed."""

    def step(referral: Referral) -> Course:
        searching = referral.stage in {Stage.ASKING, Stage.ACCEPTED, Stage.ENGAGED}
        if not searching or referral.asked is not None or referral.taken_by is not None:
            return Course(referral)
        was = before.taken_by
        after = referral.consent(was.service) if was is not None else None
        if after is not None and after.offer is not None and after.offer.became is Became.CLOSED:
            return closes(referral, "unknown", ctx)
        return onward(ctx)(referral)

    return step


def _expiry(referral: Referral) -> Due:
    """The next moment at which a consent is over."""
    soonest = min(consent.valid_until for consent in referral.consents if consent.ended is None)
    return Due(CONSENT_EXPIRES, referral.referral_id, soonest)
