"""Trainers and venues are registered, changed and erased by staff. Pure: locking a contact is done before."""

from dataclasses import dataclass, field, replace

from upstream_runtime.decision import Context, Decision, Erased
from upstream_scheduler.decide import freeing
from upstream_scheduler.model import Reference, Trainer, Venue
from upstream_schemas.scheduler import TrainerContactUpsertedV1


@dataclass(frozen=True, slots=True)
class TrainerRegistered:
    """A trainer as staff describe them, with the contact already locked under a fresh key.

    `trainer.contact_id` is a fresh id; a trainer who is known keeps the one they have.
    """

    trainer: Trainer
    contact: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrainerErased:
    """A trainer's personal data go."""


def trainer_registered(known: Trainer | None, fact: TrainerRegistered, ctx: Context[Reference]) -> Decision[Trainer]:
    """The notifier gets the sealed contact, and whoever waits for such a trainer is looked at again."""
    contact_id = fact.trainer.contact_id if known is None else known.contact_id
    trainer = replace(fact.trainer, contact_id=contact_id, contact=fact.contact, person_key=fact.key)
    upserted = TrainerContactUpsertedV1(contact_id=contact_id, contact=fact.contact, key=fact.key, language=trainer.language)
    return Decision(trainer, (upserted,), (freeing.refill(ctx.now),), answer="registered")


def trainer_erased(known: Trainer | None, _fact: TrainerErased, _ctx: Context[Reference]) -> Decision[Trainer]:
    """The key is destroyed; what is left books nobody and names nobody."""
    if known is None or known.person_key is None:
        return Decision(answer="unknown")
    erased = replace(known, active=False, person_key=None, contact=None)
    return Decision(erased, (Erased(TrainerContactUpsertedV1, known.contact_id),), answer="erased")


def venue_registered(_known: Venue | None, venue: Venue, ctx: Context[Reference]) -> Decision[Venue]:
    """A venue is there, and whoever waits for one is looked at again."""
    return Decision(venue, due=(freeing.refill(ctx.now),), answer="registered")
