"""The two things we publish: each builds, installs alone into an empty environment, and works there."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "shared" / "client" / "examples"
BUILD_SECONDS = 300
PYDANTICS_OWN = {"annotated-types", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection"}

USE_THE_CONTRACT = """
import json, sys
from upstream_schemas.city import SubmissionSubmittedV1
from upstream_schemas.codec import decode, encode
from upstream_schemas.examples import example
from upstream_schemas.json_schema import schema_of

event = decode(json.dumps(example(SubmissionSubmittedV1)).encode(), SubmissionSubmittedV1)
assert json.loads(encode(event)) == example(SubmissionSubmittedV1)
assert schema_of(SubmissionSubmittedV1)["title"] == SubmissionSubmittedV1.TYPE
print(SubmissionSubmittedV1.__module__, sys.modules["upstream_schemas"].__file__)
"""


def run(*words: str | Path, **more: Path) -> subprocess.CompletedProcess[str]:
    command = tuple(map(str, words))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS, cwd=more.get("cwd"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both wheels, built as `make wheels` builds them."""
    folder = tmp_path_factory.mktemp("wheels")
    members = (ROOT / "shared/schemas", ROOT / "shared/client")
    done = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, *members)
    assert done.returncode == 0, done.stderr
    return folder


def wheel(wheels: Path, name: str) -> ZipFile:
    [path] = wheels.glob(f"{name}-*.whl")
    return ZipFile(path)


def needs(wheels: Path, name: str) -> list[Requirement]:
    """What a wheel says it needs from others, pinned to what is tested here."""
    archive = wheel(wheels, name)
    [metadata] = [path for path in archive.namelist() if path.endswith(".dist-info/METADATA")]
    lines = archive.read(metadata).decode().splitlines()
    told = [Requirement(line.removeprefix("Requires-Dist: ")) for line in lines if line.startswith("Requires-Dist: ")]
    for requirement in told:
        requirement.specifier &= f"=={version(requirement.name)}"
    return [requirement for requirement in told if not requirement.name.startswith("upstream-")]


def environment(folder: Path, wheels: Path, name: str, *others: str) -> Path:
    """The programs of an empty environment into which one of ours was installed. Skips where packages cannot be fetched."""
    assert run(sys.executable, "-m", "venv", "--without-pip", folder).returncode == 0
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet")
    found = {str(requirement) for one in (name, *others) for requirement in needs(wheels, one.replace("-", "_"))}
    if run(*pip, "--only-binary", ":all:", *sorted(found)).returncode != 0:
        pytest.skip("packages for an empty environment cannot be fetched")
    done = run(*pip, "--no-index", "--find-links", wheels, name)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.mark.parametrize("name", ["upstream_schemas", "upstream_client"])
def test_a_wheel_carries_its_types_its_licence_and_its_page_and_nothing_else(wheels: Path, name: str) -> None:
    inside = wheel(wheels, name).namelist()
    told = next(path for path in inside if path.endswith("/METADATA")).removesuffix("METADATA")
    assert {f"{name}/py.typed", f"{told}licenses/LICENSE"} <= set(inside)
    assert wheel(wheels, name).read(f"{told}licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert f"# {name.replace('_', '-')}" in wheel(wheels, name).read(f"{told}METADATA").decode()
    assert [path for path in inside if not path.startswith((f"{name}/", told))] == []


def test_the_contract_carries_an_example_of_each_event(wheels: Path) -> None:
    here = {path.name for path in (ROOT / "shared/schemas/src/upstream_schemas/examples").glob("*.json")}
    inside = wheel(wheels, "upstream_schemas").namelist()
    assert {path.rpartition("/")[2] for path in inside if "/examples/" in path and path.endswith(".json")} == here


def test_the_contract_alone_reads_and_writes_an_event(wheels: Path, tmp_path: Path) -> None:
    programs = environment(tmp_path / "empty", wheels, "upstream-schemas")
    done = run(programs / "python", "-I", "-c", USE_THE_CONTRACT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "empty") in done.stdout
    listed = run(sys.executable, "-m", "pip", "--python", programs / "python", "list", "--format", "json")
    installed = {package["name"].lower().replace("_", "-") for package in json.loads(listed.stdout)}
    assert installed == PYDANTICS_OWN | {"upstream-schemas"}


def test_the_partners_program_alone_checks_a_sample_and_says_what_is_wrong(wheels: Path, tmp_path: Path) -> None:
    programs = environment(tmp_path / "empty", wheels, "upstream-client", "upstream-schemas")
    told = run(programs / "upstream", "--help", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "publish" in told.stdout
    good = run(programs / "upstream", "check", EXAMPLES / "training-wish.json", cwd=tmp_path)
    bad = run(programs / "upstream", "check", EXAMPLES / "nobody-in-the-group.json", cwd=tmp_path)
    assert (good.returncode, bad.returncode) == (0, 4), good.stderr + bad.stderr
    assert "/group/size greater-than-equal" in bad.stdout
