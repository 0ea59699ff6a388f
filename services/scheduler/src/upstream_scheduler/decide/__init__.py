"""The scheduler's rules, one function for each fact it answers. Pure: no I/O, no clock, no randomness."""

from upstream_scheduler.decide.answers import answered
from upstream_scheduler.decide.ending import called_off, close_out, looked_again, outcome_reported
from upstream_scheduler.decide.freeing import refill_waiting
from upstream_scheduler.decide.orders import request_ended, training_requested
from upstream_scheduler.decide.placing import hold_expires, place
from upstream_scheduler.decide.roster import trainer_erased, trainer_registered, venue_registered

__all__ = [
    "answered",
    "called_off",
    "close_out",
    "hold_expires",
    "looked_again",
    "outcome_reported",
    "place",
    "refill_waiting",
    "request_ended",
    "trainer_erased",
    "trainer_registered",
    "training_requested",
    "venue_registered",
]
