"""What a page shows, in whose language, and what a form asks for. Nothing of a person, nothing unescaped, no dead end."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import HTTPException
from support.intake_builders import (
    NOW,
    agreed,
    context,
    delivered,
    group,
    opened,
    session_cancelled,
    slot,
    state,
)

from upstream_intake.decide import agreements, closing, staff
from upstream_intake.decide.sessions import session_cancelled as cancelled
from upstream_intake.model import (
    AcceptsAgreement,
    GivesFeedback,
    Request,
    StaffAccepts,
    StaffAsks,
    StaffErases,
    Step,
    WantsSomethingElse,
)
from upstream_intake.rules.emergency import EmergencyHit
from upstream_intake.texts import WRITTEN
from upstream_intake.texts.agreement import CITY_DUTIES, FORMATS, GROUP_DUTIES
from upstream_intake.texts.moments import moment_text
from upstream_intake.texts.page_words import PAGE_WORDS
from upstream_intake.web.case_view import case_view
from upstream_intake.web.forms import Command, command
from upstream_intake.web.rendering import case_html, message_html, status_html
from upstream_intake.web.staff import decision, shown
from upstream_intake.web.status import tidied
from upstream_notifier import templates
from upstream_runtime.allowance import CONNECTIONS_MAX, Allowance
from upstream_runtime.links import Links
from upstream_runtime.vault import unlock

PATH = "/r/a-token"
LINKS = Links("https://intake.example.org", "a key of this test")
PLACES = re.compile(r"{[^}]*}")


def page(request: Request, reader: str = "en", path: str | None = PATH, problem: str | None = None) -> str:
    return case_html(case_view(request, reader), reader, path, problem)


def forms(html: str) -> list[str]:
    return re.findall(r'<form method="post" action="/r/a-token/(\w+)\?', html)


def asked() -> Request:
    return state(staff.staff_asked(opened(), StaffAsks("sample-lead", "Are <you> many?"), context(cause="asked")))


def confirmed() -> Request:
    request = agreed()
    words = (slot().starts_at.isoformat(), slot().venue_name)
    return replace(request, timeline=(*request.timeline, Step(NOW, "confirmed", words)))


# ---- words


@pytest.mark.parametrize("code", WRITTEN)
def test_every_language_has_every_word_with_the_same_places_in_it(code: str) -> None:
    english, other = PAGE_WORDS["en"], PAGE_WORDS[code]

    assert set(other) == set(english)
    for key, text in english.items():
        assert sorted(PLACES.findall(other[key])) == sorted(PLACES.findall(text)), key
        assert other[key].strip(), key


@pytest.mark.parametrize("table", [GROUP_DUTIES, CITY_DUTIES, FORMATS], ids=["group", "city", "formats"])
def test_every_duty_and_format_is_written_in_every_language(table: Any) -> None:
    for code, words in table.items():
        assert set(words) == set(WRITTEN), code


def test_every_duty_that_is_ever_proposed_has_a_text() -> None:
    assert set(agreements.GROUP_DUTIES) <= set(GROUP_DUTIES)
    assert {*agreements.CITY_DUTIES, "access-for-all"} <= set(CITY_DUTIES)


def test_dates_are_written_in_portlands_wall_time_and_the_readers_words() -> None:
    assert moment_text(slot().starts_at, "en") == "Tuesday, December 8, 2026, 6:00\u202fPM".replace("\u202f", " ")
    assert moment_text(slot().starts_at, "es-MX") == "martes, 8 de diciembre de 2026, 18:00"


# ---- the case


def test_a_page_shows_nothing_a_person_wrote() -> None:
    html = page(delivered(safety_interest="Zebra crossing at the school"))

    assert not [word for word in ("Hodan", "example.org", "Zebra", "yellow house", "Sample Tenants") if word in html]
    assert "UP-" in html


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (opened(), ["accept", "counter", "decline", "withdraw"]),
        (opened(group=group(size=4)), ["withdraw"]),
        (asked(), ["answer", "withdraw"]),
        (agreed(), ["withdraw"]),
        (delivered(), ["feedback"]),
        (state(closing.feedback_given(delivered(), GivesFeedback(3, None), context(cause="f"))), []),
        (state(closing.close_came(delivered(), None, context(cause="c"))), []),
    ],
    ids=["proposed", "waiting", "question", "agreed", "delivered", "thanked", "closed"],
)
def test_a_page_offers_exactly_what_can_be_done_now(request_: Request, expected: list[str]) -> None:
    assert forms(page(request_)) == expected


def test_whoever_only_has_the_reference_can_do_nothing_and_sees_no_agreement() -> None:
    html = page(opened(), path=None)

    assert "<form" not in html
    assert "Shared agreement" not in html
    assert PAGE_WORDS["en"]["step.received"] in html


@pytest.mark.parametrize("code", WRITTEN)
def test_every_state_can_be_read_in_every_language(code: str) -> None:
    for request in (opened(), asked(), agreed(), confirmed(), delivered(), opened(topics=None)):
        html = page(request, code)
        assert f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">' in html
        assert "{" not in re.sub(r"<style.*?</style>", "", html)


def test_the_form_of_an_agreement_carries_the_version_and_the_hash_that_are_shown() -> None:
    request = opened()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page(request)))

    assert request.agreement is not None
    assert fields == {"version": "1", "hash": request.agreement.terms.text_hash}


def test_another_language_helps_to_read_and_does_not_change_what_binds() -> None:
    view = case_view(opened(language="so"), "en").agreement

    assert view is not None
    assert (view.text_language, view.text.splitlines()[0]) == ("so", "Heshiis la wadaago, nooca 1")
    assert view.help is not None
    assert view.help.splitlines()[0] == "Shared agreement, version 1"
    own = case_view(opened(language="so"), "so").agreement
    assert own is not None
    assert own.help is None


def test_a_language_without_texts_is_shown_in_english() -> None:
    proposed = state(staff.staff_accepted(opened(language="vi"), StaffAccepts("sample-lead"), context(cause="a")))

    assert case_view(proposed, "vi").agreement is not None
    assert '<html lang="en" dir="ltr">' in page(proposed, "vi")
    assert "Tiếng Việt" in page(proposed, "vi")


def test_what_staff_asks_is_escaped() -> None:
    assert "Are &lt;you&gt; many?" in page(asked())


def test_a_date_is_shown_while_it_stands_and_no_longer() -> None:
    request = confirmed()
    moved = state(cancelled(request, session_cancelled("trainer", again=True), context(cause="moved")))

    assert "December 8, 2026" in case_view(request, "en").state
    assert case_view(moved, "en").state == PAGE_WORDS["en"]["state.agreed"]


def test_a_reason_to_wait_is_told_in_words_and_an_unknown_one_in_general_ones() -> None:
    request = agreed()
    known, unknown = (
        case_view(replace(request, timeline=(Step(NOW, "left-waiting", (reason,)),)), "en").timeline[0].what
        for reason in ("nobody-free", "eclipse")
    )

    assert PAGE_WORDS["en"]["waits.nobody-free"] in known
    assert PAGE_WORDS["en"]["waits.other"] in unknown


@pytest.mark.parametrize("code", WRITTEN)
def test_every_message_a_requester_may_get_has_a_plain_name_in_the_timeline(code: str) -> None:
    sent = [name for name in templates.FIELDS if name != "slot-offered-to-trainer.v1"]
    steps = tuple(Step(NOW, "message-sent", (name,)) for name in sent)
    shown = [line.what for line in case_view(replace(agreed(), timeline=steps), code).timeline]

    assert len(set(shown)) == len(sent)
    assert not [line for line in shown if ".v1" in line or PAGE_WORDS[code]["message.other"] in line]


@pytest.mark.parametrize("code", WRITTEN)
def test_every_reason_to_wait_that_a_group_is_written_stands_on_its_page_too(code: str) -> None:
    written = templates.texts()[code]["templates"]["left-waiting.v1"]["sentences"]

    assert set(written) <= {key.removeprefix("waits.") for key in PAGE_WORDS[code] if key.startswith("waits.")}


def test_a_closed_case_says_how_it_ended_and_what_changed() -> None:
    view = case_view(state(closing.close_came(delivered(), None, context(cause="c"))), "en")

    assert (view.outcome, view.changed) == (PAGE_WORDS["en"]["outcome.delivered"], PAGE_WORDS["en"]["changed.no-feedback"])


def test_an_erased_case_says_so_instead_of_what_we_keep() -> None:
    html = page(state(staff.staff_erased(opened(), StaffErases("sample-lead"), context(cause="e"))))

    assert PAGE_WORDS["en"]["keep.erased"] in html
    assert PAGE_WORDS["en"]["keep.contact"] not in html


def test_a_problem_is_announced_above_everything_else() -> None:
    assert '<p class="alert" role="alert">Read &lt;again&gt;</p>' in page(opened(), problem="Read <again>")


def test_no_page_needs_a_script_or_anything_from_elsewhere() -> None:
    for html in (page(opened()), status_html("en", "wrong"), message_html("ar", "title", "text", "/r/x")):
        assert not re.search(r"<script|https?://|\son\w+=|style=", html)
        assert '<meta name="viewport"' in html


# ---- forms


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("counter", {"words": "He has a gun"}),
        ("answer", {"words": "He has a gun"}),
        ("feedback", {"useful": "3", "words": "He has a gun"}),
    ],
)
def test_an_emergency_typed_into_any_form_is_never_kept(action: str, form: dict[str, str]) -> None:
    assert isinstance(command(action, form), EmergencyHit)


@pytest.mark.parametrize(
    ("action", "form", "problem"),
    [
        ("counter", {"words": "  "}, "required"),
        ("answer", {}, "required"),
        ("feedback", {"useful": "0"}, "required"),
        ("feedback", {"useful": "6"}, "required"),
        ("feedback", {"useful": "²"}, "required"),
        ("answer", {"words": "a" * 8001}, "too-long"),
        ("answer", {"words": "a\x00b"}, "problem.other"),
    ],
)
def test_a_form_that_cannot_be_taken_says_why(action: str, form: dict[str, str], problem: str) -> None:
    assert command(action, form) == problem
    assert problem in PAGE_WORDS["en"]


def test_words_are_locked_before_anything_decides() -> None:
    read = command("counter", {"version": "1", "words": "Something about bicycles"})

    assert isinstance(read, Command)
    assert isinstance(read.fact, WantsSomethingElse)
    assert "bicycles" not in str(read)
    assert unlock(b64decode(read.fact.words.key), read.fact.words.text) == "Something about bicycles"


def test_a_form_without_a_version_accepts_nothing() -> None:
    read = command("accept", {"hash": "0" * 64})

    assert isinstance(read, Command)
    assert read.fact == AcceptsAgreement(0, "0" * 64)
    assert agreements.agreement_accepted(opened(), read.fact, context()).answer == "agreement-changed"


def test_an_unknown_form_is_none_of_ours() -> None:
    assert command("approve", {}) is None


# ---- the reference and the staff door


@pytest.mark.parametrize("typed", ["UP-7K2M-Q9XD", "up 7k2m q9xd", "7K2MQ9XD", " UP-7K2M-Q9XD. "])
def test_a_reference_is_understood_as_people_type_it(typed: str) -> None:
    assert tidied(typed) == "UP-7K2M-Q9XD"


def test_letters_that_look_like_numbers_are_read_as_numbers() -> None:
    assert tidied("UP-O1IL-0000") == "UP-0111-0000"


@pytest.mark.parametrize("typed", ["", "UP-7K2M", "UP-7K2M-Q9XDA", "' OR 1=1", "x" * 5000])
def test_what_is_no_reference_is_looked_up_as_none(typed: str) -> None:
    assert tidied(typed) == ""


def test_one_connection_has_thirty_tries_a_minute_and_does_not_use_up_anothers() -> None:
    allowance = Allowance(30)
    taken = [allowance.take("a", NOW) for _ in range(31)]

    assert taken == [True] * 30 + [False]
    assert allowance.take("b", NOW)
    assert not allowance.take("a", NOW + timedelta(seconds=59))
    assert allowance.take("a", NOW + timedelta(seconds=60))


def test_an_allowance_remembers_a_bounded_number_of_connections() -> None:
    allowance = Allowance(1)
    assert allowance.take("first", NOW)
    for n in range(CONNECTIONS_MAX):
        allowance.take(str(n), NOW)

    assert allowance.take("first", NOW)


def test_staff_sees_what_was_written_and_the_link_to_hand_over() -> None:
    row = shown(opened(group=group(size=4)), LINKS)

    assert (row["status"], row["reasons"]) == ("waiting", ["group-smaller-than-five"])
    assert row["notes"][0]["text"]["safety_interest"] == "We want to feel safer on the way home"
    assert row["page_link"].startswith("https://intake.example.org/r/")


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("fly", b"{}", 404),
        ("reject", b'{"reviewer": "sample-lead"}', 422),
        ("reject", b'{"reviewer": "sample-lead", "reason": "  "}', 422),
        ("close", b'{"reviewer": "sample-lead", "outcome": "withdrawn", "what_changed_text": "x"}', 422),
        ("accept", b'{"reviewer": "sample-lead", "size": 4}', 422),
        ("erase", b"not json", 422),
        ("answer", b'{"question": "Who decided this?"}', 422),
    ],
)
def test_the_staff_door_takes_only_what_it_understands_from_somebody_with_a_name(
    action: str, body: bytes, status: int
) -> None:
    with pytest.raises(HTTPException) as refused:
        decision(action, body)

    assert refused.value.status_code == status
    assert "sample-lead" not in str(refused.value.detail)
