"""What a process is told, and what it tells: nothing that a log must not hold gets past its list of keys."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support.engine_service import CANARY

from upstream_runtime.clock import Clock
from upstream_runtime.log import ALLOWED
from upstream_runtime.settings import MissingSettingError, MovedClockError, from_environment

TOLD = {
    "UPSTREAM_PROCESS": "intake",
    "UPSTREAM_KAFKA": "127.0.0.1:19092",
    "UPSTREAM_DATABASE": "postgresql://intake@127.0.0.1/intake",
    "UPSTREAM_SECRETS": "secrets",
    "UPSTREAM_PORT": "18081",
    "UPSTREAM_PUBLIC_URL": "http://127.0.0.1:18081/",
}
# Everything below runs in a process of its own: setting up the log is for good.
LOGGING = """
import asyncio, logging, sys, structlog
from upstream_runtime import log
log.configure("a-test")
logger = structlog.get_logger()
"""


def logged(code: str) -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, "-c", LOGGING + code], capture_output=True, text=True, check=False)
    assert CANARY not in done.stdout + done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_keys_that_are_not_on_the_list_are_dropped() -> None:
    assert "name" not in ALLOWED
    assert "value" not in ALLOWED
    line = logged(f"logger.info('said', topic='a.topic', name={CANARY!r}, value={CANARY!r}, exception={CANARY!r})")[0]
    assert line.keys() == {"event", "level", "timestamp", "process", "topic"}
    assert (line["event"], line["process"], line["topic"]) == ("said", "a-test", "a.topic")


def test_an_exception_is_named_with_its_place_and_never_with_its_text() -> None:
    raised = f"""
try:
    try:
        int({CANARY!r})
    except ValueError as error:
        raise KeyError({CANARY!r}) from error
except KeyError as error:
    logger.error('failed', exc_info=error)
"""
    line = logged(raised)[0]
    assert line["error"] == "KeyError"
    assert str(line["at"]).startswith("<string>:")


@pytest.mark.parametrize(
    "how",
    [
        "logging.getLogger('a.library').error('it was %s', {canary!r})",
        "logging.getLogger('a.library').error('failed', exc_info=ValueError({canary!r}))",
        "asyncio.run(forgotten())",
    ],
)
def test_what_a_library_says_is_named_without_its_text(how: str) -> None:
    forgotten = f"""
async def fails(): raise ValueError({CANARY!r})
async def forgotten():
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del task
    await asyncio.sleep(0)
"""
    lines = logged(forgotten + how.format(canary=CANARY))
    assert [line["event"] for line in lines] == ["library"]


def test_settings_come_from_the_environment_and_nothing_has_a_default() -> None:
    settings = from_environment({**TOLD, "UPSTREAM_SMTP": "127.0.0.1:25", "HOME": "elsewhere"})
    assert (settings.process, settings.port, settings.public_url) == ("intake", 18081, "http://127.0.0.1:18081")
    assert settings.value("SMTP") == "127.0.0.1:25"
    assert "HOME" not in settings.more
    for name in TOLD:
        for told in ({key: value for key, value in TOLD.items() if key != name}, {**TOLD, name: ""}):
            with pytest.raises(MissingSettingError, match=f"^{name} is not set$"):
                from_environment(told)
    with pytest.raises(MissingSettingError, match="UPSTREAM_MAIL_FROM is not set for intake"):
        settings.value("MAIL_FROM")


@pytest.mark.parametrize("url", ["http://127.0.0.1:18081", "http://localhost:41081", "https://[::1]:18081"])
def test_a_process_whose_links_lead_to_loopback_takes_a_clock_that_somebody_moves(url: str) -> None:
    told = {**TOLD, "UPSTREAM_PUBLIC_URL": url, "UPSTREAM_CLOCK": "/sample/clock", "UPSTREAM_HOST": "0.0.0.0"}
    assert from_environment(told).clock == Path("/sample/clock")


@pytest.mark.parametrize(
    "url", ["https://help.example.org", "http://10.0.0.7:18081", "http://127.0.0.1.example.org", "intake"]
)
def test_a_process_that_people_reach_from_elsewhere_refuses_such_a_clock(url: str) -> None:
    told = {**TOLD, "UPSTREAM_PUBLIC_URL": url}
    with pytest.raises(MovedClockError, match="UPSTREAM_CLOCK is set for intake"):
        from_environment({**told, "UPSTREAM_CLOCK": "/sample/clock"})
    assert from_environment({**told, "UPSTREAM_CLOCK": ""}).clock is None


def test_a_secret_is_read_from_its_file_and_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "kafka-password").write_text(f"{CANARY}\n")
    settings = from_environment({**TOLD, "UPSTREAM_SECRETS": str(tmp_path)})
    assert settings.secret("kafka-password") == CANARY
    assert settings.broker_password == CANARY
    assert CANARY not in repr(settings)
    with pytest.raises(MissingSettingError, match="no secret file 'database-password' for intake"):
        settings.secret("database-password")


def test_a_broker_without_a_password_is_asked_for_outright(tmp_path: Path) -> None:
    told = {**TOLD, "UPSTREAM_SECRETS": str(tmp_path)}
    with pytest.raises(MissingSettingError):
        _ = from_environment(told).broker_password
    assert from_environment({**told, "UPSTREAM_KAFKA_SECURITY": "none"}).broker_password is None


def test_a_moved_clock_tells_the_broker_s_moments_moved_as_far(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text(json.dumps({"offset_seconds": 86_400.0 * 60}))
    clock, at = Clock(file), Clock.wall()
    assert abs(clock.moved(at) - at - timedelta(days=60)) < timedelta(seconds=1)
    assert Clock().moved(at) == at
