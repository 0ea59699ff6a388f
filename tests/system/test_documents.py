"""What the documents tell people to type works: every fenced block marked `run` is run, on the tests' own stack."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from upstream_stack.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*/*/README.md"))]
BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(BLOCK.findall(document.read_text()), start=1)
]


def test_the_readme_has_blocks_to_run() -> None:
    assert len(BLOCK.findall((ROOT / "README.md").read_text())) >= 3


@pytest.mark.parametrize("block", BLOCKS)
def test_what_a_document_tells_people_to_type_works(stack: Stack, block: str) -> None:
    environment = {
        **os.environ,
        "RUN_DIR": str(stack.layout.run_dir),
        "PORT_BASE": str(stack.ports.base),
        "UPSTREAM_CREDENTIALS": str(stack.layout.credentials / "pdx311.json"),
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", block], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
