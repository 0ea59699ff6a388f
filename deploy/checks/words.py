"""Words that must not stay behind: what was left open, where somebody's machine keeps things, where packages come from."""

import re

from source_tree import Tree

# Written so that none of these patterns finds itself.
LEFT_OPEN = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HAC[K])\b")
MACHINE = re.compile(r"(?<![\w.$}\])])/(?:home|Users|root|work)/[A-Za-z]|[A-Z]:\\Users\\")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|repo\d?\.maven\.(?:apache\.)?org|crates\.io|golang\.org|rubygems\.org)\b"
)
KINDS = ((LEFT_OPEN, "was left open"), (MACHINE, "is a path of one machine"), (REGISTRY, "is the address of a registry"))


def check(tree: Tree) -> list[str]:
    """Every line that holds one of them."""
    return [
        f"{path}:{number}: {found.group()!r} {why}"
        for path, text in tree.items()
        for number, line in enumerate(text.splitlines(), start=1)
        for pattern, why in KINDS
        if (found := pattern.search(line))
    ]
