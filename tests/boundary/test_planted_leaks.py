"""Leaks built into the running code on purpose, one at a time: a check of the wall must find each of them.

A leak is a patch of this file and never a switch in the product. The last test prints how many were planted and killed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from support import wall_checks as checks
from support.wall_story import Asker
from support.wall_world import Databases

from upstream_referral.enforcement import app as enforcement_app
from upstream_referral.enforcement import decide as enforcement_rules
from upstream_referral.enforcement import inlet as enforcement_inlet
from upstream_referral.enforcement.decide import submissions as submission_rules
from upstream_referral.enforcement.receipts import About, invalid, received
from upstream_referral.gateway import app as gateway_app
from upstream_referral.gateway import decide as gateway_rules
from upstream_referral.outreach import app as outreach_app
from upstream_referral.outreach import decide as outreach_rules
from upstream_referral.outreach import sealing
from upstream_referral.outreach.decide import letting_go, offers, replies
from upstream_referral.outreach.model import Referral
from upstream_referral.outreach.store import referrals as referral_store
from upstream_runtime import metrics
from upstream_runtime import store as runtime_store
from upstream_runtime.decision import Decision, To
from upstream_schemas.provider import ProviderAcceptedV1
from upstream_stack.rights import Acl

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """One way to leak, and the check that should find it."""

    name: str
    plant: Patch
    found_by: checks.Check


def _in_catalogue(module: Any, prefix: str, **changes: Any) -> Patch:
    """The process runs with other rows of the catalogue."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        wiring = module.wiring

        def leaky(settings: Any) -> Any:
            app = wiring(settings)
            rows = tuple(replace(t, **changes) if t.name.startswith(prefix) else t for t in app.catalogue)
            return replace(app, catalogue=rows)

        patch.setattr(module, "wiring", leaky)

    return plant


def _wrapped(owner: Any, name: str, leaky: Callable[..., Any]) -> Patch:
    """A function of the product, with `leaky` in its place; it gets the right one first."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(owner, name)
        patch.setattr(owner, name, lambda *given, **named: leaky(right, *given, **named))

    return plant


def _keeps_its_id(right: Any, state: Any, offer: Any, ctx: Any) -> Any:
    return right(state, offer, replace(ctx, chance=lambda: offer.crossing_id))


def _names_the_agency(right: Any, state: Any, offer: Any, ctx: Any) -> Any:
    return right(state, offer.model_copy(update={"callback_desk": offer.agency}), ctx)


def _keeps_the_offset(patch: pytest.MonkeyPatch) -> None:
    """Nobody turns a deadline into UTC: not the enforcement side, and not the gateway."""
    patch.setattr(submission_rules, "to_the_minute", lambda moment: moment.replace(second=0, microsecond=0))
    right = gateway_rules.help_offer_approved

    def leaky(state: Any, offer: Any, ctx: Any) -> Any:
        decision = right(state, offer, ctx)
        first: Any = decision.events[0]
        crossed = first.model_copy(update={"respond_by": offer.respond_by})
        return replace(decision, events=(crossed,))

    patch.setattr(gateway_rules, "help_offer_approved", leaky)


def _tells_that_it_was_approved(right: Any, state: Any, fact: Any, ctx: Any) -> Any:
    decision: Decision[Any] = right(state, fact, ctx)
    if not decision.events:
        return decision
    told = To(state.agency, received(About(state.submission_id, "approved", state.agency_reference)))
    return replace(decision, events=(*decision.events, told))


_CACHE: set[str] = set()


def _shares_a_cache(patch: pytest.MonkeyPatch) -> None:
    """Outreach notes what it knows where the enforcement side looks."""
    _CACHE.clear()
    asked, offered = outreach_rules.help_asked, enforcement_rules.help_offered

    def noting(state: Any, fact: Any, ctx: Any) -> Any:
        _CACHE.add("somebody asked")
        return asked(state, fact, ctx)

    def looking(state: Any, fact: Any, ctx: Any) -> Any:
        if _CACHE:
            return Decision(answer=invalid(About(fact.submission_id, ctx.cause.id), "known-person"))
        return offered(state, fact, ctx)

    patch.setattr(outreach_rules, "help_asked", noting)
    patch.setattr(enforcement_rules, "help_offered", looking)


async def _content_keys_stay(right: Any, conn: Any, referrals: Any) -> None:
    if any(referral.content_keys for referral in referrals):
        await right(conn, referrals)


async def _person_keys_stay(right: Any, conn: Any, referrals: Any) -> None:
    if all(referral.person.details for referral in referrals):
        await right(conn, referrals)


def _keeps_words(right: Any, referral_id: Any, details: Any) -> Any:
    return replace(right(referral_id, details), gave=("contact", details.words))


def _logs_it(right: Any, *given: Any) -> Any:
    found = right(*given)
    if found is not None:
        structlog.get_logger().info("opened", what=found.words)
    return found


def _counts_by_name(right: Any, *given: Any) -> Any:
    found = right(*given)
    if found is not None:
        metrics.UNKNOWN_FIELDS.labels(found.name).inc()
    return found


def _tells_whose_it_is(patch: pytest.MonkeyPatch) -> None:
    right = outreach_app.RESPONSES.on[ProviderAcceptedV1]

    def leaky(state: Any, fact: Any, ctx: Any) -> Any:
        decision = right(state, fact, ctx)
        foreign = isinstance(state, Referral) and all(
            c.offer is None or c.offer.slug != ctx.cause.party for c in state.consents
        )
        return Decision(answer=replies.missed(fact, ctx)) if foreign else decision

    patch.setitem(dict_of(outreach_app.RESPONSES.on), ProviderAcceptedV1, leaky)


def dict_of(mapping: Any) -> Any:
    """The wiring's own table, which the patch changes in place."""
    assert isinstance(mapping, dict)
    return mapping


