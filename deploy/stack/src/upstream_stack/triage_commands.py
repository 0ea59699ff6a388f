"""`upstream-stack triage …`: what waits for a person, and the person's answer, through intake's staff door.

What people wrote is shown as it is, except that nothing in it moves the cursor, colours a line or turns its direction.
"""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from upstream_stack.terminal import out, plain, print_json
from upstream_stack.triage_door import ask, availability

app = typer.Typer(help="Requests that wait for a person, and what the person decides.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="The request's reference, such as UP-7K2M-Q9XD.")]
By = Annotated[str, typer.Option("--by", help="Your staff account: decisions are signed.")]
DAY = ["%Y-%m-%d"]


class Outcome(StrEnum):
    """How staff end a case."""

    DELIVERED = "delivered"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@app.command(name="list")
def show_all(*, as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False) -> None:
    """What waits, the longest first, with what its requester wrote."""
    waiting = ask("GET", "")["waiting"]
    if as_json:
        print_json(waiting)
        return
    out.print(table_of(waiting) if waiting else "Nothing waits.")


def table_of(waiting: list[dict[str, Any]]) -> Table:
    """The cases that wait, one row each."""
    table = Table("reference", "since", "why it waits", "from", "language", "people", "topics", "what they wrote", box=None)
    for case in waiting:
        table.add_row(*(Text(plain(cell)) for cell in _cells(case)))
    return table


def _cells(case: dict[str, Any]) -> tuple[str, ...]:
    people = "" if case["group_size"] is None else str(case["group_size"])
    said = (case["source"], case["language"], people, ", ".join(case["topics"]))
    return (case["reference"], (case["since"] or "")[:16], ", ".join(case["reasons"]), *said, _written(case["notes"]))


def _written(notes: list[dict[str, Any]]) -> str:
    """One line for each thing that somebody wrote: a submission has several, an answer is one."""
    lines = [
        f"{name}: {text}"
        for note in notes
        for name, text in (note["text"].items() if isinstance(note["text"], dict) else [(note["kind"], note["text"])])
    ]
    return "\n".join(lines)


@app.command()
def show(reference: Reference) -> None:
    """One request whole, with its contact and all that has happened, as JSON."""
    typer.echo(legible(ask("GET", f"/{reference}")))


def legible(document: dict[str, Any]) -> str:
    """JSON that a person can read in any language; what moves the cursor or turns the direction is escaped."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "".join(letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text)


@app.command()
def answer(
    reference: Reference, question: Annotated[str, typer.Argument(help="What you ask; name nobody in it.")], by: By
) -> None:
    """Ask the requester something; they answer on their own page."""
    _told(ask("POST", f"/{reference}/answer", {"reviewer": by, "question": question}))


@app.command()
def accept(
    reference: Reference,
    by: By,
    *,
    topic: Annotated[str | None, typer.Option(help="Code of the topic, where the request names none.")] = None,
    group_size: Annotated[int | None, typer.Option(help="How many people, where the request is wrong.")] = None,
    meeting: Annotated[str | None, typer.Option("--format", help="virtual, in_person or either")] = None,
    length: Annotated[int | None, typer.Option(help="Length of the training, minutes.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the training, such as so.")] = None,
    connection: Annotated[list[str] | None, typer.Option(help="live, work, school or play; may be repeated.")] = None,
    window: Annotated[list[str] | None, typer.Option(help='When they can meet: "monday 18:00-20:00"; repeat it.')] = None,
    earliest: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day that suits them.")] = None,
    latest: Annotated[datetime | None, typer.Option("--until", formats=DAY, help="The day before which it must be.")] = None,
) -> None:
    """Propose an agreement; what is left out is taken from the request."""
    body = {
        "topic": topic,
        "group_size": group_size,
        "format": meeting,
        "length_minutes": length,
        "language": language,
        "connections": connection or None,
        "availability": availability(window or [], earliest, latest),
    }
    _told(ask("POST", f"/{reference}/accept", {"reviewer": by, **{k: v for k, v in body.items() if v is not None}}))


@app.command()
def reject(
    reference: Reference, reason: Annotated[str, typer.Argument(help="Why, in plain words; name nobody.")], by: By
) -> None:
    """Say no, with a reason that the requester is told."""
    _told(ask("POST", f"/{reference}/reject", {"reviewer": by, "reason": reason}))


@app.command()
def close(
    reference: Reference,
    what_changed: Annotated[str, typer.Argument(help="What changed because of it, for the requester; name nobody.")],
    by: By,
    outcome: Annotated[Outcome, typer.Option(help="How it ended.")] = Outcome.DELIVERED,
) -> None:
    """Close a case and say what changed because of it."""
    _told(ask("POST", f"/{reference}/close", {"reviewer": by, "outcome": outcome, "what_changed_text": what_changed}))


@app.command()
def erase(reference: Reference, by: By) -> None:
    """Destroy the requester's key: nothing about the person opens any more."""
    _told(ask("POST", f"/{reference}/erase", {"reviewer": by}))


def _told(done: dict[str, Any]) -> None:
    out.print(f"{done['reference']}: {done['answer']}, now {done['status']}")
