"""The fictional people of the demo and what they ask for. Mail goes to example.org, which belongs to nobody."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

Document = dict[str, Any]
Form = dict[str, str | list[str]]

LUCIA = "Lucía Ejemplo"
WORDS_OF_HELP = ("violencia", "insight alliance", "bmit", "referral")
"""What no letter to a participant may say: who helps, with what, or that it is about help at all."""
ENDED_IN_SPANISH = "Esto ha terminado."
NOBODY_IN_SPANISH = "esta vez no hemos encontrado a nadie"
TAKEN_BACK_IN_SPANISH = "Usted retiró todo."


def training_wish(submission: UUID, now: datetime, mail: str) -> Document:
    """A tenants' group of twelve asks, in Somali, through 311, for a training on personal safety."""
    evenings = [{"weekday": day, "start": "17:00", "end": "20:30"} for day in ("tuesday", "wednesday", "thursday")]
    return {
        "submission_id": str(submission),
        "revision": 1,
        "channel": "phone_agent",
        "submitted_at": now.isoformat(),
        "intent": "training_request",
        "language": "so",
        "anonymous": False,
        "requester": {
            "name": "Hodan Tusaale",
            "email": mail,
            "phone": "+15035550142",
            "preferred_contact": "email",
            "consent_contact": True,
        },
        "group": {"name": "Sample Court tenants", "size": 12, "connections": ["live", "school"]},
        "topics": [{"code": "personal-safety", "catalogue_version": 1}],
        "format": "virtual",
        "availability": {
            "windows": evenings,
            "earliest": (now + timedelta(days=4)).isoformat(),
            "latest": (now + timedelta(days=32)).isoformat(),
            "timezone": "America/Los_Angeles",
        },
        "access_needs": ["captions"],
        "safety_interest": "Some of us walk home late and want to feel safe.",
    }


def street_issue(submission: UUID, now: datetime) -> Document:
    """Somebody reports an abandoned car."""
    return _words(submission, now, "An abandoned car without plates has stood on our street for three weeks.", "en")


def emergency(submission: UUID, now: datetime) -> Document:
    """Somebody writes into a form what must be told to 911."""
    return _words(submission, now, "Please come quickly, he has a gun and he is outside our door", "en")


def help_wish(mail: str) -> Form:
    """Somebody asks, in Spanish, for somebody to talk to; the need `other` fits everybody who takes referrals."""
    return {
        "needs": ["someone-to-talk-to", "other"],
        "language": "es",
        "name": LUCIA,
        "email": mail,
        "phone": "503-555-0143",
        "words": "Prefiero hablar por la tarde, después del trabajo.",
    }


def help_offer(submission: UUID, now: datetime) -> Document:
    """The police bureau asks that somebody be offered help; who it is, is told by voice only."""
    return {
        "submission_id": str(submission),
        "agency_reference": f"SAMPLE-{submission.hex[-6:]}",
        "urgency": "this-week",
        "respond_by": (now + timedelta(days=2)).isoformat(),
        "language": "es",
        "callback_desk": "ceasefire-desk",
        "attestation": {"not_criminal_justice_information": True, "not_intelligence_derived": True},
    }


def _words(submission: UUID, now: datetime, text: str, language: str) -> Document:
    return {
        "submission_id": str(submission),
        "revision": 1,
        "channel": "web",
        "submitted_at": now.isoformat(),
        "intent": "unsure",
        "language": language,
        "anonymous": True,
        "safety_interest": text,
    }
