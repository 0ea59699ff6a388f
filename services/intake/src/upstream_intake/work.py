"""What intake looks at again when its time has come. Each piece checks the state first: what was answered stays so."""

from upstream_intake.decide import agreements, closing, staff
from upstream_intake.decide.case import AGREEMENT_EXPIRES, CLOSE, QUESTION_EXPIRES
from upstream_runtime.wiring import Aggregate, Work


def due_work(request: Aggregate) -> tuple[Work, ...]:
    """Everything that becomes due on a request."""
    return (
        Work(AGREEMENT_EXPIRES, request, agreements.agreement_expired),
        Work(QUESTION_EXPIRES, request, staff.question_expired),
        Work(CLOSE, request, closing.close_came),
    )
