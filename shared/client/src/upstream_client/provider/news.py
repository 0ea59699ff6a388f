"""What a provider is told about one record, the same for people, programs and webhooks. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from upstream_client.provider.incoming import Incoming
from upstream_schemas.model import Event
from upstream_schemas.provider import (
    ErasureRequestedV1,
    ReferralOfferConfirmedV1,
    ReferralOfferMadeV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
    TrialSentV1,
)
from upstream_schemas.sealed import OfferPayload

OFFERED: Final = "referral.offered"
OFFER_ERASED: Final = "referral.offer-erased"
WITHDRAWN: Final = "referral.withdrawn"
ERASURE_REQUESTED: Final = "referral.erasure-requested"
CONFIRMED: Final = "referral.confirmed"
MISSED: Final = "referral.missed"
REFUSED: Final = "response.refused"
TRIAL: Final = "trial.sent"
_TYPES: Final[dict[type[Event], str]] = {
    ReferralOfferMadeV1: OFFERED,
    ReferralOfferWithdrawnV1: WITHDRAWN,
    ErasureRequestedV1: ERASURE_REQUESTED,
    ReferralOfferConfirmedV1: CONFIRMED,
    ReferralOfferMissedV1: MISSED,
    ResponseRefusedV1: REFUSED,
    TrialSentV1: TRIAL,
}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to hand over. `id` is the record's, so whoever gets it twice can tell. `data` may be about a person."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The payload that Standard Webhooks recommends, and the id."""
        return {"id": self.id, "type": self.type, "timestamp": self.at.isoformat(), "data": self.data}


def news_of(incoming: Incoming) -> News:
    """Of anything but an offer that is open."""
    return News(incoming.id, _TYPES[type(incoming.event)], incoming.at, _fields(incoming.event))


def offered(incoming: Incoming, payload: OfferPayload) -> News:
    """Of an offer, with what may be told."""
    told = payload.model_dump(mode="json", exclude_none=True, exclude={"referral_id"})
    return News(incoming.id, OFFERED, incoming.at, {**_fields(incoming.event), "offer": told})


def offer_erased(incoming: Incoming) -> News:
    """Of an offer that nobody can open any more."""
    return News(incoming.id, OFFER_ERASED, incoming.at, _fields(incoming.event))


def _fields(event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude_none=True, exclude={"sealed"})
