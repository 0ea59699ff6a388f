"""The calendar entry that goes with a message: iCalendar (RFC 5545) as an invitation or its cancellation (RFC 5546).

Single sessions in UTC, so that no reader needs a time zone table. One UID for a session's whole life, SEQUENCE as the
scheduler counts it. Nobody is named: the only attendee is the mailbox that the message goes to.
"""

from datetime import UTC, datetime
from typing import Final

from icalendar import Calendar, Event, vCalAddress, vText

from upstream_notifier.model import Entry, Method
from upstream_schemas.scheduler import Slot

PRODUCT: Final = "-//Upstream//Notifier//EN"
STATUS: Final[dict[Method, str]] = {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}


def entry_text(
    entry: Entry, method: Method, slot: Slot, *, stamped_at: datetime, title: str, organizer: str, attendee: str
) -> bytes:
    """The entry as it is attached. The same arguments give the same bytes; `organizer` and `attendee` are mail addresses."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("status", STATUS[method])
    event.add("dtstamp", stamped_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", slot.starts_at.astimezone(UTC))
    event.add("dtend", slot.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", slot.venue_name)
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    event.add("attendee", _attendee(attendee))
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text


def _attendee(address: str) -> vCalAddress:
    """Whoever gets an invitation has accepted it on their page already, so no calendar needs to ask or to answer."""
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee
