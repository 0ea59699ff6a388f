"""The outreach side's pages on a real database, as people, coordinators and staff come to them."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import ASGITransport, AsyncClient, Response
from nacl.public import PrivateKey
from support.outreach_builders import NOW
from support.outreach_process import STAFF_TOKEN, Running, running

from upstream_referral.outreach.model import Became, Referral
from upstream_referral.outreach.web import coordinator_link
from upstream_runtime.links import Links
from upstream_runtime.vault import sealer
from upstream_runtime.web import application
from upstream_schemas import topics
from upstream_schemas.crossing import AreaAlertCrossedV1, Crossed, HelpOfferCrossedV1, LifeSafetyCallCrossedV1
from upstream_schemas.enforcement import OfferContact
from upstream_schemas.sealed import CONTACT_PADDED_BYTES, padded

STAFF = {"Authorization": f"Bearer {STAFF_TOKEN}"}
SECRET = "A" * 43
PAGE = f"/p/{SECRET}"
BOTH = {"tell": ["help", "bmit"], "order-help": "2", "order-bmit": "1", "class": ["name", "contact"]}
CALL, OFFER, ALERT = (UUID(int=n) for n in (1, 2, 3))
NOBODY_YET = UUID(int=0)


@dataclass(slots=True)
class Site:
    """The outreach side's pages, as a browser and as staff see them. `key` is the referral of whoever asked first."""

    process: Running
    client: AsyncClient
    key: UUID = NOBODY_YET

    async def asked(self, page_secret: str, language: str = "en") -> UUID:
        """Somebody asked for help, and what is due on it is done."""
        key = await self.process.help_is_asked(page_secret=page_secret, language=language)
        await self.process.work_is_done()
        return key

    async def registered(self, slug: str, *services: str) -> Response:
        answer = await self.client.put(f"/staff/providers/{slug}", json=provider(*services or (slug,)), headers=STAFF)
        await self.process.work_is_done()
        return answer

    async def referral(self) -> Referral:
        return await self.process.referral(self.key)

    async def became(self) -> dict[str, Became]:
        return {consent.service: consent.became for consent in (await self.referral()).consents}

    async def crossed(self, topic: str, event: Crossed) -> None:
        """Something came through the wall."""
        await self.process.takes(topic, event, "/upstream/referral-gateway")

    async def all_crossed(self) -> None:
        """One crossing of each kind; the offer of help has a contact."""
        (self.process.folder / "ovp.pub").write_text(b64encode(bytes(self.process.ovp.public_key)).decode())
        contact = OfferContact(name="Kim <Example>\u202e", phone="+15035550144")
        sealed = sealer(self.process.folder / "ovp.pub")(padded(contact.model_dump_json(), CONTACT_PADDED_BYTES))
        await self.crossed(topics.CROSSING_HELP_OFFERS.name, help_offer(key_id="ovp-1", sealed_contact=sealed))
        alert: dict[str, Any] = {"cell": "district-1", "hour": NOW.replace(minute=0), "kind": "shooting"}
        await self.crossed(
            topics.CROSSING_AREA_ALERTS.name, AreaAlertCrossedV1(crossing_id=ALERT, **alert, retaliation="elevated")
        )
        await self.life_safety_call()

    async def life_safety_call(self) -> None:
        call = LifeSafetyCallCrossedV1(crossing_id=CALL, callback_number="+15035550100")
        await self.crossed(topics.CROSSING_HELP_OFFERS.name, call)


def help_offer(**contact: str) -> HelpOfferCrossedV1:
    when = {"urgency": "today", "respond_by": NOW + timedelta(days=1)}
    fields: dict[str, Any] = {**when, "language": "so", "callback_desk": "ceasefire-desk", **contact}
    return HelpOfferCrossedV1(crossing_id=OFFER, **fields)


def provider(*services: str) -> dict[str, Any]:
    key = b64encode(bytes(PrivateKey.generate().public_key)).decode()
    return {"key_id": "sample-1", "public_key": key, "services": list(services)}


def coordinator(account: str = "sample-lead") -> str:
    return coordinator_link.make(Links("", "link-key-of-a-test"), account, NOW)


@asynccontextmanager
async def site(dsn: str, folder: Path) -> AsyncIterator[Site]:
    async with running(dsn, folder, NOW) as process:
        transport = ASGITransport(application(process.app, process.engine, dict))
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Site(process, client)


@asynccontextmanager
async def choosing(dsn: str, folder: Path) -> AsyncIterator[Site]:
    """Two providers stand for services that fit, and somebody who reads English has asked for help."""
    async with site(dsn, folder) as found:
        for slug in ("help", "bmit"):
            await found.registered(slug)
        found.key = await found.asked(SECRET)
        yield found


@asynccontextmanager
async def told(dsn: str, folder: Path) -> AsyncIterator[Site]:
    """Both may be told, and the first of them was."""
    async with choosing(dsn, folder) as found:
        answer = await found.client.post(f"{PAGE}/choose", data=BOTH)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=en")
        await found.process.work_is_done()
        yield found
