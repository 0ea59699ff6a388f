"""Desks of the enforcement side that take a call back, and coarse areas that an alert may name. Fixed lists; nothing else crosses.

Areas are the four districts that elect Portland's council since 2025, each of well over 100,000 residents (the city's
charter reform; the least an area may hold is 1,000). Desks are roles, not people.
"""

VERSION = 1
AREA_RESIDENTS_MIN = 1000
DESKS: tuple[str, ...] = ("ceasefire-desk", "focused-intervention-desk", "community-justice-desk")
AREAS: tuple[str, ...] = ("district-1", "district-2", "district-3", "district-4")


def known_desk(code: str) -> bool:
    """Whether this desk may be named on an offer of help."""
    return code in DESKS


def known_area(code: str) -> bool:
    """Whether an alert may name this area."""
    return code in AREAS
