"""The services' staff doors as the command line uses them: asked as the operator of their side, trouble told in three lines."""

from collections.abc import Mapping
from typing import Any

import httpx

from upstream_stack.errors import Trouble, command
from upstream_stack.processes import STAFF_TOKEN, service
from upstream_stack.settings import running_target
from upstream_stack.stack import Stack

_ANSWER_SECONDS = 20.0


def knock(process: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
    """What the process answers, a refusal too. Raises Trouble where it does not answer, or breaks over it."""
    found = running_target()
    stack = Stack(found.layout.run_dir, found.ports.base)
    token = stack.secret(service(process).operator, f"{process}-{STAFF_TOKEN}")
    try:
        response = httpx.request(
            method,
            f"{stack.url(process)}/staff{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_ANSWER_SECONDS,
        )
    except httpx.HTTPError as error:
        raise Trouble(f"{process} does not answer", type(error).__name__, command("logs", process)) from None
    if response.is_server_error:
        raise Trouble(f"{process} could not do it", f"HTTP {response.status_code}", command("logs", process))
    return response


def ask(process: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the process answers. Raises Trouble where it does not answer, or refuses."""
    response = knock(process, method, path, body)
    if response.is_error:
        raise Trouble(f"{process} refused ({response.status_code})", _said(response), command("logs", process))
    return content(response)


def content(response: httpx.Response) -> dict[str, Any]:
    """The answer's document; nothing where it has none."""
    found: dict[str, Any] = response.json() if response.content else {}
    return found


def _said(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "it did not say why"
