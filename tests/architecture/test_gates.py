"""Each gate of `make check` has a canary here: a violation planted in a tree of its own turns that very gate red.

A canary first shows the gate green on the same tree without the violation, so that it is the violation that is found.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import gates
import generated
import names
import purity
import sizes
import source_tree
import tools
import words

ROOT = Path(__file__).parents[2]
CLEAN = '"""A room for one test."""\n'
DECIDE = "services/intake/src/upstream_intake/decide/sessions.py"
Check = Callable[[source_tree.Tree], list[str]]


def grown(function_lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (function_lines - 1)


PLANTED: dict[str, tuple[Check, dict[str, str]]] = {
    "a room for anything": (names.check, {"services/intake/src/upstream_intake/" + "helpers.py": CLEAN}),
    "a folder for anything": (names.check, {"shared/runtime/src/upstream_runtime/common/clock.py": CLEAN}),
    "a class that ends in Event": (names.check, {"a.py": "class SlotOffered" + "Event: ...\n"}),
    "a class that ends in Manager": (names.check, {"a.py": "class Slot" + "Manager: ...\n"}),
    "something left open": (words.check, {"a.md": "# TO" + "DO: say more\n"}),
    "something to be mended": (words.check, {"a.py": "x = 1  # FIX" + "ME\n"}),
    "a folder of one machine": (words.check, {"a.toml": 'path = "/ho' + 'me/sample/upstream"\n'}),
    "a folder of another machine": (words.check, {"a.sh": "cd C:\\Us" + "ers\\sample\n"}),
    "the address of a registry": (words.check, {"requirements.lock": "--index-url https://pypi" + ".org/simple\n"}),
    "the address of another registry": (words.check, {"pom.xml": "<url>https://repo.maven" + ".apache.org/maven2</url>\n"}),
    "a file that is too long": (sizes.check, {"a.py": "x = 1\n" * 401}),
    "a function that is too long": (sizes.check, {"a.py": grown(61)}),
    "an engine that grew": (sizes.check, dict.fromkeys(sizes.ENGINE, "# long: a sample\n" + "x = 1\n" * 300)),
    "a decision that reads the database": (purity.check, {DECIDE: "from asyncpg import Connection\n"}),
    "a decision that asks the clock": (purity.check, {DECIDE: "from upstream_runtime.clock import Clock\n"}),
    "a decision that asks the engine by another door": (purity.check, {DECIDE: "import upstream_runtime.store\n"}),
    "a decision that opens a file": (purity.check, {DECIDE: "text = open('x')\n"}),
    "a decision that throws dice": (purity.check, {DECIDE: "def f():\n    import random\n"}),
    "a decision that writes bytes": (purity.check, {DECIDE: "from upstream_schemas import codec\n"}),
    "a decision that leans on one that reaches out": (
        purity.check,
        {
            DECIDE: "from upstream_intake import inlet\n",
            "services/intake/src/upstream_intake/inlet.py": "import socket\n",
        },
    ),
    "a decision of one side of the wall that reads the database": (
        purity.check,
        {"services/referral/src/upstream_referral/outreach/decide/offers.py": "import asyncpg\n"},
    ),
    "a model that does I/O": (purity.check, {"services/notifier/src/upstream_notifier/model.py": "import asyncio\n"}),
    "an event parsed outside the codec": (
        purity.check,
        {"a.py": "from upstream_schemas.city import Verdict\nVerdict.model_validate_json(b'')\n"},
    ),
}


@pytest.mark.parametrize(("check", "planted"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_turns_its_gate_red(check: Check, planted: dict[str, str], tmp_path: Path) -> None:
    for path in planted:
        plant(tmp_path, path.replace("helpers", "letters").replace("common", "letters"), CLEAN)
    assert check(source_tree.read(tmp_path)) == []
    for path, text in planted.items():
        plant(tmp_path, path, text)
    found = check(source_tree.read(tmp_path))
    assert found
    assert all(line.startswith((*planted, "consume + relay")) for line in found)


def test_a_reason_at_the_head_excuses_a_long_file_and_a_long_function(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "# long: one table, read as one\n" + "x = 1\n" * 500 + "\n# long: one rule\n" + grown(70))
    assert sizes.check(source_tree.read(tmp_path)) == []


def test_what_a_decision_may_know_is_not_complained_about(tmp_path: Path) -> None:
    allowed = "from upstream_runtime.decision import Decision\nfrom upstream_schemas import city\nfrom datetime import date\n"
    plant(tmp_path, DECIDE, allowed + "from upstream_intake.model import Request\n")
    plant(tmp_path, "services/intake/src/upstream_intake/model.py", "from dataclasses import dataclass\n")
    assert purity.check(source_tree.read(tmp_path)) == []


# ---- somebody else's programs, over copies of the real repository


def plant(root: Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def add(root: Path, path: str, text: str) -> None:
    plant(root, path, (root / path).read_text(encoding="utf-8") + text)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository of one clean file with the real settings of the tools."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    plant(tmp_path, "tests/decisions/test_sample.py", CLEAN)
    return tmp_path


@pytest.fixture
def members(tmp_path: Path) -> Path:
    """All members' sources, with the real settings of the tools."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", ".*", "work")
    for member in tools.members(ROOT):
        shutil.copytree(member, tmp_path / member.relative_to(ROOT), ignore=ignored)
    shutil.copytree(ROOT / "bench", tmp_path / "bench", ignore=ignored)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import os\n", "F401"),
        ("from datetime import datetime, UTC\n\nNOW = datetime.now(UTC)\n", "TID251"),
        ("from uuid import uuid4\n\nX = uuid4()\n", "TID251"),
        ("import random\n\nX = random.random()\n", "TID251"),
        ("X = 1  # type: ignore\n", "PGH003"),
    ],
)
def test_ruff_turns_red(small: Path, line: str, rule: str) -> None:
    assert tools.ruff(small) == []
    plant(small, "services/intake/src/upstream_intake/sample.py", f"{CLEAN}\n{line}")
    assert any(rule in found for found in tools.ruff(small))


