"""Where credentials are looked for, and what they must hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from upstream_client.credentials import VARIABLE, credentials_for, read_credentials, source_named
from upstream_client.trouble import USAGE, Trouble

WHOLE = {
    "bootstrap.servers": "127.0.0.1:19092",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "pdx311",
    "sasl.password": "not a password",
    "source": "pdx311",
}


def written(path: Path, **changes: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({name: value for name, value in (WHOLE | changes).items() if value is not None}))
    return path


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")


def test_every_setting_is_read_and_the_password_is_not_shown(tmp_path: Path) -> None:
    found = read_credentials(written(tmp_path / "c.json"))

    assert (found.bootstrap, found.protocol, found.mechanism) == ("127.0.0.1:19092", "SASL_PLAINTEXT", "SCRAM-SHA-512")
    assert (found.username, found.password, found.source) == ("pdx311", "not a password", "pdx311")
    assert "not a password" not in repr(found)


def test_the_named_file_comes_before_the_variable_and_that_before_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / ".run/credentials/pdx311.json", source="from the folders")
    assert credentials_for("pdx311", None).source == "from the folders"

    monkeypatch.setenv(VARIABLE, str(written(tmp_path / "variable.json", source="from the variable")))
    assert credentials_for("pdx311", None).source == "from the variable"

    assert credentials_for("pdx311", written(tmp_path / "given.json", source="given")).source == "given"


def test_the_nearest_folder_wins(tmp_path: Path) -> None:
    written(tmp_path / ".run/credentials/pdx311.json", source="far")
    written(tmp_path / "deep/.run/credentials/pdx311.json", source="near")

    assert credentials_for("pdx311", None).source == "near"


def test_the_source_is_the_one_asked_for_else_the_one_in_the_credentials(tmp_path: Path) -> None:
    found = read_credentials(written(tmp_path / "c.json"))

    assert source_named("parks", found) == "parks"
    assert source_named(None, found) == "pdx311"
    with pytest.raises(Trouble, match="No source"):
        source_named(None, read_credentials(written(tmp_path / "c.json", source=None)))


@pytest.mark.parametrize("source", ["pdx311", None])
def test_credentials_that_are_nowhere_are_told_in_three_lines(source: str | None) -> None:
    with pytest.raises(Trouble) as caught:
        credentials_for(source, None)

    assert caught.value.exit_code == USAGE


@pytest.mark.parametrize(
    "changes",
    [
        {"bootstrap.servers": None},
        {"bootstrap.servers": "broker"},
        {"sasl.password": None},
        {"security.protocol": "CARRIER_PIGEON"},
        {"sasl.username": 3},
        {"ssl.ca.location": "/nowhere/ca.pem"},
    ],
)
def test_credentials_that_cannot_work_are_refused_without_their_password(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(Trouble, match="cannot be used") as caught:
        read_credentials(written(tmp_path / "c.json", **changes))

    assert "not a password" not in " ".join(caught.value.lines())


@pytest.mark.parametrize("content", ["{", "[]", "\ud800"])
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_bytes(content.encode(errors="surrogatepass"))

    with pytest.raises(Trouble, match="cannot be used"):
        read_credentials(tmp_path / "c.json")


def test_a_broker_without_passwords_needs_none(tmp_path: Path) -> None:
    plain = written(tmp_path / "c.json", **{"security.protocol": "plaintext", "sasl.username": None, "sasl.password": None})

    assert read_credentials(plain).protocol == "PLAINTEXT"
