"""`upstream listen`: what is offered to a provider, for a person, for a program, or for a receiver of webhooks."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from upstream_client.broker import refusal
from upstream_client.provider.desk import Desk, desk_of
from upstream_client.provider.listener import Listener
from upstream_client.provider.sinks import JsonLines, Sink, Terminal
from upstream_client.provider.webhook import Forwarding, secret_in
from upstream_client.terminal import err, warn
from upstream_client.trouble import NO_ANSWER, REFUSED, Trouble


def listen(
    provider: Annotated[
        str | None, typer.Option(help="Which provider you are; default: the one the credentials name.")
    ] = None,
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a record, on standard output.")] = False,
    forward_to: Annotated[
        str | None, typer.Option(help="POST each record to this address, signed as Standard Webhooks has it.")
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(help="File with the secret to sign with; default: one in the state folder, made at first use."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when all is handed over that lies there now.")] = False,
    for_seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="Stop after so many seconds.")] = None,
    credentials: Annotated[Path | None, typer.Option(help="Your credentials file.")] = None,
    state: Annotated[Path | None, typer.Option("--state-dir", "--state", help="Folder for what was handed over.")] = None,
) -> None:
    """Show or hand over what is offered to you, as it comes. Nothing is lost when it is stopped, whatever way.

    Exit code: 0 stopped, 2 usage, 6 stopped before everything that was read could be handed over, 7 refused by the broker.
    """
    _check_usage(jsonl=jsonl, forward_to=forward_to, secret_file=secret_file)
    desk = desk_of(provider, credentials, state)
    with desk.alone():
        left_count = asyncio.run(_listen(desk, _sink(desk, forward_to, secret_file, jsonl=jsonl), for_seconds, once=once))
    if left_count:
        warn(f"records that could not be handed over yet: {left_count}; the next run goes on with them")
        raise typer.Exit(NO_ANSWER)


def _check_usage(*, jsonl: bool, forward_to: str | None, secret_file: Path | None) -> None:
    if jsonl and forward_to:
        raise Trouble("--jsonl and --forward-to go one at a time", "a record is done when one has it", "leave out one of them")
    if secret_file and not forward_to:
        raise Trouble("--secret-file goes with --forward-to", "nothing else is signed", "add --forward-to <address>")


def _sink(desk: Desk, forward_to: str | None, secret_file: Path | None, *, jsonl: bool) -> Sink:
    if forward_to is None:
        return JsonLines() if jsonl else Terminal(desk.provider)
    file = secret_file or desk.folder / "webhook-secret"
    secret, made = secret_in(file)
    sink = Forwarding(forward_to, secret)
    if made:
        err.print(f"The secret for your receiver is in {file}", markup=False)
    return sink


async def _listen(desk: Desk, sink: Sink, seconds: float | None, *, once: bool) -> int:
    """How many records were left. Ctrl-C ends it like the end of the time."""
    listener = Listener(desk, sink, once=once)
    try:
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(seconds):
                await listener.run()
    except KafkaError as error:
        why, fix = refusal(error) or "", f"use the credentials of {desk.provider}, or ask the city whether they still hold"
        raise Trouble(f"The broker refused to show the referrals of {desk.provider}", why, fix, REFUSED) from None
    finally:
        if isinstance(sink, Forwarding):
            await sink.close()
    return listener.left_count
