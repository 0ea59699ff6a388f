"""What a provider may say: why it cannot take a referral, and how one ended.

Source: the states of a referral in the programme's contract (decline reasons, outcome codes), version 1.
"""

from enum import StrEnum

VERSION = 1


class Reason(StrEnum):
    """Why a provider cannot take a referral."""

    NO_CAPACITY = "no-capacity"
    NOT_ELIGIBLE = "not-eligible"
    CONFLICT = "conflict"
    OTHER = "other"


class Ending(StrEnum):
    """How a referral ended."""

    GOT_HELP = "got-help"
    PARTIALLY = "partially"
    NOT_ELIGIBLE = "not-eligible"
    NO_CAPACITY = "no-capacity"
    DECLINED_BY_PARTICIPANT = "declined-by-participant"
    UNREACHABLE = "unreachable"
    MOVED_ON = "moved-on"
    UNKNOWN = "unknown"
