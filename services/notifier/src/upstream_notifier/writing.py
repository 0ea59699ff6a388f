"""Turns a notice into a letter: subject, plain text and HTML, in the recipient's language.

Templates are compiled once and run in a sandbox; a value that a template does not declare is not there for it. Must not
send, and must not know who the recipient is: no letter carries a name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from upstream_notifier import templates
from upstream_notifier.languages import FALLBACK, language_for
from upstream_notifier.model import NoticeWanted, Particulars
from upstream_schemas.catalogues import training_topics
from upstream_schemas.scheduler import Slot

ZONE: Final = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, apart from whom to. `calendar_title` names the entry in the recipient's calendar."""

    language: str
    subject: str
    text: str
    html: str
    calendar_title: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    subject: Template
    plain: Sequence[Template]
    html: Sequence[Template]
    sentences: Mapping[str, str]
    frame: Mapping[str, str]
    direction: str
    language: str


class Writer:
    """Writes the letters of one lane. Everything is compiled when it is made."""

    def __init__(self, texts: templates.Texts = templates.PUBLIC) -> None:
        self._texts = texts
        self._plain = _environment(autoescape=False)
        self._escaped = _environment(autoescape=True)
        self._layout = self._escaped.from_string(templates.layout())
        self._compiled = {
            (language, name): self._compile(found, text)
            for language, found in templates.texts(texts).items()
            for name, text in found["templates"].items()
        }

    def knows(self, template: str) -> bool:
        """Whether this lane has a text of that name."""
        return template in self._texts.fields

    def write(self, wanted: NoticeWanted, link: str | None) -> Letter:
        """The letter for a notice; `link` is the recipient's own page, opened. The same notice gives the same letter."""
        chosen = self._choose(language_for(wanted.language), wanted.template)
        values = _values(wanted.says, link, chosen)
        declared = {name: values[name] for name in self._texts.fields[wanted.template]}
        subject = chosen.subject.render({name: values[name] for name in self._texts.subject_fields})
        frame = chosen.frame
        plain = [frame["hello"], *_rendered(chosen.plain, declared), f"{frame['sign_off']}\n{frame['footer']}"]
        marked = {name: _marked(name, value) for name, value in declared.items()}
        html = self._layout.render(
            language=chosen.language,
            direction=chosen.direction,
            subject=subject,
            paragraphs=[frame["hello"], *map(Markup, _rendered(chosen.html, marked))],
            sign_off=frame["sign_off"],
            footer=frame["footer"],
        )
        return Letter(chosen.language, subject, "\n\n".join(plain) + "\n", html, frame.get("calendar", ""))

    def _choose(self, language: str, template: str) -> _Compiled:
        found = self._compiled.get((language, template))
        return self._compiled[FALLBACK, template] if found is None else found

    def _compile(self, found: Mapping[str, Any], text: Mapping[str, Any]) -> _Compiled:
        paragraphs = text["body"].strip().split("\n\n")
        return _Compiled(
            subject=self._plain.from_string(text["subject"]),
            plain=[self._plain.from_string(paragraph) for paragraph in paragraphs],
            html=[self._escaped.from_string(paragraph) for paragraph in paragraphs],
            sentences=text.get("sentences", {}),
            frame=found["frame"],
            direction=found["direction"],
            language=found["language"],
        )


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=autoescape, undefined=StrictUndefined)


def _rendered(paragraphs: Sequence[Template], values: Mapping[str, object]) -> list[str]:
    return [text for paragraph in paragraphs if (text := paragraph.render(values).strip())]


def _values(says: Particulars, link: str | None, chosen: _Compiled) -> dict[str, str | None]:
    return {
        "reference": says.reference,
        "link": link,
        "words": says.words,
        "when": None if says.slot is None else _span(says.slot, chosen.language),
        "venue": None if says.slot is None else says.slot.venue_name,
        "topic": None if says.topic is None else _title(says.topic, chosen.language),
        "until": None if says.until is None else _moment(says.until, chosen.language),
        "sentence": chosen.sentences.get(says.code or "", chosen.sentences.get("other")),
    }


def _marked(name: str, value: str | None) -> Markup | None:
    """A value as HTML, escaped, and kept from turning the words around it the other way."""
    if value is None:
        return None
    if name == "link":
        return Markup('<a href="{0}" dir="ltr">{0}</a>').format(value)
    return Markup("<bdi>{0}</bdi>").format(value)


def _span(slot: Slot, language: str) -> str:
    return f"{_day(slot.starts_at, language)} · {_hour(slot.starts_at, language)} – {_hour(slot.ends_at, language)} {_zone(language)}"


def _moment(moment: datetime, language: str) -> str:
    return f"{_day(moment, language)} · {_hour(moment, language)} {_zone(language)}"


def _day(moment: datetime, language: str) -> str:
    return format_date(moment.astimezone(ZONE), "full", locale=language)


def _hour(moment: datetime, language: str) -> str:
    return format_time(moment, "short", tzinfo=ZONE, locale=language)


def _zone(language: str) -> str:
    return f"({get_timezone_name(ZONE, locale=language)})"


def _title(code: str, language: str) -> str:
    topic = training_topics.topic(code)
    return code if topic is None else topic.titles.get(language, topic.titles[FALLBACK])
