"""What a provider said and got no answer to, in its state folder: said in the same words again, it is the same record."""

import json
from pathlib import Path
from uuid import UUID

from upstream_client.outgoing import Outgoing
from upstream_client.pending import Journal, Kept, kept_by_run
from upstream_schemas.provider import CapacityUpdatedV1

_PLACE = "answers"


def keep(folder: Path, record: Outgoing) -> tuple[Outgoing, Journal, Kept | None]:
    """Writes it down in place of what was said on the same matter before.

    What an earlier run said in the same words is what must be sent, and is returned with its journal. Raises OSError.
    """
    before = [run for run in kept_by_run(folder, _PLACE) if any(_matter(old) == _matter(record) for old in run.records)]
    earlier = next((run for run in before if _words(run.records[0]) == _words(record)), None)
    saying = record if earlier is None else earlier.records[0]
    journal = Journal(folder, _PLACE, [saying])
    if earlier is not None and earlier.answers_from is not None:
        journal.answers_from(earlier.answers_from)
    for file in (file for run in before for file in run.files):
        file.unlink(missing_ok=True)
    return saying, journal, earlier


def forget_answers(folder: Path, referral_id: UUID) -> None:
    """Takes away all that is kept about one referral."""
    for run in kept_by_run(folder, _PLACE):
        if any(record.key == str(referral_id).encode() for record in run.records):
            for file in run.files:
                file.unlink(missing_ok=True)


def _matter(record: Outgoing) -> tuple[bytes | None, object]:
    """What it is about: a kind of answer on one referral, or the capacity of one service, whose referral id is a fresh one."""
    kind = next((value for name, value in record.headers if name == "ce_type"), None)
    return kind, _words(record).get("service") if kind == CapacityUpdatedV1.TYPE.encode() else record.key


def _words(record: Outgoing) -> dict[str, object]:
    """What it says of the matter."""
    return {name: value for name, value in json.loads(record.value or b"{}").items() if name != "referral_id"}
