"""The words of the participant's page by language: one file for each, all with the same keys (a test compares them).

Keys with a dot belong to a family: `state.*` is where it stands, `offer.*` what became of one recipient, `note.*` what of
erasing, `class.*` what may be told, `head.*` the table's columns, `undo.*` what cannot be undone, `keep.*` who sees what, `problem.*`
what could not be done. Plain words, short sentences, nobody blamed, and never a word that makes the police a condition of help.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from upstream_referral.outreach.texts import WRITTEN, written_language

PAGE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    code: tomllib.loads((files("upstream_referral.outreach.texts") / f"words_{code}.toml").read_text()) for code in WRITTEN
}


def words(reader: str) -> Mapping[str, str]:
    """The table for a reader of this BCP 47 tag."""
    return PAGE_WORDS[written_language(reader)]


def known(family: str, code: str) -> str:
    """The key of a code in its family, or the family's general one where the code has none of its own."""
    key = f"{family}.{code}"
    return key if key in PAGE_WORDS["en"] else f"{family}.other"
