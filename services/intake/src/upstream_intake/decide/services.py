"""The open directory of services, as the outreach side publishes it: copied as it stands, so that anybody can look at it.

Decides nothing about who helps: that is the participant's choice, on the outreach side.
"""

from upstream_intake.decide.case import Ctx
from upstream_intake.model import Service
from upstream_runtime.decision import Decision
from upstream_schemas.outreach import ServicePublishedV1


def service_published(_: Service | None, event: ServicePublishedV1, __: Ctx) -> Decision[Service | None]:
    """New or changed: the last word stands."""
    return Decision(
        Service(
            organization=event.organization_name,
            name=event.name,
            description=event.description,
            needs=event.needs,
            eligibility=event.eligibility_description,
            hours=event.hours,
            url=event.url,
            phone=event.phone,
            status=event.status,
            takes_referrals=event.takes_referrals,
            source=event.source,
        )
    )


def service_removed(_: Service | None, __: object, ___: Ctx) -> Decision[Service | None]:
    """The tombstone: it stands in the directory no longer."""
    return Decision(None)
