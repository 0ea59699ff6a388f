"""What each message may print, and the texts in every language, as data: one TOML file for each language and lane.

A translator edits the TOML files and needs nothing else. `reviewed = false` marks texts that no native speaker has read.
A changed meaning is a new template version beside the old one, because a notice keeps the version it was accepted with.

The outreach lane's texts name no kind of help and nobody who helps, and its subject lines print nothing at all: they stand
on locked screens and in shared mailboxes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from upstream_notifier.languages import LANGUAGES

WHEN_AND_WHERE: Final = frozenset({"reference", "when", "venue", "topic"})
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "request-received.v1": frozenset({"reference", "link"}),
    "information-requested.v1": frozenset({"reference", "words", "until", "link"}),
    "agreement-proposed.v1": frozenset({"reference", "topic", "until", "link"}),
    "slot-offered.v1": WHEN_AND_WHERE | {"until", "link"},
    "slot-offered-to-trainer.v1": WHEN_AND_WHERE | {"until", "link"},
    "left-waiting.v1": frozenset({"reference", "sentence"}),
    "session-confirmed.v1": WHEN_AND_WHERE | {"link"},
    "session-reminder.v1": WHEN_AND_WHERE | {"link"},
    "session-cancelled.v1": frozenset({"reference", "when", "venue", "sentence"}),
    "slot-declined.v1": frozenset({"reference", "when"}),
    "hold-expired.v1": frozenset({"reference", "when"}),
    "feedback-requested.v1": frozenset({"reference", "link"}),
    "request-closed.v1": frozenset({"reference", "sentence", "words"}),
    "request-rejected.v1": frozenset({"reference", "words"}),
    "request-expired.v1": frozenset({"reference", "sentence"}),
    "request-withdrawn.v1": frozenset({"reference"}),
}
SUBJECT_FIELDS: Final = frozenset({"reference"})
OUTREACH_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "participant-choose.v1": frozenset({"link"}),
    "participant-choose-again.v1": frozenset({"link"}),
    "participant-accepted.v1": frozenset({"link"}),
    "participant-closed.v1": frozenset({"link"}),
    "participant-unmet.v1": frozenset({"link"}),
    "participant-withdrawn.v1": frozenset(),
    "desk-new.v1": frozenset({"link"}),
}


@dataclass(frozen=True, slots=True)
class Texts:
    """The messages of one lane: what each may print, what a subject line may, and the folder that the files stand in."""

    fields: Mapping[str, frozenset[str]]
    subject_fields: frozenset[str]
    folder: str


PUBLIC: Final = Texts(FIELDS, SUBJECT_FIELDS, ".")
OUTREACH: Final = Texts(OUTREACH_FIELDS, frozenset(), "outreach")


def texts(of: Texts = PUBLIC) -> Mapping[str, Any]:
    """The texts of every language, as they stand in the files."""
    here = files(__name__) / of.folder
    return {language: tomllib.loads((here / f"{language}.toml").read_text("utf-8")) for language in LANGUAGES}


def layout() -> str:
    """The frame of the HTML part."""
    return (files(__name__) / "layout.html").read_text("utf-8")
