"""`python -m upstream_stack`: the same command line as `upstream-stack`."""

from upstream_stack.cli import run

run()
