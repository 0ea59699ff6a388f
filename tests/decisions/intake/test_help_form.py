"""What the form for help takes, what it gives back, and what leaves it: one sealed document of one size."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstream_intake.web.help_form import WORDS_LETTERS_MAX, Problem, Typed, document, e164, emergency_in_form, typed
from upstream_intake.web.slip import GOOD_FOR, Slip, read_slip
from upstream_runtime.links import Links
from upstream_schemas.codec import decode
from upstream_schemas.sealed import PADDED_BYTES, SelfReferral

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
LINKS = Links("https://intake.example.org", "a key of this test")
SECRET = "s" * 43
SCRIPTS = {"Latin": "a", "Spanish": "ñ", "Arabic": "ع", "Khmer": "ខ", "Chinese": "安", "line ends": "\n", "quotes": '"'}


def form(**fields: Any) -> Typed:
    return Typed(**{"language": "en", "needs": frozenset({"staying-safe"}), **fields})


def inside(written: Typed) -> SelfReferral:
    found = document(written, SECRET)
    assert isinstance(found, str), found
    assert len(found.encode()) == PADDED_BYTES
    return decode(found.encode(), SelfReferral)


# ---- what leaves it


def test_everything_is_optional_but_a_need_or_a_word() -> None:
    assert inside(form()) == SelfReferral(page_secret=SECRET, language="en", needs=("staying-safe",))
    assert inside(form(needs=frozenset(), words="I am new here")).needs == ("other",)
    assert document(form(needs=frozenset()), SECRET) == (Problem("needs", "nothing"),)


def test_needs_stand_in_the_order_of_the_catalogue_so_that_their_order_tells_nothing() -> None:
    assert inside(form(needs=frozenset({"other", "someone-to-talk-to"}))).needs == ("someone-to-talk-to", "other")


@pytest.mark.parametrize("sign", SCRIPTS.values(), ids=SCRIPTS)
def test_as_many_letters_as_the_form_takes_fit_into_the_one_size_in_every_script(sign: str) -> None:
    words = f"x{sign * (WORDS_LETTERS_MAX - 2)}x"
    assert inside(form(name="Hodan Example", email="hodan@example.org", phone="503-555-0100", words=words)).words == words


def test_what_is_too_long_is_sent_back_and_never_cut() -> None:
    assert document(form(words="a" * (WORDS_LETTERS_MAX + 1)), SECRET) == (Problem("words", "long"),)
    assert document(form(words="🧡" * WORDS_LETTERS_MAX, name="🧡" * 200), SECRET) == (Problem("words", "long"),)
    assert document(form(name="a" * 201), SECRET) == (Problem("name", "long"),)


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_fields() -> None:
    wrong = document(Typed("en", name="a" * 201, email="hodan@", phone="12"), SECRET)
    assert [problem.field for problem in wrong if isinstance(problem, Problem)] == ["needs", "name", "email", "phone"]


@pytest.mark.parametrize("email", ["hodan@example.org", "h.o+d@mail.example.org"])
def test_a_mail_address_is_taken_as_it_is(email: str) -> None:
    assert inside(form(email=email)).email == email


@pytest.mark.parametrize(
    "email", ["hodan", "hodan@", "@example.org", "hodan@example", "two words@example.org", f"{'a' * 250}@example.org"]
)
def test_what_no_mail_reaches_is_no_mail_address(email: str) -> None:
    assert document(form(email=email), SECRET) == (Problem("email", "email"),)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("503-555-0100", "+15035550100"),
        ("(503) 555 0147", "+15035550147"),
        ("1 503 555 0100", "+15035550100"),
        ("+1.503.555.0100", "+15035550100"),
        ("٥٠٣٥٥٥٠١٠٠", "+15035550100"),
        ("+252 61 5550100", "+252615550100"),
        ("555-0100", None),
        ("503-555-0100 ext. 12", None),
        ("911", None),
        ("my sister's", None),
        ("5" * 300, None),
    ],
)
def test_a_telephone_number_is_kept_as_it_is_dialled_from_anywhere(written: str, number: str | None) -> None:
    assert e164(written) == number


# ---- what comes in


def test_the_form_is_read_as_it_was_typed_without_what_no_text_holds() -> None:
    sent = [
        ("needs", "staying-safe"), ("needs", "other"), ("needs", "a-car"), ("language", "so"), ("name", " Hodan \t Example\x00 "),
        ("email", " hodan@example.org "), ("phone", ""), ("words", "one\r\ntwo \ud800"), ("unasked", "for"),
    ]  # fmt: skip
    assert typed(sent, "en") == Typed(
        language="so",
        needs=frozenset({"staying-safe", "other"}),
        name="Hodan Example",
        email="hodan@example.org",
        words="one\ntwo ?",
    )


def test_who_chooses_no_language_is_spoken_to_in_the_one_they_read() -> None:
    assert typed([("language", "tlh")], "ar").language == "ar"
    assert typed([], "es").language == "es"


@pytest.mark.parametrize("field", ["needs", "language", "name", "email", "phone", "words", "unasked"])
def test_an_emergency_is_found_in_every_field(field: str) -> None:
    hit = emergency_in_form([("slip", "x"), ("name", "Hodan Example"), (field, "Tiene una pistola")])
    assert hit is not None and hit.language == "es"


def test_the_name_of_a_need_is_no_emergency() -> None:
    assert emergency_in_form([("needs", "support-after-violence"), ("words", "Someone to talk to, please")]) is None


def test_nothing_that_was_typed_shows_where_a_form_is_printed() -> None:
    written = repr(form(name="Hodan", email="hodan@example.org", phone="12", words="secret"))
    assert not [text for text in ("Hodan", "hodan", "12", "secret") if text in written]
    assert SECRET not in repr(Slip(UUID(int=1), SECRET, NOW))


@given(st.lists(st.tuples(st.sampled_from(["needs", "language", "name", "email", "phone", "words", "slip"]), st.text())))
def test_whatever_is_sent_becomes_a_document_of_the_one_size_or_a_list_of_problems(sent: list[tuple[str, str]]) -> None:
    emergency_in_form(sent)
    found = document(typed(sent, "en"), SECRET)
    assert len(found.encode()) == PADDED_BYTES if isinstance(found, str) else all(isinstance(one, Problem) for one in found)


# ---- the slip


def test_a_slip_comes_back_as_it_was_given() -> None:
    slip = Slip.fresh(NOW)
    assert read_slip(LINKS, slip.signed(LINKS), NOW) == slip
    assert "/" not in slip.signed(LINKS)


def test_every_form_gets_an_id_and_a_secret_of_its_own() -> None:
    slips = [Slip.fresh(NOW) for _ in range(100)]
    assert len({slip.referral_id for slip in slips}) == len({slip.page_secret for slip in slips}) == 100
    assert {len(slip.page_secret) for slip in slips} == {43}


def test_a_slip_is_good_for_two_hours_and_not_a_moment_longer() -> None:
    signed = Slip.fresh(NOW).signed(LINKS)
    assert read_slip(LINKS, signed, NOW + GOOD_FOR - timedelta(seconds=1)) is not None
    assert read_slip(LINKS, signed, NOW + GOOD_FOR) is None


def test_a_slip_that_somebody_else_signed_or_that_opens_another_door_is_none() -> None:
    signed = Slip.fresh(NOW).signed(LINKS)
    assert read_slip(Links(LINKS.base_url, "another key"), signed, NOW) is None
    assert read_slip(LINKS, LINKS.make("r", "a", "b", "c").rpartition("/")[2], NOW) is None
    assert LINKS.read("r", signed) is None
