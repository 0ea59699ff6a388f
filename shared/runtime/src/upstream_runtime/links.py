"""Signed links: a web address that lets whoever holds it do one thing, and tells nobody else how to make another."""

from dataclasses import dataclass, field

from itsdangerous import BadSignature, URLSafeSerializer


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the signed links of one service. `base_url` is where its pages are reached."""

    base_url: str
    secret: str = field(repr=False)

    def make(self, door: str, *claims: str) -> str:
        """The link of one door (`/<door>/<token>`) for these claims. The same claims give the same link."""
        return f"{self.base_url}/{door}/{URLSafeSerializer(self.secret, salt=door).dumps(list(claims))}"

    def read(self, door: str, token: str) -> tuple[str, ...] | None:
        """The claims in a token of that door, or None where it is not one of ours."""
        try:
            claims = URLSafeSerializer(self.secret, salt=door).loads(token)
        except BadSignature:
            return None
        return tuple(str(claim) for claim in claims)
