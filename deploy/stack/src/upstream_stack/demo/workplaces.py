"""Partners of the demo at work with their real tools: a provider's program that listens and answers, an agency's that submits.

What they see is what their own credentials show them.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from upstream_stack.clock import fresh_id, now
from upstream_stack.demo import outside
from upstream_stack.demo.outside import NotSeenError, Seen, Topics
from upstream_stack.kafka_access import ANSWER_SECONDS, admin_client
from upstream_stack.stack import Stack

_CLIENT = (sys.executable, "-m", "upstream_client")
_TRIAL_SECONDS = 15
WORDS_BY_EXIT_CODE = {0: "confirmed", 5: "too late", 8: "withdrawn"}


@dataclass(slots=True)
class Provider:
    """One provider: `upstream listen` runs beside it, and what it was handed is read from there."""

    slug: str
    stack: Stack
    topics: Topics
    said: str
    _folder: Path
    _listening: subprocess.Popen[bytes]
    _looked_at: set[str] = field(default_factory=set)

    @staticmethod
    def at_work(stack: Stack, slug: str, service: str) -> "Provider":
        """Adds the provider where the city does not know it yet, starts its program, and sends it a test record."""
        if not (stack.layout.credentials / f"{slug}.json").exists():
            stack.run("provider", "add", slug, "--service", service, "--wait", "0")
        names = (f"provider.referrals.{slug}.v1", f"provider.keys.{slug}.v1")
        topics = Topics(stack.kafka_admin_config(), names)
        folder = stack.layout.run_dir / "demo" / slug
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        listening = _listen(stack, slug, folder)
        try:
            said = stack.run("provider", "trial", slug, "--wait", str(_TRIAL_SECONDS)).strip()
        except BaseException:
            _end(listening)
            raise
        return Provider(slug, stack, topics, said, folder, listening)

    def handed(self, kind: str, referral: str) -> Mapping[str, Any]:
        """What its program was handed of this kind about a referral, under the provider's own id. Raises NotSeenError."""

        def look() -> Mapping[str, Any] | None:
            for line in (self._folder / "handed.jsonl").read_text(encoding="utf-8").splitlines():
                news = json.loads(line) if line.endswith("}") else {}
                if news.get("type") == kind and news["data"].get("referral_id") == referral:
                    data: Mapping[str, Any] = news["data"]
                    return data
            return None

        return outside.wait_for(f"{kind} at the desk of {self.slug}", look)

    def answers(self, verb: str, referral: str, *more: str) -> str:
        """Says something with the client and waits for the answer to it, in the client's word."""
        words = (verb, referral, *more, *_who(self.stack, self.slug, self._folder))
        done = subprocess.run((*_CLIENT, *words), capture_output=True, text=True, check=False)
        return WORDS_BY_EXIT_CODE.get(done.returncode, f"exit code {done.returncode}: {done.stderr.strip()[-200:]}")

    def key_destroyed(self, referral: str) -> Seen:
        """The tombstone on its keys topic. Raises NotSeenError."""

        def look() -> Seen | None:
            self.topics.poll()
            return next((seen for seen in self.topics.records if seen.erased and seen.key == referral), None)

        return outside.wait_for("the key's tombstone", look)

    def offers(self) -> list[Seen]:
        """Every offer on its topic since it began: ciphertext."""
        self.topics.poll()
        return [seen for seen in self.topics.records if "sealed" in seen.data]

    def next_offer(self) -> Seen:
        """The next offer on its topic that nobody looked at yet. Raises NotSeenError."""
        offer = outside.wait_for(
            "the offer on the topic", lambda: next((o for o in self.offers() if o.id not in self._looked_at), None)
        )
        self._looked_at.add(offer.id)
        return offer

    def close(self) -> None:
        """Its program ends; what it was handed stays on its disk no longer than the demo."""
        _end(self._listening)
        (self._folder / "handed.jsonl").unlink(missing_ok=True)
        self.topics.close()


def _listen(stack: Stack, slug: str, folder: Path) -> subprocess.Popen[bytes]:
    words = (*_CLIENT, "listen", "--jsonl", *_who(stack, slug, folder))
    with (folder / "handed.jsonl").open("wb") as handed, (folder / "listen.log").open("wb") as log:
        return subprocess.Popen(words, stdout=handed, stderr=log)


def _end(listening: subprocess.Popen[bytes]) -> None:
    listening.terminate()
    listening.wait(ANSWER_SECONDS)


def _who(stack: Stack, slug: str, folder: Path) -> tuple[str, ...]:
    credentials = str(stack.layout.credentials / f"{slug}.json")
    return ("--provider", slug, "--credentials", credentials, "--state-dir", str(folder / "state"))


@dataclass(slots=True)
class Agency:
    """One agency, with its own credentials: it submits, reads its receipts, and sees what else the broker shows it."""

    slug: str
    config: dict[str, str]
    receipts: Topics

    @staticmethod
    def at_work(stack: Stack, slug: str) -> "Agency":
        """Adds the agency where the city does not know it yet; reads its receipts from now on."""
        if not (stack.layout.credentials / f"{slug}.json").exists():
            stack.run("agency", "add", slug)
        config = stack.credentials(slug)
        return Agency(slug, config, Topics(config, (f"enforcement.receipts.{slug}.v1",), group=f"{slug}.desk"))

    def submits(self, kind: str, document: Mapping[str, Any]) -> tuple[int, Seen]:
        """Hands one record over; when the broker got it, in milliseconds since 1970, and its receipt. Raises NotSeenError."""
        submission = str(document["submission_id"])
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(fresh_id()),
            "ce_source": f"/enforcement/{self.slug}",
            "ce_type": kind,
            "ce_time": now().isoformat(),
            "ce_subject": submission,
            "content-type": "application/json",
        }
        producer = Producer({**self.config, "acks": "all", "log_level": 0})
        topic = f"enforcement.submissions.{self.slug}.v1"
        got_ms: list[int] = []
        producer.produce(
            topic,
            json.dumps(document).encode(),
            submission.encode(),
            headers=list(headers.items()),
            on_delivery=lambda error, record: None if error else got_ms.append(record.timestamp()[1]),
        )
        producer.flush(ANSWER_SECONDS)
        if not got_ms:
            raise NotSeenError(f"{self.slug} can hand something over")
        return got_ms[0], outside.wait_for("a receipt", lambda: next(iter(self.receipts_for(submission)), None))

    def receipts_for(self, submission: str) -> list[Seen]:
        """Every record about this submission on its receipts topic."""
        self.receipts.poll()
        return [seen for seen in self.receipts.records if seen.key == submission]

    def sees(self) -> set[str]:
        """Every topic that the broker shows it."""
        return set(admin_client(self.config).list_topics(timeout=ANSWER_SECONDS).topics)

    def is_refused(self, topic: str) -> bool:
        """Whether the broker refuses even to say that a topic exists."""
        error = admin_client(self.config).list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].error
        return error is not None and error.name() == "TOPIC_AUTHORIZATION_FAILED"

    def close(self) -> None:
        """It goes home."""
        self.receipts.close()
