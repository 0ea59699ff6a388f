"""How long files and functions may be, and how small the engine stays. A longer one says why at its head: `# long: …`."""

import ast
from statistics import median

from source_tree import Tree, python

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
ENGINE = ("shared/runtime/src/upstream_runtime/consume.py", "shared/runtime/src/upstream_runtime/relay.py")
ENGINE_LINES_MAX = 600
HEAD_LINES = 3
REASON = "# long: "


def check(tree: Tree) -> list[str]:
    """Files, functions and an engine that are too long and do not say why."""
    return [*_files(tree), *_functions(tree), *_engine(tree)]


def told(tree: Tree) -> str:
    """The sizes in one line, for a person."""
    files = [len(text.splitlines()) for path, text in tree.items() if path.endswith(".py")]
    functions = [length for _, _, length in _lengths(tree)]
    return (
        f"consume + relay {engine_lines(tree)} lines; files: median {median(files):.0f}, longest {max(files)}; "
        f"functions: median {median(functions):.0f}, longest {max(functions)}"
    )


def engine_lines(tree: Tree) -> int:
    """Lines of the record door and of the relay together."""
    return sum(len(tree[path].splitlines()) for path in ENGINE if path in tree)


def _engine(tree: Tree) -> list[str]:
    lines = engine_lines(tree)
    return [f"consume + relay: {lines} lines, more than {ENGINE_LINES_MAX}"] if lines > ENGINE_LINES_MAX else []


def _files(tree: Tree) -> list[str]:
    return [
        f"{path}: {len(lines)} lines, more than {FILE_LINES_MAX}, and no `{REASON}…` in its first lines"
        for path, text in tree.items()
        if path.endswith(".py")
        and len(lines := text.splitlines()) > FILE_LINES_MAX
        and not any(line.startswith(REASON) for line in lines[:HEAD_LINES])
    ]


def _functions(tree: Tree) -> list[str]:
    return [
        f"{path}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES_MAX}, and no `{REASON}…` at its head"
        for path, node, length in _lengths(tree)
        if length > FUNCTION_LINES_MAX and not _says_why(tree[path].splitlines(), node)
    ]


def _says_why(lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    before = node.decorator_list[0].lineno if node.decorator_list else node.lineno
    return any(REASON in line for line in (lines[before - 2], lines[node.lineno - 1]))


def _lengths(tree: Tree) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    return [
        (path, node, (node.end_lineno or node.lineno) - node.lineno + 1)
        for path, module in python(tree)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
