"""Webhooks as a receiver sees them, and where they are not sent."""

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from support.provider_builders import AT, KEY_ID
from support.provider_receiver import Receiver, receiving

from upstream_client.provider.news import News
from upstream_client.provider.sinks import NotNow, NotThis
from upstream_client.provider.webhook import Forwarding, secret_in
from upstream_client.trouble import Trouble

SECRET = "whsec_" + "A" * 42 + "Q="
NEWS = News("record-1", "referral.offered", AT, {"referral_id": str(uuid4()), "offer": {"words": "Größe\n☎"}})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver(lambda: SECRET)) as found:
        yield found


def forward(receiver: Receiver, secret: str = SECRET) -> None:
    async def run() -> None:
        sink = Forwarding(receiver.url, secret)
        try:
            await sink.hand_over(NEWS)
        finally:
            await sink.close()

    asyncio.run(run())


def test_a_receiver_can_verify_what_it_gets_and_sees_the_records_own_id(receiver: Receiver) -> None:
    forward(receiver)
    forward(receiver)

    assert receiver.taken == [("record-1", NEWS.as_json())] * 2
    assert receiver.refused_count == 0


def test_a_receiver_with_another_secret_refuses_and_the_record_waits(receiver: Receiver) -> None:
    with pytest.raises(NotNow, match="401"):
        forward(receiver, "whsec_" + "B" * 42 + "Q=")
    assert receiver.taken == []


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_some_answers_say_that_this_one_record_is_wrong(receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status

    with pytest.raises(NotThis, match=f"receiver-{status}"):
        forward(receiver)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 410, 429, 500, 503])
def test_all_other_answers_say_try_again(receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status

    with pytest.raises(NotNow, match=str(status)):
        forward(receiver)


def test_a_receiver_that_is_away_is_tried_again() -> None:
    with pytest.raises(NotNow):
        forward(Receiver(lambda: SECRET, url="http://127.0.0.1:9/"))


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://127.0.0.1/", "example.org", "https://", "http://127.example.org"]
)
def test_names_are_not_sent_where_others_could_read_along(url: str) -> None:
    with pytest.raises(Trouble):
        Forwarding(url, SECRET)


@pytest.mark.parametrize("url", ["https://example.org/x", "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]:1/"])
def test_encrypted_addresses_and_this_computer_are_allowed(url: str) -> None:
    asyncio.run(Forwarding(url, SECRET).close())


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, made = secret_in(tmp_path / "state" / "secret")
    second, made_again = secret_in(tmp_path / "state" / "secret")

    assert (first, made, made_again) == (second, True, False)
    assert first.startswith("whsec_")
    assert stat.S_IMODE((tmp_path / "state" / "secret").stat().st_mode) == 0o600
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify("{}", {})


@pytest.mark.parametrize("secret", ["", "whsec_", KEY_ID[0]])
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    with pytest.raises(Trouble, match="secret"):
        Forwarding("https://example.org", secret)


def test_a_secret_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="cannot be read"):
        secret_in(tmp_path)
