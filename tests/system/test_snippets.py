"""What a partner copies works: each snippet publishes with a source's credentials and ends with the code of its verdict."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.described import MESSAGES, complaints
from support.snippet_runs import CLIENT, LANGUAGES, Snippet, kcat, ready

from upstream_stack.stack import Stack

EXAMPLES = CLIENT / "examples"
SOURCE = "pdx311"
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def snippet(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Snippet]:
    """The snippet of a language, made ready once."""
    made: dict[str, Snippet] = {}

    def of(language: str) -> Snippet:
        if language not in made:
            made[language] = ready(language, tmp_path_factory.mktemp(language))
        return made[language]

    return of


@pytest.fixture
def credentials(stack: Stack) -> Path:
    return stack.layout.credentials / f"{SOURCE}.json"


@each_language
@pytest.mark.parametrize(
    ("example", "verdict", "code", "field"),
    [
        ("training-wish", "accepted", 0, "reference"),
        ("street-issue", "redirected", 3, "redirect"),
        ("nobody-in-the-group", "rejected", 4, "problems"),
    ],
)
def test_a_snippet_prints_the_verdict_and_ends_with_its_code(
    snippet: Callable[[str], Snippet], credentials: Path, language: str, example: str, verdict: str, code: int, field: str
) -> None:
    done = snippet(language).run(credentials, EXAMPLES / f"{example}.json")
    assert done.returncode == code, done.stderr
    word, _, answer = done.stdout.strip().partition(" ")
    told = json.loads(answer)
    assert (word, told["verdict"]) == (verdict, verdict)
    assert told[field]


@each_language
def test_a_snippet_ends_with_seven_where_the_broker_does_not_let_it_in(
    snippet: Callable[[str], Snippet], credentials: Path, tmp_path: Path, language: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(json.loads(credentials.read_bytes()) | {"sasl.password": "not-the-password"}))
    done = snippet(language).run(wrong, EXAMPLES / "street-issue.json")
    assert done.returncode == 7, done.stderr
    assert done.stdout == ""


def test_kcat_sees_the_standard_headers_of_cloudevents_on_our_records(
    snippet: Callable[[str], Snippet], credentials: Path, tmp_path: Path
) -> None:
    """Somebody else's eyes: what a tool that knows nothing of us shows of a verdict."""
    program = kcat(tmp_path)
    assert snippet("python").run(credentials, EXAMPLES / "street-issue.json").returncode == 3
    settings = {name: value for name, value in json.loads(credentials.read_bytes()).items() if name != "source"}
    (tmp_path / "settings").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    last_verdict = ("-q", "-C", "-t", f"city.results.{SOURCE}.v1", "-p", "0", "-o", "-1", "-e", "-J")
    done = program.run(*last_verdict, "-F", tmp_path / "settings")
    record = json.loads(done.stdout)
    told = dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))
    assert told["ce_specversion"] == "1.0"
    assert told["ce_type"] == "intake.submission.redirected.v1"
    assert told["ce_source"] == "/upstream/intake"
    assert told["content-type"] == "application/json"
    assert told["ce_subject"] == record["key"]
    assert {"ce_id", "ce_time", "ce_dataschema", "ce_causationid"} <= set(told)
    described = MESSAGES[told["ce_type"]]
    assert complaints(described["headers"], told) == []
    assert complaints(described["payload"], json.loads(record["payload"])) == []
