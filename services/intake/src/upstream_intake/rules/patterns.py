"""A small language for wording that a reviewer can read without knowing regular expressions.

    he|she !has a? .. <weapon>

`a|b` either word · `word?` may be missing · `..` up to two words in between, never a negation · `<name>` one of a named
list · `^` the clause begins here · `!` the telling word, by which texts that cannot match are passed over.
Matching walks positions forward and never goes back, so its cost is bounded by length of text times length of pattern.
It must not know what a pattern is for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from upstream_intake.rules.plain_text import Clause

GAP_WORDS_MAX = 2
NEGATIONS = frozenset({"no", "not", "never", "without", "nobody", "sin", "nunca", "لا", "ليس", "بدون", "ma", "aan"})

Vocabulary: TypeAlias = Mapping[str, tuple[str, ...]]
Spelling: TypeAlias = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Word:
    """Any one of these words."""

    words: frozenset[str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of these sequences."""

    forms: tuple[tuple["Step", ...], ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `GAP_WORDS_MAX` words of any kind but a negation."""

    optional: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """No word: the place where a clause begins, or goes on after a pause."""

    optional: bool = False


Step: TypeAlias = Word | Choice | Gap | Start


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps in order, the words it can begin with, and the words without one of which it cannot match."""

    steps: tuple[Step, ...]
    firsts: frozenset[str]
    telling: frozenset[str]

    def spans(self, clause: Clause) -> Iterator[tuple[int, int]]:
        """(first word, word after the last) of every match, the longest for each first word."""
        starts = [at for at, word in enumerate(clause.words) if word in self.firsts]
        for start in starts:
            if ends := _walk(self.steps, clause, {start}):
                yield start, max(ends)


def parse(template: str, vocabulary: Vocabulary, spelling: Spelling) -> Pattern:
    """The pattern of a template; `spelling` turns a written word into the spellings it is looked for in.

    Raises KeyError for a list that the vocabulary does not have.
    """
    steps: list[Step] = []
    telling: frozenset[str] = frozenset()
    for written in template.split():
        step = _step(written.removeprefix("!"), vocabulary, spelling)
        steps.append(step)
        if written.startswith("!"):
            telling = _firsts((step,))
    firsts = _firsts(tuple(steps))
    return Pattern(tuple(steps), firsts, telling or firsts)


def _step(written: str, vocabulary: Vocabulary, spelling: Spelling) -> Step:
    if written == "..":
        return Gap()
    if written == "^":
        return Start()
    optional = written.endswith("?")
    forms = [
        form
        for part in written.removesuffix("?").split("|")
        for form in (vocabulary[part.strip("<>")] if part.startswith("<") else (part,))
    ]
    if any(" " in form or "<" in form for form in forms):
        return Choice(tuple(parse(form, vocabulary, spelling).steps for form in forms), optional)
    return Word(frozenset(spelt for form in forms for word in form.split("|") for spelt in spelling(word)), optional)


def _firsts(steps: tuple[Step, ...]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for step in steps:
        if isinstance(step, Word):
            found |= step.words
        elif isinstance(step, Choice):
            found = found.union(*(_firsts(form) for form in step.forms))
        if not step.optional and not isinstance(step, Start):
            break
    return found


def _walk(steps: tuple[Step, ...], clause: Clause, positions: set[int]) -> set[int]:
    for step in steps:
        positions = _after(step, clause, positions) | (positions if step.optional else set())
        if not positions:
            break
    return positions


def _after(step: Step, clause: Clause, positions: set[int]) -> set[int]:
    words = clause.words
    match step:
        case Word(words=wanted):
            return {at + 1 for at in positions if at < len(words) and words[at] in wanted}
        case Choice(forms=forms):
            return set().union(*(_walk(form, clause, positions) for form in forms))
        case Gap():
            return set().union(*(_gap_ends(words, at) for at in positions))
        case Start():
            return positions & clause.opens


def _gap_ends(words: tuple[str, ...], at: int) -> set[int]:
    ends: set[int] = set()
    for end in range(at + 1, min(at + GAP_WORDS_MAX, len(words)) + 1):
        if words[end - 1] in NEGATIONS:
            break
        ends.add(end)
    return ends
