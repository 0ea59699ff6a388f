"""Who gets an agreement at once, and who first speaks with a person. No rule ever says no."""

from datetime import timedelta
from typing import Any

import pytest
from support.intake_builders import NOW, context, document, group, names, requester, said, state, submitted

from upstream_intake.decide.submissions import submission_submitted
from upstream_schemas.city import SubmissionAcceptedV1
from upstream_schemas.intake import AgreementProposedV1, RequestReceivedV1, RequestTriagedV1

PERSONAL_SAFETY = {"code": "personal-safety", "catalogue_version": 1}


def triaged(**changes: Any) -> RequestTriagedV1:
    decision = submission_submitted(None, submitted(**changes), context())
    assert isinstance(decision.answer, SubmissionAcceptedV1)
    event: RequestTriagedV1 = said(decision, RequestTriagedV1)
    return event


def test_a_group_that_has_said_everything_gets_an_agreement_at_once() -> None:
    decision = submission_submitted(None, submitted(), context())

    assert names(decision) == ["RequestReceivedV1", "ContactUpsertedV1", "RequestTriagedV1", "AgreementProposedV1"]
    assert said(decision, RequestTriagedV1).outcome == "agreement"
    assert state(decision).status == "proposed"


def test_a_group_of_five_is_large_enough() -> None:
    assert triaged(group=group(size=5)).outcome == "agreement"


NEEDS_A_PERSON: list[tuple[str, dict[str, Any]]] = [
    ("group-smaller-than-five", {"group": group(size=4)}),
    ("no-group", {"group": None}),
    ("no-connection", {"group": group(connections=[])}),
    ("no-connection", {"group": group(connections=["vacation"])}),
    ("topic-in-own-words", {"topics": None, "topic_text": "Self-defence for grandmothers"}),
    ("topic-in-own-words", {"topic_text": "and something about dogs"}),
    ("unknown-topic", {"topics": [{"code": "juggling", "catalogue_version": 1}]}),
    ("unknown-topic", {"topics": [{"code": "personal-safety", "catalogue_version": 99}]}),
    ("unknown-topic", {"topics": [PERSONAL_SAFETY, {"code": "juggling", "catalogue_version": 1}]}),
    ("no-topic", {"topics": None}),
    ("format-not-offered", {"topics": [{"code": "cpted", "catalogue_version": 1}], "format": "in_person"}),
    ("no-availability", {"availability": None}),
    ("availability-over", {"availability": {**document()["availability"], "latest": "2026-11-23T18:00:00Z"}}),
    (
        "availability-over",
        {"availability": {**document()["availability"], "earliest": "2027-03-01T00:00:00Z", "latest": "2027-02-28T00:00:00Z"}},
    ),
    ("needs-in-own-words", {"access_needs_text": "One of us cannot climb stairs"}),
    ("needs-in-own-words", {"access_needs": ["other"]}),
    ("needs-in-own-words", {"access_needs": ["a-boat"]}),
    ("language-without-text", {"language": "vi"}),
    ("language-without-text", {"language": "xx"}),
    ("nobody-to-tell", {"requester": None, "anonymous": True}),
    ("nobody-to-tell", {"requester": requester(email=None)}),
    ("nobody-to-tell", {"requester": requester(consent_contact=False)}),
    (
        "nobody-to-tell",
        {"on_behalf_of": {"organisation": "Sample School", "agent_ref": "desk 4", "updates_to": "agent"}},
    ),
    ("question", {"intent": "question", "topics": None, "group": None, "safety_interest": "When do you open?"}),
    ("unsure", {"intent": "unsure", "topics": None, "group": None, "safety_interest": "We would like to be safer"}),
    ("late", {"submitted_at": "2026-10-20T00:00:00Z"}),
]


@pytest.mark.parametrize(("reason", "changes"), NEEDS_A_PERSON, ids=[f"{n}-{row[0]}" for n, row in enumerate(NEEDS_A_PERSON)])
def test_what_a_rule_cannot_settle_waits_for_a_person(reason: str, changes: dict[str, Any]) -> None:
    decision = submission_submitted(None, submitted(**changes), context())
    event, request = said(decision, RequestTriagedV1), state(decision)

    assert (event.outcome, event.reasons) == ("person", (reason,))
    assert request.status == "waiting"
    assert request.waiting is not None
    assert (request.waiting.since, request.waiting.reasons) == (NOW, (reason,))
    assert decision.due == ()


def test_a_group_of_four_goes_to_a_person_even_when_everything_else_is_there() -> None:
    assert triaged(group=group(size=4)).reasons == ("group-smaller-than-five",)


def test_every_reason_is_named_not_only_the_first() -> None:
    assert triaged(group=group(size=2, connections=[]), topics=None, availability=None).reasons == (
        "group-smaller-than-five",
        "no-connection",
        "no-topic",
        "no-availability",
    )


def test_a_question_is_not_measured_by_what_a_training_needs() -> None:
    assert triaged(intent="question", group=None, topics=None, availability=None).reasons == ("question",)


def test_an_unknown_channel_is_counted_and_stops_nobody() -> None:
    decision = submission_submitted(None, submitted(channel="pigeon"), context())

    assert said(decision, RequestTriagedV1).reasons == ("unknown-channel",)
    assert said(decision, RequestTriagedV1).outcome == "agreement"
    assert said(decision, RequestReceivedV1).channel == "other"


def test_no_more_reasons_are_given_than_the_contract_takes() -> None:
    event = triaged(
        channel="pigeon",
        submitted_at="2026-01-01T00:00:00Z",
        group=group(size=1, connections=[]),
        topics=[{"code": "cpted", "catalogue_version": 1}, {"code": "juggling", "catalogue_version": 1}],
        topic_text="juggling",
        format="in_person",
        availability={**document()["availability"], "latest": "2026-11-01T00:00:00Z"},
        access_needs=["other"],
        language="vi",
        requester=None,
        anonymous=True,
    )

    assert len(event.reasons) == 10
    assert event.outcome == "person"


def test_thirty_days_are_not_yet_very_old() -> None:
    just_young = (NOW - timedelta(days=30)).isoformat()
    just_old = (NOW - timedelta(days=30, seconds=1)).isoformat()

    assert triaged(submitted_at=just_young).outcome == "agreement"
    assert triaged(submitted_at=just_old).reasons == ("late",)


def test_a_very_old_submission_is_accepted_and_makes_no_automatic_message() -> None:
    decision = submission_submitted(None, submitted(submitted_at="2026-01-01T00:00:00Z"), context())
    received = said(decision, RequestReceivedV1)

    assert (received.late, received.contact_id) == (True, None)
    assert "AgreementProposedV1" not in names(decision)


def test_the_first_topic_a_group_names_is_the_one_proposed() -> None:
    decision = submission_submitted(
        None, submitted(topics=[{"code": "block-party", "catalogue_version": 1}, PERSONAL_SAFETY]), context()
    )

    assert said(decision, AgreementProposedV1).terms.topic == "block-party"


def test_a_topic_given_only_online_is_agreed_online() -> None:
    decision = submission_submitted(None, submitted(topics=[{"code": "cpted", "catalogue_version": 1}]), context())

    assert said(decision, AgreementProposedV1).terms.format == "virtual"
