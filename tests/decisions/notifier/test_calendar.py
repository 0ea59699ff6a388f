"""The calendar entry, read back by a calendar library; and the mail around it."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from support.notifier_builders import NOW, STARTS, cancelled, confirmed, slot, wanted

from upstream_notifier.calendar import entry_text
from upstream_notifier.channels import Message
from upstream_notifier.channels.mail import BadAddressError, mail
from upstream_notifier.model import Entry, Method
from upstream_notifier.writing import Writer

WRITER = Writer()
FROM = "Portland Community Safety <community-safety@upstream.example.org>"


def entry(method: Method = "REQUEST", sequence: int = 0, starts_at: datetime = STARTS) -> bytes:
    return entry_text(
        Entry("session-1@upstream.example.org", sequence, method),
        method,
        slot(starts_at),
        stamped_at=NOW,
        title="Portland Community Safety: training",
        organizer="community-safety@upstream.example.org",
        attendee="asha@example.org",
    )


def read(text: bytes) -> tuple[Any, Any]:
    calendar = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_an_invitation_says_what_a_calendar_needs() -> None:
    calendar, event = read(entry())
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("session-1@upstream.example.org", 0, "CONFIRMED")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (STARTS, STARTS + timedelta(minutes=90))
    assert event["DTSTAMP"].dt == NOW
    assert event["ORGANIZER"] == "mailto:community-safety@upstream.example.org"


def test_a_cancellation_has_the_same_uid_and_a_higher_sequence() -> None:
    calendar, event = read(entry("CANCEL", 1))
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert event["UID"] == read(entry())[1]["UID"]
    assert event["SEQUENCE"] > read(entry())[1]["SEQUENCE"]


def test_an_entry_names_nobody_and_not_the_topic() -> None:
    text = entry().decode()
    assert "CN=" not in text
    assert "SUMMARY:Portland Community Safety: training" in text
    assert "personal" not in text.lower()


def test_times_are_utc_without_any_time_zone_table() -> None:
    assert b"DTSTART:20261202T020000Z" in entry()
    assert b"TZID" not in entry()
    assert b"VTIMEZONE" not in entry()


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - made aware
def test_any_moment_comes_back_as_the_same_instant(starts_at: datetime) -> None:
    starts_at = starts_at.replace(microsecond=0)
    assert read(entry(starts_at=starts_at))[1]["DTSTART"].dt == starts_at


@pytest.mark.parametrize("starts_at", [datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 1, 9, 30, tzinfo=UTC)])
def test_the_hour_that_comes_twice_is_told_apart(starts_at: datetime) -> None:
    assert read(entry(starts_at=starts_at))[1]["DTSTART"].dt == starts_at


# ---- the mail around it


def message(attached: bytes | None = None, method: Method | None = None, address: str = "asha@example.org") -> Message:
    wish = wanted(confirmed() if method == "REQUEST" else cancelled())
    return Message(wish.notice_id, address, WRITER.write(wish, None), NOW, attached, method)


def parsed(sent: Message) -> EmailMessage:
    content = mail(sent, sender=FROM).as_bytes()
    return message_from_bytes(content, policy=policy.default)


def kinds(found: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in found.walk()]


def test_a_mail_has_text_html_the_entry_for_mail_programs_and_the_entry_as_a_file() -> None:
    found = parsed(message(entry(), "REQUEST"))
    assert kinds(found) == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    inline = next(part for part in found.walk() if part.get_content_type() == "text/calendar")
    assert inline.get_param("method") == "REQUEST"
    files = [part for part in found.iter_attachments() if isinstance(part, EmailMessage)]
    assert [part.get_filename() for part in files] == ["training.ics"]
    assert files[0].get_content() == inline.get_content().encode() == entry()


def test_a_mail_without_an_entry_has_two_parts() -> None:
    assert kinds(parsed(message())) == ["multipart/alternative", "text/plain", "text/html"]


def test_the_message_id_is_the_notices_own() -> None:
    sent = message()
    found = parsed(sent)
    assert found["Message-ID"] == f"<{sent.notice_id}@upstream.example.org>"
    assert found["X-Notice-Id"] == str(sent.notice_id)


def test_a_mail_about_ones_own_request_is_no_mailing_list() -> None:
    found = parsed(message())
    assert found["List-Unsubscribe"] is None
    assert found["Auto-Submitted"] == "auto-generated"


def test_a_repeat_is_the_same_byte_for_byte() -> None:
    sent = message(entry(), "REQUEST")
    first, second = (mail(sent, sender=FROM).as_bytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "address", ["", "nobody", "a b@example.org", "a@example.org\r\nBcc: b@example.org", "a@b@c", "ása@example.org"]
)
def test_what_is_no_address_gets_no_mail_and_stands_in_no_error(address: str) -> None:
    with pytest.raises(BadAddressError) as raised:
        mail(message(address=address), sender=FROM)
    assert str(raised.value) == ""


def test_no_line_of_a_mail_is_longer_than_mail_allows() -> None:
    content = mail(message(entry(), "REQUEST"), sender=FROM).as_bytes()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.count(b"\n") == content.count(b"\r\n")
