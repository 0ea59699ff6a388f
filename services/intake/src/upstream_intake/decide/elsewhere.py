"""Does this belong to another office? If so: which, when it is open, and what the person is told.

Source of rules and rows: `rules` (dated directory; an office that cannot come now is never named). Whoever asks for a
training of the catalogue, or for a training for a group, is not sent away over a word in the description.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upstream_intake.rules.directory import Office, offices_to_name, open_at
from upstream_intake.rules.emergency import RULES_VERSION, SELF_HARM, EmergencyHit, wording
from upstream_intake.rules.offices import OFFICES
from upstream_intake.rules.redirect import circumstances, redirect
from upstream_intake.texts.offices import in_words, not_ours
from upstream_schemas.catalogues import training_topics
from upstream_schemas.city import Redirect, Submission

EMERGENCY_OFFICE: Final = "emergency-911"
CRISIS_OFFICE: Final = "crisis-988"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where to turn instead, and the rule with its version that says so."""

    redirect: Redirect
    rule: str


def elsewhere(event: Submission, now: datetime) -> Elsewhere | None:
    """The office that manages what is asked for, or None where it is ours or only a person can tell."""
    if _asks_for_a_training(event):
        return None
    text = "\n".join(part for part in (event.safety_interest, event.topic_text) if part)
    found = redirect(text, event.service_name)
    if found is None:
        return None
    named = offices_to_name(OFFICES, found.office_code, now, circumstances(text))
    if not named:
        return None
    told = not_ours(", ".join(_name_and_phone(office) for office in named), event.language)
    return Elsewhere(_redirect(named[0], now, event.language, told), f"redirect.{found.rule_id}.v{found.rule_version}")


def emergency_redirect(hit: EmergencyHit, now: datetime) -> Elsewhere:
    """911, or 988 where somebody may harm themselves, in the words of the language the emergency was told in."""
    code = CRISIS_OFFICE if hit.rule_id == SELF_HARM else EMERGENCY_OFFICE
    office = offices_to_name(OFFICES, code, now)[0]
    redirect_ = _redirect(office, now, hit.language, wording(hit, hit.language))
    return Elsewhere(redirect_, f"emergency.{hit.rule_id}.v{RULES_VERSION}")


def _asks_for_a_training(event: Submission) -> bool:
    named = any(training_topics.known(topic.code, topic.catalogue_version) for topic in event.topics)
    return event.intent == "training_request" and (named or event.group is not None)


def _redirect(office: Office, now: datetime, reader: str, told: str) -> Redirect:
    return Redirect(
        office=office.code,
        name=office.name,
        wording=told,
        phone=office.phone,
        url=office.url,
        hours=in_words(office.hours, reader),
        open_now=open_at(office, now) if office.hours else None,
    )


def _name_and_phone(office: Office) -> str:
    return f"{office.name} ({office.phone})" if office.phone else office.name
