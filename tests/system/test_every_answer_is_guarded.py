"""Whatever a service answers carries the same headers, and an answer to nonsense repeats nothing of it."""

import httpx
import pytest

from upstream_stack.stack import Stack

GUARDS = ("content-security-policy", "referrer-policy", "cache-control", "x-content-type-options")


@pytest.mark.parametrize("process", ["intake", "scheduler"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/health/live", 405), ("GET", "/health/live", 200), ("GET", "/metrics", 200)],
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
