"""Whatever a service answers carries the same headers, and an answer to nonsense repeats nothing of it."""

import httpx
import pytest

from upstream_stack.processes import METRICS_TOKEN, SERVICES, Service
from upstream_stack.stack import Stack

GUARDS = ("content-security-policy", "referrer-policy", "cache-control", "x-content-type-options")


@pytest.mark.parametrize("process", ["intake", "scheduler"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/health/live", 405), ("GET", "/health/live", 200), ("GET", "/metrics", 404)],
)
def test_every_answer_carries_the_guards(stack: Stack, process: str, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, stack.url(process) + path)
    assert answer.status_code == status
    assert [name for name in GUARDS if name not in answer.headers] == []


def test_an_answer_to_nonsense_repeats_nothing_of_it(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url('scheduler')}/a/forged-token", data={"word": "canary-word"})
    assert answer.status_code in (404, 422)
    assert "canary-word" not in answer.text
    assert [name for name in GUARDS if name not in answer.headers] == []


def test_a_body_that_is_too_large_is_refused_in_plain_words(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url('intake')}/status", content=b"x" * 70_000)
    assert (answer.status_code, answer.text) == (413, "This is larger than anything we ask for.")
    assert [name for name in GUARDS if name not in answer.headers] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_metrics_are_for_the_operator_of_that_side_alone(stack: Stack, service: Service) -> None:
    """They count what happens, topic by topic: on the port of a page they would tell when somebody was offered help."""
    token = stack.secret(service.operator, f"{service.name}-{METRICS_TOKEN}")
    asked = [
        httpx.get(f"{stack.url(service.name)}/metrics", headers=headers) for headers in ({}, {"Authorization": "Bearer x"})
    ]
    assert [answer.status_code for answer in asked] == [404, 404]
    shown = httpx.get(f"{stack.url(service.name)}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert "upstream_relay_leads" in shown.text
