"""What must hold at the wall, each as a function that plays a story and gives back what is wrong: nothing, when it stands.

The tests of the wall run them on the product as it is; the planted leaks run them on a product with one leak, and at least
one must find it. Expectations are written by hand from docs/separation.md, never read from the code they check.
"""

import io
import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import generate_latest
from support.wall_search import disguises, found_in
from support.wall_story import DAY, Asker, Day, outreach_history, police_day, proposed_to
from support.wall_world import PROVIDERS, START, Databases, Row, World, world

from upstream_runtime import vault
from upstream_runtime.log import configure
from upstream_schemas.provider import ProviderAcceptedV1
from upstream_schemas.topics import CATALOGUE
from upstream_stack.parties import Party
from upstream_stack.rights import acls_expected

Check = Callable[[Databases, Path], Awaitable[list[str]]]

DISCREET_HEADERS: Final = {
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_time",
    "ce_subject",
    "ce_dataschema",
    "content-type",
}
MAY_CROSS: Final = {
    "gateway.help-offer.crossed.v1": {
        "crossing_id", "urgency", "respond_by", "language", "callback_desk", "key_id", "sealed_contact",
    },
    "gateway.life-safety-call.crossed.v1": {"crossing_id", "callback_number"},
    "gateway.area-alert.crossed.v1": {"crossing_id", "cell", "hour", "kind", "retaliation"},
}  # fmt: skip
ON_A_RECEIPT: Final = {"submission_id", "source_event_id", "agency_reference", "code", "problems", "partition", "offset"}


@asynccontextmanager
async def played(databases: Databases, folder: Path, *, back: bool = False) -> AsyncIterator[World]:
    """A day of the police, and one person who let two organisations be told: the first said yes. `back`: taken back again."""
    async with world(databases, folder) as found:
        await police_day(found)
        await found.opens()
        asker = Asker()
        await found.asks_for_help(asker.referral, asker.details)
        shown = await proposed_to(found, asker.referral)
        await found.chooses(asker.referral, shown[:2], ("contact",))
        slug = shown[0]
        offer = (await found.offered_to(slug))[0]
        await found.provider_says(slug, ProviderAcceptedV1(referral_id=_id(offer)), "yes-1")
        if back:
            await found.takes_back(asker.referral)
        yield found


# ---- from one side to the other


async def the_police_see_the_same_whatever_happens_outreach(databases: Databases, folder: Path) -> list[str]:
    views = []
    for seed in (None, 3, 8):
        async with world(databases, folder) as found:
            if seed is not None:
                await outreach_history(found, seed)
            await police_day(found)
            if seed is not None:
                await outreach_history(found, seed + 100, people=1)
            views.append(await police_view(found))
    return [f"another history, another view: {one} is not {other}" for other in views[1:] for one in views[:1] if one != other]


async def outreach_sees_the_same_whatever_does_not_cross(databases: Databases, folder: Path) -> list[str]:
    other = Day(
        "sheriff",
        "REFQXVOTHERMARKR2",
        "Another Example",
        "+15035550188",
        "Qxvothergrounds, told",
        "qxvotheraccount",
        "qv-other",
        7,
    )
    views = []
    for day in (replace(DAY, contact=False), replace(other, contact=False, respond_by="2026-11-25T10:00:00-08:00")):
        async with world(databases, folder) as found:
            await police_day(found, day)
            crossings = await found.gateway.said("crossing.")
            views.append((crossings, await found.outreach.said(), await crossing_table(found)))
    return [] if views[0] == views[1] else [f"outreach sees who it was: {views[0]} is not {views[1]}"]


