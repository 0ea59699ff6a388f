"""J6: an offer of help crosses the wall, and nothing comes back. Seen from the police, two approvers and the coordinator."""

from collections.abc import Iterator

from upstream_stack.clock import fresh_id
from upstream_stack.demo import outside, people
from upstream_stack.demo.outside import NotSeenError, Page, Seen, open_page
from upstream_stack.demo.scene import Scene, Step, expect
from upstream_stack.demo.workplaces import Agency

AGENCY = "ppb"
TICK_MS = 5000
MARK_MISSED_AFTER_MS = 1000
CROSSED = "gateway.help-offer.crossed.v1"
HELD_BACK = ("agency", "agency_reference", "attestation", "submission_id")
ELSEWHERE = ("crossing.help-offers.v1", "outreach.referrals.v1", "provider.keys.demo-ario.v1", "open.directory.v1")


def offer_of_help(scene: Scene) -> Iterator[Step]:
    """J6: the police offer help to somebody; two people approve, the coordinator calls, and the police learn nothing of it."""
    desk = f"desk.{fresh_id().hex[-10:]}@example.org"
    scene.stack.run("desk", "set", desk)
    police = Agency.at_work(scene.stack, AGENCY)
    try:
        yield from _crossing(scene, police, desk)
    finally:
        police.close()


def _crossing(scene: Scene, police: Agency, desk: str) -> Iterator[Step]:
    offer = people.help_offer(fresh_id(), scene.time())
    submission, reference = str(offer["submission_id"]), str(offer["agency_reference"])
    got_ms, receipt = police.submits("enforcement.help.offered.v1", offer)
    expect("received", receipt.type == "enforcement.submission.received.v1")
    expect("its own reference on it", receipt.data["agency_reference"] == reference)
    mark_ms = -(-(got_ms + TICK_MS) // TICK_MS) * TICK_MS
    expect("on the first mark five seconds later", 0 <= receipt.time_ms - mark_ms < MARK_MISSED_AFTER_MS)
    waited = f"{(receipt.time_ms - got_ms) / 1000:.1f} s later, on the mark {mark_ms // 1000 % 60:02d} s"
    yield "the police bureau hands over an offer of help", f"its receipt came {waited}"
    _approve(scene, reference, "agency-approver", "demo.approver")
    expect("nothing crossed after one yes", not _crossed(scene))
    yield "the bureau's approver says yes on a page of their own", "one of two: nothing crosses"
    _approve(scene, reference, "ceasefire-director", "demo.director")
    crossed = outside.wait_for("the offer on the other side", lambda: next(iter(_crossed(scene)), None))
    expect("no trace of where it came from", not crossed.causation and not crossed.correlation)
    expect("nothing that is held back", not set(HELD_BACK) & set(crossed.data))
    approved = next(s for s in scene.topics.records if s.type == "enforcement.help-offer.approved.v1")
    expect("a fresh number", crossed.key not in {approved.key, submission})
    yield "the Ceasefire director says yes: it crosses", f"{len(crossed.data)} fields under a fresh number, no agency"
    scene.letter("desk-new", "", desk)
    page = open_page(scene.stack.run("coordinator", "link", "--account", "demo.coordinator").strip())
    expect("it waits on the coordinator's page", crossed.key in page.text)
    expect("no word of the police's own", reference not in page.text)
    after = page.submit(f"/acknowledge/{crossed.key}")
    expect("acknowledged", crossed.key not in after.text)
    yield "the coordinator is told that something waits, calls the desk, acknowledges", f"a letter to {desk}"
    own = {f"enforcement.submissions.{AGENCY}.v1", f"enforcement.receipts.{AGENCY}.v1"}
    expect("two topics and no other", police.sees() == own)
    expect("every other topic refused", all(police.is_refused(topic) for topic in ELSEWHERE))
    yield "the police try to look at crossing.help-offers.v1", "refused, like a topic that does not exist"
    outside.wait_for("another mark to pass", lambda: True if _marks_since(scene, receipt) else None)
    expect("one receipt and nothing else, ever", len(police.receipts_for(submission)) == 1)
    yield "its receipt is all that the police ever get", "one record, computed from their own"


def _crossed(scene: Scene) -> list[Seen]:
    """What crossed since the journeys began and waits on no page yet looked at."""
    scene.topics.poll()
    return [seen for seen in scene.topics.records if seen.type == CROSSED]


def _approve(scene: Scene, reference: str, role: str, account: str) -> None:
    link = scene.stack.run("approver", "link", "--role", role, "--agency", AGENCY, "--account", account).strip()

    def entry() -> Page | None:
        try:
            return open_page(link).below(reference)
        except NotSeenError:
            return None

    outside.wait_for(f"{reference} on the page of {role}", entry).submit(word="approve")


def _marks_since(scene: Scene, receipt: Seen) -> bool:
    return scene.wall_ms() > receipt.time_ms + TICK_MS + MARK_MISSED_AFTER_MS
