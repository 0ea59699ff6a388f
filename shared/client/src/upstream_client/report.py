"""How a run goes, told as it happens: lines for people or programs, progress, and the journal of what is open. Sends nothing."""

from collections.abc import Iterator, Sequence

from upstream_client.outcome import Outcome, answered, summary
from upstream_client.outgoing import Outgoing
from upstream_client.pending import Journal
from upstream_client.talk import Answer
from upstream_client.terminal import Progress, err, print_outcome
from upstream_client.trouble import NO_ANSWER, REFUSED, Trouble
from upstream_schemas.city import Verdict

_REASONS = {
    "too-large": (
        "a record is larger than the broker takes, which is 1 MiB",
        "send less at once; the city reads up to 256 KiB",
    ),
    "not-authorised": ("these credentials have no right to the topics of {source}", "use the credentials of {source}"),
    "unknown-topic": ("the broker has no topics for {source}", "check --source, or ask the city to add the source"),
    "not-authenticated": ("the broker does not know this user and password", "ask the city for new credentials"),
}


class Report:
    """The listener of one exchange."""

    def __init__(self, records: Sequence[Outgoing], journal: Journal, *, in_json: bool) -> None:
        """Nothing is printed yet."""
        self.interrupted = False
        self._count = len(records)
        self._journal = journal
        self._in_json = in_json
        self._outcomes: list[Outcome] = []
        self._kept_count = 0
        self._last_trouble: BaseException | None = None
        self._progress = Progress()
        self._progress.show("connecting")

    def listening_from(self, offset: int) -> None:
        """A later run may look for the answers from here."""
        self._journal.answers_from(offset)

    def sending(self, count: int, attempt: int) -> None:
        """Shows it. Whatever was wrong with the connection is over."""
        self._last_trouble = None
        again = "" if attempt == 1 else f", attempt {attempt}"
        self._progress.show(f"{len(self._outcomes)} of {self._count} settled, waiting for {count}{again}")

    def answered(self, record: Outgoing, answer: Answer) -> None:
        """Prints the verdict; nothing of the record is kept."""
        assert isinstance(answer, Verdict), "sources are answered with verdicts"
        self._journal.settled(record)
        self._settled(answered(record, answer))

    def refused(self, record: Outgoing, why: str, *, maybe_arrived: bool) -> None:
        """Prints it. What may have arrived before stays in the journal."""
        if maybe_arrived:
            self._kept_count += 1
        else:
            self._journal.settled(record)
        self._settled(Outcome(record, "refused", why=why))

    def _settled(self, outcome: Outcome) -> None:
        self._add(outcome)
        waiting = self._count - len(self._outcomes)
        if waiting:
            self._progress.show(f"{len(self._outcomes)} of {self._count} settled, waiting for {waiting}")

    def trouble(self, error: BaseException) -> None:
        """Remembered for the end, where it explains why there is no answer."""
        self._last_trouble = error

    def close(self, unsettled: Sequence[Outgoing]) -> list[Outcome]:
        """Everything that became of the records, those without an answer included."""
        for record in unsettled:
            self._add(Outcome(record, "no-answer"))
        self._kept_count += len(unsettled)
        self._progress.close()
        if self._count > 1:
            err.print(summary(self._outcomes))
        return self._outcomes

    def troubles(self, bootstrap: str, source: str, again: str) -> Iterator[Trouble]:
        """What a person has to do something about."""
        for why in sorted({outcome.why for outcome in self._outcomes if outcome.why}):
            reason, fix = (text.format(source=source) for text in _REASONS[why])
            count = sum(outcome.why == why for outcome in self._outcomes)
            yield Trouble(f"The broker refused {_records(count)}", reason, fix, REFUSED)
        if self._kept_count:
            yield Trouble(f"{_records(self._kept_count)} unanswered and kept", self._why(bootstrap), again, NO_ANSWER)

    def _why(self, bootstrap: str) -> str:
        if self.interrupted:
            return "you stopped waiting"
        if self._last_trouble is not None:
            return f"{bootstrap}: {str(self._last_trouble) or type(self._last_trouble).__name__}"
        return "the records lie on the broker, and no verdict came in time"

    def _add(self, outcome: Outcome) -> None:
        self._progress.close()
        self._outcomes.append(outcome)
        print_outcome(outcome, in_json=self._in_json)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
