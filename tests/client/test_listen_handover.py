"""One record on its way to a sink: what is tried again, what is set aside, and what is never opened."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from nacl.public import PrivateKey
from support.provider_builders import AT, FAR, KEY_ID, NAME, key_file, payload, sealed_offer, wire, withdrawn

from upstream_client.provider import handover
from upstream_client.provider.content_keys import DESTROYED, Destroyed
from upstream_client.provider.handover import REFUSALS_MAX, Handover, pause_before
from upstream_client.provider.incoming import Incoming, read_incoming
from upstream_client.provider.news import News
from upstream_client.provider.opening import PrivateKeys
from upstream_client.provider.poison import Poison
from upstream_client.provider.sinks import NotNow, NotThis
from upstream_schemas.model import Event
from upstream_schemas.provider import ContentKeyDeliveredV1, ReferralOfferMadeV1

OURS = PrivateKey.generate()
OFFER, KEY = sealed_offer(OURS.public_key, payload(uuid4()))
Known = ContentKeyDeliveredV1 | Destroyed | None


class Scripted:
    """A sink, and keys, that do as they are told, one thing each time; the last thing for ever."""

    def __init__(self, answers: Sequence[Exception | None] = (None,), keys: Sequence[Known] = (KEY,)) -> None:
        self.got: list[News] = []
        self._answers = list(answers)
        self._keys = list(keys)

    async def hand_over(self, news: News) -> None:
        self.got.append(news)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is not None:
            raise answer

    def trial_answered(self) -> None:
        raise AssertionError

    async def follow(self) -> None:
        raise AssertionError

    async def newest_of(self, offer: ReferralOfferMadeV1) -> Known:
        assert offer.referral_id
        return self._keys.pop(0) if len(self._keys) > 1 else self._keys[0]

    async def news(self, within_seconds: float) -> None:
        assert within_seconds > 0


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(handover, "PAUSE_SECONDS_MAX", 0.002)


def incoming(event: Event = OFFER) -> Incoming:
    return read_incoming(wire(event, "record-1"))


def bring(folder: Path, scripted: Scripted, record: Incoming, *, overtaken: bool = False) -> bool:
    keys = PrivateKeys(key_file(folder / "keys.json", OURS))
    work = Handover(scripted, keys, scripted, Poison(folder / "state"))
    done = asyncio.run(work.bring(record, lambda: overtaken))
    assert work.keyless == set()
    return done


def poison(folder: Path) -> str:
    file = folder / "state" / "poison.jsonl"
    return file.read_text() if file.exists() else ""


def test_an_offer_is_handed_over_open(tmp_path: Path) -> None:
    scripted = Scripted()

    assert bring(tmp_path, scripted, incoming()) is True
    assert scripted.got[0].data["offer"]["name"] == NAME
    assert "sealed" not in scripted.got[0].data


def test_an_offer_waits_for_its_key(tmp_path: Path) -> None:
    scripted = Scripted(keys=(None, None, KEY))

    assert bring(tmp_path, scripted, incoming()) is True
    assert len(scripted.got) == 1


def test_an_offer_that_was_taken_back_is_not_opened_even_while_its_key_is_there(tmp_path: Path) -> None:
    scripted = Scripted()

    bring(tmp_path, scripted, incoming(), overtaken=True)

    assert [(news.type, "offer" in news.data) for news in scripted.got] == [("referral.offer-erased", False)]


def test_at_each_attempt_the_newest_keys_count(tmp_path: Path) -> None:
    scripted = Scripted(answers=(NotNow("away"), None), keys=(KEY, DESTROYED))

    bring(tmp_path, scripted, incoming())

    assert [news.type for news in scripted.got] == ["referral.offered", "referral.offer-erased"]
    assert {news.id for news in scripted.got} == {"record-1"}


def test_a_receiver_that_is_away_is_tried_for_ever(tmp_path: Path) -> None:
    scripted = Scripted(answers=(*[NotNow("away")] * 30, None))

    assert bring(tmp_path, scripted, incoming(withdrawn(uuid4()))) is True
    assert poison(tmp_path) == ""


def test_a_record_that_is_refused_is_tried_a_few_times_and_set_aside_sealed(tmp_path: Path) -> None:
    scripted = Scripted(answers=(NotThis("receiver-422"),))

    assert bring(tmp_path, scripted, incoming()) is False
    assert len(scripted.got) == REFUSALS_MAX
    assert "receiver-422" in poison(tmp_path)
    assert NAME not in poison(tmp_path)


def test_an_offer_whose_key_opens_nothing_is_set_aside_at_once(tmp_path: Path) -> None:
    _, other = sealed_offer(OURS.public_key, payload(uuid4()))
    scripted = Scripted(keys=(other,))

    assert bring(tmp_path, scripted, incoming()) is False
    assert scripted.got == []
    assert "cannot-open" in poison(tmp_path)


def test_an_offer_without_a_key_is_given_up_when_its_time_to_answer_is_over(tmp_path: Path) -> None:
    late = OFFER.model_copy(update={"respond_by": AT - timedelta(days=1000)})

    assert bring(tmp_path, Scripted(keys=(None,)), incoming(late)) is False
    assert "no-key" in poison(tmp_path)


def test_a_key_sealed_to_a_private_one_that_is_not_here_is_like_none(tmp_path: Path) -> None:
    late = OFFER.model_copy(update={"respond_by": AT - timedelta(days=1000)})
    renewed = KEY.model_copy(update={"key_id": "sample-help-9"})

    assert bring(tmp_path, Scripted(keys=(renewed,)), incoming(late)) is False
    assert bring(tmp_path, Scripted(keys=(renewed, KEY)), incoming()) is True
    assert KEY.key_id == KEY_ID
    assert OFFER.respond_by == FAR


def test_pauses_grow_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert [pause_before(attempt) for attempt in (1, 2, 3, 4, 5, 8, 9, 99)] == [0, 1, 2, 4, 8, 60, 60, 60]
