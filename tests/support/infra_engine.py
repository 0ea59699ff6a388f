"""Whether a container engine is at hand, and whether it has the images the tests need. Asks and never pulls or starts anything."""

from dataclasses import dataclass
from typing import Final

import docker
from docker.errors import DockerException, ImageNotFound
from requests import RequestException
from testcontainers.core.config import testcontainers_config

BROKER_IMAGE: Final = "apache/kafka:4.3.1"
DATABASE_IMAGE: Final = "postgres:18"
ANSWER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Engine:
    """What was found: ready to use only where `trouble` is empty; `fix` is then empty too."""

    version: str = ""
    trouble: str = ""
    fix: str = ""

    @property
    def ready(self) -> bool:
        return not self.trouble

    def __str__(self) -> str:
        return f"engine {self.version} answers and has every image" if self.ready else self.trouble


def images() -> tuple[str, ...]:
    """Broker, database, and the one that removes containers of a run that was killed."""
    cleaner = () if testcontainers_config.ryuk_disabled else (testcontainers_config.ryuk_image,)
    return (BROKER_IMAGE, DATABASE_IMAGE, *cleaner)


def look(timeout_seconds: int = ANSWER_SECONDS) -> Engine:
    """The engine that docker's own variables name, within a few seconds whatever its state."""
    try:
        client = docker.from_env(timeout=timeout_seconds)
    except DockerException as failure:
        return _nobody(failure)
    try:
        version = str(client.version()["Version"])
        missing = [image for image in images() if not _has(client, image)]
    except (DockerException, RequestException) as failure:
        return _nobody(failure)
    finally:
        client.close()
    if missing:
        fix = " && ".join(f"docker pull {image}" for image in missing)
        return Engine(version, f"engine {version} answers, but has no image {', '.join(missing)}", fix)
    return Engine(version)


def _has(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def _nobody(failure: Exception) -> Engine:
    known = ("Permission denied", "timed out", "No such file", "Connection refused")
    reason = next((text for text in known if text in str(failure)), type(failure).__name__)
    fix = "start Docker (systemctl start docker), or let DOCKER_HOST name an engine this user may use"
    return Engine("", f"no container engine answers ({reason})", fix)
