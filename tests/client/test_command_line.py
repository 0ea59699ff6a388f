"""The program itself, as far as it goes without a broker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.client_builders import submission

from upstream_client.trouble import Trouble

AWAY = {
    "bootstrap.servers": "127.0.0.1:9",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "pdx311",
    "sasl.password": "not a password",
    "source": "pdx311",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A partner's folder: credentials of a broker that is away, and two submissions, one of them doubtful."""
    (tmp_path / ".run/credentials").mkdir(parents=True)
    (tmp_path / ".run/credentials/pdx311.json").write_text(json.dumps(AWAY))
    (tmp_path / "two.json").write_text(json.dumps([submission(), submission(revision=0)]))
    return tmp_path


def upstream(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "upstream_client", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def publish(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return upstream(folder, "publish", "--source", "pdx311", "--state", str(folder / "state"), *words)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("absent.json",),
        ("two.json", "--pending"),
        ("two.json", "--key", "x"),
        ("two.json", "--raw", "--null-value"),
        ("--raw", "--null-value"),
        ("two.json", "--check"),
        ("two.json", "--credentials", "absent.json"),
        ("two.json", "--state", "two.json"),
    ],
    ids=" ".join,
)
def test_wrong_usage_sends_nothing_and_ends_with_three_lines_and_two(folder: Path, words: tuple[str, ...]) -> None:
    done = publish(folder, *words)

    assert done.returncode == 2
    assert [line[:5] for line in done.stderr.splitlines()[-3:]] == ["what:", "why: ", "fix: "]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (folder / "state").exists()


def test_unknown_options_end_with_two(folder: Path) -> None:
    assert publish(folder, "--no-such-option").returncode == 2


def test_a_broker_that_is_away_leaves_the_records_to_be_sent_again(folder: Path) -> None:
    first = publish(folder, "two.json", "--timeout", "0.5", "--json")
    again = publish(folder, "--pending", "--timeout", "0.5", "--json")

    outcomes = [json.loads(line) for line in first.stdout.splitlines()]
    assert first.returncode == again.returncode == 6
    assert [outcome["outcome"] for outcome in outcomes] == ["no-answer", "no-answer"]
    assert first.stdout == again.stdout
    assert "record 2 will probably not be accepted: /revision greater-than-equal" in first.stderr
    assert "127.0.0.1:9" in first.stderr
    assert "--pending" in first.stderr.splitlines()[-1]
    assert len(list((folder / "state/pdx311").iterdir())) == 1


def test_results_of_a_broker_that_is_away_end_with_six(folder: Path) -> None:
    done = upstream(folder, "results", "--source", "pdx311")

    assert done.returncode == 6
    assert [line[:5] for line in done.stderr.splitlines()] == ["what:", "why: ", "fix: "]


def test_nothing_pending_is_no_failure(folder: Path) -> None:
    done = publish(folder, "--pending")

    assert (done.returncode, done.stdout) == (0, "")


def test_trouble_takes_three_lines_whatever_it_holds() -> None:
    assert Trouble("a\nb", "c\r\nd", "e\tf").lines() == ("what: a b", "why:  c d", "fix:  e f")
