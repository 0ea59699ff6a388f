"""Starts the process; `migrate` only brings its database up to date."""

from upstream_runtime.run import main
from upstream_scheduler.app import wiring

if __name__ == "__main__":
    main(wiring)
