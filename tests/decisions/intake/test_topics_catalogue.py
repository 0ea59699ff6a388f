"""The open vocabularies hold what the programme's pages state, and old versions stay as they were."""

from datetime import date

import pytest

from upstream_schemas.catalogues import access_needs, channels, connections, languages, training_topics

LANGUAGES_WITH_TITLES = {"en", "es", "so", "ar"}
CODES_OF_VERSION_1 = [
    "emergency-preparedness",
    "personal-safety",
    "active-transportation",
    "social-connections",
    "youth-safety",
    "systems-navigation",
    "community-advocacy",
    "cpted",
    "block-party",
    "multi-dwelling",
    "community-care",
    "bike-theft-prevention",
]


def test_version_1_holds_the_twelve_examples_in_the_order_of_the_page() -> None:
    assert [topic.code for topic in training_topics.RELEASED[1]] == CODES_OF_VERSION_1


def test_every_topic_has_four_titles_a_length_a_format_and_a_source() -> None:
    for topic in training_topics.TOPICS:
        assert set(topic.titles) == LANGUAGES_WITH_TITLES
        assert len(set(topic.titles.values())) == len(LANGUAGES_WITH_TITLES)
        assert 30 <= topic.length_minutes <= 240
        assert "virtual" in topic.formats
        assert topic.source
        assert topic.verified_on <= date(2026, 11, 21)


def test_only_english_titles_count_as_reviewed() -> None:
    assert {"en"} == training_topics.REVIEWED_LANGUAGES


def test_lengths_stated_by_the_programme_are_kept_apart_from_assumed_ones() -> None:
    stated = {topic.code: topic.length_minutes for topic in training_topics.TOPICS if topic.length_confirmed}
    assert stated == {"personal-safety": 120, "cpted": 90}


def test_the_current_version_is_released_and_is_what_a_lookup_reads() -> None:
    assert training_topics.RELEASED[training_topics.VERSION] is training_topics.TOPICS
    assert training_topics.topic("cpted") == training_topics.topic("cpted", training_topics.VERSION)


@pytest.mark.parametrize(("code", "version"), [("juggling", 1), ("cpted", 2), ("cpted", 0), ("", 1), ("CPTED", 1)])
def test_unknown_code_or_version_is_not_known(code: str, version: int) -> None:
    assert training_topics.known(code, version) is False
    assert training_topics.topic(code, version) is None


def test_region_of_a_language_tag_is_ignored() -> None:
    assert languages.known("es-MX")
    assert languages.known("ZH-Hant")
    assert not languages.known("tlh")
    assert not languages.known("")


def test_the_safe_harbor_ten_follow_english_and_only_arabic_is_written_from_the_right() -> None:
    codes = [language.code for language in languages.LANGUAGES]
    assert codes == ["en", "es", "vi", "zh", "ru", "ro", "uk", "ja", "so", "ar", "lo", "ko", "ne", "km", "tl"]
    assert [language.code for language in languages.LANGUAGES if language.direction == "rtl"] == ["ar"]


def test_languages_without_spaces_are_marked_for_line_breaks() -> None:
    assert {language.code for language in languages.LANGUAGES if not language.spaced} == {"zh", "ja", "lo", "km"}


def test_channels_connections_and_access_needs_know_their_codes_and_no_others() -> None:
    for known, codes in (
        (
            channels.known,
            ("web", "phone_agent", "email", "in_person", "open311", "partner_system", "bulk_import", "other"),
        ),
        (connections.known, ("live", "work", "school", "play")),
        (access_needs.known, ("interpretation", "asl", "captions", "step_free", "other")),
    ):
        assert all(map(known, codes))
        assert not known("")
        assert not known("carrier-pigeon")


def test_every_vocabulary_says_its_version() -> None:
    modules = (training_topics, languages, channels, connections, access_needs)
    assert [module.VERSION for module in modules] == [1, 1, 1, 1, 1]
