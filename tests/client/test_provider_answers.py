"""What the city answers a provider, and what of it is kept meanwhile."""

from pathlib import Path
from uuid import uuid4

import pytest
from nacl.public import PrivateKey
from support.provider_builders import PROVIDER, confirmed, not_taken, payload, sealed_offer, wire, withdrawn

from upstream_client.provider.kept_answers import forget_answers, keep
from upstream_client.provider.replies import EXIT_CODES, Reply, as_json, read_reply, replied
from upstream_client.provider.saying import response
from upstream_client.waiting import Waiting
from upstream_schemas.model import Event
from upstream_schemas.provider import (
    CapacityUpdatedV1,
    ProviderAcceptedV1,
    ProviderDeclinedV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
)

REFERRAL = uuid4()
ACCEPTED = ProviderAcceptedV1(referral_id=REFERRAL)
RECORD = response(PROVIDER, ACCEPTED, "event-1")


@pytest.mark.parametrize(
    ("event", "word", "code"),
    [
        (confirmed(REFERRAL, "event-1"), "confirmed", 0),
        (not_taken(ACCEPTED, "event-1"), "not-taken", 4),
        (ReferralOfferMissedV1(referral_id=REFERRAL, answer_to="event-1"), "too-late", 5),
        (ReferralOfferWithdrawnV1(referral_id=REFERRAL, answer_to="event-1"), "withdrawn", 8),
    ],
)
def test_each_answer_has_its_word_and_exit_code(event: Event, word: str, code: int) -> None:
    record = wire(event)
    found = read_reply(record.headers, record.value)
    assert found is not None
    waiting = Waiting([RECORD])

    assert waiting.take(*found) == RECORD
    told = as_json(replied(RECORD, found[1]))
    assert (told["outcome"], told["exit_code"], told["event_id"]) == (word, code, "event-1")
    assert told["referral_id"] == str(REFERRAL)


def test_no_word_shares_the_code_of_wrong_usage() -> None:
    assert 2 not in EXIT_CODES.values()
    assert 1 not in EXIT_CODES.values()


@pytest.mark.parametrize("event", [withdrawn(REFERRAL), sealed_offer(PrivateKey.generate().public_key, payload(REFERRAL))[0]])
def test_what_answers_nothing_is_no_answer(event: Event) -> None:
    record = wire(event)

    assert read_reply(record.headers, record.value) is None


def test_an_answer_to_another_record_is_not_ours() -> None:
    event = confirmed(REFERRAL, "event-2")

    assert Waiting([RECORD]).take(None, Reply(event, "event-2")) is None


def test_the_same_words_again_are_the_same_record(tmp_path: Path) -> None:
    first, journal, earlier = keep(tmp_path, RECORD)
    journal.answers_from(7)
    again, _, found = keep(tmp_path, response(PROVIDER, ACCEPTED))

    assert (first, again, earlier) == (RECORD, RECORD, None)
    assert found is not None
    assert found.answers_from == 7
    assert len(list((tmp_path / "answers").iterdir())) == 1


def test_other_words_on_the_same_matter_are_a_new_record_in_its_place(tmp_path: Path) -> None:
    keep(tmp_path, response(PROVIDER, ProviderDeclinedV1(referral_id=REFERRAL, reason="other")))
    new = response(PROVIDER, ProviderDeclinedV1(referral_id=REFERRAL, reason="conflict"))

    assert keep(tmp_path, new)[0] == new
    assert len(list((tmp_path / "answers").iterdir())) == 1


def test_capacity_is_the_same_matter_under_any_id(tmp_path: Path) -> None:
    def capacity(service: str, available: int) -> CapacityUpdatedV1:
        return CapacityUpdatedV1(referral_id=uuid4(), service=service, available=available)

    first = response(PROVIDER, capacity("ario", 3))
    keep(tmp_path, first)

    assert keep(tmp_path, response(PROVIDER, capacity("ario", 3)))[0] == first
    assert keep(tmp_path, response(PROVIDER, capacity("ario", 2)))[0] != first
    keep(tmp_path, response(PROVIDER, capacity("bmit", 2)))
    assert len(list((tmp_path / "answers").iterdir())) == 2


def test_an_answered_record_is_not_kept(tmp_path: Path) -> None:
    record, journal, _ = keep(tmp_path, RECORD)

    journal.settled(record)

    assert list((tmp_path / "answers").iterdir()) == []


def test_all_that_is_kept_about_a_referral_can_be_taken_away(tmp_path: Path) -> None:
    keep(tmp_path, RECORD)
    keep(tmp_path, response(PROVIDER, ProviderAcceptedV1(referral_id=uuid4())))

    forget_answers(tmp_path, REFERRAL)

    assert len(list((tmp_path / "answers").iterdir())) == 1
