"""What a partner copies works: each snippet publishes with a source's credentials and ends with the code of its verdict."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.described import MESSAGES, complaints
from support.silent_city import silent_city
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


def nobody_listens(folder: Path) -> Path:
    """Credentials for a port that is closed."""
    settings = {"bootstrap.servers": "127.0.0.1:9", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512"}
    file = folder / "nobody.json"
    file.write_text(json.dumps(settings | {"source": SOURCE, "sasl.username": SOURCE, "sasl.password": "none"}))
    return file


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
def test_snippets_that_run_at_once_get_each_its_own_verdict(
    stack: Stack, snippet: Callable[[str], Snippet], tmp_path: Path, language: str
) -> None:
    """Answered one after the other while all wait, so that one that takes what is another's is found out."""
    program, verdicts = snippet(language), {"one": ("redirected", 3), "two": ("rejected", 4), "three": ("quarantined", 5)}
    with silent_city(stack, tmp_path) as city, ThreadPoolExecutor(len(verdicts)) as pool:
        running = {each: pool.submit(program.run, city.credentials, EXAMPLES / "street-issue.json", each) for each in verdicts}
        submitted = {found.event_id: found for found in [city.next_submission() for _ in running]}
        for each, (verdict, code) in verdicts.items():
            city.answer(submitted[each], verdict)
            assert running[each].result().returncode == code, running[each].result().stderr


@each_language
def test_after_a_verdict_that_a_snippet_does_not_know_the_printed_id_sends_the_very_same_record_again(
    stack: Stack, snippet: Callable[[str], Snippet], tmp_path: Path, language: str
) -> None:
    program, sample = snippet(language), EXAMPLES / "street-issue.json"
    assert "submission_id" not in json.loads(sample.read_bytes())
    with silent_city(stack, tmp_path) as city, ThreadPoolExecutor(1) as pool:
        running = pool.submit(program.run, city.credentials, sample)
        first = city.next_submission()
        city.answer(first, "puzzling")
        puzzled = running.result()
        assert puzzled.returncode == 6, puzzled.stderr
        assert f"event {first.event_id}, submission {first.key}" in puzzled.stderr
        assert "puzzling" in puzzled.stderr
        running = pool.submit(program.run, city.credentials, sample, first.event_id)
        second = city.next_submission()
        city.answer(second, "duplicate")
        assert running.result().returncode == 0, running.result().stderr
    assert second == first


@each_language
def test_a_snippet_ends_with_six_and_both_ids_where_no_broker_can_be_reached(
    snippet: Callable[[str], Snippet], tmp_path: Path, language: str
) -> None:
    done = snippet(language).run(nobody_listens(tmp_path), EXAMPLES / "street-issue.json", "an-id-of-mine")
    assert done.returncode == 6, done.stderr
    assert "event an-id-of-mine, submission an-id-of-mine" in done.stderr
    assert "send the same record again" in done.stderr


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_shell_leaves_no_password_behind_when_it_is_stopped(
    snippet: Callable[[str], Snippet], tmp_path: Path, stop: signal.Signals, code: int
) -> None:
    program, folder = snippet("kcat"), tmp_path / "temporary"
    folder.mkdir()
    command = (
        "env",
        "--default-signal=INT",
        *program.command,
        str(nobody_listens(tmp_path)),
        str(EXAMPLES / "street-issue.json"),
    )
    running = subprocess.Popen(
        command,
        env={**os.environ, **program.environment, "TMPDIR": str(folder)},
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    while not [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]:
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, stop)
    running.communicate(timeout=60)
    assert running.returncode == code
    assert list(folder.iterdir()) == []


@each_language
@pytest.mark.parametrize("wrong", [{"sasl.password": "not-the-password"}, {"source": "parks"}], ids=["password", "source"])
def test_a_snippet_ends_with_seven_where_the_broker_does_not_let_it_in(
    snippet: Callable[[str], Snippet], credentials: Path, tmp_path: Path, language: str, wrong: dict[str, str]
) -> None:
    changed = tmp_path / "wrong.json"
    changed.write_text(json.dumps(json.loads(credentials.read_bytes()) | wrong))
    done = snippet(language).run(changed, EXAMPLES / "street-issue.json")
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
