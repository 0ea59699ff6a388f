"""Names that say nothing: rooms for anything, and suffixes that repeat what a thing is anyway."""

import ast
from pathlib import PurePosixPath

from source_tree import Tree, python

ROOMS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "processor", "misc"}
SUFFIXES = ("Event", "Manager", "Processor", "Helper", "Service", "Utils", "Impl")


def check(tree: Tree) -> list[str]:
    """Modules and folders with a banned name, classes with a banned suffix."""
    return [*_rooms(tree), *_classes(tree)]


def _rooms(tree: Tree) -> list[str]:
    return [
        f"{path}: a room named {name!r} would hold anything; name it for what it holds"
        for path in tree
        if path.endswith(".py")
        for name in PurePosixPath(path).with_suffix("").parts
        if name in ROOMS
    ]


def _classes(tree: Tree) -> list[str]:
    return [
        f"{path}:{node.lineno}: class {node.name}: the suffix says nothing"
        for path, module in python(tree)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name.endswith(SUFFIXES) and node.name not in SUFFIXES
    ]
