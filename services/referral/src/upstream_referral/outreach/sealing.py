"""The cryptography at this side's doors: opens what is sealed to OVP, locks it again, and seals what a provider may read.

Runs before or between decisions, which must not draw keys. What was opened lives for one call; must not store or log.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

from nacl.public import PublicKey, SealedBox

from upstream_referral.outreach.decide.offers import Sealed, document, payload
from upstream_referral.outreach.model import MAY_BE_TOLD, Consent, HelpAsked, Locked, Person, Provider, Referral
from upstream_runtime import vault
from upstream_runtime.clock import random_id
from upstream_runtime.vault import CannotOpenError
from upstream_schemas.codec import decode
from upstream_schemas.envelope import Unreadable
from upstream_schemas.intake import ContactCard
from upstream_schemas.model import Event
from upstream_schemas.outreach import ReferralReceivedV1
from upstream_schemas.sealed import SelfReferral

CANNOT_OPEN: Final = "cannot-open"
Opener = Callable[[str], str]


class OvpKeys:
    """OVP's private keys by their ids. `read` gives the secret file; it is read again where a key id is not known yet."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._openers = self._loaded()

    def open(self, key_id: str, sealed: str) -> str:
        """The text that was sealed to OVP. Raises CannotOpenError."""
        if key_id not in self._openers:
            self._openers = self._loaded()
        if key_id not in self._openers:
            raise CannotOpenError
        return self._openers[key_id](sealed)

    def _loaded(self) -> Mapping[str, Opener]:
        return {key_id: vault.opener(private) for key_id, private in json.loads(self._read())["keys"].items()}


def locked(text: str) -> Locked:
    """A text under a fresh key of its own."""
    return Locked(*vault.locked(text))


def referral_opened(ovp: OvpKeys) -> Callable[[Event], Iterable[tuple[UUID, object]]]:
    """Turns a sealed self-referral into a decision's input. What does not open is set aside for a person."""

    def steps(event: Event) -> Iterable[tuple[UUID, object]]:
        assert isinstance(event, ReferralReceivedV1), "the topic carries nothing else"
        try:
            text = ovp.open(event.key_id, event.sealed)
        except CannotOpenError:
            raise Unreadable(CANNOT_OPEN) from None
        return ((event.referral_id, _asked(event.referral_id, decode(text.encode(), SelfReferral))),)

    return steps


def details_of(referral: Referral) -> SelfReferral | None:
    """What the participant wrote; None once it is taken back or forgotten. Raises CannotOpenError, Unreadable."""
    details = referral.person.details
    return None if details is None else decode(vault.unlock(b64decode(details.key), details.text).encode(), SelfReferral)


def sealed_offer(details: SelfReferral, consent: Consent, provider: Provider) -> Sealed:
    """What this provider would be told, under a fresh key that only it can open, about an id that only it knows."""
    offer_id, key = random_id(), vault.new_key()
    box = SealedBox(PublicKey(b64decode(provider.public_key)))
    return Sealed(
        service=consent.service,
        slug=provider.slug,
        offer_id=offer_id,
        sealed=vault.lock(key, document(payload(details, consent.classes, offer_id))),
        content_key=vault.key_text(key),
        key_id=provider.key_id,
        sealed_key=b64encode(box.encrypt(vault.key_text(key).encode())).decode(),
    )


def _asked(referral_id: UUID, details: SelfReferral) -> HelpAsked:
    """The details under one fresh key, the card for the notifier's lane under another: that one travels, and opens nothing else."""
    given = {"name": details.name, "contact": details.email or details.phone, "words": details.words}
    return HelpAsked(
        referral_id=referral_id,
        page_hash=sha256(details.page_secret.encode()).hexdigest(),
        language=details.language,
        gave=tuple(kind for kind in MAY_BE_TOLD if given[kind]),
        person=Person(locked(details.model_dump_json()), _card(details)),
    )


def _card(details: SelfReferral) -> Locked | None:
    if details.email is None:
        return None
    card = ContactCard(name=details.name, email=details.email, phone=details.phone, consent_contact=True)
    return locked(card.model_dump_json())
