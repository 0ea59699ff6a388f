"""Brings one record to the sink, however long that takes. Keeps no offset and knows no broker.

An offer is opened anew at each attempt, after the newest keys are read: what was taken back while the receiver was away is
told as erased, never as it was.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Protocol

from upstream_client.clock import now
from upstream_client.provider.content_keys import DESTROYED, Destroyed
from upstream_client.provider.incoming import Incoming
from upstream_client.provider.news import News, news_of, offer_erased, offered
from upstream_client.provider.opening import CannotOpenError, PrivateKeys, open_offer
from upstream_client.provider.poison import Poison
from upstream_client.provider.sinks import NotNow, NotThis, Sink
from upstream_client.terminal import warn
from upstream_schemas.provider import ContentKeyDeliveredV1, ReferralOfferMadeV1

FIRST_PAUSE_SECONDS: Final = 1.0
PAUSE_SECONDS_MAX: Final = 60.0
REFUSALS_MAX: Final = 5
SIDE_BY_SIDE_MAX: Final = 4  # records at the sink at a time, each of another referral
FIRST_LOOKS: Final = 3  # seconds in which a withdrawal that lies further on is read
Overtaken = Callable[[], bool]  # whether a withdrawal of the same referral already lies behind the record


class Keys(Protocol):
    """The content keys as the keys topic has them at this moment."""

    async def follow(self) -> None:
        """Reads on until cancelled; the others wait for it."""

    async def newest_of(self, offer: ReferralOfferMadeV1) -> ContentKeyDeliveredV1 | Destroyed | None:
        """After everything is read that the topic holds now."""

    async def news(self, within_seconds: float) -> None:
        """Returns when any key came or went, or when the time is up."""


class NoKeyError(Exception):
    """The time to answer is over, and no key came that we hold the private one of."""


@dataclass(slots=True)
class Handover:
    """How records of one provider are handed over. `keyless` holds the offsets of offers that wait for their keys."""

    keys: Keys
    private_keys: PrivateKeys
    sink: Sink
    poison: Poison
    keyless: set[int] = field(default_factory=set)
    _told: str | None = None
    _side_by_side: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIDE_BY_SIDE_MAX))

    async def bring(self, incoming: Incoming, overtaken: Overtaken) -> bool:
        """Returns when nothing more can be done: True where the sink took it, False where it went to the poison file."""
        attempt, refusals = 0, 0
        while True:
            attempt += 1
            try:
                news = await self._news(incoming, overtaken)
                async with self._side_by_side:
                    await self.sink.hand_over(news)
                self._told = None
                return True
            except NotNow as error:
                pause_seconds = max(error.wait_seconds, pause_before(attempt + 1))
                self._tell(error.why)
            except NotThis as error:
                refusals += 1
                if refusals == REFUSALS_MAX:
                    return self._set_aside(incoming, error.why)
                pause_seconds = pause_before(attempt + 1)
            except CannotOpenError:
                return self._set_aside(incoming, "cannot-open")
            except NoKeyError:
                return self._set_aside(incoming, "no-key")
            await asyncio.sleep(pause_seconds)

    async def _news(self, incoming: Incoming, overtaken: Overtaken) -> News:
        if not isinstance(incoming.event, ReferralOfferMadeV1):
            return news_of(incoming)
        try:
            return await self._offer(incoming, incoming.event, overtaken)
        finally:
            self.keyless.discard(incoming.record.offset)

    async def _offer(self, incoming: Incoming, offer: ReferralOfferMadeV1, overtaken: Overtaken) -> News:
        """Waits for the key: the two topics have no order between them."""
        for look in count(2):
            key = await self.keys.newest_of(offer)
            if overtaken() or key is DESTROYED:
                return offer_erased(incoming)
            private_key = self.private_keys.of(key.key_id) if isinstance(key, ContentKeyDeliveredV1) else None
            if isinstance(key, ContentKeyDeliveredV1) and private_key is not None:
                return offered(incoming, open_offer(offer, key, private_key))
            if look > FIRST_LOOKS and now() > offer.respond_by:
                raise NoKeyError
            self.keyless.add(incoming.record.offset)
            await self.keys.news(within_seconds=pause_before(look))
        raise AssertionError("it looks again for ever")

    def _tell(self, why: str) -> None:
        """Once for all that wait for the same reason."""
        if why != self._told:
            self._told = why
            warn(f"{why}; it is tried again until it does")

    def _set_aside(self, incoming: Incoming, reason: str) -> bool:
        self.poison.add(incoming.record, reason)
        warn(f"{incoming.referral_id} cannot be handed over ({reason}): it lies sealed in {self.poison.file}")
        return False


def pause_before(attempt: int) -> float:
    """Seconds to wait before the n-th attempt: none, 1, 2, 4 … 60."""
    return 0.0 if attempt <= 1 else min(FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 2), PAUSE_SECONDS_MAX)
