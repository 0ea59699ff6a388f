"""What becomes of a message: accepted, held, tried, tried again, given up, and each change said.

Pure. The rule that everything here serves: a message goes out once. Only where an attempt was cut off after its last byte
nobody can know, and then it goes out once more, with the same Message-ID, and not again (guarantees, "at the edges").
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from upstream_notifier.languages import language_for
from upstream_notifier.model import (
    EMAIL,
    Attempt,
    Contact,
    Looked,
    Notice,
    NoticeCancelled,
    NoticeWanted,
    Outcome,
    Result,
    Stage,
)
from upstream_runtime.decision import Context, Decision, Due, Fact
from upstream_schemas import notifier
from upstream_schemas.intake import Contact as ContactEvent

MAX_AGE: Final = timedelta(days=7)  # what happened longer ago is no news: a replayed topic must not write to the city
KEEPS: Final = timedelta(days=3)
CONTACT_WAIT: Final = timedelta(hours=24)
LOOK_AGAIN: Final = timedelta(seconds=60)
UNRESOLVED_AFTER: Final = timedelta(seconds=60)
RESEND_AFTER: Final = timedelta(seconds=10)  # so that a process that lives may still say what it knows
FIRST_RETRY: Final = timedelta(seconds=60)
LONGEST_RETRY: Final = timedelta(hours=1)
BLIND_RESENDS: Final = 1

ENDS: Final[dict[type[Fact], Stage]] = {
    notifier.NoticeSentV1: Stage.SENT,
    notifier.NoticeFailedV1: Stage.FAILED,
    notifier.NoticeSuppressedV1: Stage.SUPPRESSED,
    notifier.NoticeExpiredV1: Stage.EXPIRED,
    notifier.NoticeOutcomeUnknownV1: Stage.OUTCOME_UNKNOWN,
}

Ctx = Context[None]
Noted = Decision[Notice]


def contact_upserted(contact: Contact | None, event: ContactEvent, _: Ctx) -> Decision[Contact]:
    """Kept as it came, sealed. Who was erased stays erased, whatever arrives later."""
    if contact is not None and contact.erased:
        return Decision()
    return Decision(Contact(event.contact, event.key, event.language))


def contact_erased(contact: Contact | None, _: object, __: Ctx) -> Decision[Contact]:
    """The tombstone: what was kept is dropped, and that it was is remembered."""
    language = "" if contact is None else contact.language
    return Decision(Contact(locked="", sealed_key="", language=language, erased=True))


def notice_wanted(notice: Notice | None, wanted: NoticeWanted, ctx: Ctx) -> Noted:
    """A notice is accepted once; the same wish again changes nothing."""
    if notice is not None:
        return Decision()
    new = Notice(wanted, accepted_at=ctx.now, expires_at=wanted.expires_at or ctx.cause.at + KEEPS)
    at = max(wanted.not_before or ctx.now, ctx.now)
    accepted = notifier.NoticeAcceptedV1(**_about(new), not_before=at, expires_at=new.expires_at)
    if ctx.now - ctx.cause.at > MAX_AGE:
        return _settle(new, _expired(new, "too-old"), before=(accepted,))
    if ctx.now >= new.expires_at:
        return _settle(new, _expired(new, None), before=(accepted,))
    if wanted.not_before is not None and wanted.not_before <= ctx.cause.at:
        return _settle(new, _suppressed(new, "no-longer-needed"), before=(accepted,))
    return Decision(new, (accepted,), (Due("send", wanted.notice_id, at),))


def notice_cancelled(notice: Notice | None, _: NoticeCancelled, __: Ctx) -> Noted:
    """What has not gone out does not go out any more; what is under way is not tried again."""
    if notice is None or notice.settled:
        return Decision()
    if notice.stage is Stage.SENDING:
        return Decision(replace(notice, cancelled=True))
    return _give_up(notice, _suppressed(notice, "cancelled"))


def send(notice: Notice, found: Looked, ctx: Ctx) -> Noted:
    """Its moment has come: everything is looked at once more, then the attempt is recorded, before any byte leaves."""
    if notice.stage is not Stage.WAITING:
        return Decision()
    if ctx.now >= notice.expires_at:
        return _give_up(notice, _expired(notice, notice.held_by))
    if found.overtaken:
        return _give_up(notice, _suppressed(notice, "overtaken"))
    if found.contact is None:
        return _hold_for_contact(notice, ctx.now)
    if found.contact.erased:
        return _give_up(notice, _suppressed(notice, "contact-erased"))
    going = replace(notice, stage=Stage.SENDING, attempt=Attempt(notice.attempts + 1, ctx.now))
    return Decision(going, (), (Due("unresolved", _key(notice), ctx.now + UNRESOLVED_AFTER),))


def _hold_for_contact(notice: Notice, now: datetime) -> Noted:
    since = notice.held_since or now
    if now - since >= CONTACT_WAIT:
        return _give_up(notice, _expired(notice, "contact-unknown"))
    said = () if notice.held_since else (notifier.NoticeHeldV1(**_about(notice), reason="contact-unknown"),)
    held = replace(notice, held_since=since, held_by="contact-unknown")
    return Decision(held, said, (Due("send", _key(notice), now + LOOK_AGAIN, waits_for=notice.wanted.contact_id),))


def unresolved(notice: Notice, _: None, ctx: Ctx) -> Noted:
    """Nobody came back from the attempt: the process died on it, so it may have gone out."""
    if notice.stage is not Stage.SENDING:
        return Decision()
    return attempt_ended(notice, Result(notice.attempts, Outcome.UNKNOWN), ctx)


def attempt_ended(notice: Notice, result: Result, ctx: Ctx) -> Noted:
    """The errand came back. When it comes too late, all that still counts is that the message was taken."""
    taken_after_all = result.outcome is Outcome.TAKEN and notice.stage in (Stage.WAITING, Stage.OUTCOME_UNKNOWN)
    if not taken_after_all and (notice.stage is not Stage.SENDING or result.n != notice.attempts):
        return Decision()
    ended = replace(notice, attempt=_ended(notice, result, ctx.now))
    match result.outcome:
        case Outcome.TAKEN:
            said = notifier.NoticeSentV1(**_about(ended), sent_at=ctx.now)
            return _settle(ended, said)
        case Outcome.UNKNOWN:
            return _after_unknown(replace(ended, unknown_count=ended.unknown_count + 1), ctx.now)
        case Outcome.REFUSED_FOR_NOW:
            return _after_refusal(ended, result.code, ctx.now)
        case Outcome.NOT_TRIED:
            return _give_up(ended, _suppressed(ended, result.code))
        case Outcome.BROKEN:
            return _give_up(ended, _failed(ended, "technical", result.code))
        case _:
            return _give_up(ended, _failed(ended, "permanent", result.code))


def _ended(notice: Notice, result: Result, now: datetime) -> Attempt | None:
    if notice.attempt is None or result.n != notice.attempt.n:
        return notice.attempt
    return replace(notice.attempt, ended_at=now, outcome=result.outcome)


def _after_unknown(notice: Notice, now: datetime) -> Noted:
    if notice.cancelled or notice.unknown_count > BLIND_RESENDS:
        return _give_up(notice, _unknown(notice, tried_again=False))
    said = _unknown(notice, tried_again=True)
    return Decision(replace(notice, stage=Stage.WAITING), (said,), _retry(notice, now + RESEND_AFTER))


def _after_refusal(notice: Notice, code: str, now: datetime) -> Noted:
    if notice.cancelled:
        return _give_up(notice, _suppressed(notice, "cancelled"))
    at = now + _back_off(notice)
    if at >= notice.expires_at:
        return _give_up(notice, _failed(notice, "exhausted", code))
    said = notifier.NoticeHeldV1(**_about(notice), reason=code)
    return Decision(replace(notice, stage=Stage.WAITING, held_by=code), (said,), _retry(notice, at))


def _back_off(notice: Notice) -> timedelta:
    """Twice as long each time, up to an hour; up to a half more by the notice's id, so that not all come back at once."""
    doubled = FIRST_RETRY * (1 << min(notice.attempts - 1, 10))  # 10: any that passes the hour
    return min(doubled, LONGEST_RETRY) * (1 + _key(notice).int % 512 / 1024)


