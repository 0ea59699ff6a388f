"""What the enforcement side looks at again when its time has come."""

from upstream_referral.enforcement import decide
from upstream_referral.enforcement.decide.submissions import EXPIRES
from upstream_runtime.wiring import Aggregate, Work


def due_work(submission: Aggregate) -> tuple[Work, ...]:
    """Everything that becomes due on a submission."""
    return (Work(EXPIRES, submission, decide.submission_expired),)
