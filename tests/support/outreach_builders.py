"""The outreach side's facts and states with defaults, for tests: name only what the test is about."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide import responses
from upstream_referral.outreach.decide.matching import Found
from upstream_referral.outreach.decide.offers import Sealed, next_to_ask
from upstream_referral.outreach.grantees import grantees
from upstream_referral.outreach.model import (
    Chosen,
    HelpAsked,
    Locked,
    Offer,
    Person,
    Provider,
    Reference,
    Referral,
    Service,
    TakenBack,
)
from upstream_runtime.decision import Cause, Context, Decision, Due, Erased, ErasedFor, To
from upstream_schemas.provider import ForProvider, ProviderAcceptedV1
from upstream_schemas.sealed import SelfReferral

NOW = datetime(2026, 11, 23, 17, 20, tzinfo=UTC)
REFERRAL = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77")
SECRET = b"secret"
_NAMES = UUID("07e4c4de-0000-8000-8000-00000000000f")
ALL = ("name", "contact", "words")
DIRECTORY = grantees()


def named(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_NAMES, name)


def context(
    now: datetime = NOW,
    cause: str = "cause",
    *,
    party: str | None = None,
    received_at: datetime | None = None,
    key: UUID | None = None,
) -> Context[Reference]:
    """A context; with `party`, that of a provider's record."""
    came = Cause(cause, f"/provider/{party}" if party else "/test", now, party=party, received_at=received_at)
    return Context(now, came, Reference(DIRECTORY), SECRET, key, uuid4)


def details(**fields: Any) -> SelfReferral:
    """What Sam Example wrote."""
    wrote: dict[str, Any] = {
        "page_secret": "A" * 43,
        "language": "so",
        "needs": ("youth-support",),
        "name": "Sam Example",
        "email": "sam@example.org",
        "phone": "+15035550111",
        "words": "My brother needs somebody to talk to.",
    }
    return SelfReferral(**{**wrote, **fields})


def service(code: str, *needs: str, slug: str | None = "same") -> Service:
    """A service of a provider of the same name."""
    stands = code if slug == "same" else slug
    return Service(
        named(code), code, f"{code} Example", f"Help by {code}", "Helps.", needs or ("youth-support",), "a test", slug=stands
    )


def found(*codes: str, needs: tuple[str, ...] = ("youth-support",), full: Iterable[str] = ()) -> Found:
    """These services, all fit."""
    return Found(needs, tuple(service(code) for code in codes), frozenset(full))


def provider(slug: str = "bmit", **fields: Any) -> Provider:
    """A provider that is there."""
    known = Provider(decide.provider_id(slug, SECRET), slug, f"{slug}-1", "cHVibGlj", (slug,))
    return replace(known, **fields)


def asked(referral_id: UUID = REFERRAL, *, language: str = "so", gave: tuple[str, ...] = ALL, mail: bool = True) -> HelpAsked:
    """A self-referral, opened and locked again."""
    card = Locked("contact key", "locked card") if mail else None
    return HelpAsked(referral_id, "f" * 64, language, gave, Person(Locked("details key", "locked details"), card))


def after(decision: Decision[Any]) -> Referral:
    """The referral that a decision leaves."""
    assert isinstance(decision.state, Referral), "the decision changed nothing"
    return decision.state


def requested(**fields: Any) -> Referral:
    """A referral for which nobody was looked for yet."""
    return after(decide.help_asked(None, asked(**fields), context()))


def choosing(*codes: str, referral: Referral | None = None, now: datetime = NOW) -> Referral:
    """A participant is asked who of these may be told."""
    return after(decide.match(referral or requested(), found(*codes), context(now)))


def allowed(*codes: str, classes: tuple[str, ...] = ALL, now: datetime = NOW) -> Referral:
    """The participant allowed these, in this order; nobody was asked yet."""
    return after(decide.chosen(choosing(*codes, now=now), Chosen(codes, classes), context(now)))


def sealed_for(referral: Referral) -> Sealed:
    """What the next one would be told."""
    consent = next_to_ask(referral)
    assert consent is not None, "it is nobody's turn"
    code = consent.service
    return Sealed(code, code, named(f"offer to {code}"), "ciphertext", f"content key of {code}", f"{code}-1", "sealed key")


def offering(referral: Referral, now: datetime = NOW) -> Decision[Referral]:
    """The next one is asked."""
    return decide.offer(referral, sealed_for(referral), context(now))


def offered(*codes: str, now: datetime = NOW) -> Referral:
    """The first of these was asked."""
    return after(offering(allowed(*codes, now=now), now))


def offer_of(referral: Referral, code: str) -> Offer:
    """The offer to this service."""
    consent = referral.consent(code)
    assert consent is not None and consent.offer is not None, f"{code} was never asked"
    return consent.offer


def says(
    referral: Referral | None,
    code: str,
    kind: type[ForProvider],
    now: datetime = NOW,
    *,
    received_at: datetime | None = None,
    about: UUID | None = None,
    **fields: Any,
) -> Decision[Any]:
    """One record of the provider of this name, about its own offer unless told otherwise."""
    rules: dict[str, Callable[..., Decision[Any]]] = {
        "provider.referral.accepted.v1": responses.accepted,
        "provider.referral.declined.v1": responses.declined,
        "provider.referral.waitlisted.v1": responses.waitlisted,
        "provider.referral.redirected.v1": responses.redirected,
        "provider.contact.made.v1": responses.contact_made,
        "provider.contact.failed.v1": responses.contact_failed,
        "provider.referral.closed.v1": responses.closed,
        "provider.erasure.attested.v1": responses.erasure_attested,
    }
    fact = kind(referral_id=about or named(f"offer to {code}"), **fields)
    return rules[kind.TYPE](referral, fact, context(now, "record-1", party=code, received_at=received_at or now))


def accepted(*codes: str, now: datetime = NOW) -> Referral:
    """The first of these said yes."""
    return after(says(offered(*codes, now=now), codes[0], ProviderAcceptedV1, now))


def takes_back(referral: Referral, code: str | None = None, now: datetime = NOW + timedelta(hours=1)) -> Decision[Referral]:
    """The participant takes it back, from one or from all."""
    return decide.taken_back(referral, TakenBack(code), context(now))


def due(decision: Decision[Any]) -> dict[str, datetime | None]:
    """What must be looked at again, by kind; what is said last holds."""
    return {row.kind: row.at for row in decision.due if isinstance(row, Due)}


def said(decision: Decision[Any]) -> list[str]:
    """The names of what was said, in order; with the party where it is for one, and a cross where it is a tombstone."""
    return [_name(one) for one in decision.events]


def to(decision: Decision[Any], slug: str) -> list[str]:
    """What one provider gets, in order."""
    return [name.removeprefix(f"{slug} ") for name in said(decision) if name.startswith(f"{slug} ")]


def _name(one: object) -> str:
    match one:
        case To(party, event):
            return f"{party} {_short(type(event))}"
        case ErasedFor(party, event, _):
            return f"{party} ✝{_short(event)}"
        case Erased(event, _):
            return f"✝{_short(event)}"
    return _short(type(one))


def _short(event: Any) -> str:
    """`outreach.referral.requested.v1` → `referral.requested`."""
    return str(event.TYPE).partition(".")[2].rpartition(".")[0]
