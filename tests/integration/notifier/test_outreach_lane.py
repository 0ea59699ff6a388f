"""The outreach lane whole, on a real database and a real mail server: what it sends, where it says so, what it keeps."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from support.notifier_builders import NOW
from support.notifier_process import ASHA, LINK, Lane, running

from upstream_schemas.outreach import NoticeRequestedV1, NoticeTakenBackV1

OUTREACH = "notifier-outreach"
NOTICE = UUID("0190c7a2-6666-7c11-9d0e-0c8a5f1e2b77")
CASE = UUID("0190c7a2-7777-7c11-9d0e-0c8a5f1e2b77")
CONTACT = UUID("0190c7a2-8888-7c11-9d0e-0c8a5f1e2b77")
EVERYTHING = """
SELECT count(*) FROM (
    SELECT body AS text FROM notice UNION ALL SELECT locked || sealed_key FROM contact
    UNION ALL SELECT convert_from(value, 'UTF8') FROM runtime.outbox
) AS all_texts WHERE text ILIKE '%' || $1 || '%'
"""


def asked(lane: Lane, **fields: Any) -> NoticeRequestedV1:
    given = {"template": "participant-choose.v1", "language": "so", "expires_at": NOW + timedelta(days=3), **fields}
    return NoticeRequestedV1(notice_id=NOTICE, case_id=CASE, contact_id=CONTACT, page_link=lane.seal(LINK), **given)


async def test_a_participant_is_told_with_their_own_link_and_the_outreach_side_hears_of_it(
    notifier_dsn: str, tmp_path: Path
) -> None:
    async with running(notifier_dsn, tmp_path, NOW, OUTREACH) as lane:
        await lane.knows(CONTACT)
        await lane.hear(asked(lane))
        await lane.hear(asked(lane))
        await lane.work_is_done()

        (mail,) = lane.mail.messages()
        plain = mail.get_body(("plain",))
        assert plain is not None
        assert (mail["To"], mail["Subject"], mail["Content-Language"]) == (ASHA["email"], "Fariin adiga kuu socota", "so")
        assert LINK in plain.get_content()
        assert lane.said == ["accepted", "sent"]
        topics = await lane.pool.fetch(
            "SELECT DISTINCT topic, convert_from(value, 'UTF8') LIKE $1 FROM runtime.outbox", f"%{CASE}%"
        )
        assert [tuple(row) for row in topics] == [("outreach.deliveries.v1", True)]


async def test_a_notice_that_is_taken_back_while_it_waits_for_its_contact_is_never_sent(
    notifier_dsn: str, tmp_path: Path
) -> None:
    async with running(notifier_dsn, tmp_path, NOW, OUTREACH) as lane:
        await lane.hear(asked(lane))
        await lane.work_is_done()
        await lane.hear(NoticeTakenBackV1(notice_id=NOTICE))
        await lane.knows(CONTACT)
        await lane.work_is_done()
        assert (lane.said, lane.mail.taken) == (["accepted", "held", "suppressed"], [])


async def test_nobody_writes_to_a_participant_who_took_everything_back(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW, OUTREACH) as lane:
        await lane.knows(CONTACT)
        await lane.hear_erased(CONTACT)
        await lane.hear(asked(lane))
        await lane.work_is_done()
        assert (lane.said, lane.mail.taken) == (["accepted", "suppressed"], [])
        assert await lane.pool.fetchval("SELECT locked || sealed_key FROM contact") == ""


async def test_a_message_that_this_lane_has_no_text_for_fails_aloud_and_holds_nothing_up(
    notifier_dsn: str, tmp_path: Path
) -> None:
    async with running(notifier_dsn, tmp_path, NOW, OUTREACH) as lane:
        await lane.knows(CONTACT)
        await lane.hear(asked(lane, template="request-received.v1"))
        await lane.work_is_done()
        assert (lane.said, lane.mail.taken) == (["accepted", "failed"], [])
        assert await lane.pool.fetchval(EVERYTHING, '"reason":"unknown-template"') == 1


async def test_no_table_of_the_lane_holds_an_address_a_name_or_a_link_in_plain_text(notifier_dsn: str, tmp_path: Path) -> None:
    async with running(notifier_dsn, tmp_path, NOW, OUTREACH) as lane:
        await lane.knows(CONTACT)
        await lane.hear(asked(lane))
        await lane.work_is_done()
        assert await lane.pool.fetchval(EVERYTHING, "participant-choose.v1") >= 1
        for secret in ("Asha", "asha@example.org", "5035550100", "/r/token"):
            assert await lane.pool.fetchval(EVERYTHING, secret) == 0
