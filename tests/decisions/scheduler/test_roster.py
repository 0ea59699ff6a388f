"""Trainers and venues come, change and go."""

from dataclasses import replace

from support.scheduler_builders import NOW, context, named, trainer, venue

from upstream_runtime.decision import Erased
from upstream_scheduler import decide
from upstream_scheduler.decide.freeing import REFILL_KEY
from upstream_scheduler.decide.roster import TrainerErased, TrainerRegistered
from upstream_scheduler.model import Trainer
from upstream_schemas.scheduler import TrainerContactUpsertedV1

NEW = TrainerRegistered(trainer(), contact="locked under the new key", key="fresh key")


def test_trainer_s_contact_goes_out_sealed_and_those_who_wait_are_looked_at() -> None:
    decision = decide.trainer_registered(None, NEW, context())
    (upserted,) = decision.events
    assert isinstance(upserted, TrainerContactUpsertedV1)
    assert (upserted.contact_id, upserted.contact, upserted.key) == (NEW.trainer.contact_id, NEW.contact, NEW.key)
    assert [(row.kind, row.key, row.at) for row in decision.due] == [("refill", REFILL_KEY, NOW)]
    assert decision.state == replace(trainer(), contact=NEW.contact, person_key=NEW.key)


def test_trainer_who_is_known_keeps_the_contact_s_id_and_gets_a_fresh_key() -> None:
    known = replace(trainer(), contact_id=named("first contact"), skills=("cpted",))
    decision = decide.trainer_registered(known, NEW, context())
    assert isinstance(decision.state, Trainer)
    assert decision.state.contact_id == known.contact_id
    assert decision.state.person_key == "fresh key"
    assert decision.state.skills == NEW.trainer.skills


def test_erased_trainer_leaves_no_key_no_contact_and_a_tombstone() -> None:
    decision = decide.trainer_erased(trainer(), TrainerErased(), context())
    assert decision.events == (Erased(TrainerContactUpsertedV1, trainer().contact_id),)
    assert decision.state == replace(trainer(), active=False, person_key=None, contact=None)


def test_trainer_is_erased_once() -> None:
    gone = replace(trainer(), active=False, person_key=None, contact=None)
    assert decide.trainer_erased(gone, TrainerErased(), context()).events == ()
    assert decide.trainer_erased(None, TrainerErased(), context()).answer == "unknown"


def test_new_venue_is_offered_to_those_who_wait() -> None:
    decision = decide.venue_registered(None, venue(), context())
    assert decision.state == venue()
    assert [row.kind for row in decision.due] == ["refill"]


def test_keys_are_not_shown_where_facts_are_printed() -> None:
    assert "fresh key" not in repr(NEW)
    assert "fresh key" not in repr(decide.trainer_registered(None, NEW, context()).state)
