"""J4, J5 and J7: somebody asks for help, chooses who may be told, and takes it back. Seen from their page and a provider's desk."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from upstream_stack.clock import fresh_id
from upstream_stack.demo import outside, people
from upstream_stack.demo.outside import Page, Seen, open_page
from upstream_stack.demo.scene import Scene, Step, expect, link_in
from upstream_stack.demo.workplaces import Provider

FIRST, SECOND = ("demo-ario", "ario"), ("demo-bmit", "bmit")
"""Two providers of the demo, each for a service of the directory; nobody of those organisations takes part."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who asked for help: the address of their own page is all they have, and their mailbox."""

    page: str
    mail: str
    referral: str

    def look(self) -> Page:
        """Their page as it stands."""
        return open_page(self.page)


def help_found(scene: Scene) -> Iterator[Step]:
    """J4: somebody asks for help in Spanish, chooses two who may be told, and the first of them takes it to the end."""
    first, second = (scene.provider(*who) for who in (FIRST, SECOND))
    expect("both test records received", all("received ✓" in provider.said for provider in (first, second)))
    yield "two providers join, each with keys of its own", f"a test record reaches both: {first.said}"
    yield from _looked_around(scene)
    person = _asks(scene, people.help_wish(f"lucia.{fresh_id().hex[-10:]}@example.org"))
    scene.about("outreach.referral.proposed.v1", person.referral)
    letter = scene.letter("participant-choose", person.referral, person.mail)
    expect("the letter names nobody who helps", not _names_help(letter.subject + letter.text))
    yield (
        "she asks in Spanish; the city keeps nothing of it at the form",
        "her own page, and a letter that says no more than that",
    )
    page = open_page(link_in(letter, "p"))
    _tick(page, [FIRST[1], SECOND[1]], "name", "contact")
    consents = _consents(scene, person, 2)
    yield (
        "she ticks two who may be told, and that her own words stay here",
        f"{len(consents)} consents, for one recipient each",
    )
    offer = _offered(scene, person, first, FIRST[1])
    told = first.handed("referral.offered", offer.key)
    expect("what she ticked and no more", _told(told) == {"needs", "language", "name", "email", "phone", "terms"})
    expect("nothing of her in plain on the topic", people.LUCIA not in json.dumps(dict(offer.data)))
    yield "the first is asked, and opens what the broker cannot", f"{told['offer']['name']}, until {told['respond_by']}"
    expect("the answer counts", first.answers("accept", told["referral_id"]) == "confirmed")
    scene.about("outreach.referral.accepted.v1", person.referral)
    scene.letter("participant-accepted", person.referral, person.mail)
    yield "it accepts and is told that its answer counts", "upstream accept: confirmed"
    expect("the hand-off counts", first.answers("contacted", told["referral_id"]) == "confirmed")
    scene.about("outreach.referral.engaged.v1", person.referral)
    expect("the end counts", first.answers("close", told["referral_id"], "--outcome", "got-help") == "confirmed")
    closed = scene.about("outreach.referral.closed.v1", person.referral)
    scene.letter("participant-closed", person.referral, person.mail)
    yield "they speak with each other; at the end it says how it went", closed.data["outcome"]
    expect("her page says so, in Spanish", people.ENDED_IN_SPANISH in person.look().text)
    expect("the second was never told", not second.offers())
    yield "her page shows what was told to whom, and that it ended", person.page


def nobody_left(scene: Scene) -> Iterator[Step]:
    """J5: the first cannot, the next is silent past its time: nobody is left, and that is an outcome, not a silence."""
    first, second = (scene.provider(*who) for who in (FIRST, SECOND))
    person = _asks(scene, people.help_wish(f"mateo.{fresh_id().hex[-10:]}@example.org"))
    proposed = scene.about("outreach.referral.proposed.v1", person.referral).data["services"]
    others = [code for code in proposed if code not in {FIRST[1], SECOND[1]}]
    _tick(person.look(), [FIRST[1], SECOND[1], *others], "contact")
    offer = _offered(scene, person, first, FIRST[1])
    told = first.handed("referral.offered", offer.key)
    expect("no name, because it was not ticked", "name" not in told["offer"])
    yield "another person ticks two, and not their name", f"{FIRST[1]} is asked first"
    expect("the answer counts", first.answers("decline", told["referral_id"], "--reason", "no-capacity") == "confirmed")
    declined = scene.about("outreach.referral.declined.v1", person.referral)
    first.key_destroyed(told["referral_id"])
    yield "the first has no place, says so, and its key to the offer is destroyed", declined.data["reason"]
    offered = scene.about("outreach.referral.offered.v1", person.referral, 2)
    expect("the next one ticked", offered.data["service"] == SECOND[1])
    late = second.handed("referral.offered", second.next_offer().key)
    expect("a number of its own", late["referral_id"] not in {told["referral_id"], person.referral})
    yield "the next one ticked is asked", "under a number of its own"
    unmet = _silence(scene, person, number=2, services=len(others) + 2)
    expect("nobody left", unmet.data["reason"] == "nobody-left")
    expect("too late is too late", second.answers("accept", late["referral_id"]) in {"too late", "withdrawn"})
    scene.letter("participant-unmet", person.referral, person.mail)
    expect("the page says so", people.NOBODY_IN_SPANISH in person.look().text)
    yield "the second is silent past its time: unmet, counted and told", f"the clock stands at {scene.time():%d %B %H:%M} UTC"


