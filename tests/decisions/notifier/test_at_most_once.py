"""Whatever happens in whatever order, nobody gets a message more often than promised."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.notifier_builders import KNOWN, NOW, confirmed, context, notice, result, types

from upstream_notifier import decide
from upstream_notifier.model import Notice, NoticeCancelled, Outcome, Stage
from upstream_runtime.decision import Decision

FINAL = {"sent", "failed", "suppressed", "expired"}
ENDS = st.sampled_from([*(end for end in Outcome if end is not Outcome.UNDER_WAY), "killed after", "killed before"])
REACHES = {Outcome.TAKEN, Outcome.UNKNOWN, "killed after"}
CERTAIN = {Outcome.TAKEN, Outcome.REFUSED, Outcome.REFUSED_FOR_NOW, Outcome.NOT_TRIED, Outcome.BROKEN}
CANCELS = st.sampled_from(["never", "never", "before", "during"])


class World:
    """One notice, its clock, and the mailbox at the other end."""

    def __init__(self) -> None:
        self.now = NOW
        self.notice = notice(confirmed())
        self.mailbox = 0
        self.said: list[str] = []
        self.ends: list[object] = []

    def apply(self, decision: Decision[Notice]) -> None:
        self.said += types(decision)
        if isinstance(decision.state, Notice):
            self.notice = decision.state

    def cancel(self) -> None:
        self.apply(decide.notice_cancelled(self.notice, NoticeCancelled(), context(self.now)))

    def attempt(self, end: Outcome | str, cancel: str) -> None:
        self.now += timedelta(minutes=30)
        if cancel == "before":
            self.cancel()
        self.apply(decide.send(self.notice, KNOWN, context(self.now)))
        if self.notice.stage is Stage.SENDING:
            self.ends.append(end)
            self.mailbox += end in REACHES
            if cancel == "during":
                self.cancel()
            self.end(end)

    def end(self, end: Outcome | str) -> None:
        if isinstance(end, Outcome):
            self.apply(decide.attempt_ended(self.notice, result(end, self.notice.attempts, "code"), context(self.now)))
        else:
            self.apply(decide.unresolved(self.notice, None, context(self.now + timedelta(minutes=1))))


@settings(max_examples=200)
@given(st.lists(st.tuples(ENDS, CANCELS), max_size=12))
def test_a_message_arrives_at_most_once_and_once_more_only_after_an_unknown_outcome(
    story: list[tuple[Outcome | str, str]],
) -> None:
    world = World()
    for end, cancel in story:
        world.attempt(end, cancel)
    unknown = [end for end in world.ends if end not in CERTAIN]
    assert world.mailbox <= (2 if unknown else 1)
    assert len(unknown) <= 2


@settings(max_examples=200)
@given(st.lists(st.tuples(ENDS, CANCELS), max_size=12))
def test_a_notice_ends_once_and_never_claims_to_know_what_nobody_knows(story: list[tuple[Outcome | str, str]]) -> None:
    world = World()
    for end, cancel in story:
        world.attempt(end, cancel)
    assert sum(word in FINAL for word in world.said) <= 1
    if world.notice.settled:
        assert world.notice.stage.value == world.said[-1]
    if any(end not in CERTAIN for end in world.ends) and world.notice.settled:
        assert world.notice.stage in (Stage.SENT, Stage.OUTCOME_UNKNOWN)
