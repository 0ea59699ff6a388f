"""The demo's fictional trainers and venues can do what the journeys ask of them."""

from pathlib import Path

from pydantic import TypeAdapter

from upstream_scheduler.web.staff_bodies import TrainerBody, VenueBody
from upstream_schemas.catalogues.training_topics import TOPICS

DEMO = Path(__file__).parents[3] / "deploy" / "demo"
TRAINERS = TypeAdapter(dict[str, TrainerBody]).validate_json((DEMO / "trainers.json").read_bytes())
VENUES = TypeAdapter(dict[str, VenueBody]).validate_json((DEMO / "venues.json").read_bytes())


def _able(topic: str, language: str, form: str = "virtual") -> list[str]:
    return [
        slug
        for slug, trainer in TRAINERS.items()
        if topic in trainer.skills and language in trainer.languages and form in trainer.formats
    ]


def test_every_topic_is_given_by_somebody_in_english() -> None:
    assert [topic.code for topic in TOPICS if not _able(topic.code, "en")] == []


def test_second_trainer_can_step_in_in_every_language_of_the_demo() -> None:
    for language in ("en", "so", "es", "ar"):
        assert len(_able("personal-safety", language)) >= 2, language


def test_there_is_a_place_for_every_format_and_a_second_room_online() -> None:
    forms = [form for venue in VENUES.values() for form in venue.formats]
    assert (forms.count("virtual"), forms.count("in_person")) == (2, 1)
    assert {code for code, venue in VENUES.items() if "virtual" in venue.formats} == {"virtual-1", "virtual-2"}


def test_demo_people_are_fictional_and_named_nowhere_but_in_their_contact() -> None:
    for slug, trainer in TRAINERS.items():
        assert trainer.email.endswith("@example.org")
        assert trainer.phone is not None
        assert trainer.phone.startswith("+150355501")
        assert not any(part.lower() in slug for part in trainer.name.split())
