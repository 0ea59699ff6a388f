"""What outsiders get wrong: one record of each class, made from the seed. None of them may ever have an effect.

Imports nothing of the product.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

Headers = Sequence[tuple[str, bytes | None]]
TYPE: Final = "matrix.move.asked.v1"


@dataclass(frozen=True, slots=True)
class Sent:
    """One record as it is put on the topic. `kind` names what is wrong with it; `id` is None where nobody can read one."""

    kind: str
    id: str | None
    key: bytes | None
    value: bytes | None
    headers: Headers


def headers_of(party: str, ask: str, kind: str = TYPE, at: str | None = None) -> list[tuple[str, bytes | None]]:
    """The headers of a good ask."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", ask.encode()),
        ("ce_source", f"/city/{party}".encode()),
        ("ce_type", kind.encode()),
        ("ce_time", (at or datetime.now(UTC).isoformat()).encode()),
        ("content-type", b"application/json"),
    ]


def _fresh(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _sent(kind: str, rng: random.Random, party: str, account: str) -> Sent:
    ask = _fresh(rng)
    return Sent(kind, ask, account.encode(), json.dumps({"account_id": account}).encode(), headers_of(party, ask))


def _with_value(make: Callable[[str], bytes | None]) -> Callable[[str, random.Random, str, str], Sent]:
    return lambda kind, rng, party, account: replace(_sent(kind, rng, party, account), value=make(account))


def _with_headers(change: Callable[[list[tuple[str, bytes | None]]], Headers], *, named: bool = True) -> "Maker":
    def make(kind: str, rng: random.Random, party: str, account: str) -> Sent:
        sent = _sent(kind, rng, party, account)
        return replace(sent, headers=change(list(sent.headers)), id=sent.id if named else None)

    return make


def _header(name: str, value: bytes | None) -> "Maker":
    return _with_headers(lambda headers: [(n, value if n == name else v) for n, v in headers], named=name != "ce_id")


Maker = Callable[[str, random.Random, str, str], Sent]
_MAKERS: Final[dict[str, Maker]] = {
    "empty": _with_value(lambda _: None),
    "cut-json": _with_value(lambda account: f'{{"account_id": "{account}'.encode()),
    "no-json": _with_value(lambda _: b"\xff\xfe\x00\x01"),
    "double-key": _with_value(lambda account: f'{{"account_id": "{account}", "account_id": "{account}"}}'.encode()),
    "not-a-number": _with_value(lambda account: f'{{"account_id": "{account}", "padding": NaN}}'.encode()),
    "nul": _with_value(lambda account: f'{{"account_id": "{account}", "padding": "\\u0000"}}'.encode()),
    "too-deep": _with_value(lambda account: f'{{"account_id": "{account}", "padding": {"[" * 40}{"]" * 40}}}'.encode()),
    "oversize": _with_value(lambda account: json.dumps({"account_id": account, "padding": "." * 270_000}).encode()),
    "wrong-kind": _with_value(lambda account: json.dumps({"account_id": account, "padding": 7}).encode()),
    "field-missing": _with_value(lambda _: b"{}"),
    "other-key": _with_value(lambda _: json.dumps({"account_id": str(UUID(int=7, version=4))}).encode()),
    "no-id": _with_headers(lambda headers: [pair for pair in headers if pair[0] != "ce_id"], named=False),
    "two-ids": _with_headers(lambda headers: [*headers, ("ce_id", b"another")], named=False),
    "null-header": _header("ce_time", None),
    "many-headers": _with_headers(lambda headers: [*headers, *((f"x-{n}", b"1") for n in range(40))]),
    "id-too-long": _header("ce_id", b"x" * 101),
    "bad-time": _header("ce_time", b"yesterday"),
    "far-time": _header("ce_time", b"2099-01-01T00:00:00+00:00"),
    "other-source": _header("ce_source", b"/city/somebody-else"),
    "other-type": _header("ce_type", b"matrix.move.imagined.v1"),
    "other-version": _header("ce_type", b"matrix.move.asked.v9"),
    "not-text": _header("ce_type", b"\xff\xfe"),
    "not-cloudevents": _header("ce_specversion", b"0.3"),
}


def _made(kind: str) -> Callable[[random.Random, str, str], Sent]:
    return lambda rng, party, account: _MAKERS[kind](kind, rng, party, account)


CLASSES: Final[dict[str, Callable[[random.Random, str, str], Sent]]] = {kind: _made(kind) for kind in _MAKERS}
