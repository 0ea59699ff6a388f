"""A provider's program, as far as it goes without a broker."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from nacl.public import PrivateKey
from support.provider_builders import PROVIDER, key_file

from upstream_client.credentials import read_credentials

REFERRAL = str(uuid4())
AWAY = {
    "bootstrap.servers": "127.0.0.1:9",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": PROVIDER,
    "sasl.password": "not a password",
    "provider": PROVIDER,
    "private_key_file": f"elsewhere/{PROVIDER}.keys.json",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A provider's folder: credentials of a broker that is away, and the keys beside them."""
    (tmp_path / ".run/credentials").mkdir(parents=True)
    (tmp_path / f".run/credentials/{PROVIDER}.json").write_text(json.dumps(AWAY))
    (tmp_path / ".run/credentials/keyless.json").write_text(json.dumps({**AWAY, "private_key_file": "absent.json"}))
    key_file(tmp_path / f".run/credentials/{PROVIDER}.keys.json", PrivateKey.generate())
    return tmp_path


def upstream(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "upstream_client", *words, "--state-dir", str(folder / "state")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "words",
    [
        ("listen",),
        ("listen", "--provider", "nobody"),
        ("listen", "--provider", "keyless"),
        ("listen", "--provider", PROVIDER, "--jsonl", "--forward-to", "https://example.org"),
        ("listen", "--provider", PROVIDER, "--secret-file", "secret"),
        ("listen", "--provider", PROVIDER, "--forward-to", "http://example.org"),
        ("accept", REFERRAL),
        ("redirect", REFERRAL, "--provider", PROVIDER, "--to", "No Such"),
        ("capacity", "--service", "", "--available", "1", "--provider", PROVIDER),
    ],
    ids=" ".join,
)
def test_wrong_usage_says_nothing_to_anybody_and_ends_with_three_lines_and_two(folder: Path, words: tuple[str, ...]) -> None:
    done = upstream(folder, *words)

    assert done.returncode == 2
    assert [line[:5] for line in done.stderr.splitlines()[-3:]] == ["what:", "why: ", "fix: "]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("accept", "no id"),
        ("accept",),
        ("decline", REFERRAL),
        ("decline", REFERRAL, "--reason", "tired"),
        ("close", REFERRAL, "--outcome", "great"),
        ("capacity", "--service", "ario", "--available", "-1"),
    ],
    ids=" ".join,
)
def test_words_that_mean_nothing_end_with_two(folder: Path, words: tuple[str, ...]) -> None:
    assert upstream(folder, *words, "--provider", PROVIDER).returncode == 2


def test_what_gets_no_answer_is_kept_under_its_id(folder: Path) -> None:
    words = ("accept", REFERRAL, "--provider", PROVIDER, "--timeout", "0.5", "--json")
    first, again = upstream(folder, *words), upstream(folder, *words)

    assert first.returncode == again.returncode == 6
    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert json.loads(first.stdout)["outcome"] == "no-answer"
    assert f"upstream accept {REFERRAL}" in first.stderr.splitlines()[-1]


def test_a_listener_waits_for_a_broker_that_is_away_as_long_as_it_may(folder: Path) -> None:
    done = upstream(folder, "listen", "--provider", PROVIDER, "--for", "1")

    assert done.returncode == 0
    assert "the broker is away" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_private_keys_are_found_beside_credentials_that_were_carried_elsewhere(folder: Path) -> None:
    beside = folder / f".run/credentials/{PROVIDER}.keys.json"
    there = folder / f".run/credentials/elsewhere/{PROVIDER}.keys.json"
    assert read_credentials(folder / f".run/credentials/{PROVIDER}.json").private_key_file == beside

    there.parent.mkdir()
    beside.rename(there)

    found = read_credentials(folder / f".run/credentials/{PROVIDER}.json")
    assert found.private_key_file == there
    assert found.provider == PROVIDER