async def nothing_else_crosses(databases: Databases, folder: Path) -> list[str]:
    wrong = []
    async with played(databases, folder) as found:
        rows = await found.gateway.said("crossing.")
        before = {row.body["crossing_id"] for row in await found.police.said("enforcement.crossings.")}
        for row in rows:
            wrong += discreet(row)
            kind = row.attributes["ce_type"]
            wrong += [f"{kind} has a field {name}" for name in set(row.body) - MAY_CROSS.get(kind, set())]
            wrong += [f"{kind} keeps its id" for _ in [1] if row.body["crossing_id"] in before]
            wrong += [f"{kind} names the agency" for _ in [1] if DAY.agency in (row.value or b"").decode().split('"')]
        sizes = {len(b64decode(row.body["sealed_contact"])) for row in rows if "sealed_contact" in row.body}
        wrong += [] if sizes == {1024 + 48} else [f"a contact's size tells something: {sizes}"]
        gateway = await found.gateway.tables()
        wrong += [f"the gateway keeps the id of a crossing: {one}" for one in before if gateway.count(one)]
    return wrong


async def no_marker_is_on_the_other_side(databases: Databases, folder: Path) -> list[str]:
    wrong = []
    with written_down() as log:
        async with played(databases, folder) as found:
            texts = {name: await _everything(side) for name, side in found.sides.items()}
    texts["log"] = log.getvalue().encode()
    texts["metrics"] = generate_latest()
    police = {marker: tuple(disguises(marker)) for marker in DAY.markers}
    people = {marker: tuple(disguises(marker)) for marker in Asker().markers}
    for place in ("outreach", "gateway", "log", "metrics"):
        wrong += [f"{marker} of the police is in {place}" for marker in found_in(texts[place], police)]
    for place in ("outreach", "enforcement", "gateway", "log", "metrics"):
        wrong += [f"{marker} of a person is in {place}" for marker in found_in(texts[place], people)]
    seen = found_in(texts["enforcement"], police)
    own = {DAY.reference, DAY.account, DAY.event_id}
    wrong += [f"positive control: {marker} is not even on its own side" for marker in own - seen]
    return wrong


# ---- receipts


async def a_receipt_says_what_arrived_and_nothing_else(databases: Databases, folder: Path) -> list[str]:
    wrong = []
    async with world(databases, folder) as found:
        found.later(seconds=2.3)
        await police_day(found)
        found.clock.at = START + timedelta(days=4)
        await found.carries()
        rows = await found.police.said("enforcement.receipts.")
    at = START + timedelta(seconds=10)  # the first five-second mark that is five seconds after 18:20:02.3
    for row in rows:
        wrong += [f"a receipt has a field {name}" for name in set(row.body) - ON_A_RECEIPT]
        wrong += [f"a receipt is published at {row.said_at}"] if row.said_at != at else []
        wrong += [f"a receipt bears {row.attributes['ce_time']}"] if _time(row) != at else []
    wrong += [f"{len(rows)} receipts for 5 submissions"] if len(rows) != 5 else []
    kinds = [row.attributes["ce_type"].split(".")[2] for row in rows]
    return wrong + ([] if kinds == ["received"] * 4 + ["invalid"] else [f"receipts tell apart what was approved: {kinds}"])


# ---- providers


async def a_provider_sees_its_own_and_only_what_was_ticked(databases: Databases, folder: Path) -> list[str]:
    wrong = []
    async with played(databases, folder) as found:
        asker = Asker()
        slug = await told_first(found)
        offer = (await found.offered_to(slug))[0]
        for row in await found.outreach.said("provider."):
            wrong += discreet(row)
        told = await found.opened_by(slug, offer)
        allowed = {"referral_id", "needs", "language", "email", "phone", "terms"}
        wrong += [f"a provider is told {name}, which was not ticked" for name in set(told) - allowed]
        wrong += [
            "a provider is told where it came from"
            for word in ("police", "ppb", "self", "origin")
            if word in json.dumps(told).lower().split()
        ]
        wrong += (
            ["a provider has the referral's own id"]
            if str(asker.referral) in json.dumps([told, offer.body, offer.headers])
            else []
        )
        if len(b64decode(offer.body["sealed"])) != 8192 + 40:
            wrong.append("the size of an offer tells something")
        untold = [other for other in PROVIDERS if other != slug and await found.offered_to(other)]
        wrong += [f"{other} was told before its turn" for other in untold]
    return wrong


