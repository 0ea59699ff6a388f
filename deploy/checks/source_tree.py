"""The text files of a repository, as the checks see them. Reads files and nothing else."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Tree = Mapping[str, str]
"""Path from the root, with slashes → text."""

LEFT_OUT = {"__pycache__", "node_modules", "dist", "build", "work"}
TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".lock",
    ".sql",
    ".sh",
    ".html",
    ".css",
    ".js",
    ".json",
    ".xml",
    ".yml",
    ".yaml",
    ".properties",
    "",
}


def read(root: Path) -> Tree:
    """Every text file below the root that is neither hidden nor made by a tool; `.ci` is not hidden from the checks."""
    return dict(sorted(_files(root, root)))


def python(tree: Tree) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file, parsed."""
    return ((path, ast.parse(text)) for path, text in tree.items() if path.endswith(".py"))


def _files(root: Path, folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name != ".ci"
        if hidden or path.is_symlink():
            continue
        if path.is_dir() and path.name not in LEFT_OUT:
            yield from _files(root, path)
        elif path.is_file() and path.suffix in TEXTS:
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
