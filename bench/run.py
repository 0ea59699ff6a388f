"""`make bench`: the engine beside what people would otherwise use, and real intake in verdicts per second.

Runs the yardsticks' own runner (a folder that is not part of this repository) with the benchmark service as one more
variant, interleaved, on one Kafka and one PostgreSQL; prints ratios and keeps one results file with the machine's facts.
Environment: YARDSTICKS (the folder), ROUNDS, VARIANTS, PGBIN (PostgreSQL's programs, psql among them).
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from upstream_stack.clock import now
from upstream_stack.errors import Trouble
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.parts.postgres_binaries import find_postgres
from upstream_stack.terminal import Checklist, print_trouble
from verdicts import verdicts_per_second

HERE = Path(__file__).resolve().parent
YARDSTICKS = Path(os.environ.get("YARDSTICKS") or HERE.parents[1] / "shared" / "bench")
VARIANTS = os.environ.get("VARIANTS", "v1,v2w6,v3,v4")
ROUNDS = os.environ.get("ROUNDS", "3")
PACKAGES = ("aiokafka", "faststream", "asyncpg", "pydantic", "uvloop", "confluent-kafka")
FIGURES = ("evs", "p50", "p99", "cpu_svc", "cpu_pg", "rss")
Row = dict[str, Any]


def main() -> None:
    """Measure, print, keep."""
    rows = yardsticks()
    intake = verdicts_per_second()
    results = {"measured_at": now().isoformat(), "machine": machine(), "ratios": ratios(rows), "intake": intake, "laps": rows}
    file = HERE / "results" / f"{now():%Y-%m-%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nReal intake: {intake['verdicts_per_second']} verdicts/s, each record answered once: {intake['answered_once']}")
    print(f"Kept in {file.relative_to(HERE.parent)}")


def yardsticks() -> list[Row]:
    """All laps of one interleaved run, ours among them."""
    if not (YARDSTICKS / "run_peers.py").exists():
        raise Trouble(
            "The yardsticks are not here", f"{YARDSTICKS} has no run_peers.py", "make bench YARDSTICKS=/their/folder"
        )
    programs = psql_folder()
    jars = kafka_jars(Checklist().progress)
    with tempfile.TemporaryDirectory(prefix="upstream-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL drops to a user of its own where we are root
        words = [sys.executable, str(YARDSTICKS / "run_peers.py"), "--work", folder, "--libs", str(jars), "--pgbin", programs]
        words += ["--rounds", ROUNDS, "--variants", f"{VARIANTS},upstream", "--base", "upstream"]
        words += ["--add", f"upstream={sys.executable} -m upstream_bench"]
        subprocess.run(words, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}, check=True)
        return [json.loads(line) for line in (Path(folder) / "results.jsonl").read_text().splitlines()]


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


def ratios(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Ours over theirs, lap by lap of the same round, in the median."""
    ours = {row["round"]: row for row in rows if row["variant"] == "upstream"}
    found: dict[str, dict[str, float]] = {}
    for name in VARIANTS.split(","):
        theirs = [row for row in rows if row["variant"] == name and row["round"] in ours]
        pairs = {f: [ours[r["round"]][f] / r[f] for r in theirs if r.get(f) and f in ours[r["round"]]] for f in FIGURES}
        found[name] = {figure: round(median(values), 3) for figure, values in pairs.items() if values}
    return found


def machine() -> Row:
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


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        print_trouble(trouble)
        sys.exit(1)
