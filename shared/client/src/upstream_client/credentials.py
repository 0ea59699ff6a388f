"""Finds and reads a partner's credentials: a JSON file with librdkafka's own names. Must never show a password or a key."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from upstream_client.trouble import Trouble

VARIABLE: Final = "UPSTREAM_CREDENTIALS"
Role = Literal["source", "provider"]
_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach the broker and as whom. `certificates` is the file with the authorities to trust, None for the system's.

    `private_key_file` is where a provider's private keys lie, which open what is offered to it.
    """

    bootstrap: str
    protocol: str
    mechanism: str
    username: str
    password: str = field(repr=False)
    certificates: str | None = None
    source: str | None = None
    provider: str | None = None
    private_key_file: Path | None = None


def credentials_for(slug: str | None, given: Path | None, role: Role = "source") -> Credentials:
    """What `--credentials` names, else $UPSTREAM_CREDENTIALS, else `.run/credentials/<slug>.json` here or further up.

    Raises Trouble where there is none, or one that cannot be read.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    return read_credentials(named or _further_up(slug, role))


def source_named(given: str | None, credentials: Credentials) -> str:
    """The source of `--source`, else the one that the credentials name. Raises Trouble where neither does."""
    return _named(given or credentials.source, "source")


def provider_named(given: str | None, credentials: Credentials) -> str:
    """The provider of `--provider`, else the one that the credentials name. Raises Trouble where neither does."""
    return _named(given or credentials.provider, "provider")


def _named(name: str | None, role: Role) -> str:
    if not name:
        raise Trouble(f"No {role} is named", f"neither --{role} nor the credentials say which", f"add --{role} <slug>")
    return name


def _further_up(slug: str | None, role: Role) -> Path:
    if slug is None:
        raise Trouble(f"No {role} is named", f"neither --{role} nor a credentials file says which", f"add --{role} <slug>")
    here = Path.cwd()
    name = Path(".run", "credentials", f"{slug}.json")
    for folder in (here, *here.parents):
        if (folder / name).is_file():
            return folder / name
    raise Trouble(
        f"No credentials for {slug}",
        f"neither --credentials nor {VARIABLE} is given, and {name} lies neither in {here} nor above it",
        f"ask the city for {slug}.json, then add --credentials <that file>",
    )


def read_credentials(path: Path) -> Credentials:
    """The credentials in a file. Raises Trouble."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from None
    except ValueError:
        raise _unusable(path, "it is not JSON") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise _unusable(path, "it is not one JSON object of texts")
    return _from_settings(content, path)


def _from_settings(settings: Mapping[str, str], path: Path) -> Credentials:
    protocol = settings.get("security.protocol", "SASL_SSL").upper()
    if protocol not in _PROTOCOLS:
        raise _unusable(path, "its security.protocol is unknown")
    needed = ["bootstrap.servers", *(("sasl.username", "sasl.password") if "SASL" in protocol else ())]
    missing = [name for name in needed if not settings.get(name)]
    if missing:
        raise _unusable(path, f"it lacks {', '.join(missing)}")
    if not all(address.rpartition(":")[2].isdigit() for address in settings["bootstrap.servers"].split(",")):
        raise _unusable(path, "its bootstrap.servers are not host:port, separated by commas")
    certificates = settings.get("ssl.ca.location")
    if certificates is not None and not Path(certificates).is_file():
        raise _unusable(path, f"its ssl.ca.location {certificates} is no file")
    return Credentials(
        bootstrap=settings["bootstrap.servers"],
        protocol=protocol,
        mechanism=settings.get("sasl.mechanism", settings.get("sasl.mechanisms", "SCRAM-SHA-512")),
        username=settings.get("sasl.username", ""),
        password=settings.get("sasl.password", ""),
        certificates=certificates,
        source=settings.get("source"),
        provider=settings.get("provider"),
        private_key_file=_key_file(settings.get("private_key_file"), path),
    )


def _key_file(told: str | None, credentials: Path) -> Path | None:
    """Where the credentials say, seen from their own folder; beside them where the two files were carried elsewhere."""
    if told is None:
        return None
    named = credentials.parent / told
    return named if named.exists() else credentials.parent / Path(told).name


def _unusable(path: Path, why: str) -> Trouble:
    return Trouble(
        f"The credentials in {path} cannot be used", why, "name another file with --credentials, or ask for a new one"
    )