def taken_back(scene: Scene) -> Iterator[Step]:
    """J7: she takes everything back: delivery stops, the keys are gone, the provider is told and asked to erase."""
    first = scene.provider(*FIRST)
    person = _asks(scene, people.help_wish(f"ines.{fresh_id().hex[-10:]}@example.org"))
    scene.about("outreach.referral.proposed.v1", person.referral)
    _tick(person.look(), [FIRST[1], SECOND[1]], "name", "contact", "words")
    offer = _offered(scene, person, first, FIRST[1])
    told = first.handed("referral.offered", offer.key)
    yield "a third person is offered to the first provider, with everything", ", ".join(sorted(_told(told) - {"terms"}))
    open_page(f"{person.page}/take-back").submit("/take-back")
    scene.about("outreach.referral.withdrawn.v1", person.referral)
    revoked = _consents(scene, person, 2, "outreach.consent.revoked.v1")
    yield "she takes everything back on her page", f"{len(revoked)} consents revoked; one of them was never used"
    first.key_destroyed(told["referral_id"])
    first.handed("referral.withdrawn", offer.key)
    erase = first.handed("referral.erasure-requested", offer.key)
    yield "the key is destroyed on the topic; the provider is told and must erase", f"until {erase['attest_by']}"
    expect("its answer comes to nothing", first.answers("accept", told["referral_id"]) == "withdrawn")
    expect("its word that it erased counts", first.answers("attest", told["referral_id"]) == "confirmed")
    yield "what it answers now comes to nothing; it attests that it erased", "upstream accept: withdrawn"
    expect("the page says so", people.TAKEN_BACK_IN_SPANISH in person.look().text)
    yield "her page says that nobody is told anything more", person.page


def _looked_around(scene: Scene) -> Iterator[Step]:
    before = len(scene.topics.records)
    services = open_page(f"{scene.stack.url('intake')}/help/services?lang=es")
    scene.topics.poll()
    expect("the directory in Spanish", 'lang="es"' in services.text)
    expect("nothing sent by looking", len(scene.topics.records) == before)
    yield "somebody only looks who could help", f"{services.address} sends nothing"


def _asks(scene: Scene, wish: people.Form) -> Participant:
    """The form for help, filled in and sent; what the city's own part keeps of it is one sealed record."""
    form = open_page(f"{scene.stack.url('intake')}/help?lang=es")
    known = {seen.key for seen in scene.topics.records if seen.topic == "intake.referrals.v1"}
    sent = form.submit("/help", **wish)
    own = next((part for part in sent.text.split('"') if part.startswith(scene.stack.url("referral-outreach"))), "")
    expect("the address of their own page", "/p/" in own)

    def look() -> Seen | None:
        scene.topics.poll()
        return next((s for s in scene.topics.records if s.topic == "intake.referrals.v1" and s.key not in known), None)

    received = outside.wait_for("the sealed record", look)
    expect("no word of the form in plain", not any(text in json.dumps(dict(received.data)) for text in _texts(wish)))
    scene.about("outreach.referral.requested.v1", received.key)
    return Participant(own.partition("?")[0], str(wish["email"]), received.key)


def _texts(wish: people.Form) -> list[str]:
    return [str(wish[name]) for name in ("name", "email", "words")]


def _tick(page: Page, services: Sequence[str], *classes: str) -> None:
    """Choose these services in this order, and what may be told."""
    shown = page.boxes("tell")
    expect(f"{', '.join(services)} among what is proposed", set(services) <= set(shown))
    places = {f"order-{code}": str(place) for place, code in enumerate([*services, *(set(shown) - set(services))], start=1)}
    page.submit("/choose", tell=list(services), **{"class": list(classes)}, **places)


def _consents(scene: Scene, person: Participant, number: int, kind: str = "outreach.consent.given.v1") -> Sequence[Seen]:
    scene.about(kind, person.referral, number)
    return [seen for seen in scene.topics.records if seen.type == kind and seen.data["referral_id"] == person.referral]


def _offered(scene: Scene, person: Participant, provider: Provider, service: str) -> Seen:
    """The offer as it lies on the provider's topic, once outreach says that it was made."""
    offered = scene.about("outreach.referral.offered.v1", person.referral)
    expect(f"{service} is asked first", offered.data["service"] == service)
    return provider.next_offer()


def _told(handed: object) -> set[str]:
    assert isinstance(handed, dict)
    return set(handed["offer"])


def _names_help(text: str) -> bool:
    return any(word in text.lower() for word in people.WORDS_OF_HELP)


def _silence(scene: Scene, person: Participant, number: int, services: int) -> Seen:
    """Nobody answers any more: the services' time runs past each respond-by in turn."""
    for asked in range(number, services + 1):
        offered = scene.about("outreach.referral.offered.v1", person.referral, asked)
        scene.move_clock_to(datetime.fromisoformat(offered.data["respond_by"]) + timedelta(minutes=2))
    return scene.about("outreach.referral.unmet.v1", person.referral)
