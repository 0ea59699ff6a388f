"""The participant takes it back: deliveries stop, keys are destroyed, whoever was told must erase, at every stage."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.outreach_builders import (
    NOW,
    accepted,
    after,
    allowed,
    choosing,
    context,
    due,
    found,
    named,
    offer_of,
    offered,
    offering,
    requested,
    said,
    says,
    takes_back,
    to,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide.case import ALL_KINDS, full_hour_after
from upstream_referral.outreach.decide.offers import next_to_ask
from upstream_referral.outreach.decide.telling import PageLink
from upstream_referral.outreach.model import NOBODY, NOT_NOW, TAKEN_BACK, Became, Chosen, Referral, Stage
from upstream_runtime.decision import Decision
from upstream_schemas.provider import (
    ContactFailedV1,
    ContactMadeV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderRedirectedV1,
    ProviderWaitlistedV1,
)

LATER = NOW + timedelta(hours=1)
TOLD_AND_BACK = ["✝content-key.delivered", "referral-offer.withdrawn", "erasure.requested"]


def engaged() -> Referral:
    return after(says(accepted("a", "b"), "a", ContactMadeV1))


def closed() -> Referral:
    return after(says(engaged(), "a", ProviderClosedV1, outcome="got-help"))


def declined() -> Referral:
    return after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))


def waitlisted() -> Referral:
    return after(says(offered("a"), "a", ProviderWaitlistedV1))


def unmet() -> Referral:
    return after(decide.match(requested(), found(), context()))


STAGES: list[tuple[Callable[[], Referral], list[str]]] = [
    (requested, []),
    (lambda: choosing("a"), []),
    (lambda: allowed("a", "b"), []),
    (lambda: offered("a", "b"), TOLD_AND_BACK),
    (lambda: accepted("a", "b"), TOLD_AND_BACK),
    (engaged, TOLD_AND_BACK),
    (waitlisted, TOLD_AND_BACK),
    (closed, ["referral-offer.withdrawn", "erasure.requested"]),
    (declined, []),
    (unmet, []),
    (lambda: after(decide.choice_late(choosing("a"), None, context())), []),
]


@pytest.mark.parametrize(("state", "told"), STAGES)
def test_taking_everything_back_leaves_no_key_at_any_stage(state: Callable[[], Referral], told: list[str]) -> None:
    before = state()
    decision = takes_back(before)
    assert decision.answer == TAKEN_BACK
    gone = after(decision)
    assert (gone.stage, gone.person, gone.contact_id, gone.content_keys) == (Stage.WITHDRAWN, NOBODY, None, ())
    assert (gone.gave, gone.proposed, gone.late, gone.news) == ((), (), None, None)
    assert to(decision, "a") == told
    assert said(decision).count("✝contact.upserted") == 1
    assert said(decision).count("consent.revoked") == len(before.consents)
    assert all(consent.offer is None or consent.offer.over is not None for consent in gone.consents)
    assert due(decision)["forget"] == LATER + timedelta(days=90)
    assert {kind for kind, at in due(decision).items() if at is not None} <= {"forget", "padding"}
    assert {kind for kind, at in due(decision).items() if at is None} == set(ALL_KINDS) - {"forget"}


def test_it_can_be_taken_back_once() -> None:
    assert takes_back(after(takes_back(offered("a")))).answer == NOT_NOW


def test_from_one_recipient_the_others_go_on() -> None:
    decision = takes_back(offered("a", "b"), "a")
    assert decision.answer == TAKEN_BACK
    assert to(decision, "a") == TOLD_AND_BACK
    assert due(decision)["padding"] == LATER + timedelta(minutes=11)
    assert due(decision)["answer-late"] is None
    consent = next_to_ask(after(decision))
    assert consent is not None and consent.service == "b"
    assert after(decision).person != NOBODY


def test_from_one_who_has_not_been_asked_nobody_hears_of_it() -> None:
    decision = takes_back(offered("a", "b"), "b")
    assert said(decision) == ["consent.revoked"]
    assert after(decision).consents[1].became is Became.NOT_NEEDED
    assert after(decision).asked is not None


def test_from_the_only_one_who_was_asked_somebody_else_is_looked_for() -> None:
    decision = takes_back(accepted("a"), "a")
    assert (after(decision).stage, due(decision)["match"]) == (Stage.LOOKING, LATER)
    assert due(decision)["hand-off-late"] is None
    assert after(decision).consents[0].became is Became.TAKEN_BACK


def test_from_a_service_that_was_never_allowed_there_is_nothing_to_take_back() -> None:
    assert takes_back(offered("a"), "b").answer == NOT_NOW
    assert takes_back(after(takes_back(offered("a", "b"), "a")), "a").answer == NOT_NOW
    assert decide.taken_back(None, Chosen((), ()), context()).answer == "unknown"  # type: ignore[arg-type]


def test_who_said_no_was_asked_to_erase_then_and_is_not_asked_twice() -> None:
    assert "a" not in {name.split(" ")[0] for name in said(takes_back(declined(), "a"))}


def test_a_message_that_waits_is_taken_back_too() -> None:
    told = after(decide.news(choosing("a"), PageLink("https://upstream.example.org/p/x"), context()))
    decision = takes_back(told)
    assert said(decision) == ["referral.withdrawn", "notice.taken-back", "✝contact.upserted"]
    assert after(decision).notice_id is None


def test_whoever_was_told_has_a_week_to_erase_counted_in_full_hours() -> None:
    offer = offer_of(after(takes_back(offered("a"))), "a")
    assert offer.erase_by == full_hour_after(LATER + timedelta(days=7)) == datetime(2026, 11, 30, 19, tzinfo=UTC)


def test_after_ninety_days_the_page_is_gone_and_whoever_still_waits_is_waited_for_no_longer() -> None:
    never_asked = allowed("b").consents
    ended = replace(waitlisted(), stage=Stage.UNMET)
    ended = replace(ended, consents=(*ended.consents, *never_asked))
    decision = decide.forget(ended, None, context(NOW + timedelta(days=90)))
    assert to(decision, "a") == TOLD_AND_BACK
    assert (after(decision).page_hash, after(decision).person) == (None, NOBODY)
    assert decide.forget(offered("a"), None, context()).events == ()


MOVES: list[tuple[type[ForProvider], dict[str, Any]]] = [
    (ProviderAcceptedV1, {}),
    (ProviderDeclinedV1, {"reason": "other"}),
    (ProviderWaitlistedV1, {}),
    (ProviderRedirectedV1, {"to_service": "c"}),
    (ContactMadeV1, {}),
    (ContactFailedV1, {}),
    (ProviderClosedV1, {"outcome": "got-help"}),
]
anything = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(MOVES)),
        st.sampled_from(["offer", "silence", "back a", "back b", "back c", "back", "time", "match", "choose"]),
    ),
    max_size=14,
)


Step = str | tuple[str, tuple[type[ForProvider], dict[str, Any]]]


def moved(state: Referral, step: Step, now: datetime) -> Referral:
    """One step of a random life. What does not fit changes nothing."""
    ctx = context(now)
    decision: Decision[Referral] | None
    match step:
        case "offer":
            decision = offering(state, ctx.now) if next_to_ask(state) else None
        case "silence":
            decision = decide.answer_late(state, None, ctx)
        case "time":
            decision = decide.consent_expires(state, None, context(ctx.now + timedelta(days=90)))
        case "match":
            decision = decide.match(state, found("a", "b", "c"), ctx)
        case "choose":
            decision = decide.chosen(state, Chosen(state.proposed, ("name",)), ctx)
        case str():
            decision = takes_back(state, step.removeprefix("back").strip() or None, ctx.now)
        case (code, (kind, fields)):
            decision = says(state, code, kind, ctx.now, **fields)
    return decision.state if decision is not None and isinstance(decision.state, Referral) else state


@given(anything)
def test_in_every_life_a_key_exists_exactly_as_long_as_its_offer_stands(steps: list[Step]) -> None:
    state, now = offered("a", "b"), NOW
    for step in steps:
        now += timedelta(days=1)
        state = moved(state, step, now)
        standing = {c.offer.offer_id for c in state.consents if c.offer is not None and c.offer.over is None}
        assert {key.offer_id for key in state.content_keys} == standing
        assert len([c for c in state.consents if c.became in {Became.ASKED, Became.ACCEPTED, Became.ENGAGED}]) <= 1
        if state.stage is Stage.WITHDRAWN:
            assert not standing and state.person == NOBODY
        if state.stage in {Stage.ACCEPTED, Stage.ENGAGED}:
            assert state.taken_by is not None
    assert offer_of(state, "a").offer_id == named("offer to a")
