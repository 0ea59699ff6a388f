"""`python -m upstream_referral.outreach` serves; `… migrate` prepares the database and ends."""

from upstream_referral.outreach.app import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    main(wiring)
