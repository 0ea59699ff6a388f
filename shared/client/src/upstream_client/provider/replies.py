"""The city's answers to what a provider says: how they are read, and what they mean in words and exit codes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from upstream_client.outgoing import Outgoing
from upstream_client.talk import Answer, Headers, Talk
from upstream_client.trouble import NO_ANSWER, REFUSED
from upstream_schemas.codec import class_of, decode
from upstream_schemas.envelope import texts
from upstream_schemas.provider import (
    ReferralOfferConfirmedV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
)
from upstream_schemas.topics import PROVIDER_REFERRALS, PROVIDER_RESPONSES

Word = Literal["confirmed", "not-taken", "too-late", "no-answer", "refused", "withdrawn"]
EXIT_CODES: Final[Mapping[Word, int]] = {
    "confirmed": 0,
    "not-taken": 4,
    "too-late": 5,
    "no-answer": NO_ANSWER,
    "refused": REFUSED,
    "withdrawn": 8,
}
Said = ReferralOfferConfirmedV1 | ReferralOfferMissedV1 | ReferralOfferWithdrawnV1 | ResponseRefusedV1
_WORDS: Final[Mapping[type[Said], Word]] = {
    ReferralOfferConfirmedV1: "confirmed",
    ReferralOfferMissedV1: "too-late",
    ReferralOfferWithdrawnV1: "withdrawn",
    ResponseRefusedV1: "not-taken",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to one record of the provider, which it names by its id alone."""

    event: Said
    source_event_id: str | None
    partition: None = None
    offset: None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one response. `event` is the city's answer, None where there is none; `why` is the broker's refusal."""

    record: Outgoing
    word: Word
    event: Said | None = None
    why: str | None = None


def provider_talk(provider: str) -> Talk:
    """A provider's responses and the topic on which they are answered."""
    return Talk(PROVIDER_RESPONSES.for_party(provider), PROVIDER_REFERRALS.for_party(provider), read_reply)


def read_reply(headers: Headers, value: bytes | None) -> tuple[str | None, Answer] | None:
    """None for what answers nothing, such as an offer. Raises Unreadable."""
    event = decode(value or b"", class_of(texts(headers).get("ce_type", ""), PROVIDER_REFERRALS.events))
    if not isinstance(event, Said) or event.answer_to is None:
        return None
    return None, Reply(event, event.answer_to)


def replied(record: Outgoing, answer: Answer) -> Result:
    """The result of a response that got its answer."""
    assert isinstance(answer, Reply), "providers are answered with replies"
    return Result(record, _WORDS[type(answer.event)], answer.event)


def as_json(result: Result) -> dict[str, Any]:
    """One JSON object: ids, `outcome`, `exit_code`, and all fields of the answer."""
    told = {
        "referral_id": result.record.submission_id,
        "event_id": result.record.event_id,
        "outcome": result.word,
        "exit_code": EXIT_CODES[result.word],
    }
    answer = result.event.model_dump(mode="json", exclude_none=True) if result.event else {}
    return told | ({"why": result.why} if result.why else {}) | answer
