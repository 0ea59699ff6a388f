"""Starts the process `referral-gateway`; `migrate` only brings its database up to date."""

from upstream_referral.gateway.app import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    main(wiring)
