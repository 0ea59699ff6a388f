"""The services' staff and operator's doors as the command line uses them: asked as the operator of their side, trouble told in three lines."""

from collections.abc import Mapping
from typing import Any

import httpx

from upstream_stack.errors import Trouble, command
from upstream_stack.processes import OPERATOR_TOKEN, STAFF_TOKEN, service
from upstream_stack.settings import running_target
from upstream_stack.stack import Stack

_ANSWER_SECONDS = 20.0


def knock(process: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
    """What the process's staff door answers, a refusal too. Raises Trouble where it does not answer, or breaks over it."""
    return _knock(process, method, f"/staff{path}", STAFF_TOKEN, body)


def order(process: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
    """What the process's operator's door answers, a refusal too. Raises Trouble as `knock` does."""
    return _knock(process, method, f"/operator{path}", OPERATOR_TOKEN, body)


def _knock(process: str, method: str, path: str, token_name: str, body: Mapping[str, Any] | None) -> httpx.Response:
    found = running_target()
    stack = Stack(found.layout.run_dir, found.ports.base)
    token = stack.secret(service(process).operator, f"{process}-{token_name}")
    try:
        response = httpx.request(
            method,
            f"{stack.url(process)}{path}",
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
        raise Trouble(f"{process} refused ({response.status_code})", said(response), command("logs", process))
    return content(response)


def content(response: httpx.Response) -> dict[str, Any]:
    """The answer's document; nothing where it has none."""
    found: dict[str, Any] = response.json() if response.content else {}
    return found


def said(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "it did not say why"
