"""How often one connection may try: a small allowance in memory, each connection its own, so that one cannot shut out all.

Not for counting people, and gone with the process.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
CONNECTIONS_MAX = 10_000


class Allowance:
    """At most `tries_max` tries a minute for each connection; the longest unseen of many connections is forgotten."""

    def __init__(self, tries_max: int) -> None:
        self._tries_max = tries_max
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def take(self, connection: str, now: datetime) -> bool:
        """Use up one try; False where none is left in this minute."""
        since, tries = self._seen.pop(connection, (now, 0))
        if now - since >= WINDOW:
            since, tries = now, 0
        self._seen[connection] = (since, tries + 1)
        if len(self._seen) > CONNECTIONS_MAX:
            self._seen.popitem(last=False)
        return tries < self._tries_max
