"""Languages the programme works in, as BCP 47 codes with writing direction and own name.

Source: the city's Safe Harbor ten in their order (portlandoregon.gov/parks/article/623302), then Korean, Nepali,
Khmer and Tagalog, which the Bureau of Planning and Sustainability adds; the city reviews the list about every three
years. The table says what people may choose; it must not be read as a promise that a translation exists.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

VERSION = 1
VERIFIED_ON = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Language:
    """`spaced` is False where words are written without spaces, so that lines must not break just anywhere."""

    code: str
    own_name: str
    direction: Literal["ltr", "rtl"] = "ltr"
    spaced: bool = True


LANGUAGES: tuple[Language, ...] = (
    Language("en", "English"),
    Language("es", "Español"),
    Language("vi", "Tiếng Việt"),
    Language("zh", "中文", spaced=False),
    Language("ru", "Русский"),
    Language("ro", "Română"),
    Language("uk", "Українська"),
    Language("ja", "日本語", spaced=False),
    Language("so", "Soomaali"),
    Language("ar", "العربية", direction="rtl"),
    Language("lo", "ລາວ", spaced=False),
    Language("ko", "한국어"),
    Language("ne", "नेपाली"),
    Language("km", "ខ្មែរ", spaced=False),
    Language("tl", "Tagalog"),
)

_BY_CODE = {language.code: language for language in LANGUAGES}


def language(tag: str) -> Language | None:
    """The language of a BCP 47 tag; region and script are ignored, so `es-MX` is Spanish."""
    return _BY_CODE.get(tag.partition("-")[0].lower())


def known(tag: str) -> bool:
    """Whether the programme works in the language of this tag."""
    return language(tag) is not None


def direction(code: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written; `ltr` where we do not know it."""
    found = language(code)
    return found.direction if found else "ltr"


def own_name(code: str) -> str:
    """What a language calls itself; its code where we do not know it."""
    found = language(code)
    return found.own_name if found else code
