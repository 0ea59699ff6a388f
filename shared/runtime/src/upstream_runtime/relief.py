"""Taking over from the process that runs: what loading takes is spent beside it, and not between the two.

A supervisor that starts a relief hands it one end of a socket pair (UPSTREAM_RELIEF is its descriptor): the relief says that it
is ready, as with systemd's or s6's readiness notification, and is told when the other has ended.
"""

import socket
import sys
from typing import Final

READY: Final = b"ready"
GO: Final = b"go"


def wait_for_turn(descriptor: str | None) -> None:
    """Say that nothing is left to load, and wait for the other's end. No relief: nothing to wait for. Exits without a supervisor."""
    if descriptor is None:
        return
    with socket.socket(fileno=int(descriptor)) as supervisor:
        supervisor.sendall(READY)
        if supervisor.recv(len(GO)) != GO:
            sys.exit("The supervisor is gone: nobody says when this relief may go on.")
