"""Starts the process `referral-enforcement`; `migrate` only brings its database up to date."""

from upstream_referral.enforcement.app import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    main(wiring)
