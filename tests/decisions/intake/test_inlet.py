"""The door for city systems: what is locked before anything decides, and the verdict on what was never decided."""

import json
from base64 import b64decode
from typing import Any

import pytest
from support.intake_builders import SECRET, SUBMISSION, amended, context, opened, submitted, withdrawn

from upstream_intake import inlet
from upstream_intake.decide.submissions import submission_submitted
from upstream_intake.model import Locked, Person
from upstream_intake.rules.emergency import emergency_in_record
from upstream_runtime import vault
from upstream_runtime.wiring import Asked, Refusal
from upstream_schemas.city import (
    SubmissionAcceptedV1,
    SubmissionDuplicateV1,
    SubmissionQuarantinedV1,
    SubmissionRedirectedV1,
    SubmissionRejectedV1,
)
from upstream_schemas.codec import encode
from upstream_schemas.intake import RequestRedirectedV1

ASKED = Asked("pdx311", SUBMISSION, "event-1", 0, 17)
NAMELESS = Asked("pdx311", None, None, 0, 18)
PERSONAL = ("Hodan", "hodan@example.org", "15035550142", "Sample Tenants", "yellow house", "Three buildings", "way home")


def opened_text(locked: Locked) -> Any:
    return json.loads(vault.unlock(b64decode(locked.key), locked.text))


def contact(person: Person) -> Any:
    assert person.contact is not None
    return opened_text(person.contact)


def refused(verdict: str, code: str, asked: Asked = ASKED, **more: Any) -> Any:
    (answer,) = inlet.refuse(Refusal(verdict, code, **more), asked, context())
    return answer


def emergency(raw: str) -> tuple[SubmissionRedirectedV1, RequestRedirectedV1]:
    hit = emergency_in_record(raw.encode())
    assert hit is not None
    answer, counted = inlet.refuse(Refusal("emergency", "emergency", hit=hit), ASKED, context())
    assert isinstance(answer, SubmissionRedirectedV1)
    assert isinstance(counted, RequestRedirectedV1)
    return answer, counted


def test_nothing_a_person_wrote_stands_in_plain_in_state_or_events() -> None:
    decision = submission_submitted(None, submitted(), context())
    everything = repr(decision.state) + "".join(repr(event) for event in decision.events)

    assert [word for word in PERSONAL if word in everything] == []
    assert "Cully" in everything


def test_the_contact_opens_with_its_key_to_what_a_message_needs() -> None:
    assert contact(submitted().person) == {
        "name": "Hodan Sample",
        "email": "hodan@example.org",
        "phone": "+15035550142",
        "preferred_contact": "email",
        "consent_contact": True,
    }


def test_what_the_person_wrote_is_kept_for_staff_under_another_key_than_the_contact() -> None:
    person = submitted().person
    (note,) = person.notes

    assert opened_text(note.locked)["safety_interest"] == "We want to feel safer on the way home"
    assert opened_text(note.locked)["group_name"] == "Sample Tenants"
    assert person.contact is not None
    assert note.locked.key != person.contact.key
    with pytest.raises(vault.CannotOpenError):
        vault.unlock(b64decode(person.contact.key), note.locked.text)


def test_two_people_never_share_a_key_and_an_amendment_brings_a_new_one() -> None:
    keys = [fact.person.contact.key for fact in (submitted(), submitted(), amended()) if fact.person.contact]

    assert len(set(keys)) == 3


def test_where_nobody_wrote_anything_nothing_is_kept() -> None:
    fact = submitted(
        requester=None, anonymous=True, safety_interest=None, group={"size": 9, "connections": ["play"]}, place=None
    )

    assert fact.person == Person()


def test_a_key_never_shows_when_a_state_is_printed() -> None:
    request = opened()

    assert request.person.contact is not None
    assert request.person.contact.key not in repr(request)


def test_every_record_of_one_submission_concerns_one_request_and_two_sources_never_share_one() -> None:
    facts = (submitted().event, amended().event, withdrawn())
    here = {inlet.key(event, context().cause, SECRET) for event in facts}
    there = {inlet.key(event, context(party="parks").cause, SECRET) for event in facts}

    assert (len(here), len(there), here & there) == (1, 1, set())


# ---- emergencies


