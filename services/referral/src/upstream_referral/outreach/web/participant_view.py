"""What the participant's page shows: only codes and keys of the published words, chosen here and tested without a browser.

Pure. Must show nothing that the person wrote: whoever finds the link learns less than whoever wrote the form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from upstream_referral.outreach.model import CONSENT_VALID, Consent, Referral, Service, Stage
from upstream_referral.outreach.texts.moments import moment_text
from upstream_referral.outreach.texts.page_words import known

Directory = Mapping[str, Service]
"""The services by their code."""

NOT_CHOSEN: Final = "not-chosen"
_REACHED_BY: Final = "contact"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A key of the words and what stands in its places."""

    key: str
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """One service of the directory, as somebody reads it who decides whom to trust. `name` is who they are."""

    code: str
    name: str
    offers: str
    description: str
    eligibility: str | None
    hours: str | None
    phone: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient in the table: what they were or may be told, when (text and ISO), what became of it, and of erasing it."""

    code: str
    name: str
    classes: tuple[str, ...]
    when: str | None
    iso: str | None
    became: str
    note: str | None
    can_take_back: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """A participant's page. `reach` is a service that said yes and may not contact them."""

    state: Sentence
    looking: bool
    choices: tuple[Shown, ...]
    offers_to_tell: tuple[str, ...]
    days: int
    reach: Shown | None
    told: tuple[Told, ...]
    can_take_all_back: bool


def page_view(referral: Referral, directory: Directory, reader: str) -> PageView:
    """The view of a referral for a reader of this language."""
    return PageView(
        state=_state(referral, directory, reader),
        looking=referral.stage is Stage.LOOKING,
        choices=tuple(shown(directory[code]) for code in choices(referral) if code in directory),
        offers_to_tell=referral.gave,
        days=CONSENT_VALID.days,
        reach=_reach(referral, directory),
        told=tuple(_told(referral, consent, directory, reader) for consent in referral.consents),
        can_take_all_back=may_be_taken_back(referral),
    )


def choices(referral: Referral) -> tuple[str, ...]:
    """The services that can be ticked now, best first."""
    if referral.stage is not Stage.CHOOSING:
        return ()
    return tuple(code for code in referral.proposed if referral.consent(code) is None)


def may_be_taken_back(referral: Referral, service: str | None = None) -> bool:
    """Whether there is still something to take back, however the matter itself ended: from one service, or at all."""
    if referral.stage is Stage.WITHDRAWN:
        return False
    consent = None if service is None else referral.consent(service)
    return service is None or (consent is not None and consent.ended is None)


def name_of(code: str, directory: Directory) -> str:
    """Who stands behind a service; its code where the directory has it no more."""
    return directory[code].organization_name if code in directory else code


def shown(service: Service) -> Shown:
    """A service for the page."""
    return Shown(
        code=service.code,
        name=service.organization_name,
        offers=service.name,
        description=service.description,
        eligibility=service.eligibility_description,
        hours=service.hours,
        phone=service.phone,
        url=service.url,
    )


def _state(referral: Referral, directory: Directory, reader: str) -> Sentence:
    match referral.stage:
        case Stage.CHOOSING:
            return Sentence("state.choose-again" if referral.consents else "state.choose")
        case Stage.ASKING if referral.asked and referral.asked.offer:
            until = moment_text(referral.asked.offer.respond_by, reader)
            return Sentence("state.asked", {"name": name_of(referral.asked.service, directory), "until": until})
        case Stage.ACCEPTED | Stage.ENGAGED if referral.taken_by:
            key = "engaged" if referral.stage is Stage.ENGAGED else _accepted(referral.taken_by, directory)
            return Sentence(f"state.{key}", {"name": name_of(referral.taken_by.service, directory)})
        case Stage.ACCEPTED | Stage.ENGAGED:
            return Sentence("state.other")
        case Stage.UNMET if referral.outcome == NOT_CHOSEN:
            return Sentence("state.not-chosen")
    return Sentence(known("state", referral.stage))


def _accepted(consent: Consent, directory: Directory) -> str:
    """Who reaches out: they, the participant, or the participant with somebody's help."""
    if _reachable(consent):
        return "accepted"
    service = directory.get(consent.service)
    return "accepted-no-contact" if service and (service.phone or service.url) else "accepted-no-address"


def _reachable(consent: Consent) -> bool:
    return _REACHED_BY in consent.told


def _reach(referral: Referral, directory: Directory) -> Shown | None:
    taken = referral.taken_by
    if referral.stage is not Stage.ACCEPTED or taken is None or _reachable(taken):
        return None
    return shown(directory[taken.service]) if taken.service in directory else None


def _told(referral: Referral, consent: Consent, directory: Directory, reader: str) -> Told:
    told_at = consent.offer.offered_at if consent.offer else None
    return Told(
        code=consent.service,
        name=name_of(consent.service, directory),
        classes=tuple(known("class", kind) for kind in consent.told) if told_at or consent.waits else (),
        when=moment_text(told_at, reader) if told_at else None,
        iso=told_at.isoformat() if told_at else None,
        became=known("offer", _became(consent)),
        note=_note(consent),
        can_take_back=may_be_taken_back(referral, consent.service),
    )


def _became(consent: Consent) -> str:
    offer = consent.offer
    others_turn = consent.ended is None and offer is not None and offer.over == "withdrawn"
    return "withdrawn" if others_turn else consent.became


def _note(consent: Consent) -> str | None:
    """What of erasing, where what became of it does not say so already."""
    offer = consent.offer
    if offer is None or offer.erase_by is None or consent.ended == "revoked":
        return None
    return "note.erased" if offer.erased_at else "note.erase-asked"
