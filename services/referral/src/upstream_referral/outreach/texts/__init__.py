"""Published words of the participant's page in English, Spanish, Somali and Arabic, and times as they are read in Portland.

Data and rendering to plain text only. Spanish, Somali and Arabic are drafts that no native speaker has reviewed
(`REVIEWED_LANGUAGES`).
"""

from upstream_schemas.catalogues import languages

WRITTEN: tuple[str, ...] = ("en", "es", "so", "ar")
REVIEWED_LANGUAGES = frozenset({"en"})


def written_language(tag: str) -> str:
    """The language that a reader of this BCP 47 tag is shown: their own where it is written, else English."""
    found = languages.language(tag)
    return found.code if found is not None and found.code in WRITTEN else "en"
