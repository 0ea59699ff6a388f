"""Canaries through the whole running stack: a marker in every field of both sides, on good ways and bad ones, looked for everywhere.

Each must be found on its own side, which shows that the search works, and nowhere on the other.
"""

import json
import os
import signal
from dataclasses import dataclass

import httpx
import pytest
from confluent_kafka import Producer
from support.system_patience import patient
from support.wall_search import Place, where

from upstream_stack.clock import fresh_id
from upstream_stack.demo import journeys_wall, people
from upstream_stack.demo.journeys_referral import help_found, taken_back
from upstream_stack.demo.journeys_wall import offer_of_help
from upstream_stack.demo.scene import Scene
from upstream_stack.stack import Stack

POLICE = {
    "reference": "QXVREFERENCE7731KESTREL",
    "account": "qxvapprover7732heron",
    "grounds": "Qxvgrounds7733osprey",
    "contact": "Qxvcontact7734falcon",
    "unknown-field": "Qxvunknown7735buzzard",
    "not-json": "Qxvbroken7736harrier",
    "event-id": "qxv-event-7737-goshawk",
}
PEOPLE = {
    "name": "Qxvname8841robin",
    "words": "Qxvwords8842wagtail",
    "mail": "qxvmail8843dipper",
    "phone": "15035550184",
    "bad-answer": "Qxvanswer8845wren",
    "emergency": "Qxvemergency8846rook",
}
OPENED_BY_ITS_OWNER = {"mail"}  # a letter goes to the address that it is for


@dataclass(frozen=True, slots=True)
class Found:
    """Where each marker was found."""

    police: dict[str, set[Place]]
    people: dict[str, set[Place]]

    def of(self, name: str) -> set[Place]:
        return self.police[POLICE[name]] if name in POLICE else self.people[PEOPLE[name]]


@pytest.fixture(scope="module")
def found(stack: Stack) -> Found:
    with pytest.MonkeyPatch.context() as patch:
        scene = patient(patch, stack)
        wish, offer = people.help_wish, people.help_offer
        patch.setattr(people, "help_wish", lambda mail: wish(mail.replace("@", f".{PEOPLE['mail']}@")) | marked())
        patch.setattr(people, "LUCIA", PEOPLE["name"])
        patch.setattr(people, "help_offer", lambda *given: offer(*given) | {"agency_reference": POLICE["reference"]})
        try:
            patch.setattr(journeys_wall, "_approve", _as_marked)
            for journey in (help_found, taken_back, offer_of_help):
                for _ in journey(scene):
                    pass
            badly(stack, scene)
        finally:
            scene.close()
    everything = where(stack, [*POLICE.values(), *PEOPLE.values()])
    return Found(
        {marker: everything[marker] for marker in POLICE.values()}, {marker: everything[marker] for marker in PEOPLE.values()}
    )


_approve = journeys_wall._approve


def _as_marked(scene: Scene, reference: str, role: str, account: str) -> None:
    _approve(scene, reference, role, f"{POLICE['account']}.{account}")


def marked() -> dict[str, str]:
    return {"name": PEOPLE["name"], "words": PEOPLE["words"], "phone": "503-555-0184"}


def badly(stack: Stack, scene: Scene) -> None:
    """What goes wrong on either side, and a death in the middle of it."""
    call = {"agency_reference": POLICE["reference"], "callback_number": "+15035550119", "grounds": POLICE["grounds"]}
    contact = {"name": POLICE["contact"], "phone": "+15035550171"}
    good = people.help_offer(fresh_id(), scene.time())
    _produce(stack, "ppb", "enforcement.submissions.ppb.v1", "enforcement.life-safety-call.asked.v1", call)
    _produce(stack, "ppb", "enforcement.submissions.ppb.v1", "enforcement.help.offered.v1", good | {"contact": contact})
    _produce(
        stack, "ppb", "enforcement.submissions.ppb.v1", "enforcement.help.offered.v1", good | {POLICE["unknown-field"]: 1}
    )
    _produce(stack, "ppb", "enforcement.submissions.ppb.v1", "enforcement.help.offered.v1", f'{{"x": {POLICE["not-json"]}')
    for name in ("referral-enforcement", "referral-outreach"):
        os.kill(stack.pid(name) or 0, signal.SIGKILL)
    answer = {"reason": f"{PEOPLE['bad-answer']} and more than a code may hold"}
    _produce(stack, "demo-ario", "provider.responses.demo-ario.v1", "provider.referral.declined.v1", answer)
    for name in ("referral-enforcement", "referral-outreach"):
        stack.wait_until_up(name, restarts_min=1, within_seconds=60)
    form = httpx.get(f"{stack.url('intake')}/help").text
    httpx.post(
        f"{stack.url('intake')}/help",
        data={"needs": "other", "language": "en", "words": f"he has a gun {PEOPLE['emergency']}", "slip": _slip(form)},
    )
    scene.topics.poll()


def _slip(form: str) -> str:
    return form.partition('name="slip" value="')[2].partition('"')[0]


def _produce(stack: Stack, party: str, topic: str, kind: str, body: object) -> None:
    producer = Producer({**stack.credentials(party), "acks": "all", "log_level": 0})
    key = str(fresh_id())
    side = topic.partition(".")[0]
    named = "submission_id" if side == "enforcement" else "referral_id"
    value = body if isinstance(body, str) else json.dumps({**(body if isinstance(body, dict) else {}), named: key})
    headers = {
        "ce_specversion": "1.0", "ce_id": f"{POLICE['event-id']}-{key}" if side == "enforcement" else key,
        "ce_source": f"/{side}/{party}", "ce_type": kind, "ce_time": "2026-11-21T09:30:00Z", "content-type": "application/json",
    }  # fmt: skip
    producer.produce(topic, value.encode(), key.encode(), headers=list(headers.items()))
    assert producer.flush(30) == 0


@pytest.mark.parametrize("name", POLICE)
def test_nothing_of_the_police_is_anywhere_but_on_their_side(found: Found, name: str) -> None:
    assert {place for place in found.of(name) if place.side not in {"enforcement", "broker"}} == set()


@pytest.mark.parametrize("name", ["reference", "event-id", "grounds", "contact", "unknown-field", "not-json"])
def test_it_is_found_on_their_side(found: Found, name: str) -> None:
    assert Place("enforcement", "topic enforcement.submissions.ppb.v1") in found.of(name)


def test_who_approved_is_found_on_their_side(found: Found) -> None:
    assert any(place.name.startswith("referral-enforcement ") for place in found.of("account"))


@pytest.mark.parametrize("name", PEOPLE)
def test_nothing_of_a_person_is_in_plain_anywhere(found: Found, name: str) -> None:
    """Sealed from the form to whoever may read it: not in intake's tables, on no topic, in no log; not even outreach has it open."""
    own = {"mail"} if name in OPENED_BY_ITS_OWNER else set()
    allowed = {Place("provider", "topic provider.responses.demo-ario.v1")} if name == "bad-answer" else set()
    elsewhere = {place for place in found.of(name) if place.side not in own} - allowed
    copies = {place for place in elsewhere if name == "bad-answer" and place.side in {"outreach", "provider"}}
    assert elsewhere - copies == set()


def test_the_search_finds_a_person_where_they_are_told(found: Found) -> None:
    assert any(place.side == "mail" for place in found.of("mail"))
    assert Place("provider", "topic provider.responses.demo-ario.v1") in found.of("bad-answer")