def test_the_clock_itself_may_ask_what_time_it_is(small: Path) -> None:
    asks = "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"
    plant(small, "shared/runtime/src/upstream_runtime/clock.py", f"{CLEAN}\n{asks}")
    assert not any("TID251" in found for found in tools.ruff(small))


def test_ruff_format_turns_red(small: Path) -> None:
    assert tools.ruff_format(small) == []
    plant(small, "tests/decisions/test_sample.py", CLEAN + "x = {'a':1}\n")
    assert any("test_sample.py" in found for found in tools.ruff_format(small))


def test_mypy_turns_red_also_in_tests(small: Path) -> None:
    assert tools.mypy(small) == []
    plant(small, "tests/decisions/test_sample.py", CLEAN + "def f(x):\n    return x\n")
    assert any("no-untyped-def" in found for found in tools.mypy(small))


IMPORTS = {
    "Services know nothing of each other": ("services/intake/src/upstream_intake/store.py", "import upstream_scheduler.model"),
    "The two sides of the wall never meet": (
        "services/referral/src/upstream_referral/gateway/__init__.py",
        "import upstream_referral.outreach",
    ),
    "The contract stands alone": ("shared/schemas/src/upstream_schemas/city.py", "import upstream_runtime.decision"),
    "The engine knows no service": ("shared/runtime/src/upstream_runtime/apply.py", "import upstream_notifier.model"),
    "Partners' tools need the contract alone": (
        "shared/client/src/upstream_client/__init__.py",
        "import upstream_runtime.log",
    ),
    "Decisions reach nothing outside": ("services/intake/src/upstream_intake/decide/sessions.py", "import asyncpg"),
    "Only upstream_runtime.source imports FastStream": ("services/intake/src/upstream_intake/inlet.py", "import faststream"),
    "Only the stack administers the broker": ("shared/runtime/src/upstream_runtime/relay.py", "import confluent_kafka"),
}


