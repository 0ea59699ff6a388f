"""The outreach lane: it tells what the outreach side asks for, and whoever sees the screen learns nothing from it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from jinja2 import Environment, meta
from support.notifier_builders import NOW, context, received, state, types

from upstream_notifier import decide, templates
from upstream_notifier.app import LANES
from upstream_notifier.languages import LANGUAGES
from upstream_notifier.model import NoticeCancelled, NoticeWanted, Stage
from upstream_notifier.outreach_rules import steps
from upstream_notifier.writing import Letter, Writer
from upstream_schemas.notifier import NoticeAcceptedV1
from upstream_schemas.outreach import NoticeRequestedV1, NoticeTakenBackV1

LINK = "https://upstream.example.org/p/a&b"
NOTICE = UUID("0190c7a2-6666-7c11-9d0e-0c8a5f1e2b77")
CASE = UUID("0190c7a2-7777-7c11-9d0e-0c8a5f1e2b77")
CONTACT = UUID("0190c7a2-8888-7c11-9d0e-0c8a5f1e2b77")
TEXTS = templates.texts(templates.OUTREACH)
WRITER = Writer(templates.OUTREACH)
NAMES = tuple(templates.OUTREACH_FIELDS)
PARTICIPANTS = tuple(name for name in NAMES if name.startswith("participant-"))
TELLING = {
    "en": ("violen", "police", "crime", "victim", "safety", "prison", "youth", "referral", "counsel", "help", "support"),
    "es": ("violen", "polic", "crimen", "víctima", "segur", "prisión", "juvent", "joven", "derivac", "ayud", "apoy"),
    "so": ("rabsh", "boolis", "dembi", "badbaad", "ammaan", "xabsi", "dhallin", "caawi", "taageer"),
    "ar": ("عنف", "شرطة", "جريمة", "ضحي", "سلامة", "أمان", "سجن", "شباب", "إحالة", "مساعد", "دعم"),
}
each_language = pytest.mark.parametrize("language", LANGUAGES)


def asked(template: str = "participant-choose.v1", **fields: Any) -> NoticeRequestedV1:
    given = {"language": "so", "page_link": "sealed link", "expires_at": NOW + timedelta(days=3), **fields}
    return NoticeRequestedV1(notice_id=NOTICE, case_id=CASE, contact_id=CONTACT, template=template, **given)


def wish(template: str = "participant-choose.v1", **fields: Any) -> NoticeWanted:
    ((_, fact),) = steps(asked(template, **fields))
    assert isinstance(fact, NoticeWanted)
    return fact


def letter(template: str, language: str, link: str | None = LINK) -> Letter:
    return WRITER.write(wish(template, language=language), link)


def telling(text: str, language: str) -> list[str]:
    return [word for word in TELLING[language] if word in text.lower()]


def variables(source: str) -> set[str]:
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(source))


# ---- who is told what


def test_what_the_outreach_side_asks_for_is_wanted_as_it_says() -> None:
    ((key, fact),) = steps(asked())

    assert key == NOTICE
    assert isinstance(fact, NoticeWanted)
    assert (fact.notice_id, fact.contact_id, fact.template) == (NOTICE, CONTACT, "participant-choose.v1")
    assert (fact.language, fact.expires_at, fact.says.link) == ("so", NOW + timedelta(days=3), "sealed link")


def test_what_it_takes_back_is_not_sent() -> None:
    ((key, fact),) = steps(NoticeTakenBackV1(notice_id=NOTICE))
    accepted = state(decide.notice_wanted(None, wish(), context()))
    cancelled = decide.notice_cancelled(accepted, NoticeCancelled(), context())

    assert (key, fact) == (NOTICE, NoticeCancelled())
    assert (state(cancelled).stage, types(cancelled)) == (Stage.SUPPRESSED, ["suppressed"])


def test_what_became_of_a_notice_is_told_of_the_case_it_is_about() -> None:
    (accepted,) = decide.notice_wanted(None, wish(), context()).events

    assert isinstance(accepted, NoticeAcceptedV1)
    assert (accepted.request_id, accepted.notice_id, accepted.contact_id) == (CASE, NOTICE, CONTACT)


def test_an_event_of_the_public_side_asks_this_lane_for_nothing() -> None:
    assert list(steps(received())) == []


def test_no_two_lanes_have_a_topic_or_a_text_in_common() -> None:
    public, outreach = LANES["notifier-public"], LANES["notifier-outreach"]

    assert not {route.topic.name for route in public.routes} & {route.topic.name for route in outreach.routes}
    assert not set(public.texts.fields) & set(outreach.texts.fields)
    assert not WRITER.knows("request-received.v1")
    assert not Writer().knows("participant-choose.v1")


# ---- what they read


@each_language
def test_every_message_is_written_in_every_language_and_prints_what_it_declares(language: str) -> None:
    written = TEXTS[language]["templates"]

    assert set(written) == set(NAMES)
    for name, text in written.items():
        assert variables(text["body"]) == set(templates.OUTREACH_FIELDS[name]), name


def test_only_the_english_texts_claim_to_have_been_reviewed() -> None:
    assert {language for language in LANGUAGES if TEXTS[language]["reviewed"]} == {"en"}


@each_language
def test_what_a_locked_screen_shows_is_the_same_whatever_happened(language: str) -> None:
    subjects = {letter(name, language).subject for name in PARTICIPANTS}

    assert len(subjects) == 1
    assert not [name for name in NAMES if variables(TEXTS[language]["templates"][name]["subject"])]


@each_language
def test_no_message_says_what_kind_of_help_it_is_about_or_names_the_police(language: str) -> None:
    for name in NAMES:
        found = letter(name, language)
        assert telling(f"{found.subject}\n{found.text}\n{found.html}", language) == [], name


@each_language
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_whole_with_the_own_page_and_without(language: str, name: str) -> None:
    with_link, without = letter(name, language), letter(name, language, None)

    assert (LINK in with_link.text) == ("link" in templates.OUTREACH_FIELDS[name])
    for found in (with_link, without):
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in found.html
        assert not [sign for sign in ("{", "None", "UP-", " .") if sign in found.text]
    assert without.text.split("\n\n")[1].endswith(".")


def test_a_letter_word_for_word() -> None:
    assert letter("participant-accepted.v1", "en").text == (
        "Hello,\n\n"
        "Someone you asked to hear from will get in touch with you. Who it is, and what they were told, stands on your own "
        f"page:\n{LINK}\n\n"
        "You can take it back there at any time.\n\n"
        "City of Portland\n"
        "You get this message because somebody gave this address to hear from us. If that was not you, you need not do "
        "anything. In an emergency, call 911.\n"
    )


@each_language
def test_the_words_that_would_tell_are_found_where_they_stand(language: str) -> None:
    """The public lane's letters say what the programme is called."""
    public = Writer().write(wish("request-received.v1", language=language), LINK)

    assert telling(public.text, language)