def _retry(notice: Notice, at: datetime) -> tuple[Due, Due]:
    return (Due("send", _key(notice), at), Due("unresolved", _key(notice), None))


def _give_up(notice: Notice, said: Fact) -> Noted:
    """The notice ends. Once an attempt may have reached the person, nothing surer than *outcome unknown* is said."""
    return _settle(notice, _unknown(notice, tried_again=False) if notice.unknown_count else said)


def _settle(notice: Notice, said: Fact, before: tuple[Fact, ...] = ()) -> Noted:
    """It is over: nothing is due any more, and the link it carried is dropped."""
    wanted = replace(notice.wanted, says=replace(notice.wanted.says, link=None))
    key = _key(notice)
    return Decision(
        replace(notice, wanted=wanted, stage=ENDS[type(said)]),
        (*before, said),
        (Due("send", key, None), Due("unresolved", key, None)),
    )


def _expired(notice: Notice, reason: str | None) -> Fact:
    return notifier.NoticeExpiredV1(**_about(notice), reason=reason)


def _unknown(notice: Notice, *, tried_again: bool) -> Fact:
    return notifier.NoticeOutcomeUnknownV1(**_about(notice), tried_again=tried_again)


def _suppressed(notice: Notice, reason: str) -> Fact:
    return notifier.NoticeSuppressedV1(**_about(notice), reason=reason)


def _failed(notice: Notice, kind: Literal["permanent", "exhausted", "technical"], reason: str) -> Fact:
    return notifier.NoticeFailedV1(**_about(notice), kind=kind, reason=reason)


def _key(notice: Notice) -> UUID:
    return notice.wanted.notice_id


def _about(notice: Notice) -> dict[str, Any]:
    return {
        "notice_id": notice.wanted.notice_id,
        "request_id": notice.wanted.request_id,
        "contact_id": notice.wanted.contact_id,
        "template": notice.wanted.template,
        "language": language_for(notice.wanted.language),
        "channel": EMAIL,
        "attempt": notice.attempts,
    }
