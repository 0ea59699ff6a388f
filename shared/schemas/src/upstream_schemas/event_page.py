"""`docs/events.html`: the AsyncAPI document as one plain page, with a section an event; made and never written by hand.

`python -m upstream_schemas.event_page --write` writes it, `--check` fails where it is out of date. Run from the root of the
repository. The page needs nothing else: no script, no picture, no other file.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from upstream_schemas.asyncapi import document
from upstream_schemas.event_fields import Field, fields_of
from upstream_schemas.generated_page import GeneratedPage
from upstream_schemas.topic import Topic
from upstream_schemas.topics import CATALOGUE

PAGE: Final = Path("docs/events.html")
_STYLE: Final = "event_page.css"
_HEADERS: Final = {
    "headers.ours": "on our own topics",
    "headers.discreet": "on discreet topics",
    "headers.outside": "of what outside parties write",
}
_UP: Final = '<p class="up"><a href="#top">↑ all events</a></p>\n'


def page(catalogue: Iterable[Topic] = CATALOGUE) -> str:
    """The whole page."""
    told = document(catalogue)
    people = _People(told)
    messages = told["components"]["messages"]
    sections = [_event(name, message, told, people) for name, message in messages.items()]
    return "".join(
        (
            _head(told),
            *_index(told, people),
            *_processes(people),
            *_headers(told["components"]["schemas"]),
            '<h2 id="events">Events</h2>\n',
            *sections,
            "</main>\n</body>\n</html>\n",
        )
    )


class _People:
    """Who writes and who reads each channel, and where each message stands; read from the document's operations."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.of: defaultdict[tuple[str, str], list[str]] = defaultdict(list)  # (channel, action) → processes
        self.does: defaultdict[tuple[str, str], list[str]] = defaultdict(list)  # (process, action) → topics
        self.places: defaultdict[str, list[str]] = defaultdict(list)  # message → channels
        for operation in told["operations"].values():
            channel = operation["channel"]["$ref"].removeprefix("#/channels/")
            self.of[channel, operation["action"]].append(operation["x-process"])
            self.does[operation["x-process"], operation["action"]].append(told["channels"][channel]["title"])
        for channel, content in told["channels"].items():
            for message in content["messages"]:
                self.places[message].append(channel)


def _head(told: Mapping[str, Any]) -> str:
    about = _prose(told["info"]["description"].replace("\n", " "))
    style = files(__package__).joinpath(_STYLE).read_text(encoding="utf-8")
    return f"""<!doctype html>
<!-- Made by python -m upstream_schemas.event_page; do not edit. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Events of Upstream</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#events">To the events</a>
<main id="top">
<h1>Events of Upstream {escape(told["info"]["version"])}</h1>
<p>{about}</p>
<p>The same for programs: <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI {told["asyncapi"]}). Topics with their
retention: <a href="topics.md">topics.md</a>. To send the first one: <a href="first-event.md">first-event.md</a>.</p>
<h2>Topics</h2>
"""


def _index(told: Mapping[str, Any], people: _People) -> Iterable[str]:
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for channel, content in told["channels"].items():
        links = "".join(f'<li><a href="#{name}"><code>{name}</code></a></li>' for name in content["messages"])
        discreet = " Discreet." if content["x-discreet"] else ""
        cells = [
            ("", f"{_prose(content['description'])}{discreet}"),
            ("written by", _codes(people.of[channel, "send"])),
            ("read by", _codes(people.of[channel, "receive"])),
            ("events", f"<ul>{links}</ul>"),
        ]
        zones[content["x-zone"]].append(_row(f"<code>{escape(content['title'])}</code>", cells))
    for zone, rows in zones.items():
        yield f"<h3>Zone {zone}</h3>\n{_table(('topic', 'what', 'written by', 'read by', 'events'), rows)}"


