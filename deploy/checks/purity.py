"""Decisions know the contract and their own rooms, and nothing that reaches outside; events are parsed in one place.

Looks at `decide`, `model` and `rules` of every service and at every module of the same service that they import.
"""

import ast
from collections.abc import Iterator

from source_tree import Tree, python

PURE_ROOMS = {"decide", "model", "rules"}
LIBRARY = {
    "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq",
    "itertools", "math", "operator", "re", "statistics", "string", "types", "typing", "unicodedata", "uuid", "zoneinfo",
}  # fmt: skip
CONTRACT = ("upstream_runtime.decision", "upstream_schemas")
WIRE = ("upstream_schemas.codec", "upstream_schemas.envelope")
REACHING_OUT = {"open", "print", "input", "exec", "eval", "__import__"}
CODEC = "shared/schemas/"


def check(tree: Tree) -> list[str]:
    """Imports and calls by which a decision would reach outside, and events parsed by anybody but the codec."""
    modules = {_dotted(path): (path, module) for path, module in python(tree) if path.startswith("services/")}
    found = [line for name in sorted(_decisions(modules)) for line in _impurities(name, *modules[name])]
    return [*found, *_parsers(tree)]


def _dotted(path: str) -> str:
    return path.partition("/src/")[2].removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _decisions(modules: dict[str, tuple[str, ast.Module]]) -> set[str]:
    """The pure rooms, and whatever of their own service they lean on."""
    waiting = [name for name in modules if set(name.split(".")[1:3]) & PURE_ROOMS]  # a side of referral is one room deeper
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for _, each in _imported(modules[name][1]) if each in modules and each != name.partition(".")[0]]
    return found


def _imported(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def _impurities(name: str, path: str, module: ast.Module) -> Iterator[str]:
    own = name.partition(".")[0]
    for node in ast.walk(module):
        wanted = [part.name for part in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            wanted = [f"{node.module}.{part.name}" for part in node.names]
        for each in wanted:
            if not _allowed(each, own):
                yield f"{path}:{node.lineno}: a decision must not import {each}"  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REACHING_OUT:
            yield f"{path}:{node.lineno}: a decision must not call {node.func.id}()"


def _allowed(name: str, own: str) -> bool:
    inside = [name == part or name.startswith(f"{part}.") for part in (own, *CONTRACT)]
    wire = any(name == part or name.startswith(f"{part}.") for part in WIRE)
    return not wire and (any(inside) or name.partition(".")[0] in LIBRARY)


def _parsers(tree: Tree) -> Iterator[str]:
    """Calls such as `TrainingRequestedV1.model_validate_json(…)`: reading records is the codec's."""
    for path, module in python(tree):
        if path.startswith((CODEC, "tests/")):
            continue
        imported = {each.rpartition(".")[2] for _, each in _imported(module) if each.startswith("upstream_schemas.")}
        events = {name for name in imported if name[:1].isupper()}
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in {"model_validate_json", "model_validate", "model_validate_strings"}
                and isinstance(node.value, ast.Name)
                and node.value.id in events
            ):
                yield f"{path}:{node.lineno}: {node.value.id} is parsed here; upstream_schemas.codec does that"
