"""What the participant's page shows and what its form says. Nothing a person wrote, nothing unescaped, no dead end."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from upstream_referral.outreach.model import (
    NOBODY,
    Became,
    Chosen,
    Consent,
    Offer,
    Referral,
    Service,
    Stage,
)
from upstream_referral.outreach.texts import REVIEWED_LANGUAGES, WRITTEN
from upstream_referral.outreach.texts.page_words import PAGE_WORDS, known
from upstream_referral.outreach.web.choice_form import CHANGED, NONE_CHOSEN, ORDER, choice, filled
from upstream_referral.outreach.web.participant_view import choices, may_be_taken_back, page_view
from upstream_referral.outreach.web.rendering import (
    STYLE,
    confirm_html,
    message_html,
    participant_html,
)
from upstream_runtime.pages import still

PLACES = re.compile(r"{[^}]*}")
NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
HERE = "/p/a-secret"
OFFERED = ("ario", "help", "bmit")


# ---- words


@pytest.mark.parametrize("code", WRITTEN)
def test_every_language_has_every_word_with_the_same_places_in_it(code: str) -> None:
    english, other = PAGE_WORDS["en"], PAGE_WORDS[code]

    assert set(other) == set(english)
    for key, text in english.items():
        assert sorted(PLACES.findall(other[key])) == sorted(PLACES.findall(text)), key
        assert other[key].strip(), key


def test_only_english_is_called_reviewed() -> None:
    assert {"en"} == REVIEWED_LANGUAGES


@pytest.mark.parametrize(("code", "word"), [("en", "polic"), ("es", "polic"), ("so", "boolis"), ("ar", "شرط")])
def test_the_police_is_named_once_and_only_to_say_that_nothing_goes_there_and_none_is_needed(code: str, word: str) -> None:
    assert [key for key, text in PAGE_WORDS[code].items() if word in text.lower()] == ["keep.police"]


def test_a_code_without_words_of_its_own_is_said_in_general_ones() -> None:
    assert (known("offer", "asked"), known("offer", "eclipse")) == ("offer.asked", "offer.other")


# ---- the choice


def sent(*fields: tuple[str, str]) -> Chosen | str:
    return choice(filled(fields, OFFERED), OFFERED)


def test_whom_they_ticked_is_told_in_the_order_they_wrote() -> None:
    said = sent(("tell", "ario"), ("tell", "bmit"), ("order-ario", "2"), ("order-bmit", "1"), ("order-help", "7"))

    assert said == Chosen(("bmit", "ario"), ("needs", "language"))


def test_only_classes_that_were_ticked_are_told_beside_needs_and_language() -> None:
    said = sent(("tell", "help"), ("class", "words"), ("class", "name"), ("class", "everything"))

    assert said == Chosen(("help",), ("needs", "language", "name", "words"))


def test_one_recipient_needs_no_place() -> None:
    assert sent(("tell", "help"), ("order-help", "")) == Chosen(("help",), ("needs", "language"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ((), NONE_CHOSEN),
        ((("class", "name"),), NONE_CHOSEN),
        ((("tell", "eecrc"),), CHANGED),
        ((("tell", "ario"), ("tell", "' OR 1=1")), CHANGED),
        ((("tell", "ario"), ("tell", "help"), ("order-ario", "1"), ("order-help", "1")), ORDER),
        ((("tell", "ario"), ("tell", "help"), ("order-ario", "1")), ORDER),
        ((("tell", "ario"), ("tell", "help"), ("order-ario", "²"), ("order-help", "1")), ORDER),
        ((("tell", "ario"), ("tell", "help"), ("order-ario", "0"), ("order-help", "1")), ORDER),
        ((("tell", "ario"), ("tell", "help"), ("order-ario", "9" * 5000), ("order-help", "1")), ORDER),
    ],
)
def test_what_is_not_clear_is_asked_again_and_nobody_is_told(fields: tuple[tuple[str, str], ...], problem: str) -> None:
    assert sent(*fields) == problem
    assert problem in PAGE_WORDS["en"]


# ---- the participant's page


def service(code: str, **known: Any) -> Service:
    return Service(uuid4(), code, f"{code.upper()} Example", "Support", "They <help>.", ("youth-support",), "seed", **known)


DIRECTORY = {code: service(code) for code in OFFERED}


def referral(**changed: Any) -> Referral:
    begun = Referral(uuid4(), "0" * 64, "en", ("name", "contact"), NOBODY, None, NOW, NOW)
    return replace(begun, **changed)


def consent(code: str, became: Became | None = None, **changed: Any) -> Consent:
    offer = None if became is None else Offer(uuid4(), code, NOW, NOW + timedelta(days=2), became)
    classes = ("needs", "language", "contact")
    return replace(Consent(uuid4(), code, classes, NOW, NOW + timedelta(days=90), offer=offer), **changed)


def choosing() -> Referral:
    return referral(stage=Stage.CHOOSING, proposed=OFFERED)


def asking() -> Referral:
    told = (consent("ario", Became.DECLINED), consent("help", Became.ASKED), consent("bmit"))
    return referral(stage=Stage.ASKING, consents=told)


def accepted(**changed: Any) -> Referral:
    return referral(stage=Stage.ACCEPTED, consents=(consent("help", Became.ACCEPTED, **changed),))


def withdrawn() -> Referral:
    asked = Offer(uuid4(), "help", NOW, NOW + timedelta(days=2), over="withdrawn", erase_by=NOW + timedelta(days=7))
    told = (consent("help", ended="revoked", offer=asked), consent("bmit", ended="revoked"))
    return referral(stage=Stage.WITHDRAWN, consents=told, gave=())


def page(found: Referral, reader: str = "en", **more: Any) -> str:
    return participant_html(page_view(found, DIRECTORY, reader), reader, HERE, **more)


def told(found: Referral) -> list[tuple[str, str, str | None, bool]]:
    return [(one.code, one.became, one.note, one.can_take_back) for one in page_view(found, DIRECTORY, "en").told]


def state(found: Referral) -> str:
    return page_view(found, DIRECTORY, "en").state.key


EVERY_STATE = [
    (referral(), "looking"),
    (choosing(), "choose"),
    (replace(choosing(), consents=(consent("eecrc", Became.DECLINED),)), "choose-again"),
    (referral(stage=Stage.ASKING, consents=(consent("help"),)), "asking"),
    (asking(), "asked"),
    (accepted(), "accepted"),
    (accepted(classes=("needs", "language")), "accepted-no-address"),
    (referral(stage=Stage.ENGAGED, consents=(consent("help", Became.ENGAGED),)), "engaged"),
    (referral(stage=Stage.ENGAGED), "other"),
    (referral(stage=Stage.UNMET, outcome="no-service"), "unmet"),
    (referral(stage=Stage.UNMET, outcome="not-chosen"), "not-chosen"),
    (referral(stage=Stage.CLOSED, outcome="got-help"), "closed"),
    (withdrawn(), "withdrawn"),
]


@pytest.mark.parametrize(("found", "expected"), EVERY_STATE, ids=[name for _, name in EVERY_STATE])
def test_where_it_stands_is_said_in_words_of_its_own(found: Referral, expected: str) -> None:
    assert state(found) == f"state.{expected}"


@pytest.mark.parametrize("code", WRITTEN)
def test_every_page_can_be_read_in_every_language_with_nothing_left_open(code: str) -> None:
    pages = [
        *(page(found, code) for found, _ in EVERY_STATE),
        confirm_html(code, f"{HERE}/take-back", HERE, None),
        confirm_html(code, f"{HERE}/take-back/help", HERE, "HELP Example"),
        message_html(code, "not-found", "not-found-explain", HERE),
    ]
    for html in pages:
        assert f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">' in html
        assert "{" not in html


def test_every_word_for_what_became_of_a_recipient_is_there() -> None:
    assert {f"offer.{became}" for became in Became} <= set(PAGE_WORDS["en"])


def test_whoever_chooses_reads_who_they_are_and_ticks_whom_and_what() -> None:
    html = page(choosing())

    assert re.findall(r'name="tell" value="(\w+)"', html) == list(OFFERED)
    assert re.findall(r'type="number" id="order-\w+" name="(order-\w+)" min="1" max="9" value="(\d)"', html) == [
        ("order-ario", "1"),
        ("order-help", "2"),
        ("order-bmit", "3"),
    ]
    assert re.findall(r'name="class" value="(\w+)"', html) == ["name", "contact"], "only what they gave can be told"
    assert " checked" not in html, "consent is never ticked beforehand"
    assert "ARIO Example" in html


def test_nobody_is_offered_again_whom_they_chose_before() -> None:
    found = replace(choosing(), consents=(consent("help", Became.DECLINED),))

    assert choices(found) == ("ario", "bmit")


def test_a_form_that_comes_back_keeps_what_was_ticked() -> None:
    form = filled([("tell", "help"), ("tell", "ario"), ("order-help", "1"), ("order-ario", "1"), ("class", "name")], OFFERED)
    html = page(choosing(), problem=ORDER, form=form)

    assert re.findall(r'value="(\w+)" checked', html) == ["ario", "help", "name"]
    assert re.findall(r'name="order-\w+" min="1" max="9" value="(\d)"', html) == ["1", "1", "3"]
    assert PAGE_WORDS["en"][ORDER] in html


def test_the_table_says_what_was_told_to_whom_and_what_became_of_it() -> None:
    assert told(asking()) == [
        ("ario", "offer.declined", None, True),
        ("help", "offer.asked", None, True),
        ("bmit", "offer.chosen", None, True),
    ]
    html = page(asking())
    assert html.count("<time datetime=") == 2
    assert html.count(PAGE_WORDS["en"]["not-told"]) == 1


def test_whoever_was_asked_beside_the_one_who_said_yes_is_shown_as_asked_no_longer() -> None:
    beside = consent("ario", Became.WAITLISTED)
    assert beside.offer is not None
    over = replace(beside, offer=replace(beside.offer, over="withdrawn", erase_by=NOW))

    assert told(referral(stage=Stage.ACCEPTED, consents=(over,))) == [("ario", "offer.withdrawn", "note.erase-asked", True)]


def test_who_was_asked_to_erase_is_shown_and_that_they_say_they_did() -> None:
    (asked, never) = withdrawn().consents
    assert asked.offer is not None
    erased = replace(asked, offer=replace(asked.offer, erased_at=NOW))

    assert told(withdrawn()) == [("help", "offer.taken-back", None, False), ("bmit", "offer.not-needed", None, False)]
    assert told(replace(withdrawn(), consents=(erased, never)))[0] == ("help", "offer.erased", None, False)


def test_what_was_told_can_be_taken_back_even_after_the_matter_has_ended_and_only_once() -> None:
    ended = referral(stage=Stage.CLOSED, consents=(consent("help", Became.CLOSED),))

    assert may_be_taken_back(ended, "help")
    assert may_be_taken_back(ended)
    assert not may_be_taken_back(ended, "ario")
    assert not may_be_taken_back(withdrawn(), "help")
    assert not may_be_taken_back(withdrawn())
    assert "take-back" not in page(withdrawn())


def test_reading_a_page_can_change_nothing_and_taking_back_asks_first() -> None:
    assert re.findall(r'<form method="(\w+)" action="([^"?]+)', page(choosing())) == [("post", f"{HERE}/choose")]
    assert "<form" not in page(asking())
    assert f'href="{HERE}/take-back/help?lang=en"' in page(asking())
    asked = confirm_html("en", f"{HERE}/take-back/help", HERE, "HELP Example")
    assert re.findall(r'<form method="(\w+)" action="([^"?]+)', asked) == [("post", f"{HERE}/take-back/help")]


def test_whoever_may_not_be_contacted_is_told_whom_they_can_go_to() -> None:
    directory = {"help": service("help", phone="503-555-0142", url="https://example.org/help")}
    view = page_view(accepted(classes=("needs", "language")), directory, "en")

    assert view.reach is not None
    assert view.state.key == "state.accepted-no-contact"
    assert "503-555-0142" in participant_html(view, "en", HERE)
    assert page_view(accepted(), directory, "en").reach is None


def test_a_service_that_left_the_directory_breaks_no_page() -> None:
    view = page_view(replace(asking(), proposed=("gone",)), {}, "en")

    assert [one.name for one in view.told] == ["ario", "help", "bmit"]


def test_no_page_needs_a_script_or_anything_from_elsewhere() -> None:
    for html in (
        page(choosing()),
        page(asking()),
        confirm_html("ar", HERE, HERE, None),
        message_html("en", "busy-title", "busy"),
    ):
        assert not re.search(r"<script|(?:src|href)=.?https?://|\son\w+=|style=", html)
        assert '<meta name="viewport"' in html


def test_every_field_has_a_label_and_headings_never_skip_a_level() -> None:
    html = page(choosing())

    for field in re.findall(r'<input type="number" id="([^"]+)"', html):
        assert f'<label for="{field}">' in html
    assert len(re.findall(r"<label[^>]*><input type=\"checkbox\"", html)) == html.count('type="checkbox"')
    assert html.count("<fieldset") == html.count("<legend")
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# ---- hostile text


def test_nothing_of_the_directory_can_write_into_the_page() -> None:
    hostile = service("ario", phone='"><img src=x onerror=alert(1)>')
    hostile = replace(hostile, organization_name="<script>\u202e</script>", description="</p><script>", name="{{ 7 * 7 }}")
    for found in (choosing(), asking(), referral(stage=Stage.ASKING, consents=(consent("ario", Became.ASKED),))):
        html = participant_html(page_view(found, {"ario": hostile}, "en"), "en", HERE)
        assert not re.search("<script|<img|\u202e|49", html)
        assert "&lt;script&gt;" in html
    assert "<script" not in confirm_html("en", HERE, HERE, hostile.organization_name)


def test_an_address_that_nobody_has_cannot_write_into_the_page() -> None:
    html = message_html("en", "not-found", "not-found-explain", '/p/"><script>')

    assert "<script" not in html


def test_characters_that_turn_the_text_around_them_are_left_out_and_letters_stay() -> None:
    assert still("a\u202egpj.exe\u2069 \u2066b\u0000") == "agpj.exe b"
    assert still("Zoë علي 你好 👩‍👧") == "Zoë علي 你好 👩‍👧"


# ---- contrast


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out_in_both_schemes(scheme: int) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", STYLE.split(":root")[scheme + 1]))

    assert contrast(colours["text"], colours["ground"]) >= 7
    assert contrast(colours["text"], colours["soft"]) >= 7
    assert contrast(colours["on-act"], colours["act"]) >= 7
    for mark in ("edge", "focus", "alert"):
        assert contrast(colours[mark], colours["ground"]) >= 3
