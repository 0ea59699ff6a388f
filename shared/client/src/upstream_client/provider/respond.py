"""Says one thing as a provider and waits until the city has answered it. Holds no rule of its own about referrals."""

import asyncio
import shlex
import sys
from typing import Final, NoReturn

import typer

from upstream_client.exchange import Exchange
from upstream_client.outgoing import Outgoing
from upstream_client.pending import Journal
from upstream_client.provider.desk import Desk
from upstream_client.provider.kept_answers import keep
from upstream_client.provider.replies import EXIT_CODES, Result, as_json, provider_talk, replied
from upstream_client.provider.saying import response
from upstream_client.provider.wording import refusal_of
from upstream_client.talk import Answer
from upstream_client.terminal import Progress, print_columns, print_json, print_trouble
from upstream_client.trouble import NO_ANSWER, REFUSED, Trouble
from upstream_schemas.provider import ForProvider, ResponseRefusedV1

_MEANINGS: Final = {
    "confirmed": "your answer counts",
    "too-late": "the offer had ended before your answer came; do not contact the person about it",
    "withdrawn": "the offer stands no longer; do not contact the person, and erase what you have of it",
}


def respond(desk: Desk, event: ForProvider, timeout_seconds: float, *, in_json: bool) -> NoReturn:
    """Sends it, with one id, until it is answered. Ends the program with the code of what became of it."""
    try:
        record, journal, earlier = keep(desk.folder, response(desk.provider, event))
    except OSError as error:
        what = f"{desk.folder} cannot keep what waits for an answer"
        raise Trouble(what, error.strerror or type(error).__name__, "name another folder with --state-dir") from None
    report = _Report(journal)
    exchange = Exchange(desk.broker(), provider_talk(desk.provider), [record], report, earlier)
    try:
        asyncio.run(exchange.run(timeout_seconds))
    except KeyboardInterrupt:
        report.trouble(KeyboardInterrupt("you stopped waiting"))
    report.progress.close()
    result = report.result or Result(record, "no-answer")
    _print(result, in_json=in_json)
    if result.event is None:
        print_trouble(_trouble(result, report.last_trouble, desk))
    raise typer.Exit(EXIT_CODES[result.word])


class _Report:
    """The listener of the exchange about one record."""

    def __init__(self, journal: Journal) -> None:
        self.result: Result | None = None
        self.last_trouble: BaseException | None = None
        self.progress = Progress()
        self._journal = journal
        self.progress.show("connecting")

    def listening_from(self, offset: int) -> None:
        self._journal.answers_from(offset)

    def sending(self, count: int, attempt: int) -> None:
        self.last_trouble = None
        self.progress.show("waiting for the answer" if attempt == count else f"waiting for the answer, attempt {attempt}")

    def answered(self, record: Outgoing, answer: Answer) -> None:
        self._journal.settled(record)
        self.result = replied(record, answer)

    def refused(self, record: Outgoing, why: str, *, maybe_arrived: bool) -> None:
        if not maybe_arrived:
            self._journal.settled(record)
        self.result = Result(record, "refused", why=why)

    def trouble(self, error: BaseException) -> None:
        self.last_trouble = error


def _print(result: Result, *, in_json: bool) -> None:
    if in_json:
        print_json(as_json(result))
    elif isinstance(result.event, ResponseRefusedV1):
        fields = result.event.model_dump(mode="json", exclude_none=True)
        print_columns(result.word, f"{result.record.submission_id}: {refusal_of(fields)}")
    elif result.event is not None:
        print_columns(result.word, f"{result.record.submission_id}: {_MEANINGS[result.word]}")


def _trouble(result: Result, last: BaseException | None, desk: Desk) -> Trouble:
    if result.why is not None:
        what = f"The broker refused what {desk.provider} says"
        return Trouble(what, result.why, f"use the credentials of {desk.provider}, or ask the city", REFUSED)
    why = "it lies on the broker, and nobody answered in time" if last is None else str(last) or type(last).__name__
    return Trouble("No answer yet", why, f"say it again, it counts once: {shlex.join(['upstream', *sys.argv[1:]])}", NO_ANSWER)
