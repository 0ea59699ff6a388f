"""`make check`: every gate over this repository. Exit code 1 where one is red; `run.py NAME…` runs some of them."""

import sys
from pathlib import Path

from gates import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parents[2]))
