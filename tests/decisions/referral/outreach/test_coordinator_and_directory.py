"""What comes through the wall, what the desk and the participant are told, and who is in the directory."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

from support.outreach_builders import (
    DIRECTORY,
    NOW,
    REFERRAL,
    SECRET,
    accepted,
    after,
    choosing,
    context,
    due,
    named,
    provider,
    requested,
    said,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide.directory import Standing
from upstream_referral.outreach.decide.telling import PageLink, by_referral
from upstream_referral.outreach.model import (
    DESK_KEY,
    DONE,
    UNKNOWN,
    UNKNOWN_SERVICE,
    Acknowledged,
    Crossing,
    Desk,
    DeskSet,
    HelpOffer,
    Locked,
    Provider,
    ProviderRegistered,
    ProviderRemoved,
    TrialAsked,
)
from upstream_runtime.decision import Decision, ErasedFor, To
from upstream_schemas.crossing import AreaAlertCrossedV1, HelpOfferCrossedV1, LifeSafetyCallCrossedV1
from upstream_schemas.notifier import NoticeFailedV1, NoticeSentV1
from upstream_schemas.outreach import NoticeRequestedV1, ServicePublishedV1
from upstream_schemas.provider import (
    CapacityUpdatedV1,
    ReferralOfferConfirmedV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
    TrialReceivedV1,
    TrialSentV1,
)

CROSSING = UUID("7b0c2a9e-6f0a-4f6e-9a55-0d4c1a0b7e11")
LINK = PageLink("https://upstream.example.org/p/x")
HELP = UUID("5e71ce00-0000-8000-8000-000000000004")
REGISTERED = ProviderRegistered("help-example", "help-example-1", "cHVibGlj", ("help",))


def help_offer() -> HelpOfferCrossedV1:
    return HelpOfferCrossedV1(
        crossing_id=CROSSING, urgency="today", respond_by=NOW, language="en", callback_desk="ceasefire-desk"
    )


def crossed(decision: Decision[Crossing]) -> Crossing:
    assert isinstance(decision.state, Crossing)
    return decision.state


def test_an_offer_of_help_waits_for_the_coordinator_and_the_desk_hears_that_something_does() -> None:
    decision = decide.help_offer_crossed(None, help_offer(), context())
    assert isinstance(crossed(decision).what, HelpOffer)
    assert decision.events == ()
    assert due(decision) == {"crossing-forgotten": NOW + timedelta(days=14), "desk-news": NOW}


def test_calls_and_alerts_wait_too() -> None:
    call = LifeSafetyCallCrossedV1(crossing_id=CROSSING, callback_number="+15035550199")
    assert crossed(decide.life_safety_call_crossed(None, call, context())).kind == "life-safety-call"
    alert = AreaAlertCrossedV1(crossing_id=CROSSING, cell="district-1", hour=NOW, kind="shooting", retaliation="elevated")
    assert crossed(decide.area_alert_crossed(None, alert, context())).kind == "area-alert"


def test_the_same_crossing_twice_is_one() -> None:
    once = crossed(decide.help_offer_crossed(None, help_offer(), context()))
    assert decide.help_offer_crossed(once, help_offer(), context()) == Decision()


def test_who_acknowledged_is_noted_here_and_said_to_nobody() -> None:
    once = crossed(decide.help_offer_crossed(None, help_offer(), context()))
    decision = decide.acknowledged(once, Acknowledged("kim-example"), context())
    assert (decision.answer, decision.events, decision.due) == (DONE, (), ())
    assert (crossed(decision).acknowledged_by, crossed(decision).acknowledged_at) == ("kim-example", NOW)
    again = decide.acknowledged(crossed(decision), Acknowledged("lee-example"), context())
    assert (again.answer, isinstance(again.state, Crossing)) == (DONE, False)


def test_what_it_said_is_forgotten_after_two_weeks() -> None:
    once = crossed(decide.help_offer_crossed(None, help_offer(), context()))
    gone = crossed(decide.crossing_forgotten(once, None, context()))
    assert gone.what is None
    assert decide.acknowledged(gone, Acknowledged("kim-example"), context()).answer == UNKNOWN
    assert decide.help_offer_crossed(gone, help_offer(), context()) == Decision()


def test_the_desk_is_told_that_something_waits_and_nothing_of_what_it_is() -> None:
    desk = decide.desk_set(None, DeskSet(Locked("key", "card"), "en"), context())
    assert said(desk) == ["contact.upserted"]
    assert isinstance(desk.state, Desk)
    event = decide.desk_news(desk.state, None, context()).events[0]
    assert isinstance(event, NoticeRequestedV1)
    assert (event.template, event.case_id, event.page_link) == ("desk-new.v1", DESK_KEY, None)
    assert event.expires_at == NOW + timedelta(days=1)


def test_without_a_mailbox_the_desk_is_told_nothing() -> None:
    assert decide.desk_news(None, None, context()).events == ()


def test_news_goes_out_once_with_the_link_that_was_opened_for_it() -> None:
    decision = decide.news(choosing("a"), LINK, context())
    event = decision.events[0]
    assert isinstance(event, NoticeRequestedV1)
    assert (event.template, event.page_link, event.language) == ("participant-choose.v1", LINK.address, "so")
    assert (event.case_id, event.expires_at) == (REFERRAL, NOW + timedelta(days=3))
    assert decide.news(after(decision), LINK, context()).events == ()


def test_older_news_that_still_waits_is_taken_back() -> None:
    told = after(decide.news(choosing("a"), LINK, context()))
    newer = replace(told, news="participant-accepted.v1")
    assert said(decide.news(newer, LINK, context(cause="later"))) == ["notice.taken-back", "notice.requested"]


def test_who_cannot_be_written_to_is_not_told() -> None:
    assert choosing("a", referral=requested(mail=False)).news is None
    assert decide.news(accepted("a"), None, context()).events == ()


def test_what_became_of_the_last_message_is_noted_and_of_no_other() -> None:
    told = after(decide.news(choosing("a"), LINK, context()))
    assert told.notice_id is not None
    about: dict[str, Any] = {
        "request_id": REFERRAL,
        "template": "participant-choose.v1",
        "language": "so",
        "channel": "email",
        "attempt": 1,
    }
    sent = NoticeSentV1(notice_id=told.notice_id, sent_at=NOW, **about)
    assert list(by_referral(sent)) == [(REFERRAL, sent)]
    assert list(by_referral(sent.model_copy(update={"request_id": None}))) == []
    known = after(decide.notice_sent(told, sent, context()))
    assert (known.mailed, known.notice_id) == ("sent", None)
    failed = NoticeFailedV1(notice_id=told.notice_id, kind="permanent", reason="smtp-550", **about)
    assert after(decide.notice_not_sent(told, failed, context())).mailed == "not-sent"
    other = NoticeSentV1(notice_id=named("another"), sent_at=NOW, **about)
    assert decide.notice_sent(told, other, context()) == Decision()


def test_a_service_is_published_as_the_programme_names_it_and_again_when_somebody_stands_for_it() -> None:
    ctx = context(key=HELP)
    first = decide.service_seeded(None, Standing({}), ctx)
    event = first.events[0]
    assert isinstance(event, ServicePublishedV1)
    assert (event.code, event.takes_referrals, event.hours) == ("help", False, "24/7")
    then = decide.service_seeded(first.state, Standing({"help": "help-example"}), ctx)  # type: ignore[arg-type]
    event = then.events[0]
    assert isinstance(event, ServicePublishedV1) and event.takes_referrals
    assert decide.service_seeded(then.state, Standing({"help": "help-example"}), ctx) == Decision()  # type: ignore[arg-type]
    assert decide.service_seeded(None, Standing({}), context(key=named("nobody"))) == Decision()


def test_a_provider_registers_and_its_services_are_looked_at_again() -> None:
    decision = decide.provider_registered(None, REGISTERED, context())
    assert decision.answer == DONE
    assert [(row.kind, row.key, row.at) for row in decision.due] == [("service-seeded", HELP, NOW)]
    assert isinstance(decision.state, Provider)
    assert decision.state.provider_id == decide.provider_id("help-example", SECRET)


def test_nobody_stands_for_a_service_that_the_directory_does_not_have() -> None:
    unknown = replace(REGISTERED, services=("nowhere",))
    assert decide.provider_registered(None, unknown, context()).answer == UNKNOWN_SERVICE


def test_a_newer_key_replaces_the_older_and_services_left_behind_are_looked_at_too() -> None:
    known = provider("help-example", services=("bmit",), places=(("bmit", 0),), active=False)
    newer = replace(REGISTERED, key_id="help-example-2", public_key="bmV3")
    decision = decide.provider_registered(known, newer, context())
    state = replace(known, key_id="help-example-2", public_key="bmV3", services=("help",), active=True)
    assert decision.state == state
    assert len(decision.due) == 2


def test_a_provider_that_was_removed_is_there_no_more() -> None:
    decision = decide.provider_removed(provider("bmit"), ProviderRemoved(), context())
    assert isinstance(decision.state, Provider) and not decision.state.active
    assert decide.provider_removed(decision.state, ProviderRemoved(), context()).answer == UNKNOWN
    assert decide.trial_asked(decision.state, TrialAsked(), context()).answer == UNKNOWN
    assert decide.provider_removed(None, ProviderRemoved(), context()).answer == UNKNOWN


def test_a_trial_is_sent_and_its_answer_noted() -> None:
    decision = decide.trial_asked(provider("bmit"), TrialAsked(), context())
    event = decision.events[0]
    assert isinstance(event, To) and isinstance(event.event, TrialSentV1)
    fact = TrialReceivedV1(referral_id=event.event.referral_id)
    received = decide.trial_received(decision.state, fact, context(party="bmit"))
    assert isinstance(received.answer, ReferralOfferConfirmedV1)
    assert isinstance(received.state, Provider)
    assert (received.state.trial_sent_at, received.state.trial_received_at) == (NOW, NOW)
    again = decide.trial_asked(received.state, TrialAsked(), context(NOW + timedelta(days=1)))
    assert isinstance(again.state, Provider)
    assert (again.state.trial_sent_at, again.state.trial_received_at) == (NOW + timedelta(days=1), None)


def test_a_trial_that_never_was_is_answered_like_any_unknown_id() -> None:
    fact = TrialReceivedV1(referral_id=named("none"))
    for known in (None, provider("bmit")):
        assert isinstance(decide.trial_received(known, fact, context(party="bmit")).answer, ReferralOfferWithdrawnV1)


def test_places_are_the_provider_s_word_on_its_own_services_alone() -> None:
    fact = CapacityUpdatedV1(referral_id=named("fresh"), service="bmit", available=0)
    known = provider("bmit", services=("bmit", "help"), places=(("bmit", 3), ("help", 7)))
    decision = decide.capacity_updated(known, fact, context(party="bmit"))
    assert isinstance(decision.answer, ReferralOfferConfirmedV1)
    assert isinstance(decision.state, Provider) and decision.state.places == (("help", 7), ("bmit", 0))
    for stranger in (None, provider("other")):
        answer = decide.capacity_updated(stranger, fact, context(party="other")).answer
        assert isinstance(answer, ResponseRefusedV1) and answer.code == "not-your-service"


def test_behind_what_was_erased_goes_one_more_tombstone_of_a_key_that_never_was() -> None:
    event = decide.padding(provider("bmit"), None, context()).events[0]
    assert isinstance(event, ErasedFor)
    assert (event.party, event.key.version) == ("bmit", 4)
    assert decide.padding(None, None, context()).events == ()


def test_every_id_of_the_seeds_stands_in_the_migration() -> None:
    sql = (files("upstream_referral.outreach") / "migrations" / "0001_referral.sql").read_text()
    assert all(str(service_id) in sql for service_id in DIRECTORY)
