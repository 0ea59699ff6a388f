"""The answer page's words: all there in every language, times as they are read in Portland."""

from datetime import timedelta
from string import Formatter

import pytest
from support.scheduler_builders import named, portland

from upstream_scheduler.decide.standing import Standing
from upstream_scheduler.model import Place, Slot
from upstream_scheduler.texts import REVIEWED, TEXTS, moment_text, slot_text, spoken
from upstream_schemas.catalogues.languages import direction

NIGHT = portland(2026, 11, 1, 0, 30)
SLOT = Slot(NIGHT, NIGHT + timedelta(hours=2), Place(named("virtual-1"), "virtual-1", "Room"))


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_every_text_with_the_same_blanks(language: str) -> None:
    english, other = TEXTS["en"], TEXTS[language]
    assert english.keys() == other.keys()
    for key, text in other.items():
        assert text.strip(), key
        assert _blanks(text) == _blanks(english[key]), key


def _blanks(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def test_every_standing_has_its_words() -> None:
    asked = {Standing.OPEN: ("open-group", "open-trainer"), Standing.UNDER_WAY: ("under-way-group", "under-way-trainer")}
    for standing in Standing:
        for key in asked.get(standing, (standing.value,)):
            assert key in TEXTS["en"]


def test_only_english_counts_as_reviewed() -> None:
    assert frozenset({"en"}) == REVIEWED


@pytest.mark.parametrize(("tag", "expected"), [("es-MX", "es"), ("so", "so"), ("ar", "ar"), ("uk", "en"), ("xx", "en")])
def test_reader_gets_their_language_where_we_write_it(tag: str, expected: str) -> None:
    assert spoken(tag) == expected


def test_arabic_runs_from_right_to_left() -> None:
    assert [direction(language) for language in ("en", "es", "so", "ar")] == ["ltr", "ltr", "ltr", "rtl"]


def test_times_of_the_night_the_clocks_change_are_wall_times() -> None:
    text = slot_text(SLOT, "en").replace("\u202f", " ")
    assert text == "Sunday, November 1, 2026, 12:30 AM – 1:30 AM (Pacific Daylight Time)"


@pytest.mark.parametrize(("language", "part"), [("es", "domingo"), ("so", "Axad"), ("ar", "الأحد"), ("en", "Sunday")])
def test_days_are_named_in_the_reader_s_language(language: str, part: str) -> None:
    assert part in slot_text(SLOT, language)
    assert part in moment_text(NIGHT, language)
