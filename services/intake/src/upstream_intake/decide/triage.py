"""Triage: may an agreement be proposed at once, or must a person look first?

A rule only ever sends a request to a person; no rule says no. Source of the conditions: City of Portland, About Community
Safety ("free trainings and workshops for groups of five or more people who live, work, go to school or play together in
Portland", three steps); of the rest: the contract's table of submissions and the journeys of the mission.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from upstream_intake.model import Wish
from upstream_intake.texts import WRITTEN
from upstream_schemas.catalogues import access_needs, channels, connections, languages, training_topics

RULE = "triage.v1"
GROUP_SIZE_MIN = 5
ROUNDS_MAX = 5
REASONS_MAX = 10


@dataclass(frozen=True, slots=True)
class Asking:
    """What triage looks at. `rounds` counts the agreements proposed so far."""

    wish: Wish
    channel: str
    late: bool
    rounds: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Triage:
    """`topic` is what an agreement is proposed on; None where a person must look."""

    reasons: tuple[str, ...]
    topic: training_topics.Topic | None


def chosen_topic(wish: Wish) -> training_topics.Topic | None:
    """The first topic the group named: their order is their preference."""
    return training_topics.topic(wish.topics[0].code, wish.topics[0].catalogue_version) if wish.topics else None


def has_known_connection(wish: Wish) -> bool:
    """Connection decides who is eligible, never a home address."""
    return any(connections.known(code) for code in wish.connections)


def _unknown_topic(asking: Asking) -> bool:
    return any(not training_topics.known(topic.code, topic.catalogue_version) for topic in asking.wish.topics)


def _format_not_offered(asking: Asking) -> bool:
    topic = chosen_topic(asking.wish)
    return topic is not None and asking.wish.format != "either" and asking.wish.format not in topic.formats


def _availability_over(asking: Asking) -> bool:
    when = asking.wish.availability
    return when is not None and (when.latest <= asking.now or when.latest <= when.earliest)


def _needs_a_reader(asking: Asking) -> bool:
    wish = asking.wish
    return wish.needs_in_own_words or any(
        not access_needs.known(need) or need == access_needs.OTHER for need in wish.access_needs
    )


def _has_no_agreement_text(asking: Asking) -> bool:
    language = languages.language(asking.wish.language)
    return language is None or language.code not in WRITTEN


NEEDS_A_PERSON: tuple[tuple[str, Callable[[Asking], bool]], ...] = (
    ("question", lambda asking: asking.wish.intent == "question"),
    ("unsure", lambda asking: asking.wish.intent == "unsure"),
    ("late", lambda asking: asking.late),
    ("many-rounds", lambda asking: asking.rounds >= ROUNDS_MAX),
)
NEEDS_A_PERSON_FOR_A_TRAINING: tuple[tuple[str, Callable[[Asking], bool]], ...] = (
    ("no-group", lambda asking: asking.wish.group_size is None),
    ("group-smaller-than-five", lambda asking: (asking.wish.group_size or GROUP_SIZE_MIN) < GROUP_SIZE_MIN),
    ("no-connection", lambda asking: asking.wish.group_size is not None and not has_known_connection(asking.wish)),
    ("topic-in-own-words", lambda asking: asking.wish.topic_in_own_words),
    ("unknown-topic", _unknown_topic),
    ("no-topic", lambda asking: not asking.wish.topics and not asking.wish.topic_in_own_words),
    ("format-not-offered", _format_not_offered),
    ("no-availability", lambda asking: asking.wish.availability is None),
    ("availability-over", _availability_over),
    ("needs-in-own-words", _needs_a_reader),
    ("language-without-text", _has_no_agreement_text),
    ("nobody-to-tell", lambda asking: not asking.wish.reachable),
)
COUNTED: tuple[tuple[str, Callable[[Asking], bool]], ...] = (
    ("unknown-channel", lambda asking: not channels.known(asking.channel)),
)


def triage(asking: Asking) -> Triage:
    """Every reason that holds; an agreement is proposed only where none of them needs a person."""
    table = NEEDS_A_PERSON
    if asking.wish.intent == "training_request":
        table += NEEDS_A_PERSON_FOR_A_TRAINING
    reasons = _holding(table, asking)
    topic = None if reasons else chosen_topic(asking.wish)
    return Triage((*reasons, *_holding(COUNTED, asking))[:REASONS_MAX], topic)


def _holding(table: tuple[tuple[str, Callable[[Asking], bool]], ...], asking: Asking) -> tuple[str, ...]:
    return tuple(code for code, holds in table if holds(asking))
