"""Times as a reader of each language writes them, in Portland's wall time."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from upstream_referral.outreach.texts import written_language

PORTLAND: Final = ZoneInfo("America/Los_Angeles")
_WITH_TIME: Final = {
    "en": "EEEE, MMMM d, y, h:mm a",
    "es": "EEEE, d 'de' MMMM 'de' y, HH:mm",
    "so": "EEEE, d MMMM y, HH:mm",
    "ar": "EEEE، d MMMM y، HH:mm",
}


def moment_text(moment: datetime, reader: str) -> str:
    """Day and wall time in words."""
    code = written_language(reader)
    return format_datetime(moment, _WITH_TIME[code], tzinfo=PORTLAND, locale=code)