async def whose_offer_it_is_nobody_else_learns(databases: Databases, folder: Path) -> list[str]:
    async with played(databases, folder) as found:
        slug = await told_first(found)
        other = next(other for other in PROVIDERS if other != slug)
        theirs = _id((await found.offered_to(slug))[0])
        never = UUID("5b0f2c1e-9c0f-4c59-9a53-0d5f0b6f5a11")
        answers = []
        for number, named in enumerate((theirs, never)):
            await found.provider_says(other, ProviderAcceptedV1(referral_id=named), f"probe-{number}")
            row = (await found.outreach.said(f"provider.referrals.{other}."))[-1]
            answers.append((row.attributes["ce_type"], sorted(row.body)))
    return [] if answers[0] == answers[1] else [f"somebody else's offer is answered {answers[0]}, an unknown one {answers[1]}"]


# ---- taking it back


async def nothing_opens_after_it_was_taken_back(databases: Databases, folder: Path) -> list[str]:
    wrong = []
    async with played(databases, folder, back=True) as found:
        slug = await told_first(found)
        offer = (await found.offered_to(slug))[0]
        try:
            await found.opened_by(slug, offer)
            wrong.append("the provider's key still stands on its topic")
        except KeyError:
            pass
        keys = [row for row in await found.outreach.said(f"provider.keys.{slug}.") if row.key == offer.key]
        wrong += ["the key's bytes are still in the outbox"] if any(row.value for row in keys) else []
        wrong += ["no tombstone was said for the key"] if len(keys) < 2 else []
        kinds = [row.attributes["ce_type"] for row in await found.outreach.said(f"provider.referrals.{slug}.")]
        for kind in ("outreach.referral-offer.withdrawn.v1", "outreach.erasure.requested.v1"):
            wrong += [f"{slug} was not told: {kind}"] if kind not in kinds else []
        for table in ("person_key", "content_key"):
            left = await found.outreach.pool.fetchval(f"SELECT count(*) FROM {table}")
            wrong += [f"{left} keys are left in {table}"] if left else []
        wrong += _opens(await found.outreach.tables(), Asker())
        contacts = await found.outreach.said("outreach.contacts.")
        wrong += ["the contact was not erased"] if any(row.value for row in contacts) else []
        found.later(minutes=12)
        await found.carries()
        padded = await found.outreach.said(f"provider.keys.{slug}.")
        wrong += ["nothing was appended behind the tombstone"] if padded[-1].key == offer.key else []
    return wrong


# ---- rights


async def nobody_may_more_than_the_page_says(_: Databases, __: Path) -> list[str]:
    parties = (
        Party(slug="pdx311"), Party(slug="ppb", kind="agency"), Party(slug="da", kind="agency"),
        Party(slug="bmit", kind="provider"), Party(slug="ario", kind="provider"),
    )  # fmt: skip
    rights = acls_expected(CATALOGUE, parties)
    forbidden = (
        ("ppb", r"(outreach|provider|crossing|open|oversight|intake|city|scheduler|notifier)\b"),
        ("ppb", r"enforcement\.(crossings|\w+\.da)"),
        ("referral-enforcement", r"(outreach|provider|crossing|open|oversight|intake|city|scheduler|notifier)\b"),
        ("operator-enforcement", r"(outreach|provider|crossing|open|oversight|intake|city|scheduler|notifier)\b"),
        ("operator-outreach", r"(enforcement|referral-enforcement|referral-gateway|city|intake\.(requests|contacts))\b"),
        ("operator", r"(enforcement|outreach|provider|crossing|referral-)\b"),
        ("referral-gateway", r"(outreach|provider|intake|city|enforcement\.(submissions|receipts))\b"),
        ("referral-outreach", r"(enforcement|oversight|city|scheduler|notifier)\b"),
        ("intake", r"(outreach|provider|enforcement|crossing)\b"),
        ("notifier-public", r"(outreach|provider|enforcement|crossing|intake\.referrals)\b"),
        ("notifier-outreach", r"(intake|scheduler|provider|enforcement|crossing|city)\b"),
        ("bmit", r"(outreach|enforcement|crossing|intake|city)\b|provider\.\w+\.ario"),
        ("oversight", r"(outreach|provider|enforcement|crossing|intake|city)\b"),
    )
    return [
        f"{right.principal} may {right.operation} {right.name}"
        for who, what in forbidden
        for right in rights
        if right.principal == who and right.resource == "topic" and re.match(what, right.name)
    ]


