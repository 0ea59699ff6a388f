"""`upstream-stack clock …`: the services' clock of this stack, which is on loopback and so may be moved."""

from datetime import timedelta
from typing import Annotated

import typer

from upstream_stack import clock
from upstream_stack.errors import Trouble, command
from upstream_stack.settings import target
from upstream_stack.terminal import out

app = typer.Typer(help="The clock of the demo: move it, and due work fires by itself.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Print the services' time and how far it runs ahead."""
    offset = clock.read_offset(target().layout.clock)
    out.print(f"{clock.now() + offset:%FT%TZ} ({offset} ahead)")


@app.command()
def advance(duration: Annotated[str, typer.Argument(help="Such as 3d, 2h30m or 45s.")]) -> None:
    """Move the services' clock on, for example by 3d, 2h30m or 45s."""
    step = clock.parse_duration(duration)
    if step is None:
        raise Trouble(f"{duration!r} is no duration", "numbers with d, h, m or s", command("clock", "advance", "2h30m"))
    clock.advance(target().layout.clock, step)
    show()


@app.command()
def reset() -> None:
    """Set the services' clock back to the real time."""
    clock.write_offset(target().layout.clock, timedelta())
    show()
