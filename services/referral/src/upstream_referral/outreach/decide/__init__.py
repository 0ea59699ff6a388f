"""The outreach side's rules, one function for each fact it answers. Pure: no I/O, no clock, no randomness."""

from upstream_referral.outreach.decide.consent import choice_late, chosen, consent_expires, taken_back
from upstream_referral.outreach.decide.crossings import (
    acknowledged,
    area_alert_crossed,
    crossing_forgotten,
    help_offer_crossed,
    life_safety_call_crossed,
)
from upstream_referral.outreach.decide.directory import (
    capacity_updated,
    padding,
    provider_registered,
    provider_removed,
    service_seeded,
    trial_asked,
    trial_received,
)
from upstream_referral.outreach.decide.ending import forget
from upstream_referral.outreach.decide.letting_go import provider_id
from upstream_referral.outreach.decide.matching import match
from upstream_referral.outreach.decide.offers import answer_late, hand_off_late, offer
from upstream_referral.outreach.decide.requested import help_asked
from upstream_referral.outreach.decide.telling import desk_news, desk_set, news, notice_not_sent, notice_sent

__all__ = [
    "acknowledged",
    "answer_late",
    "area_alert_crossed",
    "capacity_updated",
    "choice_late",
    "chosen",
    "consent_expires",
    "crossing_forgotten",
    "desk_news",
    "desk_set",
    "forget",
    "hand_off_late",
    "help_asked",
    "help_offer_crossed",
    "life_safety_call_crossed",
    "match",
    "news",
    "notice_not_sent",
    "notice_sent",
    "offer",
    "padding",
    "provider_id",
    "provider_registered",
    "provider_removed",
    "service_seeded",
    "taken_back",
    "trial_asked",
    "trial_received",
]
