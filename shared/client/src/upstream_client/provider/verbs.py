"""The verbs with which a provider answers: `upstream accept`, `decline`, `waitlist` and so on. Each says one event."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from upstream_client.clock import fresh_id
from upstream_client.provider.desk import desk_of
from upstream_client.provider.respond import respond
from upstream_client.trouble import Trouble
from upstream_schemas.catalogues.answers import Ending, Reason
from upstream_schemas.provider import (
    CapacityUpdatedV1,
    ContactFailedV1,
    ContactMadeV1,
    ErasureAttestedV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderRedirectedV1,
    ProviderWaitlistedV1,
)

TIMEOUT_SECONDS: Final = 30.0
CODE: Final = r"[a-z0-9][a-z0-9_.-]{0,63}"


Referral = Annotated[UUID, typer.Argument(metavar="REFERRAL_ID", help="The id that the offer came with.")]
Provider = Annotated[str | None, typer.Option(help="Which provider you are; default: the one the credentials name.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds without an answer after which to stop.")]
File = Annotated[Path | None, typer.Option("--credentials", help="Your credentials file.")]
Folder = Annotated[Path | None, typer.Option("--state-dir", "--state", help="Folder for what waits for its answer.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Verb = Callable[..., None]
SIMPLE: Final[Mapping[str, tuple[type[ForProvider], str]]] = {
    "accept": (ProviderAcceptedV1, "We take it, and reach out."),
    "waitlist": (ProviderWaitlistedV1, "We would take it, later."),
    "contacted": (ContactMadeV1, "We spoke with the person."),
    "unreachable": (ContactFailedV1, "We tried and could not reach the person."),
    "attest": (ErasureAttestedV1, "What we had of it is erased, everywhere."),
}
CODES: Final = (
    "Exit code: 0 confirmed, 2 usage, 4 not taken as it is, 5 too late, 6 no answer in time, 7 refused by the broker, "
    "8 withdrawn."
)


def register(app: typer.Typer) -> None:
    """Adds the verbs to a command line."""
    for name, (kind, meaning) in SIMPLE.items():
        app.command(name, help=f"{meaning}\n\n{CODES}")(_saying(kind))
    for verb in (decline, redirect, close, capacity):
        app.command(help=f"{verb.__doc__}\n\n{CODES}")(verb)


def _saying(kind: type[ForProvider]) -> Verb:
    """The verb for an event that says nothing but which referral it is about."""

    def verb(
        referral_id: Referral,
        *,
        provider: Provider = None,
        timeout: Timeout = TIMEOUT_SECONDS,
        credentials: File = None,
        state: Folder = None,
        in_json: Json = False,
    ) -> None:
        respond(desk_of(provider, credentials, state), kind(referral_id=referral_id), timeout, in_json=in_json)

    return verb


def decline(
    referral_id: Referral,
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    provider: Provider = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    credentials: File = None,
    state: Folder = None,
    in_json: Json = False,
) -> None:
    """We cannot take it."""
    event = ProviderDeclinedV1(referral_id=referral_id, reason=reason.value)
    respond(desk_of(provider, credentials, state), event, timeout, in_json=in_json)


def redirect(
    referral_id: Referral,
    *,
    to: Annotated[str, typer.Option(help="The service that fits better, as the directory names it.")],
    provider: Provider = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    credentials: File = None,
    state: Folder = None,
    in_json: Json = False,
) -> None:
    """Somebody else fits better."""
    event = ProviderRedirectedV1(referral_id=referral_id, to_service=_code(to))
    respond(desk_of(provider, credentials, state), event, timeout, in_json=in_json)


def close(
    referral_id: Referral,
    *,
    outcome: Annotated[Ending, typer.Option(help="How it ended.")],
    provider: Provider = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    credentials: File = None,
    state: Folder = None,
    in_json: Json = False,
) -> None:
    """It ended."""
    event = ProviderClosedV1(referral_id=referral_id, outcome=outcome.value)
    respond(desk_of(provider, credentials, state), event, timeout, in_json=in_json)


def capacity(
    *,
    service: Annotated[str, typer.Option(help="Which of your services, as the directory names it.")],
    available: Annotated[int, typer.Option(min=0, max=10_000, help="How many places are free now.")],
    provider: Provider = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    credentials: File = None,
    state: Folder = None,
    in_json: Json = False,
) -> None:
    """How many more we can take. About no referral."""
    event = CapacityUpdatedV1(referral_id=fresh_id(), service=_code(service), available=available)
    respond(desk_of(provider, credentials, state), event, timeout, in_json=in_json)


def _code(text: str) -> str:
    if not re.fullmatch(CODE, text):
        what, fix = f"{text!r} names no service", "use the name that the directory has, such as youth-support"
        raise Trouble(what, "a name is lower-case letters, digits, dots, hyphens", fix)
    return text
