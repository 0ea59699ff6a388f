"""What becomes of a record that nobody decides on: its one answer, and a dead letter where a person must look at it.

Makes steps and rows for the transaction that passes the record by. Must not decide whether a record is passed by.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from upstream_runtime.apply import Step
from upstream_runtime.decision import Cause, Context, Decision, derived_id
from upstream_runtime.records import Item, as_json, record_time
from upstream_runtime.store import SetAside
from upstream_runtime.wiring import Refusal
from upstream_schemas.operations import DeadLetterRecordedV1

VALUE_COPIED_BYTES_MAX: Final = 64 * 1024  # of a dead letter
BESIDE_COPIED_BYTES_MAX: Final = 16 * 1024  # of its key and of its headers: all three together must fit into one event
Identity = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Undecided:
    """Answers and dead letters of one process. The same record gets the same ids again."""

    process: str
    secret: bytes = field(repr=False)

    def of(self, item: Item, refusal: Refusal, remember: Identity | None, now: datetime) -> tuple[list[Step], list[SetAside]]:
        """What is said about a refused record, and the row it is set aside in, if it is."""
        steps = [self._answer(item, refusal, remember)] if item.inlet else []
        if refusal.verdict != "quarantined":
            return steps, []
        letter = self._letter(item, refusal, now)
        return [*steps, self._announce(letter, item)], [letter]

    def letter_id(self, item: Item) -> UUID:
        """The id of a record's dead letter."""
        where = f"set aside {item.place[0]} {item.place[1]} {item.mark.stream} {item.record.offset}"
        return derived_id(record_time(item.record), where, self.secret)

    def _answer(self, item: Item, refusal: Refusal, remember: Identity | None) -> Step:
        inlet, asked, cause = item.inlet, item.asked(), item.cause
        assert inlet is not None, "only inlets refuse"
        assert cause is not None, "every record of an inlet has a cause"

        def decide(_: None, fact: Refusal, context: Context[Any]) -> Decision[None]:
            said = tuple(inlet.refuse(fact, asked, context))
            return Decision(events=said[1:], answer=said[0] if said else None)

        return Step(None, refusal_key(cause, self.secret), decide, refusal, cause, remember)

    def _letter(self, item: Item, refusal: Refusal, now: datetime) -> SetAside:
        record, value = item.record, item.record.value or b""
        pointer = refusal.problems[0][0] if refusal.problems else None
        kept = None if refusal.code == "oversize" else record.value
        return SetAside(
            self.letter_id(item), record.topic, record.partition, record.offset, refusal.code, pointer,
            record.key, kept, as_json(record.headers), sha256(value).digest(), len(value), now,
        )  # fmt: skip

    def _announce(self, letter: SetAside, item: Item) -> Step:
        cause = item.cause or Cause(f"{letter.partition}/{letter.position}", f"/{letter.topic}", letter.set_aside_at)
        aside = Cause(f"{cause.id} set aside", cause.source, cause.at, None, None, cause.traceparent)
        return Step(None, letter.id, lambda _, event, __: Decision(events=(event,)), self._dead_letter(letter), aside)

    def _dead_letter(self, letter: SetAside) -> DeadLetterRecordedV1:
        return DeadLetterRecordedV1(
            dead_letter_id=letter.id,
            process=self.process,
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.position,
            reason=letter.reason,
            pointer=letter.pointer,
            value_bytes=letter.value_bytes,
            value_hash=letter.value_hash.hex(),
            value=_base64(letter.value, VALUE_COPIED_BYTES_MAX),
            key=_base64(letter.key, BESIDE_COPIED_BYTES_MAX),
            headers=_base64(letter.headers, BESIDE_COPIED_BYTES_MAX),
            set_aside_at=letter.set_aside_at,
        )


def refusal_key(cause: Cause, secret: bytes) -> UUID:
    """The key that a refused record's events are correlated by: nobody's state, the record's own."""
    return derived_id(cause.at, f"refused {cause.source} {cause.id}", secret)


def _base64(value: bytes | None, longest: int) -> str | None:
    """For the copy on the topic; what is too large for it stands in the table alone."""
    return None if value is None or len(value) > longest else b64encode(value).decode()
