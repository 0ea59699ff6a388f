"""The run directory's own record of what runs, and since when. Starts nothing."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from upstream_stack.layout import Layout
from upstream_stack.proc_table import ProcessId

Phase = Literal["starting", "up", "stopping"]
ProcessState = Literal["starting", "up", "backing off", "stopped"]


class ProcessRecord(BaseModel):
    """One supervised process as it is now; `identity` is None while it does not run."""

    model_config = ConfigDict(strict=True, extra="forbid")

    port: int | None
    identity: ProcessId | None = None
    state: ProcessState = "stopped"
    restarts: int = 0


class State(BaseModel):
    """What `.run/state.json` holds; written by the supervisor alone."""

    model_config = ConfigDict(extra="forbid")

    supervisor: ProcessId
    port_base: int
    phase: Phase
    started_at: datetime
    processes: dict[str, ProcessRecord] = Field(default_factory=dict)

    def leftovers(self) -> dict[str, ProcessId]:
        """The processes that still run under this record."""
        running = {name: record.identity for name, record in self.processes.items()}
        return {name: identity for name, identity in running.items() if identity is not None and identity.lives()}


def read_state(layout: Layout) -> State | None:
    """The last record, whether or not its supervisor still lives."""
    if not layout.state.exists():
        return None
    return State.model_validate_json(layout.state.read_bytes())


def running_state(layout: Layout) -> State | None:
    """The record of a supervisor that lives."""
    state = read_state(layout)
    return state if state is not None and state.supervisor.lives() else None


def write_state(layout: Layout, state: State) -> None:
    """Replaces the record, so that a reader never sees half of one."""
    draft = layout.state.with_suffix(".new")
    draft.write_text(state.model_dump_json(indent=2), encoding="utf-8")
    draft.replace(layout.state)
