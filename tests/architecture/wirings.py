"""Every service's wiring, built as its process builds it, from settings and secrets made up for the test."""

import json
from base64 import b64encode
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.public import PrivateKey

from upstream_runtime.settings import Settings
from upstream_runtime.wiring import App
from upstream_stack.processes import SERVICES

PACKAGES = {row.name: row.module for row in SERVICES}
"""Process → the package that its `python -m` runs."""
WIRINGS = tuple(PACKAGES)


@cache
def wired(process: str) -> App:
    """One process's `App`. Nothing is started."""
    with TemporaryDirectory() as folder:
        app: App = import_module(f"{PACKAGES[process]}.app").wiring(_settings(process, Path(folder)))
        return app


def _settings(process: str, secrets: Path) -> Settings:
    pair = PrivateKey.generate()
    private, public = (b64encode(bytes(key)).decode() for key in (pair, pair.public_key))
    made_up = {
        "lane-private-key": private,
        "lane-public-key": public,
        "ovp-keys": json.dumps({"current": "ovp-1", "keys": {"ovp-1": private}}),
        "ovp-public-key": f"ovp-1 {public}",
        "link-key": "a key for tests",
        "staff-token": "a token for tests",
        "kafka-password": "a password for tests",
    }
    for name, text in made_up.items():
        (secrets / name).write_text(text)
    more = {
        "UPSTREAM_LANE_PUBLIC_KEY": str(secrets / "lane-public-key"),
        "UPSTREAM_OVP_PUBLIC_KEY": str(secrets / "ovp-public-key"),
        "UPSTREAM_OUTREACH_URL": "http://127.0.0.1:2",
        "UPSTREAM_OFFER_CONTACT": "on",
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
