"""Finds a Java that Kafka runs on. Installs nothing."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from upstream_stack.errors import Trouble, install_command

JAVA_MIN = 17

_INSTALL = install_command(debian="openjdk-17-jre-headless", fedora="java-17-openjdk-headless", brew="openjdk@17")


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that runs."""

    program: Path
    version: str


def find_java() -> Java:
    """JAVA_HOME's Java, else the one on the PATH; Trouble where there is none or it is older than `JAVA_MIN`."""
    program = _program()
    if program is None:
        raise Trouble("Java is missing", f"Kafka runs on Java {JAVA_MIN} or newer; none in JAVA_HOME or on the PATH", _INSTALL)
    version = _version(program)
    if _major(version) < JAVA_MIN:
        raise Trouble("Java is too old", f"{program} is version {version}; Kafka needs {JAVA_MIN} or newer", _INSTALL)
    return Java(program, version)


def _program() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return Path(home) / "bin" / "java"
    found = shutil.which("java")
    return Path(found) if found else None


def _version(program: Path) -> str:
    """What `java -version` says of itself, which it does on standard error."""
    answer = subprocess.run([str(program), "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "([^"]+)"', answer.stderr)
    if answer.returncode != 0 or found is None:
        raise Trouble("Java does not run", f"{program} -version ended with {answer.returncode}", _INSTALL)
    return found.group(1)


def _major(version: str) -> int:
    """17.0.9 is 17, and 1.8.0_392 is 8."""
    numbers = re.findall(r"\d+", version)
    return int(numbers[1] if numbers[0] == "1" else numbers[0])
