"""What is said to the gateway: exactly the fields of the table in docs/separation.md, and who must be counted. Pure.

Nothing of who approved, when, on what grounds or under which reference of the agency stands in any of these.
"""

from uuid import UUID

from upstream_referral.enforcement.model import AreaAlert, HelpOffer, LifeSafetyCall, Submission
from upstream_schemas.enforcement import (
    Approved,
    AreaAlertApprovedV1,
    CrossingRefusedV1,
    HelpOfferApprovedV1,
    LifeSafetyCallApprovedV1,
)


def crosses(submission: Submission, crossing_id: UUID) -> Approved:
    """What everybody needed has approved."""
    match submission.what:
        case HelpOffer() as offer:
            return HelpOfferApprovedV1(
                crossing_id=crossing_id,
                agency=submission.agency,
                urgency=offer.urgency,
                respond_by=offer.respond_by,
                language=offer.language,
                callback_desk=offer.callback_desk,
                key_id=offer.contact.key_id if offer.contact else None,
                sealed_contact=offer.contact.sealed if offer.contact else None,
            )
        case AreaAlert() as alert:
            return AreaAlertApprovedV1(
                crossing_id=crossing_id,
                agency=submission.agency,
                cell=alert.cell,
                hour=alert.hour,
                kind=alert.alert,
                retaliation=alert.retaliation,
            )
        case LifeSafetyCall() as call:
            return LifeSafetyCallApprovedV1(
                crossing_id=crossing_id, agency=submission.agency, callback_number=call.callback_number
            )


def refused(submission: Submission, reason: str, crossing_id: UUID) -> CrossingRefusedV1:
    """It does not cross: to be counted, with nothing of what it held."""
    return CrossingRefusedV1(crossing_id=crossing_id, agency=submission.agency, kind=submission.kind, reason=reason)
