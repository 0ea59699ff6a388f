"""What somebody is told whose matter belongs to another office, and opening hours in words.

Source of names, numbers and hours: the rows of `rules.offices`. The words must not promise what an office will do.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from upstream_intake.rules.directory import DAY_MINUTES, Hours
from upstream_intake.texts import written_language

_NOT_OURS: Final[Mapping[str, str]] = {
    "en": "Community Safety does not manage this. {name} does. Nothing of what you wrote was kept.",
    "es": "Community Safety no se encarga de esto. Le corresponde a {name}. No se guardó nada de lo que escribió.",
    "so": "Community Safety arrintan ma maamusho. Waxaa qaabilsan {name}. Waxba lagama kaydin wixii aad qortay.",
    "ar": "لا يتولى برنامج Community Safety هذا الأمر. الجهة المختصة هي {name}. لم يُحفظ شيء مما كتبتم.",
}
_DAYS: Final[Mapping[str, Sequence[str]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "so": ("Isniin", "Talaado", "Arbaco", "Khamiis", "Jimce", "Sabti", "Axad"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
}
_EVERY_DAY: Final[Mapping[str, str]] = {"en": "every day", "es": "todos los días", "so": "maalin kasta", "ar": "كل يوم"}
_ALWAYS: Final[Mapping[str, str]] = {
    "en": "day and night",
    "es": "día y noche",
    "so": "habeen iyo maalinba",
    "ar": "ليلًا ونهارًا",
}


def not_ours(office_name: str, reader: str) -> str:
    """The sentence for somebody who came to the wrong door."""
    return _NOT_OURS[written_language(reader)].format(name=office_name)


def in_words(hours: Sequence[Hours] | None, reader: str) -> str | None:
    """Opening hours in words, in Portland's wall time; None where they are not known."""
    return "; ".join(_stretch(stretch, written_language(reader)) for stretch in hours) if hours else None


def _stretch(hours: Hours, code: str) -> str:
    if (hours.first_weekday, hours.last_weekday) == (0, 6):
        if (hours.opens_minutes, hours.closes_minutes) == (0, DAY_MINUTES):
            return _ALWAYS[code]
        days = _EVERY_DAY[code]
    else:
        days = _DAYS[code][hours.first_weekday]
        if hours.last_weekday != hours.first_weekday:
            days += f"–{_DAYS[code][hours.last_weekday]}"
    return f"{days} {_clock(hours.opens_minutes)}–{_clock(hours.closes_minutes)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
