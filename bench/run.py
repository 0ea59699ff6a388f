"""`make bench`: the engine beside what people would otherwise use, and the product's real hops.

Runs the yardsticks' own runner (a folder that is not part of this repository) with the benchmark service as one more
variant, interleaved, on one Kafka and one PostgreSQL; prints ratios and keeps one results file with the machine's facts.
Environment: YARDSTICKS (the folder), ROUNDS, VARIANTS, PGBIN (PostgreSQL's programs, psql among them).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import hops
from facts import YARDSTICKS, machine, psql_folder
from picture import bars
from upstream_stack.clock import now
from upstream_stack.errors import Trouble
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.terminal import Checklist, print_trouble

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "docs" / "pictures"
VARIANTS = os.environ.get("VARIANTS", "v1,v2w6,v3,v4")
ROUNDS = os.environ.get("ROUNDS", "3")
FIGURES = ("evs", "p50", "p99", "p999", "cpu_svc", "cpu_pg", "cpu_kafka", "rss")
Row = dict[str, Any]


def main() -> None:
    """Measure, print, keep."""
    rows = yardsticks()
    real = hops.measure()
    results = {"measured_at": now().isoformat(), "machine": machine(), "ratios": ratios(rows), "hops": real, "laps": rows}
    file = HERE / "results" / f"{now():%Y-%m-%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    draw(rows, real)
    print("\nReal hops:", json.dumps(real, indent=1))
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
        build(set(VARIANTS.split(",")), Path(folder))
        words = [sys.executable, str(YARDSTICKS / "run_peers.py"), "--work", folder, "--libs", str(jars), "--pgbin", programs]
        words += ["--rounds", ROUNDS, "--variants", f"{VARIANTS},upstream", "--base", "upstream"]
        words += ["--add", f"upstream={sys.executable} -m upstream_bench"]
        subprocess.run(words, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}, check=True)
        return [json.loads(line) for line in (Path(folder) / "results.jsonl").read_text().splitlines()]


def build(variants: set[str], work: Path) -> None:
    """What is not Python among the yardsticks, as their README builds it; their folder stays as it is."""
    if variants & {"v5", "v5-poll10"}:
        subprocess.run(["go", "build", "-o", str(work / "v5"), "."], cwd=YARDSTICKS / "v5_watermill", check=True)
    for name, source in (("v6", "v6_kstreams"), ("v7", "v7_spring")):
        if any(variant.startswith(name) for variant in variants):
            _build_java(name, YARDSTICKS / source, work)


def _build_java(name: str, source: Path, work: Path) -> None:
    jars, classes = work / f"{name}libs", work / f"{name}-classes"
    copy = ["mvn", "-q", "-B", "-f", str(source / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    subprocess.run([*copy, f"-DoutputDirectory={jars}"], check=True)
    main_file = str(source / "src" / "main" / "java" / "Main.java")
    subprocess.run(["javac", "-proc:none", "-cp", f"{jars}/*", "-d", str(classes), main_file], check=True)
    subprocess.run(["jar", "cf", str(work / f"{name}.jar"), "-C", str(classes), "."], check=True)


def draw(rows: list[Row], real: Row) -> None:
    """Throughput and latency as pictures, medians over the laps; the real hops from one run."""
    PICTURES.mkdir(exist_ok=True)
    names = [*VARIANTS.split(","), "upstream"]
    for figure, title, unit in (
        ("evs", "Events a second while draining", "/s"),
        ("p50", "Request to effect at 200 events/s, median", "ms"),
    ):
        found = [(name, [row[figure] for row in rows if row["variant"] == name and figure in row]) for name in names]
        medians = [(name, round(median(values), 2 if unit == "ms" else 0)) for name, values in found if values]
        (PICTURES / f"bench-{figure}.svg").write_text(bars(title, unit, medians, own="upstream"))
    taken = [(name, times["p50"]) for name, times in (real["steady"]["ms"] | real["agreed"]["ms"]).items()]
    (PICTURES / "bench-hops.svg").write_text(bars("From a submission, or a person's yes, to each stop, median", "ms", taken))
    used = list(real["laid_ready"]["cpu_ms"].items())
    (PICTURES / "bench-cpu.svg").write_text(bars("CPU for one submission with its two letters", "ms", used))


def ratios(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Ours over theirs, lap by lap of the same round, in the median."""
    ours = {row["round"]: row for row in rows if row["variant"] == "upstream"}
    found: dict[str, dict[str, float]] = {}
    for name in VARIANTS.split(","):
        theirs = [row for row in rows if row["variant"] == name and row["round"] in ours]
        pairs = {f: [ours[r["round"]][f] / r[f] for r in theirs if r.get(f) and f in ours[r["round"]]] for f in FIGURES}
        found[name] = {figure: round(median(values), 3) for figure, values in pairs.items() if values}
    return found


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        print_trouble(trouble)
        sys.exit(1)