CHECKS: Final[tuple[Check, ...]] = (
    nobody_may_more_than_the_page_says,
    nothing_else_crosses,
    a_receipt_says_what_arrived_and_nothing_else,
    a_provider_sees_its_own_and_only_what_was_ticked,
    nothing_opens_after_it_was_taken_back,
    no_marker_is_on_the_other_side,
    whose_offer_it_is_nobody_else_learns,
    outreach_sees_the_same_whatever_does_not_cross,
    the_police_see_the_same_whatever_happens_outreach,
)


# ---- how the checks look


async def police_view(found: World) -> list[Row]:
    """Everything the police can read, to the byte: their receipts, with keys, headers, numbers and times."""
    return await found.police.said("enforcement.receipts.")


async def crossing_table(found: World) -> list[tuple[Any, ...]]:
    """What the coordinator's side keeps of what crossed."""
    names = await found.outreach.pool.fetch("SELECT table_name FROM information_schema.tables WHERE table_name = 'crossing'")
    assert names
    return [tuple(row) for row in await found.outreach.pool.fetch("SELECT * FROM crossing ORDER BY 1")]


async def told_first(found: World) -> str:
    """The provider that was told."""
    told = [slug for slug in PROVIDERS if await found.offered_to(slug)]
    assert len(told) >= 1, "nobody was told"
    return told[0]


def discreet(row: Row) -> list[str]:
    """A record that tells where it came from."""
    named, wrong = row.attributes, []
    wrong += [f"{row.topic} carries {name}" for name in set(named) - DISCREET_HEADERS]
    wrong += [f"{row.topic} has an id that is not random"] if UUID(named["ce_id"]).version != 4 else []
    wrong += [f"{row.topic} has a key that is not random"] if UUID((row.key or b"").decode()).version != 4 else []
    for at in (row.said_at, _time(row)):
        wrong += [f"{row.topic} tells the minute"] if (at.minute, at.second, at.microsecond) != (0, 0, 0) else []
    return wrong


@contextmanager
def written_down() -> Any:
    """What the processes log meanwhile, as they would write it."""
    stream = io.StringIO()
    before = structlog.get_config()
    configure("test")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream), cache_logger_on_first_use=False)
    try:
        yield stream
    finally:
        structlog.configure(**before)


async def _everything(side: Any) -> bytes:
    """Tables as text, and what bytes in them spell."""
    rows = await side.said()
    spelt = b"\n".join((row.key or b"") + (row.value or b"") + row.headers.encode() for row in rows)
    tables: str = await side.tables()
    return tables.encode() + b"\n" + spelt


def _opens(text: str, asker: Asker) -> list[str]:
    """Tries every key that is anywhere in the tables on everything that looks encrypted."""
    keys = set(re.findall(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])", text))
    locked = set(re.findall(r"[A-Za-z0-9+/]{80,}={0,2}", text))
    wrong = []
    for key in keys:
        for secret in locked:
            try:
                opened = vault.unlock(b64decode(key), secret)
            except vault.CannotOpenError:
                continue
            wrong += [f"{marker} opens with a key that is still there" for marker in asker.markers if marker in opened]
    return wrong


def _id(row: Row) -> UUID:
    return UUID((row.key or b"").decode())


def _time(row: Row) -> datetime:
    return datetime.fromisoformat(row.attributes["ce_time"]).astimezone(UTC)