def _may_see(*more: Acl) -> Patch:
    return _wrapped(checks, "acls_expected", lambda right, *given: right(*given) | set(more))


LEAKS: Final = (
    Leak("a crossing keeps its id", _wrapped(gateway_rules, "help_offer_approved", _keeps_its_id), checks.nothing_else_crosses),
    Leak("a crossing names the agency", _wrapped(gateway_rules, "help_offer_approved", _names_the_agency), checks.nothing_else_crosses),
    Leak("the offset of a time tells who wrote it", _keeps_the_offset, checks.outreach_sees_the_same_whatever_does_not_cross),
    Leak("a crossing carries cause and case", _in_catalogue(gateway_app, "crossing.", discreet=False), checks.nothing_else_crosses),
    Leak("a contact crosses in its own size", _wrapped(enforcement_inlet, "padded", lambda _, text, __: text), checks.nothing_else_crosses),
    Leak("a receipt is published at once", _in_catalogue(enforcement_app, "enforcement.receipts", tick=None), checks.a_receipt_says_what_arrived_and_nothing_else),
    Leak("a receipt has a mark of its own", _in_catalogue(enforcement_app, "enforcement.receipts", tick=timedelta(seconds=7)), checks.a_receipt_says_what_arrived_and_nothing_else),
    Leak("a second receipt tells that it was approved", _wrapped(enforcement_rules, "approved", _tells_that_it_was_approved), checks.a_receipt_says_what_arrived_and_nothing_else),
    Leak("both sides share a cache", _shares_a_cache, checks.the_police_see_the_same_whatever_happens_outreach),
    Leak("an offer has its own size", _wrapped(offers, "padded", lambda _, text, __: text), checks.a_provider_sees_its_own_and_only_what_was_ticked),
    Leak("a provider is told what was not ticked", _wrapped(sealing, "payload", lambda right, details, _, offer: right(details, ("name", "contact", "words"), offer)), checks.a_provider_sees_its_own_and_only_what_was_ticked),
    Leak("a provider knows the referral by its own id", _wrapped(sealing, "random_id", lambda _: Asker().referral), checks.a_provider_sees_its_own_and_only_what_was_ticked),
    Leak("an offer carries cause and case", _in_catalogue(outreach_app, "provider.", discreet=False), checks.a_provider_sees_its_own_and_only_what_was_ticked),
    Leak("somebody else's offer is answered in another way", _tells_whose_it_is, checks.whose_offer_it_is_nobody_else_learns),
    Leak("a key's tombstone is never said", _wrapped(letting_go, "_shredded", lambda *_: ((), ())), checks.nothing_opens_after_it_was_taken_back),
    Leak("nobody is asked to erase", _wrapped(letting_go, "_asked_to_erase", lambda _, offer, __: (offer, ())), checks.nothing_opens_after_it_was_taken_back),
    Leak("nothing is appended behind a tombstone", _wrapped(outreach_rules, "padding", lambda *_: Decision()), checks.nothing_opens_after_it_was_taken_back),
    Leak("erased bodies stay in the outbox", _wrapped(runtime_store, "blank_erased", lambda *_: _done()), checks.nothing_opens_after_it_was_taken_back),
    Leak("a content key stays in its table", _wrapped(referral_store, "_save_content_keys", _content_keys_stay), checks.nothing_opens_after_it_was_taken_back),
    Leak("a person's key stays in its table", _wrapped(referral_store, "_save_person_keys", _person_keys_stay), checks.nothing_opens_after_it_was_taken_back),
    Leak("what a person wrote is kept in plain", _wrapped(sealing, "_asked", _keeps_words), checks.no_marker_is_on_the_other_side),
    Leak("an opened text is logged", _wrapped(sealing, "details_of", _logs_it), checks.no_marker_is_on_the_other_side),
    Leak("a metric has a name in its label", _wrapped(sealing, "details_of", _counts_by_name), checks.no_marker_is_on_the_other_side),
    Leak("the police can see that a topic exists", _may_see(Acl("ppb", "describe", "topic", "literal", "crossing.help-offers.v1")), checks.nobody_may_more_than_the_page_says),
    Leak("one operator sees both sides", _may_see(Acl("operator-enforcement", "describe", "topic", "prefixed", "provider.")), checks.nobody_may_more_than_the_page_says),
    Leak("the gateway reads what providers say", _may_see(Acl("referral-gateway", "read", "topic", "prefixed", "provider.responses.")), checks.nobody_may_more_than_the_page_says),
)  # fmt: skip


async def _done() -> None:
    """In place of a statement that erases."""


_killed: list[str] = []


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
async def test_a_check_finds_it(
    leak: Leak, empty_database: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak.plant(monkeypatch)
    try:
        found = await leak.found_by(empty_database, tmp_path)
    finally:
        metrics.UNKNOWN_FIELDS.clear()  # the registry outlives the leak
    assert found != [], f"{leak.name}: nobody noticed"
    _killed.append(leak.name)


def test_all_of_them_were_killed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nplanted {len(LEAKS)} / killed {len(_killed)}")
    assert len(LEAKS) >= 26
    assert _killed == [leak.name for leak in LEAKS]
