"""What a provider says, as records: one event each, in binary mode, with an id that its answer will name."""

from upstream_client.broker import Broker
from upstream_client.clock import fresh_id, now
from upstream_client.outgoing import Outgoing
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event
from upstream_schemas.provider import ForProvider, ReferralOfferConfirmedV1, TrialReceivedV1, TrialSentV1
from upstream_schemas.topics import PROVIDER_RESPONSES

_TRIAL = "trial-"


def response(provider: str, event: ForProvider, event_id: str | None = None) -> Outgoing:
    """The record of a response; its id is fresh where none is given."""
    key = str(event.referral_id)
    record_id = event_id or str(fresh_id())
    envelope = Envelope(record_id, f"/provider/{provider}", event.TYPE, now(), subject=key)
    headers = tuple((name, text.encode()) for name, text in to_headers(envelope))
    return Outgoing(1, key.encode(), encode(event), headers, record_id)


async def say_trial_received(broker: Broker, provider: str, trial_id: str, trial: TrialSentV1) -> None:
    """Returns when the broker has it. Its id follows from the trial's, so that said twice it is said once. Raises KafkaError."""
    record = response(provider, TrialReceivedV1(referral_id=trial.referral_id), f"{_TRIAL}{trial_id}")
    async with broker.producer() as producer:
        await producer.send_and_wait(
            PROVIDER_RESPONSES.for_party(provider), record.value, key=record.key, headers=list(record.headers)
        )


def answers_trial(event: Event) -> bool:
    """Whether it confirms what this program said by itself, which is no news for anybody."""
    return isinstance(event, ReferralOfferConfirmedV1) and event.answer_to.startswith(_TRIAL)
