"""A coordinator's link is a person's own, and ends."""

from datetime import UTC, datetime, timedelta

from upstream_referral.outreach.web import coordinator_link
from upstream_runtime.links import Links

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
LINKS = Links("http://127.0.0.1", "link-key-of-a-test")


def token(account: str = "sasha.example") -> str:
    return coordinator_link.make(LINKS, account, NOW).rpartition("/")[2]


def test_it_names_whose_it_is_for_ninety_days_and_not_a_moment_longer() -> None:
    almost = NOW + coordinator_link.GOOD_FOR - timedelta(seconds=1)
    assert coordinator_link.read(LINKS, token(), almost) == "sasha.example"
    assert coordinator_link.read(LINKS, token(), NOW + coordinator_link.GOOD_FOR) is None


def test_a_link_of_another_door_or_another_key_opens_nothing() -> None:
    other = LINKS.make("p", "sasha.example", NOW.isoformat()).rpartition("/")[2]
    assert coordinator_link.read(LINKS, other, NOW) is None
    assert coordinator_link.read(Links("http://127.0.0.1", "another"), token(), NOW) is None
