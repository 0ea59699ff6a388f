"""News in plain words, as pairs of a label and a text. Pure. The texts are people's: whoever prints them makes them harmless."""

import shlex
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from upstream_client.provider import news as n
from upstream_client.provider.news import News

Line = tuple[str, str]
_LABELS: Final = (
    ("needs", "needs"),
    ("language", "speaks"),
    ("name", "name"),
    ("phone", "phone"),
    ("email", "mail"),
    ("words", "says"),
    ("terms", "terms"),
)


def lines_of(news: News, provider: str) -> list[Line]:
    """Everything a person has to know, and the command to type next."""
    return _WORDS[news.type](news.data, provider)


def command(verb: str, provider: str, data: dict[str, Any], *more: str) -> str:
    """What to type, ready to be pasted."""
    return shlex.join(["upstream", verb, "--provider", provider, str(data["referral_id"]), *more])


def _offered(data: dict[str, Any], provider: str) -> list[Line]:
    told = [(label, _text(data["offer"][name])) for name, label in _LABELS if data["offer"].get(name)]
    return [
        ("referral", data["referral_id"]),
        ("service", data["service"]),
        *told,
        ("answer by", local(data["respond_by"])),
        ("to accept", command("accept", provider, data)),
        ("to decline", command("decline", provider, data, "--reason", "no-capacity")),
    ]


def _offer_erased(data: dict[str, Any], _: str) -> list[Line]:
    return [("erased", f"{data['referral_id']}: withdrawn, erased. The offer ended before you read it; nothing is to do")]


def _withdrawn(data: dict[str, Any], _: str) -> list[Line]:
    return [("withdrawn", f"{data['referral_id']}: the offer stands no longer. Do not contact the person about it")]


def _erasure_requested(data: dict[str, Any], provider: str) -> list[Line]:
    return [
        ("erase", f"{data['referral_id']}: this referral is over for you. Erase what you have of it"),
        ("what", "everything you have of this referral: notes, messages, lists, print-outs, copies in other programs"),
        ("before", local(data["attest_by"])),
        ("then say so", command("attest", provider, data)),
    ]


def _confirmed(data: dict[str, Any], _: str) -> list[Line]:
    return [("confirmed", f"{data['referral_id']}: your answer counts")]


def _missed(data: dict[str, Any], _: str) -> list[Line]:
    return [("too late", f"{data['referral_id']}: the offer had ended before your answer came")]


def _refused(data: dict[str, Any], _: str) -> list[Line]:
    return [("refused", f"{data.get('referral_id', 'a record')}: your answer could not be taken: {refusal_of(data)}")]


def refusal_of(data: dict[str, Any]) -> str:
    """Why an answer was refused, on one line."""
    problems = [f"{problem.get('pointer') or '/'} {problem['code']}" for problem in data.get("problems", ())]
    return ", ".join((data["code"], *problems))


def local(moment: str) -> str:
    """A moment in this computer's own time."""
    return f"{datetime.fromisoformat(moment).astimezone():%A %d %B %Y, %H:%M}"


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


_WORDS: Final[dict[str, Callable[[dict[str, Any], str], list[Line]]]] = {
    n.OFFERED: _offered,
    n.OFFER_ERASED: _offer_erased,
    n.WITHDRAWN: _withdrawn,
    n.ERASURE_REQUESTED: _erasure_requested,
    n.CONFIRMED: _confirmed,
    n.MISSED: _missed,
    n.REFUSED: _refused,
}
