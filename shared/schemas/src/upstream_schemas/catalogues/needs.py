"""What would help somebody, as the form for help asks it. The codes are open; who needs what is personal.

Source: what the programme's pages say that its grantees and partners do (Safer Summer PDX grants, Spring 2022; help for
survivors, Portland Street Response), in plain words; version 1.
"""

VERSION = 1
NEEDS: tuple[str, ...] = (
    "someone-to-talk-to",
    "support-after-violence",
    "youth-support",
    "staying-safe",
    "culturally-specific-support",
    "prison-and-reentry",
    "other",
)


def known(code: str) -> bool:
    """Whether people can choose this need by its code."""
    return code in NEEDS
