"""Runs the command line as `python -m upstream_client`. Holds nothing else."""

from upstream_client.cli import run

if __name__ == "__main__":
    run()