def test_a_gun_is_answered_with_911_at_once() -> None:
    answer, counted = emergency('{"safety_interest": "He has a gun"}')

    assert (answer.verdict, answer.reason_code) == ("redirected", "emergency")
    assert answer.redirect is not None
    assert (answer.redirect.phone, answer.redirect.open_now) == ("911", True)
    assert "911" in answer.redirect.wording
    assert (counted.emergency, counted.office, counted.source) == (True, answer.redirect.office, "pdx311")
    assert counted.rule == answer.rule


def test_an_emergency_in_spanish_is_answered_in_spanish() -> None:
    answer, _ = emergency('{"safety_interest": "Tiene una pistola"}')

    assert answer.redirect is not None
    assert answer.redirect.wording.startswith("Si alguien está en peligro")


def test_somebody_who_may_harm_themselves_is_told_of_988() -> None:
    answer, counted = emergency('{"safety_interest": "I want to kill myself"}')

    assert answer.redirect is not None
    assert (answer.redirect.phone, counted.office) == ("988", "crisis-988")


def test_no_word_of_an_emergency_stands_in_what_is_said_about_it() -> None:
    answer, counted = emergency('{"safety_interest": "He has a gun at Sampleton School"}')

    assert "Sampleton" not in answer.model_dump_json() + counted.model_dump_json()
    assert answer.reference is None


# ---- refusals


@pytest.mark.parametrize(
    "code",
    [
        "empty-value", "malformed-json", "duplicate-key", "forbidden-character", "not-a-number", "too-deep", "oversize",
        "unknown-type", "unsupported-version", "not-cloudevents", "missing-header", "null-header", "duplicate-header",
        "too-many-headers", "header-not-text", "bad-id", "bad-time", "key-mismatch", "source-mismatch", "id-reuse",
    ],
)  # fmt: skip
def test_what_a_person_must_look_at_is_quarantined_with_its_code(code: str) -> None:
    answer = refused("quarantined", code)

    assert isinstance(answer, SubmissionQuarantinedV1)
    assert (answer.verdict, answer.reason_code, answer.source_event_id) == ("quarantined", code, "event-1")


@pytest.mark.parametrize("code", ["schema-violation", "time-in-future"])
def test_what_the_sender_can_mend_is_rejected_with_every_problem(code: str) -> None:
    answer = refused("rejected", code, problems=(("/group/size", "int-type"),))

    assert isinstance(answer, SubmissionRejectedV1)
    assert [(problem.pointer, problem.code) for problem in answer.problems] == [("/group/size", "int-type")]


def test_more_than_twenty_problems_are_cut_to_twenty() -> None:
    answer = refused("rejected", "schema-violation", problems=tuple((f"/{n}", "int-type") for n in range(30)))

    assert len(answer.problems) == 20


def test_a_record_without_a_key_is_named_by_where_it_lies() -> None:
    nameless, named = refused("quarantined", "key-mismatch", NAMELESS), refused("quarantined", "key-mismatch")

    assert (nameless.submission_id, nameless.source_event_id, nameless.partition, nameless.offset) == (None, None, 0, 18)
    assert (named.partition, named.offset) == (None, None)


def test_a_duplicate_is_answered_with_what_was_answered_first() -> None:
    first = submission_submitted(None, submitted(), context()).answer
    assert isinstance(first, SubmissionAcceptedV1)

    answer = refused("duplicate", "duplicate", first=encode(first))

    assert isinstance(answer, SubmissionDuplicateV1)
    assert (answer.first_verdict, answer.reference, answer.rule) == ("accepted", first.reference, "triage.v1")


def test_a_duplicate_of_an_emergency_is_answered_with_911_again() -> None:
    first, _ = emergency('{"safety_interest": "He has a gun"}')

    answer = refused("duplicate", "duplicate", first=encode(first))

    assert (answer.first_verdict, answer.reason_code, answer.redirect) == ("redirected", "emergency", first.redirect)


def test_a_duplicate_of_a_rejection_repeats_why() -> None:
    first = submission_submitted(opened(), submitted(), context()).answer
    assert isinstance(first, SubmissionRejectedV1)

    answer = refused("duplicate", "duplicate", first=encode(first))

    assert (answer.first_verdict, answer.reason_code, answer.reference) == ("rejected", "already-submitted", first.reference)
