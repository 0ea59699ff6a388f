"""What a person and a program are told."""

from uuid import uuid4

import pytest
from nacl.public import PrivateKey
from support.provider_builders import NAME, PROVIDER, confirmed, erasure, not_taken, payload, sealed_offer, wire, withdrawn

from upstream_client.provider.incoming import read_incoming
from upstream_client.provider.news import news_of, offer_erased, offered
from upstream_client.provider.saying import answers_trial, response
from upstream_client.provider.wording import lines_of
from upstream_schemas.envelope import Unreadable
from upstream_schemas.provider import ProviderAcceptedV1, ReferralOfferMissedV1, TrialSentV1

REFERRAL = uuid4()
TOLD = payload(REFERRAL)
OFFER, KEY = sealed_offer(PrivateKey.generate().public_key, TOLD)


def text_of(event: object) -> str:
    return " | ".join(f"{label}: {text}" for label, text in lines_of(news_of(read_incoming(wire(event))), PROVIDER))  # type: ignore[arg-type]


def test_an_offer_is_told_with_all_that_may_be_told_and_what_to_type() -> None:
    lines = dict(lines_of(offered(read_incoming(wire(OFFER)), TOLD), PROVIDER))

    assert (lines["name"], lines["phone"], lines["speaks"]) == (NAME, "+15035550142", "so")
    assert lines["needs"] == "youth-support"
    assert lines["terms"] == "Pass it on to nobody."
    assert lines["to accept"] == f"upstream accept --provider {PROVIDER} {REFERRAL}"
    assert "mail" not in lines


def test_an_offer_that_is_erased_is_told_without_anything_of_the_person() -> None:
    news = offer_erased(read_incoming(wire(OFFER)))

    assert "withdrawn, erased" in lines_of(news, PROVIDER)[0][1]
    assert set(news.data) == {"referral_id", "service", "respond_by"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (withdrawn(REFERRAL), "the offer stands no longer"),
        (erasure(REFERRAL), f"upstream attest --provider {PROVIDER} {REFERRAL}"),
        (confirmed(REFERRAL, "x"), "your answer counts"),
        (ReferralOfferMissedV1(referral_id=REFERRAL, answer_to="x"), "too late"),
        (not_taken(ProviderAcceptedV1(referral_id=REFERRAL), "x"), "unknown-referral"),
    ],
)
def test_everything_else_is_told_in_plain_words(event: object, expected: str) -> None:
    assert expected in text_of(event)
    assert str(REFERRAL) in text_of(event)


def test_programs_get_what_standard_webhooks_recommends_and_the_id() -> None:
    news = news_of(read_incoming(wire(withdrawn(REFERRAL), "record-1")))

    assert news.as_json() == {
        "id": "record-1",
        "type": "referral.withdrawn",
        "timestamp": "2026-11-21T09:00:00+00:00",
        "data": {"referral_id": str(REFERRAL)},
    }


def test_a_record_of_a_newer_contract_is_told_apart() -> None:
    old = wire(withdrawn(REFERRAL))
    headers = tuple((name, (value or b"").replace(b"withdrawn.v1", b"withdrawn.v2")) for name, value in old.headers)

    with pytest.raises(Unreadable, match="unsupported-version"):
        read_incoming(type(old)(old.key, old.value, headers))


def test_a_tombstone_is_no_referral() -> None:
    old = wire(withdrawn(REFERRAL))

    with pytest.raises(Unreadable, match="empty-value"):
        read_incoming(type(old)(old.key, None, old.headers))


def test_what_a_provider_says_names_itself_and_the_referral() -> None:
    record = response(PROVIDER, ProviderAcceptedV1(referral_id=REFERRAL))
    headers = dict(record.headers)

    assert record.key == str(REFERRAL).encode()
    assert headers["ce_source"] == f"/provider/{PROVIDER}".encode()
    assert headers["ce_subject"] == record.key
    assert record.event_id is not None
    assert headers["ce_id"] == record.event_id.encode()


def test_an_answer_to_a_trial_is_no_news() -> None:
    assert answers_trial(confirmed(REFERRAL, "trial-x")) is True
    assert answers_trial(confirmed(REFERRAL, "x")) is False
    assert answers_trial(TrialSentV1(referral_id=REFERRAL)) is False
