"""The demo on containers, from nothing, again, after down and up, and after each container was killed: `make containers`.

A script, not a test: it needs an engine with the images, and minutes. It runs with a PATH on which there is neither Java nor Maven.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upstream_stack.containers.engine import project_of
from upstream_stack.layout import Layout
from upstream_stack.processes import NAMES

ROOT = Path(__file__).parents[2]
DEMO_SECONDS_MAX = 900
LEFT_OUT = ("java", "mvn")


@contextmanager
def without_java() -> Iterator[str]:
    """A PATH with every program of this one but those of Java and Maven."""
    with tempfile.TemporaryDirectory() as folder:
        for place in os.environ["PATH"].split(":"):
            for program in Path(place).iterdir() if Path(place).is_dir() else ():
                if not program.name.startswith(LEFT_OUT) and not (Path(folder) / program.name).is_symlink():
                    (Path(folder) / program.name).symlink_to(program)
        assert not any(shutil.which(name, path=folder) for name in LEFT_OUT)
        yield folder


class Drill:
    """One run of it in a run directory of its own."""

    def __init__(self, run_dir: Path, port_base: str, path: str) -> None:
        self.layout = Layout(run_dir)
        self.red = 0
        kept = {name: value for name, value in os.environ.items() if name not in {"JAVA_HOME", "MAKEFLAGS", "MAKELEVEL"}}
        self.environment = kept | {"PATH": path, "RUN_DIR": str(run_dir), "PORT_BASE": port_base, "MODE": "compose"}

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`make …` as a person types it."""
        return subprocess.run(
            ["make", "--no-print-directory", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEMO_SECONDS_MAX,
        )

    def demo(self, when: str) -> None:
        """Plays the seven journeys and prints one line."""
        began = time.monotonic()
        done = self.make("demo", "JSON=1")
        seconds = time.monotonic() - began
        journeys = json.loads(done.stdout.splitlines()[-1])["journeys"] if done.stdout.strip().endswith("}") else {}
        bad = [f"{name}: {journey['steps'][-1]['step']}" for name, journey in journeys.items() if not journey["ok"]]
        green = done.returncode == 0 and len(journeys) == 7 and not bad
        self.red += not green
        why = "" if green else f"  {'; '.join(bad) or done.stderr.strip()[-500:]}"
        print(f"{'✓' if green else '✗'} {when:<40} {seconds:6.1f} s{why}", flush=True)

    def kill(self, name: str) -> None:
        """As `docker kill` does it, which the engine takes for somebody's wish: it does not start the container again by itself."""
        subprocess.run(["docker", "kill", f"{project_of(self.layout)}-{name}-1"], capture_output=True, check=True)

    def verb(self, *words: str) -> None:
        """A verb that must succeed."""
        began = time.monotonic()
        done = self.make(*words)
        assert done.returncode == 0, done.stderr
        print(f"  make {' '.join(words):<37} {time.monotonic() - began:6.1f} s", flush=True)


def main() -> int:
    """Arguments: a run directory that may be lost, and a port base."""
    with without_java() as path:
        drill = Drill(Path(sys.argv[1]).absolute(), sys.argv[2], path)
        if drill.layout.run_dir.exists():
            subprocess.run(
                [sys.executable, "-m", "upstream_stack", "reset", "--yes"],
                env=drill.environment,
                check=True,
                capture_output=True,
            )
        drill.demo("from nothing")
        drill.demo("again, warm")
        drill.verb("down")
        drill.verb("up")
        drill.demo("after down and up")
        for name in NAMES:
            drill.kill(name)
            drill.demo(f"after docker kill {name}")
        for verb in ("ps", "topics", "down"):
            drill.verb(verb)
    print(f"{'red' if drill.red else 'green'}: {drill.red} of {3 + len(NAMES)} demos failed")
    return 1 if drill.red else 0


if __name__ == "__main__":
    sys.exit(main())
