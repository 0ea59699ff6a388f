"""What ties a group to Portland. Eligibility hangs on one of these, never on a home address.

Source: City of Portland, About Community Safety (who the free trainings are for).
"""

VERSION = 1
CONNECTIONS: tuple[str, ...] = ("live", "work", "school", "play")


def known(code: str) -> bool:
    """Whether this is one of the four ties that make a group eligible."""
    return code in CONNECTIONS
