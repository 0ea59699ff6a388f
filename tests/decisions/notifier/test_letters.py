"""What people read: every message in every language."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jinja2 import Environment, UndefinedError, meta
from support.notifier_builders import TOLD, asked, closed, confirmed, left_waiting, received, rejected, wanted

from upstream_notifier import templates
from upstream_notifier.languages import FALLBACK, LANGUAGES, language_for
from upstream_notifier.model import NoticeWanted
from upstream_notifier.rules import steps
from upstream_notifier.writing import Letter, Writer
from upstream_schemas.catalogues import training_topics
from upstream_schemas.model import Event

LINK = "https://upstream.example.org/r/a&b"
TEXTS = templates.texts()
WRITER = Writer()
WISHES = {fact.template: fact for event in TOLD for _, fact in steps(event) if isinstance(fact, NoticeWanted)}


def letter(event: Event, language: str = "en", template: str | None = None) -> Letter:
    return written(wanted(event, template), language)


def written(wish: NoticeWanted, language: str) -> Letter:
    return WRITER.write(replace(wish, language=language), LINK)


def every_text() -> Iterator[tuple[str, str, Any]]:
    for language in LANGUAGES:
        for name, text in TEXTS[language]["templates"].items():
            yield language, name, text


def variables(source: str) -> set[str]:
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(source))


EVERY = list(every_text())
NAMES = [f"{language} {name}" for language, name, _ in EVERY]


def test_every_message_that_a_rule_asks_for_is_declared_and_no_other() -> None:
    assert set(WISHES) == set(templates.FIELDS)


def test_every_language_has_every_message_and_no_other() -> None:
    for language in LANGUAGES:
        assert set(TEXTS[language]["templates"]) == set(templates.FIELDS)


def test_only_the_english_texts_claim_to_have_been_reviewed() -> None:
    assert {language for language in LANGUAGES if TEXTS[language]["reviewed"]} == {"en"}


@pytest.mark.parametrize(("_", "name", "text"), EVERY, ids=NAMES)
def test_a_message_prints_exactly_the_fields_that_it_declares(_: str, name: str, text: Any) -> None:
    assert variables(text["body"]) == set(templates.FIELDS[name])


@pytest.mark.parametrize(("_", "name", "text"), EVERY, ids=NAMES)
def test_a_subject_line_says_the_programme_and_the_reference_and_nothing_of_the_request(_: str, name: str, text: Any) -> None:
    assert variables(text["subject"]) == set(templates.SUBJECT_FIELDS)


@pytest.mark.parametrize(("language", "name", "text"), EVERY, ids=NAMES)
def test_every_language_has_the_same_published_sentences(language: str, name: str, text: Any) -> None:
    assert set(text.get("sentences", {})) == set(TEXTS[FALLBACK]["templates"][name].get("sentences", {}))


@pytest.mark.parametrize(("language", "name", "_"), EVERY, ids=NAMES)
def test_every_message_is_written_whole_in_every_language(language: str, name: str, _: Any) -> None:
    found = written(WISHES[name], language)
    assert found.language == language
    assert "UP-7K2M-9Q4X" in found.subject
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in found.html
    for text in (found.subject, found.text, found.html):
        assert "{" not in text
        assert "None" not in text
    assert (LINK in found.text) == ("link" in templates.FIELDS[name])


@pytest.mark.parametrize(("language", "name", "_"), EVERY, ids=NAMES)
def test_no_message_loads_or_runs_anything(language: str, name: str, _: Any) -> None:
    html = written(WISHES[name], language).html
    assert not re.search(r"<(img|script|link|iframe|object|form)\b|url\(|@import|\bsrc=", html)
    assert set(re.findall(r'href="([^"]*)"', html)) <= {"https://upstream.example.org/r/a&amp;b"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_subject_line_names_the_topic_of_the_training(language: str) -> None:
    topics = {topic.titles[language] for topic in training_topics.TOPICS}
    subjects = {written(wish, language).subject for wish in WISHES.values()}
    assert not [title for title in topics for subject in subjects if title.lower() in subject.lower()]


def test_what_staff_wrote_is_escaped_in_html_and_kept_as_it_is_in_text() -> None:
    found = letter(rejected(reason="<b>No</b> & \u202ethis"))
    assert "&lt;b&gt;No&lt;/b&gt; &amp; \u202ethis" in found.html
    assert "<b>No</b> & \u202ethis" in found.text


def test_what_staff_wrote_is_never_run_as_a_template() -> None:
    assert "{{ reference }}{% raise %}" in letter(rejected(reason="{{ reference }}{% raise %}")).text


def test_dates_are_told_in_portlands_time_and_in_the_language() -> None:
    assert "Tuesday, December 1, 2026 · 6:00\u202fPM – 7:30\u202fPM (Pacific Time)" in letter(confirmed()).text
    assert "martes, 1 de diciembre de 2026 · 18:00 – 19:30 (hora del Pacífico)" in letter(confirmed(), "es").text
    assert "Talaado, Diseembar 1, 2026" in letter(confirmed(), "so").text
    assert "الثلاثاء، 1 ديسمبر 2026" in letter(confirmed(), "ar").text


def test_the_reason_for_waiting_is_given_in_words() -> None:
    assert "nobody is free at the times that suit your group" in letter(left_waiting()).text


def test_an_unknown_reason_gets_the_sentence_for_all_others() -> None:
    assert "A person of our team is looking into it." in letter(left_waiting(reason="brand-new")).text


def test_a_paragraph_with_nothing_to_say_is_left_out() -> None:
    with_words = letter(closed(what_changed_text="The school path has lights now.")).text
    assert letter(closed()).text == with_words.replace("The school path has lights now.\n\n", "")


def test_an_invitation_without_a_page_of_its_own_has_no_link() -> None:
    assert "https" not in WRITER.write(wanted(confirmed()), None).text


def test_a_value_that_a_message_does_not_declare_cannot_be_printed() -> None:
    environment = WRITER._escaped
    with pytest.raises(UndefinedError):
        environment.from_string("{{ email }}").render({"reference": "UP-7K2M-9Q4X"})


@pytest.mark.parametrize(("tag", "language"), [("es-MX", "es"), ("so", "so"), ("AR", "ar"), ("vi", "en"), ("zh-Hant", "en")])
def test_a_language_we_do_not_write_falls_back_to_english(tag: str, language: str) -> None:
    assert language_for(tag) == language


def test_the_letter_of_a_received_request_word_for_word() -> None:
    assert letter(received()) == Letter(
        language="en",
        subject="Portland Community Safety: we received your request UP-7K2M-9Q4X",
        text=GOLDEN_TEXT,
        html=GOLDEN_HTML,
        calendar_title="Portland Community Safety: training",
    )


GOLDEN_TEXT = """\
Hello,

