"""Routes a street issue to the office that manages it, by rules that can be read out to the person who asks why.

A request for a training is never redirected, and what no rule knows is left to a person: both answer None. It must not
reject anything, decide about a person, or treat what it does not know as a training.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from upstream_intake.rules import patterns, plain_text
from upstream_intake.rules.directory import Circumstance
from upstream_intake.rules.redirect_context import CIRCUMSTANCES, TRAINING
from upstream_intake.rules.redirect_rules import LISTS, RULES, RULES_VERSION, Rule

_HISSING = ("che", "she", "se", "xe", "ze")
_KEEP_S = ("ss", "us", "is")


@dataclass(frozen=True, slots=True)
class Redirection:
    """Where to, by which rule of which version: enough to explain the answer."""

    office_code: str
    rule_id: str
    rule_version: int = RULES_VERSION


@dataclass(frozen=True, slots=True)
class _Sentence:
    clause: plain_text.Clause
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _ReadyRule:
    rule: Rule
    forms: tuple[patterns.Pattern, ...]
    unless: frozenset[str]


def stem(word: str) -> str:
    """One spelling for singular and plural; crude on purpose, because rules and texts go through the same."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(_KEEP_S):
        word = word[:-1]
    return word[:-1] if word.endswith(_HISSING) else word


def _spelling(written: str) -> Iterable[str]:
    return (stem(plain_text.folded(written)),)


def _ready(forms: Iterable[str]) -> tuple[patterns.Pattern, ...]:
    return tuple(patterns.parse(form, LISTS, _spelling) for form in forms)


_TRAINING = _ready(TRAINING)
_RULES = tuple(_ReadyRule(rule, _ready(rule.forms), frozenset(map(stem, plain_text.word_set(rule.unless)))) for rule in RULES)
_CIRCUMSTANCES = {name: _ready(forms) for name, forms in CIRCUMSTANCES.items()}


def redirect(text: str, service_name: str | None) -> Redirection | None:
    """The office for a text, or None where it asks for a training or only a person can tell.

    The name of the service that somebody chose in another system outweighs the text.
    """
    named, told = _sentences(service_name or ""), _sentences(text)
    if _meets_any(named, _TRAINING) or _meets_any(told, _TRAINING):
        return None
    return _first(named) or _first(told)


def circumstances(text: str) -> frozenset[Circumstance]:
    """What a text says of the case that keeps an office from coming, for `directory.offices_to_name`."""
    sentences = _sentences(text)
    return frozenset(name for name, forms in _CIRCUMSTANCES.items() if _meets_any(sentences, forms))


def _sentences(text: str) -> tuple[_Sentence, ...]:
    found = []
    for clause in plain_text.clauses(plain_text.folded(text)):
        words = tuple(map(stem, clause.words))
        found.append(_Sentence(plain_text.Clause(words, clause.opens), frozenset(words)))
    return tuple(found)


def _first(sentences: tuple[_Sentence, ...]) -> Redirection | None:
    for ready in _RULES:
        allowed = tuple(sentence for sentence in sentences if ready.unless.isdisjoint(sentence.words))
        if _meets_any(allowed, ready.forms):
            return Redirection(ready.rule.office_code, ready.rule.rule_id)
    return None


def _meets_any(sentences: Iterable[_Sentence], forms: Iterable[patterns.Pattern]) -> bool:
    return any(
        not form.firsts.isdisjoint(sentence.words) and any(form.spans(sentence.clause))
        for sentence in sentences
        for form in forms
    )
