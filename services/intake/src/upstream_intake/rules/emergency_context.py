"""When emergency wording is not an emergency: a class about it, a drawing of it, last year's, a habit, a compound.

Everything here only ever takes an alarm back, so each rule is narrow: a false alarm costs a caller one sentence, a miss
may cost a life. Present-tense wording about a certain person ("he", "my son") is taken back by nothing but a compound
or a depiction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from upstream_intake.rules.patterns import NEGATIONS, Vocabulary
from upstream_intake.rules.plain_text import Clause

DEPICTION_WORDS = 4
SUPPOSING_WORDS = 8
OBJECT_WORDS = 3
_YEAR = re.compile(r"(?:19|20)\d\d")
_LINKS = frozenset({"of", "de"})


@dataclass(frozen=True, slots=True)
class EmergencyLanguage:
    """One language's phrases by rule id, and the words that take a match back.

    `present` holds whatever else the clause says; `timeless` might be told of last year and gives way to `past`.
    """

    code: str
    vocabulary: Vocabulary
    present: Mapping[str, tuple[str, ...]]
    timeless: Mapping[str, tuple[str, ...]]
    prefixes: tuple[str, ...] = ()
    certain: frozenset[str] = frozenset()
    learning: frozenset[str] = frozenset()
    linking: frozenset[str] = frozenset()
    asking: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    depiction: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    recent: frozenset[str] = frozenset()
    compounds: frozenset[str] = frozenset()
    filmed: frozenset[str] = frozenset()
    toward: frozenset[str] = frozenset()


def taken_back(language: EmergencyLanguage, clause: Clause, span: tuple[int, int], *, timeless: bool) -> bool:
    """Whether the words around a match show that nobody is in danger now."""
    return (
        _compound(language, clause, span[1])
        or _filmed(language, clause, span)
        or _depicted(language, clause, span[0])
        or _negated(language, clause, span[0])
        or _supposed(language, clause, span[0])
        or (timeless and _told_of_the_past(language, clause))
    )


def _compound(language: EmergencyLanguage, clause: Clause, end: int) -> bool:
    """Gun *safety*, fire *drill*, pistola de *juguete*."""
    if end in clause.opens:
        return False
    after = [word for word in clause.words[end : end + 2] if word not in _LINKS]
    return bool(after) and after[0] in language.compounds


def _filmed(language: EmergencyLanguage, clause: Clause, span: tuple[int, int]) -> bool:
    """Shooting a short *video*, but not shooting *at* the film crew."""
    if span[1] in clause.opens or not clause.words[span[1] - 1].startswith(("shoot", "film")):
        return False
    for word in clause.words[span[1] : span[1] + OBJECT_WORDS]:
        if word in language.toward:
            return False
        if word in language.filmed:
            return True
    return False


def _depicted(language: EmergencyLanguage, clause: Clause, start: int) -> bool:
    """Graffiti of a man with a gun."""
    return start not in clause.opens and not language.depiction.isdisjoint(_before(clause, start, DEPICTION_WORDS))


def _negated(language: EmergencyLanguage, clause: Clause, start: int) -> bool:
    """*No* shots fired; but "no, he has a gun" and "no he has a gun" stand."""
    if start == 0 or start in clause.opens or clause.words[start] in language.certain:
        return False
    return clause.words[start - 1] in NEGATIONS and clause.words[start] not in NEGATIONS


def _supposed(language: EmergencyLanguage, clause: Clause, start: int) -> bool:
    """A *training on* what to do *when* someone has a gun; *how to* act *if* there is a fire.

    Not "we were in class when", not "what to do about", not where the person is certain, not beside the word "now".
    """
    words = clause.words
    if words[start] in language.certain or not language.now.isdisjoint(words):
        return False
    near = (*_before(clause, start, SUPPOSING_WORDS), words[start])
    pairs = list(pairwise(words[: start + 1]))
    conditional = not language.conditions.isdisjoint(near)
    if any(cue in language.learning and link in language.linking for cue, link in pairs):
        return conditional or not language.linking.isdisjoint(near)
    return conditional and any(f"{first} {second}" in language.asking for first, second in pairs)


def _told_of_the_past(language: EmergencyLanguage, clause: Clause) -> bool:
    if not language.now.isdisjoint(clause.words) or not language.recent.isdisjoint(clause.words):
        return False
    return not language.past.isdisjoint(clause.words) or any(_YEAR.fullmatch(word) for word in clause.words)


def _before(clause: Clause, start: int, reach_words: int) -> tuple[str, ...]:
    return clause.words[max(0, start - reach_words) : start]
