"""What the pages for help show, in which words, and that they can be used without a mouse, a script or eyes."""

import re
from dataclasses import replace
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from support.intake_builders import context, opened

from upstream_intake.decide.services import service_published, service_removed
from upstream_intake.model import Service
from upstream_intake.texts import WRITTEN
from upstream_intake.texts.page_words import PAGE_WORDS
from upstream_intake.web.case_view import case_view
from upstream_intake.web.help_form import Problem, Typed
from upstream_intake.web.help_rendering import help_html, sent_html, services_html
from upstream_intake.web.rendering import case_html, message_html, status_html
from upstream_intake.web.services_view import services_view
from upstream_schemas.catalogues import needs
from upstream_schemas.outreach import ServicePublishedV1

WORDS = PAGE_WORDS["en"]
LINK = f"https://outreach.example.org/p/{'s' * 43}"
PUBLISHED = ServicePublishedV1(
    service_id=UUID("01a1fe48-9300-7ddd-8646-2dd24b8e60eb"),
    code="insight-alliance",
    organization_name="Insight Alliance",
    name="Understanding the mind",
    description="Works in prisons and in the community.",
    needs=("someone-to-talk-to", "prison-and-reentry"),
    status="active",
    takes_referrals=True,
    source="portland.gov, Spring 2022",
)
SOMETHING_WRONG = (Problem(None, "busy"), Problem("needs", "nothing"), Problem("email", "email"))
each_language = pytest.mark.parametrize("reader", WRITTEN)


def service(**changed: Any) -> Service:
    kept = service_published(None, PUBLISHED, context()).state
    assert isinstance(kept, Service)
    return replace(kept, **changed)


def pages(reader: str) -> list[str]:
    return [
        help_html(reader, Typed(reader), "slip"),
        help_html(reader, Typed(reader, words="<b>words</b>"), "slip", SOMETHING_WRONG),
        sent_html(reader, LINK),
        services_html(reader, services_view([service()], PAGE_WORDS[reader])),
        services_html(reader, ()),
    ]


# ---- the form


@each_language
def test_every_page_for_help_can_be_read_in_every_language(reader: str) -> None:
    for html in pages(reader):
        assert f'<html lang="{reader}" dir="{"rtl" if reader == "ar" else "ltr"}">' in html
        assert "{" not in html and "None" not in html
        assert not re.search(r'<script|\son\w+=|style="|src=', html)


@each_language
def test_every_need_can_be_ticked_in_plain_words(reader: str) -> None:
    html = help_html(reader, Typed(reader), "slip")

    assert re.findall(r'name="needs" value="([\w-]+)"', html) == list(needs.NEEDS)
    assert not [code for code in needs.NEEDS if PAGE_WORDS[reader][f"need.{code}"] not in unescape(html)]


@each_language
def test_before_anybody_writes_they_are_told_what_happens_with_it(reader: str) -> None:
    html, table = help_html(reader, Typed(reader), "slip"), PAGE_WORDS[reader]
    before = unescape(html.partition("<form")[0])

    assert not [what for what in ("sealed", "open", "choose", "police", "back") if table[f"help.what-{what}"] not in before]
    assert "911" in before and "988" in before


def test_the_first_link_after_the_languages_only_looks() -> None:
    html = help_html("so", Typed("so"), "slip")

    assert re.findall(r'<a href="([^"]+)"', html.partition("<main>")[2])[0] == "/help/services?lang=so"


def test_every_field_has_a_label_and_nothing_is_sent_to_anybody_elses_memory() -> None:
    html = help_html("en", Typed("en"), "slip")
    fields = re.findall(r"<(?:input|textarea|select)[^>]* id=\"(\w+)\"", html)

    assert fields == ["language", "name", "email", "phone", "words"]
    assert not [field for field in fields if f'<label for="{field}">' not in html]
    assert html.count('autocomplete="off"') == 4


def test_a_correction_is_announced_and_leads_to_its_field() -> None:
    html = help_html("en", Typed("en", name="Hodan <Example>"), "slip", SOMETHING_WRONG)

    assert '<div class="alert" role="alert">' in html
    assert 'href="#email"' in html and 'id="email-wrong"' in html
    assert 'aria-describedby="contact-hint email-wrong" aria-invalid="true"' in html
    assert 'aria-describedby="needs-hint needs-wrong" aria-invalid="true"' in html
    assert 'value="Hodan &lt;Example&gt;"' in html


def test_whoever_sent_it_sees_their_own_link_and_what_it_means_to_have_it() -> None:
    html = sent_html("en", LINK)

    assert f'<a href="{LINK}"' in html
    assert WORDS["help.page-warning"] in html and WORDS["help.change"] in html


def test_the_ways_in_that_exist_lead_to_the_page_for_help_and_an_emergency_leads_back_to_it() -> None:
    case = case_html(case_view(opened(), "so"), "so", "/r/a-token")
    assert 'href="/help?lang=so"' in case and 'href="/help?lang=es"' in status_html("es")
    assert WORDS["help.back"] in message_html("en", "title", "text", "/help?lang=en", WORDS["help.back"])


# ---- who could help


def test_services_stand_in_the_order_of_their_names_and_not_of_merit() -> None:
    names = ["émigré centre", "Beta", "alpha"]
    shown = services_view([service(organization=name) for name in names], WORDS)

    assert [one.organization for one in shown] == ["alpha", "Beta", "émigré centre"]


@pytest.mark.parametrize(
    ("status", "shown"), [("active", True), ("temporarily closed", True), ("inactive", False), ("defunct", False)]
)
def test_only_what_exists_is_shown(status: str, shown: bool) -> None:
    assert bool(services_view([service(status=status)], WORDS)) is shown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "services.through"),
        ({"takes_referrals": False}, "services.themselves"),
        ({"status": "temporarily closed"}, "services.closed"),
    ],
)
def test_it_says_how_each_can_be_reached(changed: dict[str, Any], said: str) -> None:
    html = services_html("en", services_view([service(**changed)], WORDS))
    ways = [way for way in ("services.through", "services.themselves", "services.closed") if WORDS[way] in html]

    assert ways == [said]


def test_an_address_that_a_browser_must_not_follow_is_no_link() -> None:
    (shown,) = services_view([service(url="javascript:alert(1)", phone="<call us>")], WORDS)
    assert (shown.web, shown.call) == (None, None)


def test_a_need_without_words_of_its_own_is_something_else() -> None:
    (shown,) = services_view([service(needs=("brand-new",))], WORDS)
    assert shown.helps_with == (WORDS["need.other"],)


def test_what_is_not_known_is_left_out() -> None:
    html = services_html("en", services_view([service()], WORDS))
    assert not [word for word in ("who", "hours", "phone", "web") if f"<dt>{WORDS[f'services.{word}']}</dt>" in html]


def test_what_was_taken_off_the_directory_is_gone() -> None:
    assert service_removed(service(), None, context()).state is None
