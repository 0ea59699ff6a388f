"""Who approves what crosses the wall (docs/separation.md). Pure.

An offer of help needs two people: the approver of the agency that handed it over, and the Ceasefire director. An area alert
needs the duty sergeant, a life-safety call the lieutenant. One "no" is enough to end any of them, and so is silence.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from upstream_referral.enforcement.decide.crossing import crosses, refused
from upstream_referral.enforcement.decide.submissions import EXPIRES, Ctx
from upstream_referral.enforcement.model import (
    ANY_AGENCY,
    Approver,
    Approves,
    Declines,
    Ended,
    HelpOffer,
    Role,
    Signature,
    Submission,
    Word,
)
from upstream_runtime.decision import Decision, Due, Fact
from upstream_schemas.enforcement import CrossingKind

WHO_APPROVES: Final[Mapping[CrossingKind, tuple[Role, ...]]] = {
    "help-offer": ("agency-approver", "ceasefire-director"),
    "area-alert": ("duty-sergeant",),
    "life-safety-call": ("lieutenant",),
}

CROSSED: Final = "crossed"
RECORDED: Final = "recorded"  # and somebody else must still say yes
DECLINED: Final = "declined"
UNKNOWN: Final = "unknown"  # there is none, or it is not this approver's to decide
OVER: Final = "over"
ROLE_TAKEN: Final = "role-taken"  # somebody else has said yes in this role
SAME_ACCOUNT: Final = "same-account"  # two people are two accounts


def may_decide(submission: Submission, approver: Approver) -> bool:
    """Their role approves this kind of thing, and they answer for the agency that handed it over.

    An agency's own approver always answers for one agency.
    """
    if approver.role not in WHO_APPROVES[submission.kind]:
        return False
    answers_for_all = approver.agency == ANY_AGENCY and approver.role != "agency-approver"
    return answers_for_all or approver.agency == submission.agency


def still_needed(submission: Submission) -> tuple[Role, ...]:
    """The roles that have not said yes yet."""
    given = {approval.role for approval in submission.approvals}
    return tuple(role for role in WHO_APPROVES[submission.kind] if role not in given)


def is_over(submission: Submission, now: datetime) -> bool:
    """Nothing can be decided on it any more."""
    return submission.ended is not None or now >= submission.expires_at


def approved(submission: Submission | None, fact: Approves, ctx: Ctx) -> Decision[Submission]:
    """A yes is recorded; the last one that is needed lets it cross."""
    approver = fact.approver
    if submission is None or not may_decide(submission, approver):
        return Decision(answer=UNKNOWN)
    if is_over(submission, ctx.now):
        return Decision(answer=OVER)
    for approval in submission.approvals:
        if approval.role == approver.role:
            return Decision(answer=RECORDED if approval.account == approver.account else ROLE_TAKEN)
        if approval.account == approver.account:
            return Decision(answer=SAME_ACCOUNT)
    signed = _signed(submission, approver, "approve", ctx)
    if still_needed(signed):
        return Decision(signed, answer=RECORDED)
    return _ends(signed, "approved", crosses(signed, ctx.fresh_id()), CROSSED)


def declined(submission: Submission | None, fact: Declines, ctx: Ctx) -> Decision[Submission]:
    """Any of those who must approve can end it, also after a yes of their own, as long as it has not crossed."""
    if submission is None or not may_decide(submission, fact.approver):
        return Decision(answer=UNKNOWN)
    if is_over(submission, ctx.now):
        return Decision(answer=OVER)
    signed = _signed(submission, fact.approver, "decline", ctx)
    return _ends(signed, "declined", refused(signed, "approver-declined", ctx.fresh_id()), DECLINED)


def submission_expired(submission: Submission | None, _: None, ctx: Ctx) -> Decision[Submission]:
    """Nobody decided in time: it does not cross."""
    if submission is None or submission.ended is not None:
        return Decision()
    return _ends(submission, "expired", refused(submission, "expired", ctx.fresh_id()))


def _signed(submission: Submission, approver: Approver, word: Word, ctx: Ctx) -> Submission:
    signature = Signature(approver.role, approver.account, word, ctx.now)
    return replace(submission, signatures=(*submission.signatures, signature))


def _ends(submission: Submission, ended: Ended, event: Fact, answer: str | None = None) -> Decision[Submission]:
    """It is over: a contact is kept no longer; who asked and who decided stays."""
    what = replace(submission.what, contact=None) if isinstance(submission.what, HelpOffer) else submission.what
    over = replace(submission, ended=ended, what=what)
    return Decision(over, (event,), (Due(EXPIRES, submission.id, None),), answer)
