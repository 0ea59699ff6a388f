"""Generated files: made from one source each, and equal to it. `--write` makes them anew, `--check` finds old ones.

Golden schemas and stored bytes are only ever added to: `--write` adds what is new, `--check` finds what a commit changed.
"""

import subprocess
import sys
from pathlib import Path

PAGES = ("upstream_schemas.catalogue_page", "upstream_schemas.asyncapi", "upstream_schemas.event_page")
GOLDEN = "upstream_schemas.golden"
STORED = Path("tests/contracts/corpus")


def pages(root: Path) -> list[str]:
    """`docs/topics.md`, `docs/asyncapi.json` and `docs/events.html` are what the catalogue says now."""
    return [line for module in PAGES for line in _run(root, "-m", module, "--check")]


def golden(root: Path) -> list[str]:
    """No released schema differs from its class, or from the commit that first added it."""
    return _run(root, "-m", GOLDEN, "--check")


def stored_bytes(root: Path) -> list[str]:
    """No stored record differs from the commit that first added it."""
    from upstream_schemas.released_files import NoHistoryError, changed_since_release  # noqa: PLC0415 - only this gate needs it

    try:
        return changed_since_release(root / STORED)
    except NoHistoryError as error:
        return [str(error)]


def write(root: Path) -> list[str]:
    """Make all of them anew. Returns what was said about it."""
    done = [line for module in (*PAGES, GOLDEN) for line in _run(root, "-m", module, "--write")]
    return done + _run(root, "tests/contracts/stored.py")


def _run(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - our own modules
        (sys.executable, *arguments), cwd=root, capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines or ([f"{arguments} ended with {done.returncode}"] if done.returncode else [])


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[2]
    if sys.argv[1:] == ["--write"]:
        sys.stdout.writelines(f"{line}\n" for line in write(here))
    else:
        found = [*pages(here), *golden(here), *stored_bytes(here)]
        sys.stdout.writelines(f"{line}\n" for line in found)
        sys.exit(bool(found))
