"""What a journey has at hand: the stack seen from the outside, and what it learned there. Decides nothing."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from upstream_stack.clock import now, read_offset, write_offset
from upstream_stack.demo import outside
from upstream_stack.demo.outside import Letter, Letters, NotSeenError, Seen, Topics
from upstream_stack.demo.workplaces import Provider
from upstream_stack.stack import Stack

SOURCE = "pdx311"
READ = (
    f"city.results.{SOURCE}.v1",
    *("intake.requests.v1", "scheduler.sessions.v1", "notifier.deliveries.v1"),
    *("intake.referrals.v1", "outreach.referrals.v1", "outreach.consents.v1", "outreach.deliveries.v1"),
    *("enforcement.crossings.v1", "crossing.help-offers.v1"),
)
Step = tuple[str, str]
"""What somebody did, and what was seen of it."""


@dataclass(slots=True)
class Scene:
    """What a journey has at hand: the stack from the outside, and what it learned so far."""

    stack: Stack
    letters: Letters
    topics: Topics
    told: set[str] = field(default_factory=set)
    providers: dict[str, Provider] = field(default_factory=dict)

    def time(self) -> datetime:
        """The services' time."""
        return now() + read_offset(self.stack.layout.clock)

    def wall_ms(self) -> int:
        """The real time, milliseconds since 1970: receipts keep to it."""
        return int(now().timestamp() * 1000)

    def move_clock_to(self, moment: datetime) -> None:
        """Let the services' time run on to this moment; due work fires by itself."""
        write_offset(self.stack.layout.clock, read_offset(self.stack.layout.clock) + (moment - self.time()))

    def publish(self, document: Mapping[str, Any]) -> Seen:
        """Hand a submission over as 311 does, and see the verdict on its results topic."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "submission.json"
            file.write_text(json.dumps(document))
            credentials = self.stack.layout.credentials / f"{SOURCE}.json"
            command = ["publish", "--source", SOURCE, "--credentials", str(credentials), "--state", folder, str(file)]
            subprocess.run([sys.executable, "-m", "upstream_client", *command], capture_output=True, check=False)
        mine = document["submission_id"]
        kinds = ("accepted", "redirected", "rejected", "quarantined", "duplicate")

        def verdict() -> Seen | None:
            self.topics.poll()
            wanted = [f"intake.submission.{kind}.v1" for kind in kinds]
            return next((s for s in self.topics.records if s.type in wanted and s.data.get("submission_id") == mine), None)

        return outside.wait_for("a verdict on the results topic", verdict)

    def event(self, kind: str, case: str) -> Seen:
        """An event of this case on its topic."""
        return self.topics.wait(kind, kind, lambda seen: seen.correlation == case)

    def about(self, kind: str, referral: str, number: int = 1) -> Seen:
        """The n-th event of this kind about a referral, on a topic of the outreach side."""

        def look() -> Seen | None:
            self.topics.poll()
            found = [s for s in self.topics.records if s.type == kind and s.data.get("referral_id") == referral]
            return found[number - 1] if len(found) >= number else None

        return outside.wait_for(kind, look)

    def count(self, kind: str, case: str) -> int:
        """How many events of this kind a case has had so far."""
        time.sleep(0.2)
        self.topics.poll()
        return sum(seen.type == kind and seen.correlation == case for seen in self.topics.records)

    def provider(self, slug: str, service: str) -> Provider:
        """A provider with its program running; made where the city does not know it yet."""
        if slug not in self.providers:
            self.providers[slug] = Provider.at_work(self.stack, slug, service)
        return self.providers[slug]

    def close(self) -> None:
        """Everybody goes home."""
        for provider in self.providers.values():
            provider.close()
        self.topics.close()

    def letter(self, template: str, case: str, to: str = "") -> Letter:
        """The letter of this template in this case: announced on its lane's topic, found in the mailbox, new to us.

        An empty case is any: a desk's letters are about none.
        """
        found: list[Letter] = []

        def look() -> Letter | None:
            self.topics.poll()
            for seen in self.topics.records:
                sent = seen.type == "notifier.notice.sent.v1" and case in ("", seen.data.get("request_id"))
                if sent and seen.data["template"].startswith(template) and seen.data["notice_id"] not in self.told:
                    found[:] = [
                        mail for mail in self.letters.all() if seen.data["notice_id"] in mail.message_id and to in mail.to
                    ]
                    if found:
                        self.told.add(seen.data["notice_id"])
                        return found[0]
            return None

        letter = outside.wait_for(f"a letter {template} to {to or 'somebody'}", look)
        if len([mail for mail in self.letters.all() if mail.message_id == letter.message_id]) != 1:
            raise NotSeenError(f"exactly one letter {template}")
        return letter


def expect(what: str, seen: bool) -> None:
    """Raises NotSeenError where the outside does not show it."""
    if not seen:
        raise NotSeenError(what)


def link_in(letter: Letter, door: str) -> str:
    """The link of a door such as `/r/` in a letter. Raises NotSeenError."""
    found = letter.link(door)
    if found is None:
        raise NotSeenError(f"a link to /{door}/ in the letter {letter.subject!r}")
    return found
