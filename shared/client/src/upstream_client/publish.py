"""`upstream publish`: what a file holds goes out, and the verdicts come back. Holds no rule of its own about submissions."""

import asyncio
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from upstream_client.broker import Broker
from upstream_client.check import concerns
from upstream_client.credentials import Credentials, credentials_for, source_named
from upstream_client.exchange import Exchange
from upstream_client.outcome import exit_code
from upstream_client.outgoing import Header, Outgoing
from upstream_client.pending import Journal, Kept, default_folder, kept
from upstream_client.report import Report
from upstream_client.submission_file import bytes_of, raw_record, records_in
from upstream_client.terminal import err, print_trouble, warn
from upstream_client.trouble import Trouble
from upstream_client.waiting import city_talk

TIMEOUT_SECONDS: Final = 30.0


class Kind(StrEnum):
    """What a submission says."""

    SUBMITTED = "submitted"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"


def publish(
    file: Annotated[str | None, typer.Argument(help="Submissions or CloudEvents, one or many; - is standard input.")] = None,
    *,
    source: Annotated[str | None, typer.Option(help="Which source you are; default: the one the credentials name.")] = None,
    kind: Annotated[Kind | None, typer.Option("--type", help="What the submissions say; default: inferred.")] = None,
    pending: Annotated[bool, typer.Option("--pending", help="Send again what earlier runs got no answer to.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Send nothing where a look at the file finds something wrong.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Send the file's bytes as they are, with the given headers and key alone.")
    ] = False,
    null_value: Annotated[bool, typer.Option("--null-value", help="With --raw: no value at all, and no file.")] = False,
    header: Annotated[list[str] | None, typer.Option(help="With --raw: NAME=VALUE, or NAME for a null header.")] = None,
    key: Annotated[str | None, typer.Option(help="With --raw: the record's key; default: none.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds without any answer after which to stop.")] = TIMEOUT_SECONDS,
    credentials: Annotated[Path | None, typer.Option(help="Your credentials file.")] = None,
    state: Annotated[Path | None, typer.Option(help="Folder for records that wait for an answer.")] = None,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object a record.")] = False,
) -> None:
    """Send submissions and wait for the verdict on each.

    Exit code: 0 accepted or duplicate, 2 usage, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in time, 7 refused by
    the broker; of several records the highest.
    """
    _check_usage(file, raw=raw, pending=pending, null_value=null_value, only_raw=bool(header) or key is not None)
    found = credentials_for(source, credentials)
    name = source_named(source, found)
    run = _Run(name, found, (state or default_folder()).absolute(), timeout, in_json)
    if pending:
        run.send_again()
    run.mention_earlier()
    if raw:
        record = raw_record(None if null_value else bytes_of(file or ""), _bytes(key), _headers(header))
        run.send([record])
    records = records_in(bytes_of(file or ""), name, kind)
    _look_over(records, name, refuse=check)
    run.send(records)


def _check_usage(file: str | None, *, raw: bool, pending: bool, null_value: bool, only_raw: bool) -> None:
    if pending and (file or raw or null_value):
        raise Trouble(
            "--pending takes no file", "it sends what earlier runs kept", "leave out the file, or leave out --pending"
        )
    if null_value and (file or not raw):
        raise Trouble(
            "--null-value goes with --raw and no file", "there is no value to read", "add --raw and leave out the file"
        )
    if only_raw and not raw:
        raise Trouble("--header and --key go with --raw", "otherwise they are made from the submission", "add --raw")
    if not (file or pending or null_value):
        raise Trouble("No file is named", "there is nothing to publish", "name a file, or - for standard input")


def _bytes(text: str | None) -> bytes | None:
    """An argument as it was typed, also where it is no UTF-8."""
    return None if text is None else os.fsencode(text)


def _headers(given: Sequence[str] | None) -> tuple[Header, ...]:
    """NAME=VALUE each, in order, repeated as often as given; NAME alone is a null header."""
    pairs = (text.partition("=") for text in given or ())
    return tuple((name, _bytes(value) if equals else None) for name, equals, value in pairs)


def _look_over(records: Sequence[Outgoing], source: str, *, refuse: bool) -> None:
    """Says what looks wrong. Raises Trouble where it shall refuse."""
    doubtful = 0
    for record in records:
        found = concerns(record, source)
        doubtful += bool(found)
        if found:
            told = ", ".join(f"{pointer or '/'} {code}" for pointer, code in found)
            warn(f"record {record.number} will probably not be accepted: {told}")
    if doubtful and refuse:
        what = f"{doubtful} of {len(records)} records look wrong, so nothing was sent"
        raise Trouble(what, "--check was given", "mend the fields named above, or leave out --check and let the city judge")


@dataclass(frozen=True, slots=True)
class _Run:
    """One run for one source. `send` and `send_again` end the program with the code of what became of the records."""

    source: str
    credentials: Credentials
    folder: Path
    timeout_seconds: float
    in_json: bool

    def send_again(self) -> NoReturn:
        """What earlier runs kept, in its old order."""
        earlier = kept(self.folder, self.source)
        if not earlier.records:
            err.print(f"Nothing of {self.source} waits for an answer in {self.folder}", markup=False)
            raise typer.Exit
        journal = self._journal(earlier.records)
        if earlier.answers_from is not None:
            journal.answers_from(earlier.answers_from)
        for file in earlier.files:
            file.unlink(missing_ok=True)
        self._exchange(earlier.records, journal, earlier)

    def mention_earlier(self) -> None:
        """Says that something waits, where it does."""
        count = len(kept(self.folder, self.source).records)
        if count:
            warn(f"unanswered records of earlier runs: {count}; send them again with {self._again()}")

    def send(self, records: Sequence[Outgoing]) -> NoReturn:
        """New records; those without an answer stay in the folder."""
        if any(record.key is None and record.value is None for record in records):
            raise Trouble("A record needs a key or a value", "the Kafka client sends none without", "add --key")
        self._exchange(records, self._journal(records), None)

    def _exchange(self, records: Sequence[Outgoing], journal: Journal, earlier: Kept | None) -> NoReturn:
        report = Report(records, journal, in_json=self.in_json)
        exchange = Exchange(Broker(self.credentials), city_talk(self.source), records, report, earlier)
        try:
            asyncio.run(exchange.run(self.timeout_seconds))
        except KeyboardInterrupt:
            report.interrupted = True
        outcomes = report.close(exchange.waiting.unsettled)
        for trouble in report.troubles(self.credentials.bootstrap, self.source, self._again()):
            print_trouble(trouble)
        raise typer.Exit(exit_code(outcomes))

    def _journal(self, records: Sequence[Outgoing]) -> Journal:
        try:
            return Journal(self.folder, self.source, records)
        except OSError as error:
            what = f"{self.folder} cannot keep what waits for an answer"
            raise Trouble(what, error.strerror or type(error).__name__, "name another folder with --state") from None

    def _again(self) -> str:
        place = [] if self.folder == default_folder().absolute() else ["--state", str(self.folder)]
        return shlex.join(["upstream", "publish", "--source", self.source, "--pending", *place])
