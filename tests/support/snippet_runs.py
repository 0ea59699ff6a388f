"""The snippets of shared/client/snippets, each made ready to run with what its language needs; skips where that is not here."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from upstream_stack.layout import parts_cache

CLIENT = Path(__file__).parents[2] / "shared" / "client"
SNIPPETS = CLIENT / "snippets"
BUILD_SECONDS = 600
RUN_SECONDS = 120
JARS = ("kafka-clients", "slf4j-api", "zstd-jni")
RDKAFKA_MIN = (2, 6, 1)  # older ones speak SCRAM in a way that Kafka 4 refuses


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program and the environment it needs; the snippets take a credentials file and a submission."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*self.command, *map(str, arguments)),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )


def ready(language: str, folder: Path) -> Snippet:
    """The snippet of one language, built in this empty folder. Skips the test where its tool is not here."""
    return _LANGUAGES[language](folder)


def kcat(folder: Path) -> Snippet:
    """The program kcat, on a librdkafka that can log in to Kafka 4: its own, or the one within confluent-kafka's wheel."""
    program = _tool("kcat")
    told = subprocess.run((program, "-V"), capture_output=True, text=True, check=False)
    found = re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
    if found and tuple(map(int, found.groups())) >= RDKAFKA_MIN:
        return Snippet((program,))
    wheel = importlib.util.find_spec("confluent_kafka")
    assert wheel is not None and wheel.origin is not None
    libraries = sorted(Path(wheel.origin).parents[1].glob("confluent_kafka.libs/librdkafka*.so*"))
    if not libraries:
        pytest.skip("kcat is built on a librdkafka before 2.6.1")
    (folder / "librdkafka.so.1").symlink_to(libraries[0])
    return Snippet((program,), {"LD_LIBRARY_PATH": str(folder)})


def _python(_: Path) -> Snippet:
    return Snippet((sys.executable, str(SNIPPETS / "python" / "publish_submission.py")))


def _java(folder: Path) -> Snippet:
    java = _tool("java")
    jars = [jar for name in JARS for jar in sorted(parts_cache().glob(f"kafka-*/{name}-*.jar"))[-1:]]
    assert len(jars) == len(JARS), "the stack that runs brought them"
    for jar in jars:
        shutil.copy(jar, folder)
    return Snippet((java, "-cp", f"{folder}/*", str(SNIPPETS / "java" / "PublishSubmission.java")))


def _go(folder: Path) -> Snippet:
    go = _tool("go", "/usr/local/go/bin/go")
    shutil.copytree(SNIPPETS / "go", folder, dirs_exist_ok=True)
    _fetch((go, "mod", "download"), folder, "modules of the Go snippet")
    _build((go, "build", "-mod=readonly", "-o", "publish", "."), folder)
    return Snippet((str(folder / "publish"),))


def _node(folder: Path) -> Snippet:
    node, npm = _tool("node"), _tool("npm")
    shutil.copytree(SNIPPETS / "node", folder, dirs_exist_ok=True)
    quiet = ("--no-package-lock", "--no-audit", "--no-fund")
    _fetch((npm, "install", *quiet), folder, "packages of the Node snippet")
    return Snippet((node, str(folder / "publish-submission.js")))


def _shell(folder: Path) -> Snippet:
    _tool("jq")
    return Snippet(("sh", str(SNIPPETS / "kcat" / "publish-submission.sh")), kcat(folder).environment)


_LANGUAGES: Mapping[str, Callable[[Path], Snippet]] = {
    "python": _python,
    "java": _java,
    "go": _go,
    "node": _node,
    "kcat": _shell,
}
LANGUAGES = tuple(_LANGUAGES)


def _tool(name: str, elsewhere: str = "") -> str:
    found = shutil.which(name) or shutil.which(elsewhere)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _fetch(command: tuple[str, ...], folder: Path, what: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode != 0:
        pytest.skip(f"{what} cannot be fetched")


def _build(command: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
