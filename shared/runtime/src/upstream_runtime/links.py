"""Signed links: a web address that lets whoever holds it do one thing, and tells nobody else how to make another."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the signed links of one service. `base_url` is where its pages are reached."""

    base_url: str
    secret: str = field(repr=False)

    def make(self, door: str, *claims: str) -> str:
        """The link of one door (`/<door>/<token>`) for these claims. The same claims give the same link."""
        return f"{self.base_url}/{door}/{URLSafeSerializer(self.secret, salt=door).dumps(list(claims))}"

    def make_dated(self, door: str, now: datetime, *claims: str) -> str:
        """A link that tells since when it is good."""
        return self.make(door, *claims, now.isoformat())

    def read_dated(self, door: str, token: str, now: datetime, good_for: timedelta) -> tuple[str, ...] | None:
        """The claims of a dated link; None where it is not one of ours, or `good_for` is over."""
        *claims, made_at = self.read(door, token) or ("",)
        try:
            over = now - datetime.fromisoformat(made_at) >= good_for
        except ValueError:
            return None
        return None if over else tuple(claims)

    def read(self, door: str, token: str) -> tuple[str, ...] | None:
        """The claims in a token of that door, or None where it is not one of ours."""
        try:
            claims = URLSafeSerializer(self.secret, salt=door).loads(token)
        except BadSignature:
            return None
        return tuple(str(claim) for claim in claims)
