"""What the coordinator's page shows, and what the staff door takes: one list, the most urgent first, nothing unescaped."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import HTTPException
from support.outreach_builders import NOW, accepted, choosing, requested

from upstream_referral.outreach.grantees import grantees
from upstream_referral.outreach.model import AreaAlert, Crossing, HelpOffer, LifeSafetyCall, Stage
from upstream_referral.outreach.web import staff_bodies as bodies
from upstream_referral.outreach.web.coordinator_view import (
    ALERTS,
    AREAS,
    DESKS,
    RETALIATION,
    URGENCIES,
    Reachable,
    Waiting,
    desk_view,
)
from upstream_referral.outreach.web.rendering import desk_html
from upstream_runtime.pages import read_body
from upstream_schemas.catalogues import desks

DIRECTORY = {service.code: service for service in grantees().values()}

CALL = Crossing(UUID(int=1), "life-safety-call", NOW, LifeSafetyCall("+15035550100"))
OFFER = Crossing(
    UUID(int=2),
    "help-offer",
    NOW - timedelta(hours=1),
    HelpOffer("today", NOW + timedelta(days=1), "so", "ceasefire-desk", "ovp-1", "sealed"),
)
ALERT = Crossing(UUID(int=3), "area-alert", NOW - timedelta(days=1), AreaAlert("district-1", NOW, "shooting", "elevated"))
LATE = replace(accepted("help"), late="hand-off")
CHOICE = replace(choosing("help"), late="choice", mailed="not-sent")
UNMET = replace(requested(), stage=Stage.UNMET, outcome="no-service")


def desk(**found: Any) -> str:
    return desk_html(desk_view("sample-lead", Waiting(**found), DIRECTORY), "/c/a-token")


def test_life_safety_calls_stand_before_everything_else() -> None:
    html = desk(crossings=(ALERT, OFFER, CALL), referrals=(LATE, CHOICE, UNMET))

    assert re.findall(r'<h2 id="(\w+)">[^<]*\((\d)\)', html) == [
        ("calls", "1"),
        ("offers", "1"),
        ("late", "1"),
        ("unmet", "1"),
        ("choices", "1"),
        ("alerts", "1"),
    ]
    assert "Call now" in html
    assert "Call the Ceasefire desk by" in html
    assert "Shooting in District 1" in html


def test_each_crossing_and_nothing_else_is_acknowledged_on_its_own() -> None:
    html = desk(crossings=(ALERT, OFFER, CALL), referrals=(LATE, CHOICE, UNMET))

    assert re.findall(r'<form method="post" action="([^"]+)"', html) == [
        f"/c/a-token/acknowledge/{UUID(int=n)}" for n in (1, 2, 3)
    ]


def test_offers_stand_in_the_order_of_the_call_that_is_waited_for() -> None:
    assert isinstance(OFFER.what, HelpOffer)
    later = replace(OFFER, crossing_id=UUID(int=4), what=replace(OFFER.what, respond_by=NOW + timedelta(days=3)))
    view = desk_view("sample-lead", Waiting((later, OFFER)), DIRECTORY)

    assert [offer.id for offer in view.offers] == [str(UUID(int=2)), str(UUID(int=4))]


def test_a_contact_is_shown_where_it_opens_and_missed_where_it_does_not() -> None:
    contact = Reachable("Sam <Example>\u202e", None, "+15035550101")
    opened = desk(crossings=(OFFER,), contacts={OFFER.crossing_id: contact})
    shut = desk(crossings=(OFFER,), contacts={OFFER.crossing_id: None})

    assert "<bdi>Sam &lt;Example&gt;</bdi>" in opened
    assert "+15035550101" in opened
    assert "does not open here" in shut
    assert "does not open here" not in opened


def test_what_is_forgotten_is_shown_no_more() -> None:
    assert desk_view("sample-lead", Waiting((replace(CALL, what=None),)), DIRECTORY).calls == ()


def test_people_are_shown_with_what_they_gave_and_that_mail_does_not_reach_them() -> None:
    html = desk(referrals=(CHOICE,), people={CHOICE.referral_id: Reachable("<b>Ana</b>", "ana@example.org")})

    assert "&lt;b&gt;Ana&lt;/b&gt;" in html
    assert "ana@example.org" in html
    assert "did not reach them" in html
    assert "has not answered for days" in html


def test_every_desk_and_area_of_the_lists_has_a_name() -> None:
    assert (set(DESKS), set(AREAS)) == (set(desks.DESKS), set(desks.AREAS))


def test_every_code_that_may_cross_has_a_name() -> None:
    assert set(URGENCIES) == {"today", "this-week", "routine"}
    assert set(ALERTS) == {"shooting", "homicide"}
    assert set(RETALIATION) == {"unknown", "elevated"}


PUBLIC = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (bodies.ProviderBody, f'{{"key_id": "Ario 1", "public_key": "{PUBLIC}", "services": ["ario"]}}'),
        (bodies.ProviderBody, '{"key_id": "ario-1", "public_key": "c2hvcnQ=", "services": ["ario"]}'),
        (bodies.ProviderBody, '{"key_id": "ario-1", "public_key": "no base64!", "services": ["ario"]}'),
        (bodies.ProviderBody, f'{{"key_id": "ario-1", "public_key": "{PUBLIC}", "services": []}}'),
        (bodies.ProviderBody, f'{{"key_id": "ario-1", "public_key": "{PUBLIC}", "services": ["ario", "ario"]}}'),
        (bodies.ProviderBody, f'{{"key_id": "ario-1", "public_key": "{PUBLIC}", "services": ["ario"], "private_key": "x"}}'),
        (bodies.DeskBody, '{"email": "nobody", "language": "en"}'),
        (bodies.DeskBody, '{"email": "desk@example.org", "language": "xx"}'),
        (bodies.DeskBody, '{"email": "desk@example.org\\u0000", "language": "en"}'),
        (bodies.CoordinatorBody, '{"account": "A Person"}'),
        (bodies.CoordinatorBody, "not json"),
    ],
)
def test_staff_door_takes_only_what_it_understands_and_repeats_nothing(model: type[bodies.StaffBody], body: str) -> None:
    with pytest.raises(HTTPException) as refused:
        read_body(model, body.encode())

    assert refused.value.status_code == 422
    assert not re.search("desk@example|no base64|c2hvcnQ|A Person", str(refused.value.detail))
