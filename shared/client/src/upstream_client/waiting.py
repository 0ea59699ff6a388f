"""Which records still wait for their answer, and which answer belongs to which. Pure; knows no broker."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from upstream_client.outgoing import Outgoing
from upstream_client.talk import Answer, Headers, Talk
from upstream_schemas.city import Verdict
from upstream_schemas.codec import class_of, decode
from upstream_schemas.envelope import Unreadable, texts
from upstream_schemas.topics import CITY_RESULTS, CITY_SUBMISSIONS

Place = tuple[int, int]  # partition and offset of a record on the submissions topic
CAUSATION: Final = "ce_causationid"


def city_talk(source: str) -> Talk:
    """A source's submissions and the verdicts on them."""
    return Talk(CITY_SUBMISSIONS.for_party(source), CITY_RESULTS.for_party(source), read_answer)


def read_answer(headers: Headers, value: bytes | None) -> tuple[str | None, Verdict]:
    """The id of the record that is answered, and the verdict. Raises Unreadable: an answer of a newer contract."""
    found = texts(headers)
    verdict = decode(value or b"", class_of(found.get("ce_type", ""), CITY_RESULTS.events))
    if not isinstance(verdict, Verdict):
        raise Unreadable("unknown-type")
    return found.get(CAUSATION), verdict


class Waiting:
    """Records that wait. An answer names the record's id; where that could not be read, the place where the record lies.

    Several records may bear one id: their answers come in the order in which they were sent.
    """

    def __init__(self, records: Sequence[Outgoing]) -> None:
        self._unsettled = {record.number: record for record in records}
        self._by_id: dict[str, list[Outgoing]] = defaultdict(list)
        self._by_place: dict[Place, Outgoing] = {}
        self._early: dict[Place, Answer] = {}
        for record in records:
            if record.event_id is not None:
                self._by_id[record.event_id].append(record)

    @property
    def unsettled(self) -> list[Outgoing]:
        """What nobody answered or refused yet, in order."""
        return list(self._unsettled.values())

    def take(self, causation: str | None, answer: Answer) -> Outgoing | None:
        """The record that this answers, which waits no longer; None where it answers none of ours."""
        place = None if answer.partition is None or answer.offset is None else (answer.partition, answer.offset)
        record = self._named(causation) or self._named(answer.source_event_id) or self._lying_at(place)
        if record is None and place is not None:
            self._early[place] = answer
        if record is not None:
            self.settle(record)
        return record

    def sent(self, record: Outgoing, place: Place) -> Answer | None:
        """Notes where a record lies; returns its answer where that was faster than the broker's receipt."""
        self._by_place[place] = record
        answer = self._early.pop(place, None)
        return answer if answer is not None and self.settle(record) else None

    def settle(self, record: Outgoing) -> bool:
        """The record waits no longer; False where it did not wait."""
        return self._unsettled.pop(record.number, None) is not None

    def _named(self, event_id: str | None) -> Outgoing | None:
        bearers = self._by_id.get(event_id, []) if event_id is not None else []
        return next((record for record in bearers if record.number in self._unsettled), None)

    def _lying_at(self, place: Place | None) -> Outgoing | None:
        record = self._by_place.get(place) if place is not None else None
        return record if record is not None and record.number in self._unsettled else None
