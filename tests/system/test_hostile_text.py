"""HTML, scripts and bidirectional controls in what people write: kept to the letter, and harmless wherever they come out.

Exits are the resident's page, the status page, both bodies of a mail and its subject, and what staff reads as JSON.
"""

import html
import json
from email.message import EmailMessage

import httpx
import pytest
from support.system_mail import mails, part
from support.system_topics import Desk, fresh, question, services_time, submission_record

from upstream_stack.demo.outside import open_page, wait_for
from upstream_stack.stack import Stack

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">"\'&amp; \u202eesrever\u202c \u2067{{7*7}}\u2069 <!-- %s {0}'
LIVE = ("<script", "<img", "<!-- ", 'onerror="')


class Case:
    """One request with hostile words in every text that its source can send."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.address = f"hostile.{fresh()[-12:]}@example.org"
        desk, at = Desk(stack), services_time(stack)
        document = question(
            at,
            intent="training_request",
            anonymous=False,
            requester={"name": HOSTILE, "email": self.address, "preferred_contact": "email", "consent_contact": True},
            group={"name": HOSTILE, "size": 9, "connections": ["live"], "description": HOSTILE},
            place={"kind": "other", "text": HOSTILE, "neighborhood": HOSTILE},
            topic_text=HOSTILE,
            access_needs_text=HOSTILE,
            safety_interest=HOSTILE,
            service_name=HOSTILE,
            source_reference=HOSTILE[:100],
        )
        desk.send([submission_record(document, at)])
        (answer,) = desk.answers(1)
        assert answer.data["verdict"] == "accepted"
        self.reference: str = answer.data["reference"]

    def staff(self) -> httpx.Response:
        token = {"Authorization": f"Bearer {self.stack.secret('operator', 'intake-staff-token')}"}
        return httpx.get(f"{self.stack.url('intake')}/staff/triage/{self.reference}", headers=token)

    def decide(self, action: str, **body: str) -> None:
        token = {"Authorization": f"Bearer {self.stack.secret('operator', 'intake-staff-token')}"}
        where = f"{self.stack.url('intake')}/staff/triage/{self.reference}/{action}"
        httpx.post(where, headers=token, json={"reviewer": "sample.reviewer", **body}).raise_for_status()

    def mail_with(self, words: str) -> EmailMessage:
        """The first mail to this requester whose plain text has these words in it."""

        def look() -> EmailMessage | None:
            mine = (mail for mail in mails(self.stack) if self.address in str(mail["to"]))
            return next((mail for mail in mine if words in part(mail, "plain")), None)

        return wait_for("a mail", look, 60)

    def status_page(self) -> str:
        where = f"{self.stack.url('intake')}/status?lang=en"
        return httpx.post(where, data={"reference": self.reference}, follow_redirects=True).text


@pytest.fixture(scope="module")
def case(stack: Stack) -> Case:
    return Case(stack)


def no_harm(page: str) -> None:
    assert [live for live in LIVE if live in page] == []


def test_staff_reads_every_text_to_the_letter_in_json_that_no_browser_runs(case: Case) -> None:
    answer = case.staff()
    assert answer.headers["content-type"] == "application/json"
    (note,) = answer.json()["notes"]
    written = ("safety_interest", "topic_text", "group_name", "group_description", "access_needs_text", "place_text")
    assert {name: note["text"][name] for name in written} == dict.fromkeys(written, HOSTILE)
    assert answer.json()["contact"]["name"] == answer.json()["neighborhood"] == HOSTILE
    listed = json.loads(case.stack.run("triage", "list", "--json"))
    assert [entry["notes"] for entry in listed if entry["reference"] == case.reference] == [answer.json()["notes"]]


def test_what_was_sent_stands_on_no_page_of_the_resident(case: Case) -> None:
    for page in (case.status_page(), open_page(case.staff().json()["page_link"]).text):
        no_harm(page)
        assert "alert(1)" not in page
        assert "\u202e" not in page


def test_a_question_reaches_page_and_mail_escaped_and_the_answer_reaches_staff_to_the_letter(case: Case) -> None:
    case.decide("answer", question=HOSTILE)
    mail = case.mail_with("alert(1)")
    assert HOSTILE in part(mail, "plain")
    no_harm(part(mail, "html"))
    assert HOSTILE in html.unescape(part(mail, "html"))
    assert "alert" not in str(mail["subject"])
    page = open_page(case.staff().json()["page_link"])
    no_harm(page.text)
    assert HOSTILE in html.unescape(page.text)
    answered = page.submit("/answer", words=HOSTILE)
    no_harm(answered.text)
    assert [note["text"] for note in case.staff().json()["notes"] if note["kind"] == "answer"] == [HOSTILE]


def test_a_reason_is_escaped_on_the_page_and_in_the_mail(case: Case) -> None:
    case.decide("reject", reason=f"Reason: {HOSTILE}")
    mail = case.mail_with("Reason: ")
    assert f"Reason: {HOSTILE}" in part(mail, "plain")
    no_harm(part(mail, "html"))
    assert f"Reason: {HOSTILE}" in html.unescape(part(mail, "html"))
    no_harm(open_page(case.staff().json()["page_link"]).text)
    no_harm(case.status_page())
