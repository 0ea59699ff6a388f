"""The languages that messages are written in. Which texts there are is data in `templates/`; a test compares the two."""

from typing import Final

LANGUAGES: Final = ("en", "es", "so", "ar")
FALLBACK: Final = "en"


def language_for(tag: str) -> str:
    """The language to write to somebody who asked for `tag` (BCP 47): that one without region or script, else English."""
    primary = tag.partition("-")[0].lower()
    return primary if primary in LANGUAGES else FALLBACK
