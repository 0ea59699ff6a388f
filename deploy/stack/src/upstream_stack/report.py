"""What a start tells whoever watches it: steps, notes, trouble, ready. Prints nothing; a pipe or a terminal takes it from here."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict

from upstream_stack.errors import Trouble


class Told(BaseModel):
    """One thing told. `why` and `fix` belong to trouble, `seconds` to a step that is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["begun", "done", "note", "trouble", "ready"]
    text: str = ""
    seconds: float = 0.0
    why: str = ""
    fix: str = ""


Tell = Callable[[Told], None]


@contextmanager
def step(tell: Tell, label: str) -> Iterator[list[str]]:
    """Tells that `label` began and, unless it fails, that it is done; what the body appends is told with it."""
    details: list[str] = []
    began = time.monotonic()
    tell(Told(kind="begun", text=label))
    yield details
    text = f"{label}: {', '.join(details)}" if details else label
    tell(Told(kind="done", text=text, seconds=time.monotonic() - began))


def tell_trouble(tell: Tell, trouble: Trouble) -> None:
    """Tells a failure in its three parts."""
    tell(Told(kind="trouble", text=trouble.what, why=trouble.why, fix=trouble.fix))


def tell_through(descriptor: int) -> Tell:
    """Tells into a pipe, one line each; goes on quietly when nobody listens any more."""

    def tell(told: Told) -> None:
        with suppress(BrokenPipeError):
            os.write(descriptor, told.model_dump_json().encode() + b"\n")

    return tell
