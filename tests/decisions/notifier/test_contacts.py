"""Contacts: kept sealed, and gone when they are erased."""

from support.notifier_builders import CONTACT, REQUESTER, context

from upstream_notifier import decide
from upstream_notifier.model import Contact
from upstream_runtime.decision import Decision
from upstream_runtime.wiring import Tombstone
from upstream_schemas.intake import ContactUpsertedV1

UPSERTED = ContactUpsertedV1(contact_id=REQUESTER, contact="bmV3", key="bmV3IGtleQ==", language="es")


def test_a_contact_is_kept_as_it_came() -> None:
    assert decide.contact_upserted(None, UPSERTED, context()).state == Contact("bmV3", "bmV3IGtleQ==", "es")


def test_a_changed_contact_takes_the_place_of_the_old_one() -> None:
    assert decide.contact_upserted(CONTACT, UPSERTED, context()).state == Contact("bmV3", "bmV3IGtleQ==", "es")


def test_nothing_is_left_of_an_erased_contact_but_that_it_was_erased() -> None:
    assert decide.contact_erased(CONTACT, Tombstone(REQUESTER), context()).state == Contact("", "", "so", erased=True)


def test_a_tombstone_before_the_contact_is_remembered() -> None:
    assert decide.contact_erased(None, Tombstone(REQUESTER), context()).state == Contact("", "", "", erased=True)


def test_an_erased_contact_does_not_come_back() -> None:
    erased = Contact("", "", "so", erased=True)
    assert decide.contact_upserted(erased, UPSERTED, context()) == Decision()