def _processes(people: _People) -> Iterable[str]:
    names = dict.fromkeys(process for process, _ in people.does)
    rows = [
        _row(
            f"<code>{escape(name)}</code>",
            [("writes", _codes(people.does[name, "send"])), ("reads", _codes(people.does[name, "receive"]))],
        )
        for name in names
    ]
    yield f"<h2>Processes and parties</h2>\n{_table(('who', 'writes', 'reads'), rows)}"


def _headers(schemas: Mapping[str, Any]) -> Iterable[str]:
    yield "<h2>Headers</h2>\n"
    for kind, title in _HEADERS.items():
        yield f'<h3 id="{kind}">Headers {title}</h3>\n<p>{_prose(schemas[kind]["description"])}</p>\n'
        yield _fields(fields_of(schemas[kind], schemas), holds=False)


def _event(name: str, message: Mapping[str, Any], told: Mapping[str, Any], people: _People) -> str:
    channels = people.places[name]
    kind = message["headers"]["allOf"][0]["$ref"].rpartition("/")[2]
    facts = (
        ("topic", _codes(told["channels"][channel]["title"] for channel in channels)),
        ("written by", _codes(process for channel in channels for process in people.of[channel, "send"])),
        ("read by", _codes(process for channel in channels for process in people.of[channel, "receive"]) or "nobody yet"),
        ("key", _prose(message["bindings"]["kafka"]["key"]["description"])),
        ("versions", _versions(name, told["components"]["messages"])),
        ("headers", f'<a href="#{kind}">{_HEADERS[kind]}</a>'),
    )
    listed = "".join(f"<dt>{term}</dt><dd>{told_of}</dd>\n" for term, told_of in facts)
    fields = _fields(fields_of(message["payload"], told["components"]["schemas"]), holds=True)
    example = message["examples"][0]
    return (
        f'<section aria-labelledby="{name}">\n<h3 id="{name}"><code>{name}</code></h3>\n<p>{_prose(message["summary"])}</p>\n'
        f"<dl>\n{listed}</dl>\n{fields}"
        f"<details><summary>Example</summary>\n{_pre(example['headers'])}{_pre(example['payload'])}</details>\n{_UP}</section>\n"
    )


def _versions(name: str, messages: Mapping[str, Any]) -> str:
    stem = name.rpartition(".")[0]
    found = [other for other in messages if other.rpartition(".")[0] == stem]
    return ", ".join(f'<a href="#{other}">{other.rpartition(".")[2]}</a>' for other in found)


def _fields(fields: Iterable[Field], *, holds: bool) -> str:
    rows = []
    for field in fields:
        data_class = f'<span class="{field.holds}">{field.holds}</span>' if field.holds else ""
        cells = [
            ("", f"{field.kind}{'' if field.needed else ', optional'}"),
            ("bounds", f"<code>{escape(field.bounds)}</code>" if field.bounds else ""),
            *([("holds", data_class)] if holds else []),
            ("", _prose(field.description)),
        ]
        shown = field.place if holds else field.place.removeprefix("/")
        rows.append(_row(f"<code>{escape(shown)}</code>", cells))
    return _table(("field", "kind", "bounds", *(["holds"] if holds else []), "description"), rows)


def _table(columns: Iterable[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody>\n</table>\n"


def _row(head: str, cells: Iterable[tuple[str, str]]) -> str:
    """A row whose cells carry their column's name, for screens too narrow for columns."""
    shown = "".join(f'<td data-label="{label}">{cell}</td>' if label else f"<td>{cell}</td>" for label, cell in cells)
    return f'<tr><th scope="row">{head}</th>{shown}</tr>\n'


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in dict.fromkeys(names))


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _pre(content: object) -> str:
    return f'<pre tabindex="0">{escape(json.dumps(content, indent=1, ensure_ascii=False), quote=False)}</pre>\n'


_GENERATED: Final = GeneratedPage("upstream_schemas.event_page", PAGE, page)
main: Final = _GENERATED.main


if __name__ == "__main__":
    sys.exit(main())
