"""The journeys, step by step: what a person does, and what the outside must show before it counts.

Here are those of trainings, and the list of all. Referrals and the wall are next door.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from upstream_stack.clock import fresh_id
from upstream_stack.demo import people
from upstream_stack.demo.journeys_referral import help_found, nobody_left, taken_back
from upstream_stack.demo.journeys_wall import offer_of_help
from upstream_stack.demo.outside import Letter, open_page
from upstream_stack.demo.scene import Scene, Step, expect, link_in
from upstream_stack.stack import Stack


def training(scene: Scene) -> Iterator[Step]:
    """J1: a tenants' group asks in Somali through 311 and gets the training it agreed on."""
    group = f"hodan.{fresh_id().hex[-10:]}@example.org"
    verdict = scene.publish(people.training_wish(fresh_id(), scene.time(), group))
    expect("the verdict accepted", verdict.data["verdict"] == "accepted")
    case, reference = verdict.correlation, verdict.data["reference"]
    yield "311 publishes a submission in Somali for twelve people", f"accepted as {reference}"
    received = scene.letter("request-received", case, group)
    yield "the group is told, in Somali", received.subject.strip()
    scene.event("intake.agreement.proposed.v1", case)
    own_page = link_in(scene.letter("agreement-proposed", case, group), "r")
    page = open_page(own_page)
    expect("the agreement in Somali, with its topic", 'lang="so"' in page.text and "Badbaadada shakhsiga" in page.text)
    yield "an agreement is proposed on a page of their own", own_page
    page.submit("/accept")
    scene.event("intake.training.requested.v1", case)
    yield "the group accepts; intake orders a date", "intake.training.requested.v1"
    offered = scene.event("scheduler.slot.offered.v1", case)
    slot = offered.data["slot"]
    asked = [
        link_in(scene.letter("slot-offered.", case, group), "a"),
        link_in(scene.letter("slot-offered-to-trainer", case), "a"),
    ]
    yield "a trainer and a slot are held, both are asked", f"{slot['starts_at']} in {slot['venue_name']}"
    for link in asked:
        open_page(link).submit(word="accept")
    scene.event("scheduler.session.confirmed.v1", case)
    _invitation(scene.letter("session-confirmed", case, group), slot)
    _invitation(scene.letter("session-confirmed", case), slot)
    yield "both accept; everybody has the date in their calendar", "one invitation each, METHOD:REQUEST"
    starts, ends = (datetime.fromisoformat(slot[edge]) for edge in ("starts_at", "ends_at"))
    scene.move_clock_to(starts - timedelta(hours=23))
    scene.letter("session-reminder", case, group)
    yield "the day before, the group is reminded", f"the clock stands at {scene.time():%d %B %H:%M} UTC"
    scene.move_clock_to(ends + timedelta(hours=2))
    scene.event("scheduler.session.delivered.v1", case)
    feedback = open_page(link_in(scene.letter("feedback-requested", case, group), "r"))
    yield "the training takes place; the group is asked how it was", "scheduler.session.delivered.v1"
    feedback.submit("/feedback", useful="5", words="Next time, please also show the bus stop.")
    scene.event("intake.feedback.received.v1", case)
    scene.move_clock_to(scene.time() + timedelta(days=4))
    closed = scene.event("intake.request.closed.v1", case)
    expect("an outcome", closed.data["outcome"] == "delivered")
    scene.letter("request-closed", case, group)
    yield "the case is closed, and says what changed because of it", closed.data["what_changed"]
    steps = status(scene.stack, reference)
    expect("every step under the reference", len(steps) >= len(asked) + 8)
    expect("exactly one session", scene.count("scheduler.session.confirmed.v1", case) == 1)
    yield f"the reference {reference} shows every step", f"{len(steps)} lines at {scene.stack.url('intake')}/status"


def not_ours(scene: Scene) -> Iterator[Step]:
    """J2: an abandoned car is sent to the office that manages it, at once, and nothing else is stored."""
    verdict = scene.publish(people.street_issue(fresh_id(), scene.time()))
    where = verdict.data.get("redirect") or {}
    expect("the verdict redirected", verdict.data["verdict"] == "redirected")
    expect("an office with a way to reach it", bool(where.get("phone") or where.get("url")))
    yield "311 publishes a report of an abandoned car", f"redirected to {where['name']}"
    outcome = scene.event("intake.request.redirected.v1", verdict.correlation)
    expect("no word of the text", "plates" not in json.dumps([dict(outcome.data), dict(verdict.data)]))
    expect("no request", scene.count("intake.request.received.v1", verdict.correlation) == 0)
    yield "it is counted as an outcome; nothing else is stored", f"rule {outcome.data['rule']}"


def emergency(scene: Scene) -> Iterator[Step]:
    """J3: whoever writes that somebody has a gun is told to call 911 at once; the text is stored nowhere."""
    verdict = scene.publish(people.emergency(fresh_id(), scene.time()))
    where = verdict.data.get("redirect") or {}
    expect("the reason emergency", verdict.data["reason_code"] == "emergency")
    expect("911 in the wording", "911" in where.get("wording", ""))
    yield "somebody writes that a man has a gun", where["wording"]
    everything = json.dumps([dict(seen.data) for seen in scene.topics.records])
    expect("no word of the text on any topic", "outside our door" not in everything)
    yield "the words stand on no topic of ours", f"{len(scene.topics.records)} records looked through"


JOURNEYS: dict[str, Callable[[Scene], Iterator[Step]]] = {
    "J1": training,
    "J2": not_ours,
    "J3": emergency,
    "J4": help_found,
    "J5": nobody_left,
    "J6": offer_of_help,
    "J7": taken_back,
}


def status(stack: Stack, reference: str) -> list[str]:
    """The lines that anybody sees who types the reference."""
    page = httpx.post(f"{stack.url('intake')}/status?lang=en", data={"reference": reference}, follow_redirects=True)
    timeline = page.text.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return timeline.split("</li>")[:-1]


def _invitation(letter: Letter, slot: Mapping[str, Any]) -> None:
    start = datetime.fromisoformat(slot["starts_at"])
    calendar = letter.calendar or ""
    expect("a calendar invitation", "METHOD:REQUEST" in calendar and f"DTSTART:{start:%Y%m%dT%H%M%SZ}" in calendar)
