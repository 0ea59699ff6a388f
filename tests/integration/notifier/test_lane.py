"""The public lane whole, on a real database and a real mail server: from an event to the mail and what is said of it."""

from datetime import timedelta
from pathlib import Path

from support.notifier_builders import (
    CONTACT,
    NOW,
    REQUESTER,
    STARTS,
    cancelled,
    confirmed,
    notice,
    received,
)
from support.notifier_process import ASHA, LINK, Lane, connected, running

from upstream_notifier import store
from upstream_runtime.wiring import Change, Stored
from upstream_schemas.intake import RequestReceivedV1

DAY = timedelta(hours=24)
EVERYTHING = """
SELECT count(*) FROM (
    SELECT body AS text FROM notice UNION ALL SELECT locked || sealed_key || language FROM contact
    UNION ALL SELECT convert_from(value, 'UTF8') FROM runtime.outbox
) AS all_texts WHERE text ILIKE '%' || $1 || '%'
"""


def about(lane: Lane) -> RequestReceivedV1:
    return received(page_link=lane.seal(LINK))


async def test_a_request_is_received_and_its_requester_told(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(about(lane))
        await lane.hear(about(lane))
        await lane.work_is_done()
        assert lane.said == ["accepted", "sent"]
        assert await lane.attempts() == [(1, "taken")]
        (mail,) = lane.mail.messages()
        assert mail["To"] == ASHA["email"]


async def test_a_notice_that_came_before_its_contact_goes_out_as_soon_as_the_contact_is_there(
    notifier_dsn: str, tmp_path: Path
) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.hear(about(lane))
        await lane.work_is_done()
        assert lane.said == ["accepted", "held"]
        await lane.knows(REQUESTER)
        await lane.work_is_done()
        assert lane.said == ["accepted", "held", "sent"]


async def test_a_process_killed_between_the_last_dot_and_the_commit_repeats_the_mail_once_with_the_same_id(
    notifier_dsn: str, tmp_path: Path
) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(about(lane))
        lane.mail.slow_after_dot = 0.5
        await lane.dies_while_the_server_takes_a_message()
        assert await lane.attempts() == [(1, "under-way")]
        lane.mail.slow_after_dot = 0.0
        lane.clock.at += timedelta(seconds=61)
        await lane.work_is_done()
        lane.clock.at += timedelta(seconds=10)
        await lane.work_is_done()
        assert lane.said == ["accepted", "outcome-unknown", "sent"]
        assert await lane.attempts() == [(1, "unknown"), (2, "taken")]
        assert len(lane.mail.taken) == 2
        assert len({mail["Message-ID"] for mail in lane.mail.messages()}) == 1


async def test_everybody_is_reminded_a_day_ahead(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(confirmed(recipients=(lane.group(),)))
        await lane.work_is_done()
        lane.clock.at = STARTS - DAY - timedelta(seconds=1)
        await lane.work_is_done()
        assert lane.subjects() == ["confirmed, UP-7K2M-9Q4X"]
        lane.clock.at = STARTS - DAY
        await lane.work_is_done()
        assert lane.subjects() == ["confirmed, UP-7K2M-9Q4X", "a reminder, UP-7K2M-9Q4X"]


async def test_nobody_is_reminded_of_a_session_that_was_cancelled(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(confirmed(recipients=(lane.group(),)))
        await lane.work_is_done()
        await lane.hear(cancelled(recipients=(lane.group(),)))
        await lane.work_is_done()
        lane.clock.at = STARTS - DAY
        await lane.work_is_done()
        assert lane.subjects() == ["confirmed, UP-7K2M-9Q4X", "a date is cancelled, UP-7K2M-9Q4X"]


async def test_an_invitation_never_arrives_after_its_cancellation(notifier_dsn: str, tmp_path: Path) -> None:
    """Whatever the SEQUENCE of the cancellation: what is sent is looked at once more when it is sent."""
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.hear(confirmed(recipients=(lane.group(),)))
        await lane.hear(cancelled(recipients=(lane.group(),), calendar_sequence=5))
        await lane.knows(REQUESTER)
        await lane.work_is_done()
        assert lane.subjects() == ["a date is cancelled, UP-7K2M-9Q4X"]
        lane.clock.at = STARTS - DAY
        await lane.work_is_done()
        assert len(lane.mail.taken) == 1


async def test_nobody_writes_to_who_was_erased_and_nothing_of_them_is_left(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear_erased(REQUESTER)
        await lane.knows(REQUESTER)
        await lane.hear(about(lane))
        await lane.work_is_done()
        assert lane.said == ["accepted", "suppressed"]
        assert lane.mail.taken == []
        assert await lane.pool.fetchval("SELECT locked || sealed_key FROM contact") == ""


async def test_no_table_holds_an_address_a_name_or_a_link_in_plain_text(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(about(lane))
        await lane.work_is_done()
        assert await lane.pool.fetchval(EVERYTHING, "UP-7K2M-9Q4X") == 1
        for secret in ("Asha", "asha@example.org", "5035550100", "/r/token"):
            assert await lane.pool.fetchval(EVERYTHING, secret) == 0


async def test_a_server_that_is_away_holds_the_mail_and_loses_none(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW) as lane:
        await lane.knows(REQUESTER)
        await lane.hear(about(lane))
        lane.mail.answers["mail"] = ["451 4.3.2 Not now"]
        await lane.work_is_done()
        assert lane.said == ["accepted", "held"]
        lane.clock.at += timedelta(seconds=90)
        await lane.work_is_done()
        assert lane.said == ["accepted", "held", "sent"]
        assert await lane.attempts() == [(1, "refused-for-now"), (2, "taken")]


async def test_a_state_comes_back_from_the_database_as_it_was(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW), connected(notifier_dsn) as conn:
        kept, key = notice(confirmed()), notice(confirmed()).wanted.notice_id
        assert await store.save_notices(conn, [Change(key, 0, 3, kept)]) == 1
        assert await store.load_notices(conn, [key]) == {key: Stored(3, kept)}
        assert await store.save_contacts(conn, [Change(REQUESTER, 0, 1, CONTACT)]) == 1
        assert await store.load_contacts(conn, [REQUESTER]) == {REQUESTER: Stored(1, CONTACT)}


async def test_a_save_with_an_old_version_changes_nothing(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW), connected(notifier_dsn) as conn:
        kept, key = notice(), notice().wanted.notice_id
        assert await store.save_notices(conn, [Change(key, 0, 3, kept)]) == 1
        for stale in (0, 2):
            assert await store.save_notices(conn, [Change(key, stale, 4, kept)]) == 0
        assert await store.save_notices(conn, [Change(key, 3, 4, kept)]) == 1
        assert await store.save_contacts(conn, [Change(REQUESTER, 0, 1, CONTACT)]) == 1
        assert await store.save_contacts(conn, [Change(REQUESTER, 0, 2, CONTACT)]) == 0
