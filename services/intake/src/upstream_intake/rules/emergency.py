"""Recognises wording that cannot wait, in English, Spanish, Somali and Arabic, before anything is stored.

Tuned for recall: where wording is ambiguous it is an emergency, because a false alarm costs a caller one sentence and a
miss may cost a life. It must not store, count or repeat the text. Out of its scope: HTML entities, percent-encoding,
letters swapped for look-alikes, other languages, pictures.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from upstream_intake.rules import patterns, plain_text
from upstream_intake.rules.emergency_ar import ARABIC
from upstream_intake.rules.emergency_context import EmergencyLanguage, taken_back
from upstream_intake.rules.emergency_en import ENGLISH
from upstream_intake.rules.emergency_es import SPANISH
from upstream_intake.rules.emergency_so import SOMALI

RULES_VERSION = 1
SELF_HARM = "self-harm"
ESCAPE_LEVELS_MAX = 3
REVIEWED_LANGUAGES = frozenset({"en"})

WORDING: Mapping[str, str] = {
    "en": "If someone is in danger right now, call 911. Nobody watches this form for emergencies; nothing was saved.",
    "es": (
        "Si alguien está en peligro ahora mismo, llame al 911. Este formulario no se vigila para emergencias y no se "
        "guardó nada."
    ),
    "so": "Haddii qof uu hadda khatar ku jiro, wac 911. Foomkan looma eego xaaladaha degdegga ah, waxbana lama kaydin.",
    "ar": "إذا كان أحد في خطر الآن فاتصل بالرقم 911. لا تتم مراقبة هذا النموذج لحالات الطوارئ ولم يتم حفظ أي شيء.",
}
SELF_HARM_WORDING: Mapping[str, str] = {
    "en": "You can call or text 988 at any hour and talk with someone. If life is in danger right now, call 911.",
    "es": (
        "Puede llamar o enviar un mensaje de texto al 988 a cualquier hora y hablar con alguien. Si hay una vida en "
        "peligro ahora mismo, llame al 911."
    ),
    "so": (
        "Saacad kasta waxaad wici kartaa ama fariin u diri kartaa 988 si aad qof ula hadasho. "
        "Haddii naf hadda khatar ku jirto, wac 911."
    ),
    "ar": (
        "يمكنك الاتصال بالرقم 988 أو إرسال رسالة نصية إليه في أي وقت للتحدث مع أحد. "
        "إذا كانت حياة أحد في خطر الآن فاتصل بالرقم 911."
    ),
}


@dataclass(frozen=True, slots=True)
class EmergencyHit:
    """Which rule spoke, in which language; never the words themselves."""

    rule_id: str
    language: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of a language's table, ready to match; `timeless` gives way to words about the past."""

    hit: EmergencyHit
    template: str
    timeless: bool
    language: EmergencyLanguage
    pattern: patterns.Pattern


def _spelling(language: EmergencyLanguage, written: str) -> Iterable[str]:
    word = plain_text.folded(written)
    return (word, *(prefix + word for prefix in language.prefixes))


def _phrases(language: EmergencyLanguage) -> Iterator[Phrase]:
    spelling = partial(_spelling, language)
    for timeless, rules in ((False, language.present), (True, language.timeless)):
        for rule, templates in rules.items():
            hit = EmergencyHit(rule, language.code)
            for template in templates:
                pattern = patterns.parse(template, language.vocabulary, spelling)
                yield Phrase(hit, template, timeless, language, pattern)


PHRASES: tuple[Phrase, ...] = tuple(phrase for language in (ENGLISH, SPANISH, SOMALI, ARABIC) for phrase in _phrases(language))


def _by_telling_word() -> Mapping[str, tuple[int, ...]]:
    index: defaultdict[str, list[int]] = defaultdict(list)
    for number, phrase in enumerate(PHRASES):
        for word in phrase.pattern.telling:
            index[word].append(number)
    return {word: tuple(numbers) for word, numbers in index.items()}


_INDEX = _by_telling_word()
_TELLING = frozenset(_INDEX)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def emergency(text: str) -> EmergencyHit | None:
    """The first rule of the table that the text meets, or None."""
    phrase = next(matching_phrases(text), None)
    return phrase.hit if phrase else None


def matching_phrases(text: str) -> Iterator[Phrase]:
    """Every phrase that the text meets, clause by clause and in the order of the table."""
    folded = plain_text.folded(text)
    if _TELLING.isdisjoint(plain_text.words(folded)):
        return
    for clause in plain_text.clauses(folded):
        numbers = sorted({number for word in _TELLING.intersection(clause.words) for number in _INDEX[word]})
        yield from (PHRASES[number] for number in numbers if _meets(PHRASES[number], clause))


def _meets(phrase: Phrase, clause: plain_text.Clause) -> bool:
    return any(
        not taken_back(phrase.language, clause, span, timeless=phrase.timeless) for span in phrase.pattern.spans(clause)
    )


def emergency_in_record(raw: bytes) -> EmergencyHit | None:
    """The same for a whole record as it came, whatever its encoding and however its strings are escaped."""
    return next((hit for text in _readings(raw) if (hit := emergency(text))), None)


def _readings(raw: bytes) -> Iterator[str]:
    for decoded in _decodings(raw):
        text = decoded
        yield text
        for _ in range(ESCAPE_LEVELS_MAX):
            if "\\" not in text:
                break
            text = _unescaped(text)
            yield text


def _decodings(raw: bytes) -> Iterator[str]:
    """UTF-8; UTF-16 both ways where zero bytes or a mark suggest it; two old code pages where UTF-8 fails."""
    text = raw.decode("utf-8", "replace")
    yield text
    if b"\0" in raw or raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield raw.decode("utf-16-le", "replace")
        yield raw.decode("utf-16-be", "replace")
    elif "\ufffd" in text:
        yield raw.decode("cp1252", "replace")
        yield raw.decode("cp1256", "replace")


def _unescaped(text: str) -> str:
    """JSON escapes resolved one level, in text that need not be valid JSON; surrogate pairs become their character."""
    resolved = _ESCAPE.sub(_escape_value, text)
    return resolved.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _escape_value(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    if code:
        return chr(int(code, 16))
    return " " if letter in "nrtbf" else letter


def wording(hit: EmergencyHit, language: str) -> str:
    """What a caller is told, in that language where we have it, else in English."""
    texts = SELF_HARM_WORDING if hit.rule_id == SELF_HARM else WORDING
    return texts.get(language.partition("-")[0].lower(), texts["en"])
