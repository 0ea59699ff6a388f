"""Every service's wiring, built as its process builds it, from settings and secrets made up for the test."""

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.public import PrivateKey

import upstream_intake.app
import upstream_notifier.app
import upstream_scheduler.app
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import App

WIRINGS: dict[str, Callable[[Settings], App]] = {
    "intake": upstream_intake.app.wiring,
    "scheduler": upstream_scheduler.app.wiring,
    "notifier-public": upstream_notifier.app.wiring,
}


@cache
def wired(process: str) -> App:
    """One process's `App`. Nothing is started."""
    with TemporaryDirectory() as folder:
        return WIRINGS[process](_settings(process, Path(folder)))


def _settings(process: str, secrets: Path) -> Settings:
    pair = PrivateKey.generate()
    made_up = {
        "lane-private-key": b64encode(bytes(pair)).decode(),
        "lane-public-key": b64encode(bytes(pair.public_key)).decode(),
        "link-key": "a key for tests",
        "staff-token": "a token for tests",
        "kafka-password": "a password for tests",
    }
    for name, text in made_up.items():
        (secrets / name).write_text(text)
    more = {
        "UPSTREAM_LANE_PUBLIC_KEY": str(secrets / "lane-public-key"),
        "UPSTREAM_SMTP": "smtp://127.0.0.1:2525",
        "UPSTREAM_SMTP_URL": "smtp://127.0.0.1:2525",
        "UPSTREAM_MAIL_FROM": "desk@example.org",
        "UPSTREAM_MAIL_DOMAIN": "example.org",
    }
    return Settings(
        process=process,
        kafka="127.0.0.1:1",
        database="postgresql://127.0.0.1:1/none",
        secrets=secrets,
        port=1,
        public_url="http://127.0.0.1:1",
        clock=None,
        more=more,
    )
