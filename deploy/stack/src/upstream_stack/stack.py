"""The stack for other programs, tests and the demo first: where things are, and up and down as the command line does them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from upstream_stack.errors import STARTED_BY, Trouble
from upstream_stack.kafka_access import own_config
from upstream_stack.layout import Layout, Ports
from upstream_stack.parties import read_parties
from upstream_stack.processes import Role, role_name, secrets_of, service
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import DATABASE_PASSWORD, read_secret
from upstream_stack.state import ProcessRecord, State, running_state

_PAUSE_SECONDS = 0.02


class Stack:
    """One stack, chosen by run directory and port base; any number of them live side by side."""

    def __init__(self, run_dir: Path, port_base: int) -> None:
        """Starts nothing."""
        self.layout = Layout(run_dir.absolute())
        self.ports = Ports(port_base)

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return f"127.0.0.1:{self.ports.kafka}"

    def url(self, process: str) -> str:
        """Where a service answers HTTP."""
        return f"http://127.0.0.1:{self.ports.service(service(process).port_offset)}"

    def kafka_admin_config(self) -> dict[str, str]:
        """Librdkafka settings of the one principal that may create and alter."""
        return self.credentials(ADMIN)

    def credentials(self, principal: str) -> dict[str, str]:
        """Librdkafka settings of any principal: `admin`, `operator`, a process or an outside party."""
        if principal in {party.slug for party in read_parties(self.layout.parties)}:
            content = json.loads((self.layout.credentials / f"{principal}.json").read_bytes())
            return {name: value for name, value in content.items() if "." in name}
        return own_config(self.layout, self.ports, principal)

    def database_dsn(self, process: str, role: Role = "runtime") -> str:
        """A PostgreSQL address with password. `owner` migrates, `runtime` changes rows, `reader` reads."""
        database = service(process).database
        password = read_secret(self.layout, secrets_of(process, role), DATABASE_PASSWORD)
        return f"postgresql://{role_name(database, role)}:{password}@127.0.0.1:{self.ports.postgres}/{database}"

    def secret(self, process: str, name: str) -> str:
        """One secret of one holder, such as `staff-token` of `intake`."""
        return read_secret(self.layout, process, name)

    def state(self) -> State | None:
        """The record of the supervisor that lives, or None."""
        return running_state(self.layout)

    def process(self, name: str) -> ProcessRecord:
        """What runs under `name` now; KeyError when it is not part of the running stack."""
        state = self.state()
        return ({} if state is None else state.processes)[name]

    def pid(self, name: str) -> int | None:
        """The process id of `name`; None while it is away."""
        identity = self.process(name).identity
        return None if identity is None else identity.pid

    def wait_until_up(self, name: str, *, restarts_min: int = 0, within_seconds: float = 30.0) -> ProcessRecord:
        """Waits until `name` is usable and was started again at least `restarts_min` times; TimeoutError otherwise."""
        deadline = time.monotonic() + within_seconds
        while True:
            record = self.process(name)
            if record.state == "up" and record.restarts >= restarts_min:
                return record
            if time.monotonic() > deadline:
                message = f"{name} is {record.state} with {record.restarts} restarts"
                raise TimeoutError(message)
            time.sleep(_PAUSE_SECONDS)

    def up(self, *only: str, elsewhere: Collection[str] = (), environment: Mapping[str, str] | None = None) -> str:
        """`upstream-stack up`, all of it or `only` these; returns what it printed. `environment` is added to the processes'.

        Somebody else runs the parts `elsewhere`, at this stack's ports and with its secrets.
        """
        words = [*(["--only", ",".join(only)] if only else []), *(["--elsewhere", ",".join(elsewhere)] if elsewhere else [])]
        return self.run("up", *words, environment=environment)

    def down(self) -> str:
        """`upstream-stack down`: data stay."""
        return self.run("down")

    def reset(self) -> str:
        """`upstream-stack reset --yes`: data go."""
        return self.run("reset", "--yes")

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        """Any verb of the command line on this stack; returns its standard output, Trouble where it fails."""
        chosen = {"RUN_DIR": str(self.layout.run_dir), "PORT_BASE": str(self.ports.base), "FOREGROUND": ""}
        done = subprocess.run(
            [sys.executable, "-m", "upstream_stack", *words],
            env={**os.environ, STARTED_BY: "", **(environment or {}), **chosen},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise _as_trouble(words, done)
        return done.stdout


def _as_trouble(words: tuple[str, ...], done: subprocess.CompletedProcess[str]) -> Trouble:
    """The three lines the command printed, as the Trouble they came from."""
    lines = done.stderr.strip().splitlines()
    told = {line[:5]: line[6:].strip() for line in lines}
    if {"what:", "why: ", "fix: "} <= told.keys():
        return Trouble(told["what:"], told["why: "], told["fix: "])
    return Trouble(
        f"{' '.join(words)} ended with {done.returncode}", lines[-1] if lines else "it said nothing", "read its output"
    )
