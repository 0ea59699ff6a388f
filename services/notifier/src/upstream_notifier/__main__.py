"""Starts one lane of the notifier: `python -m upstream_notifier`."""

from upstream_notifier.app import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    main(wiring)
