"""What a participant ticked, as it was sent: a choice, or the problem with it. Pure.

Whoever is told, and in which order, is consent: what is not clear is asked again, and what was ticked stays ticked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from upstream_referral.outreach.model import ALWAYS, MAY_BE_TOLD, Chosen

PLACES_MAX: Final = 9
NONE_CHOSEN: Final = "problem.none-chosen"
CHANGED: Final = "problem.changed"
ORDER: Final = "problem.order"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it stands: which boxes are ticked, and what is written into the places."""

    tell: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)


def filled(sent: Iterable[tuple[str, str]], offered: Sequence[str]) -> Filled:
    """The form out of its fields; what no such form has is passed over, but for services that are offered no more."""
    fields = list(sent)
    return Filled(
        tell=frozenset(value for name, value in fields if name == "tell"),
        classes=frozenset(value for name, value in fields if name == "class" and value in MAY_BE_TOLD),
        places={code: value for name, value in fields for code in offered if name == f"order-{code}"},
    )


def choice(form: Filled, offered: Sequence[str]) -> Chosen | str:
    """What the form says, or a key of the words for what is wrong with it."""
    if not form.tell:
        return NONE_CHOSEN
    if not form.tell <= set(offered):
        return CHANGED
    ticked = [code for code in offered if code in form.tell]
    places = {code: _place(form.places.get(code, "")) for code in ticked}
    if len(ticked) > 1 and (None in places.values() or len(set(places.values())) < len(ticked)):
        return ORDER
    ranked = sorted(ticked, key=lambda code: places[code] or 0)
    return Chosen(tuple(ranked), (*ALWAYS, *(kind for kind in MAY_BE_TOLD if kind in form.classes)))


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= PLACES_MAX else None
