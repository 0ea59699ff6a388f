"""Brings a text into the one spelling that rules are written in, and cuts it into clauses.

Upper case, accents, Arabic vowel marks and letter variants, curly quotes, invisible characters and apostrophes make no
difference afterwards ("Shé's" and "SHES" are both "shes"). It must not translate, correct or guess.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02bc\u02bb\u02b9\u00b4\u2032`]")
_SAME_LETTER = str.maketrans(
    {"\u0649": "\u064a", "\u06cc": "\u064a", "\u0629": "\u0647", "\u06a9": "\u0643", "\u0671": "\u0627"}
)
_CLAUSE_END = re.compile(r"""(?<!\.)[.!?](?=[\s"'\\]|\Z)|[;\u061f\u061b]|"\s*[:,}\]]""")
_PAUSE = re.compile(r"[,:()\[\]{}\"\u060c\u2013\u2014]")


@dataclass(frozen=True, slots=True)
class Clause:
    """Words between two full stops; `opens` holds the positions of words that stand right after a pause."""

    words: tuple[str, ...]
    opens: frozenset[int]


def folded(text: str) -> str:
    """The text in lower case without accents, vowel marks, apostrophes and invisible characters."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    bare = _APOSTROPHES.sub("", text)
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", bare.casefold()))
    return bare.translate(_SAME_LETTER)


def words(folded_text: str) -> list[str]:
    """Runs of letters and digits, in reading order."""
    return _WORD.findall(folded_text)


def word_set(text: str) -> frozenset[str]:
    """The words of a text, in the spelling of folded text."""
    return frozenset(words(folded(text)))


def word_pairs(*pairs: str) -> frozenset[str]:
    """Two words each with one space between, in the spelling of folded text."""
    return frozenset(folded(pair) for pair in pairs)


def clauses(folded_text: str) -> Iterator[Clause]:
    """Clauses in reading order; a closing quote before `,`, `:` or a bracket ends one, so JSON fields stay apart."""
    for sentence in _CLAUSE_END.split(folded_text):
        found: list[str] = []
        opens: set[int] = set()
        for part in _PAUSE.split(sentence):
            opens.add(len(found))
            found += _WORD.findall(part)
        if found:
            yield Clause(tuple(found), frozenset(opens))
