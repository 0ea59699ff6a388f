"""The page of events: every event has its section, and the page needs nothing but itself."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from upstream_schemas.asyncapi import document
from upstream_schemas.event_fields import Field, fields_of
from upstream_schemas.event_page import main, page
from upstream_schemas.model import Event
from upstream_schemas.privacy import fields_within
from upstream_schemas.topics import events_of

PAGE = page()
DOCUMENT = document()
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Reader(HTMLParser):
    """What a browser would look at: elements, where they point, and whether each is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.names[tag] += 1
        self.ids += [value for value in [told.get("id")] if value]
        self.links += [value for name in ("href", "src") if (value := told.get(name))]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def whole(self) -> bool:
        return not self._open


@pytest.fixture(scope="module")
def read() -> Reader:
    reader = Reader()
    reader.feed(PAGE)
    reader.close()
    return reader


def section(name: str) -> str:
    found = re.search(f'<section aria-labelledby="{re.escape(name)}">.*?</section>', PAGE, re.DOTALL)
    assert found, name
    return found[0]


def test_the_page_is_well_formed_and_no_two_places_have_one_name(read: Reader) -> None:
    assert read.whole()
    assert max(Counter(read.ids).values()) == 1
    assert read.names["h1"] == 1


def test_the_page_needs_no_script_no_picture_and_no_other_place(read: Reader) -> None:
    assert not {"script", "img", "link", "iframe", "form"} & set(read.names)
    assert {link for link in read.links if not link.startswith("#")} == {"asyncapi.json", "topics.md", "first-event.md"}
    assert not re.search(r"https?://|@import|url\(", PAGE.partition("</style>")[0])


def test_every_link_within_the_page_leads_somewhere(read: Reader) -> None:
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)


@pytest.mark.parametrize("event", events_of(), ids=lambda event: event.TYPE)
def test_an_events_section_tells_every_field_who_writes_it_and_its_example(event: type[Event]) -> None:
    told = section(event.TYPE)
    fields = list(fields_of(DOCUMENT["components"]["messages"][event.TYPE]["payload"], DOCUMENT["components"]["schemas"]))
    assert {field.place.rpartition("/")[2] for field in fields} == {name for _, name in fields_within(event)}
    assert all(f"<code>{field.place}</code>" in told for field in fields)
    assert all(field.description for field in fields)
    assert "<dt>written by</dt><dd><code>" in told
    assert "<summary>Example</summary>" in told


def test_a_section_names_writer_reader_key_and_versions() -> None:
    told = section("city.submission.submitted.v1")
    assert "<dt>topic</dt><dd><code>city.submissions.&lt;source&gt;.v1</code></dd>" in told
    assert "<dt>written by</dt><dd><code>&lt;source&gt;</code></dd>" in told
    assert "<dt>read by</dt><dd><code>intake</code></dd>" in told
    assert "<dt>key</dt><dd><code>submission_id</code></dd>" in told
    assert '<dt>versions</dt><dd><a href="#city.submission.submitted.v1">v1</a></dd>' in told


def test_a_field_is_told_with_its_bounds_and_its_data_class() -> None:
    payload = DOCUMENT["components"]["messages"]["city.submission.submitted.v1"]["payload"]
    told = {field.place: field for field in fields_of(payload, DOCUMENT["components"]["schemas"])}
    assert told["/group/size"] == Field(
        "/group/size", True, "integer", "1 to 5000", "open", "How many people; fewer than five goes to a person"
    )
    assert told["/requester/email"].holds == "personal"
    assert told["/requester/email"].needed is False
    assert told["/topics"].bounds == "up to 3 entries"
    assert told["/topics/…/code"].kind == "text"
    assert told["/intent"].bounds == "one of training_request, question, unsure"
    assert told["/availability/earliest"].kind == "time"


def test_the_page_in_the_repository_is_up_to_date() -> None:
    assert main(["--check"]) == 0
