"""A look at a record before it is sent, with the contract this client was built with.

The receiver's verdict is what counts: it may know a newer contract, and it knows its catalogues. So this only warns.
"""

from upstream_client.outgoing import Outgoing
from upstream_schemas.codec import decode_foreign, read_foreign
from upstream_schemas.envelope import Unreadable, uuid_of
from upstream_schemas.topics import CITY_SUBMISSIONS


def concerns(record: Outgoing, source: str) -> tuple[tuple[str, str], ...]:
    """What the receiver will probably not take, as (JSON pointer, code); empty where all looks well."""
    try:
        envelope, document = read_foreign(record.headers, record.value)
        event, _ = decode_foreign(envelope, document, CITY_SUBMISSIONS.events)
    except Unreadable as error:
        return error.problems or (("", error.code),)
    if envelope.source.rpartition("/")[2] != source:
        return (("", "source-mismatch"),)
    if uuid_of(record.key) != getattr(event, CITY_SUBMISSIONS.key):
        return (("", "key-mismatch"),)
    return ()
