"""What a benchmark was measured with: where the yardsticks are, PostgreSQL's programs, and the machine."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from upstream_stack.errors import Trouble
from upstream_stack.parts.java import find_java
from upstream_stack.parts.postgres_binaries import find_postgres

YARDSTICKS = Path(os.environ.get("YARDSTICKS") or Path(__file__).resolve().parents[2] / "shared" / "bench")
PACKAGES = ("aiokafka", "faststream", "asyncpg", "pydantic", "uvloop", "confluent-kafka")


def psql_folder() -> str:
    """PostgreSQL's programs, the client among them, which the runner needs."""
    found = find_postgres()
    folder = os.environ.get("PGBIN") or (str(found.folder) if found else "")
    if not folder or not (Path(folder) / "psql").exists():
        raise Trouble(
            "There is no psql",
            "the runner asks PostgreSQL through it",
            "apt-get install postgresql, or PGBIN=folder make bench",
        )
    return folder


def machine() -> dict[str, Any]:
    """What it was measured on."""
    java = subprocess.run([find_java().program, "-version"], capture_output=True, text=True, check=False).stderr.splitlines()
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "java": java[0] if java else "",
        "postgresql": subprocess.run(
            [f"{psql_folder()}/psql", "-V"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "packages": {name: version(name) for name in PACKAGES},
        "disk": shutil.disk_usage("/").total,
    }
