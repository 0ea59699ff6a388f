"""The words of intake's pages by language: one file for each, all with the same keys (a test compares them).

Keys with a dot belong to a family: `state.*` is where a case stands, `step.*` a line of its timeline, `outcome.*` how it
ended, `changed.*` what changed, `waits.*` why there is no date yet, `message.*` what a message was about, `problem.*` what could not
be done, `help.*` and `services.*` the pages for help, `need.*` what would help, `help-problem.*` what is wrong with that form. Plain words, short sentences, nobody blamed.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from upstream_intake.texts import WRITTEN, written_language

PAGE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    code: tomllib.loads((files("upstream_intake.texts") / f"words_{code}.toml").read_text()) for code in WRITTEN
}


def words(reader: str) -> Mapping[str, str]:
    """The table for a reader of this BCP 47 tag."""
    return PAGE_WORDS[written_language(reader)]


def in_family(table: Mapping[str, str], family: str, code: str) -> str:
    """The text of a code, or the family's general one where the code has none of its own."""
    return table.get(f"{family}.{code}", table[f"{family}.other"])