Thank you for writing to us. Your request has the reference UP-7K2M-9Q4X.

On your own page you see at any time where it stands, and you can take it back:
https://upstream.example.org/r/a&b

Please keep this link to yourself: whoever has it can open the page.

Portland Community Safety
You get this message because your contact belongs to this reference. In an emergency, call 911.
"""
GOLDEN_HTML = """\
<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Portland Community Safety: we received your request UP-7K2M-9Q4X</title>
</head>
<body style="font: 1em/1.5 sans-serif; max-width: 36em; margin: 1em auto; padding: 0 1em">
<p style="white-space: pre-line">Hello,</p>
<p style="white-space: pre-line">Thank you for writing to us. Your request has the reference <bdi>UP-7K2M-9Q4X</bdi>.</p>
<p style="white-space: pre-line">On your own page you see at any time where it stands, and you can take it back:
<a href="https://upstream.example.org/r/a&amp;b" dir="ltr">https://upstream.example.org/r/a&amp;b</a></p>
<p style="white-space: pre-line">Please keep this link to yourself: whoever has it can open the page.</p>
<p>Portland Community Safety</p>
<p style="font-size: 0.875em">You get this message because your contact belongs to this reference. In an emergency, call 911.</p>
</body>
</html>"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_without_an_end_is_asked_without_one(language: str) -> None:
    assert "None" not in letter(asked(expires_at=None), language=language).text
