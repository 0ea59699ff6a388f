"""Starts the process `intake`."""

from upstream_intake.app import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    main(wiring)
