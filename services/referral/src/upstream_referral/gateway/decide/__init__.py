"""The gateway's rules, one function for each fact it answers. Pure: no I/O, no clock, no randomness of its own."""

from upstream_referral.gateway.decide.counting import counters_due
from upstream_referral.gateway.decide.crossing import (
    area_alert_approved,
    crossing_refused,
    help_offer_approved,
    life_safety_call_approved,
)

__all__ = [
    "area_alert_approved",
    "counters_due",
    "crossing_refused",
    "help_offer_approved",
    "life_safety_call_approved",
]
