"""Ways a submission can reach the city. An unknown channel is accepted as `other` and counted, never refused.

Source: the programme's contract for city systems (channel field of a submission, version 1).
"""

VERSION = 1
OTHER = "other"
CHANNELS: tuple[str, ...] = (
    "web",
    "phone_agent",
    "email",
    "in_person",
    "open311",
    "partner_system",
    "bulk_import",
    OTHER,
)


def known(code: str) -> bool:
    """Whether the channel is counted under its own code rather than as `other`."""
    return code in CHANNELS
