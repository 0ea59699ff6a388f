"""The rules of the enforcement side, one function for each fact it answers. Pure: no I/O, no clock, no randomness."""

from upstream_referral.enforcement.decide.approvals import approved, declined, submission_expired
from upstream_referral.enforcement.decide.submissions import area_alert_issued, help_offered, life_safety_call_asked

__all__ = [
    "approved",
    "area_alert_issued",
    "declined",
    "help_offered",
    "life_safety_call_asked",
    "submission_expired",
]