def test_import_linter_is_green_without_a_violation(members: Path) -> None:
    assert tools.import_linter(members) == []


@pytest.mark.parametrize("contract", IMPORTS)
def test_import_linter_turns_red_on_every_contract(members: Path, contract: str) -> None:
    path, line = IMPORTS[contract]
    add(members, path, f"\n{line}\n")
    assert any(found.startswith(contract) and " BROKEN" in found for found in tools.import_linter(members))


def test_every_contract_of_the_settings_has_its_canary() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert len(contracts) == len(IMPORTS)
    assert all(any(contract["name"].startswith(name) for name in IMPORTS) for contract in contracts)


def test_deptry_turns_red_on_what_is_not_declared_and_on_what_is_not_used(members: Path) -> None:
    before = tools.deptry(members)
    add(members, "shared/schemas/src/upstream_schemas/city.py", "\nimport httpx\n")
    declared = (members / "shared/schemas/pyproject.toml").read_text()
    plant(members, "shared/schemas/pyproject.toml", declared.replace('"pydantic>=2.12"', '"pydantic>=2.12", "structlog"'))
    new = [line for line in tools.deptry(members) if line not in before]
    assert len(new) == 2
    assert any("DEP003 'httpx'" in line or "DEP001 'httpx'" in line for line in new)
    assert any("DEP002 'structlog'" in line for line in new)


# ---- what is generated, and what is released


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose one commit released the contract as it is here."""
    for path in (
        "docs/topics.md",
        "docs/asyncapi.json",
        "docs/events.html",
        "shared/schemas/golden",
        "tests/contracts/corpus",
    ):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copy(ROOT / path, place)
    commit(tmp_path, "init", "--quiet")
    commit(tmp_path, "add", "--all")
    commit(tmp_path, "commit", "--quiet", "--message", "Released")
    return tmp_path


def commit(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Sample Person", "-c", "user.email=sample@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *arguments), cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("gate", "path", "old", "new"),
    [
        (generated.pages, "docs/topics.md", "7 days", "9 days"),
        (generated.pages, "docs/asyncapi.json", '"maximum": 5000', '"maximum": 50'),
        (generated.pages, "docs/events.html", "1 to 5000", "1 to 50"),
        (generated.golden, "shared/schemas/golden/intake.training.requested.v1.json", '"maximum": 5000', '"maximum": 50'),
        (generated.stored_bytes, "tests/contracts/corpus/intake.training.requested.v1.json", "UP-", "UQ-"),
    ],
    ids=["topics", "asyncapi", "events", "golden", "stored bytes"],
)
def test_a_generated_or_released_file_that_was_changed_turns_its_gate_red(
    repository: Path, gate: Callable[[Path], list[str]], path: str, old: str, new: str
) -> None:
    assert gate(repository) == []
    changed = (repository / path).read_text().replace(old, new)
    plant(repository, path, changed)
    commit(repository, "commit", "--quiet", "--all", "--message", "Changed in passing")
    assert gate(repository)


# ---- the command


def test_the_command_ends_with_one_where_a_gate_is_red_and_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tmp_path, "a.py", CLEAN)
    assert gates.main(["names", "words", "purity"], tmp_path) == 0
    plant(tmp_path, "base.py", CLEAN)
    assert gates.main(["names", "words", "purity"], tmp_path) == 1
    assert "✗ names" in capsys.readouterr().out
    assert gates.main(["no-such-gate"], tmp_path) == 2


def test_make_check_runs_every_gate_there_is() -> None:
    functions = {names.check, words.check, sizes.check, purity.check}
    assert (
        len(gates.GATES)
        == len(functions) + len({tools.mypy, tools.ruff, tools.ruff_format, tools.import_linter, tools.deptry}) + 3
    )
    done = subprocess.run(
        (sys.executable, "deploy/checks/run.py", "words"), cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert "1 of 1 gates" in done.stdout or "0 of 1 gates" in done.stdout
