"""Kafka's jars, by the coordinates in deploy/kafka/pom.xml. The cache is named after the pom, so a new version is a new folder."""

import hashlib
from pathlib import Path

from upstream_stack.layout import DEPLOY, parts_cache
from upstream_stack.parts.maven import MavenPart, Progress, fetch

_POM = DEPLOY / "kafka" / "pom.xml"
_PART = MavenPart("Kafka", _POM, expected_bytes=52_000_000)


def jars_folder() -> Path:
    """Where the jars of this pom lie, or will."""
    return parts_cache() / f"kafka-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"


def kafka_jars(progress: Progress) -> Path:
    """The folder of jars, fetched at the first call on this machine."""
    folder = jars_folder()
    if not folder.exists():
        fetch(_PART, folder, progress)
    return folder
