"""One provider at its computer: who it is, and what lies in its state folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from upstream_client.broker import Broker
from upstream_client.credentials import Credentials, credentials_for, provider_named
from upstream_client.pending import default_folder
from upstream_client.private_files import FOLDER_OWNER_ONLY
from upstream_client.provider.opening import PrivateKeys
from upstream_client.trouble import Trouble

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@dataclass(frozen=True, slots=True)
class Desk:
    """Knows where everything is and opens nothing."""

    provider: str
    credentials: Credentials
    folder: Path

    def broker(self) -> Broker:
        """The city's broker, seen by this provider."""
        return Broker(self.credentials)

    def private_keys(self) -> PrivateKeys:
        """What opens offers. Raises Trouble."""
        if self.credentials.private_key_file is None:
            what = f"The credentials of {self.provider} name no private keys"
            raise Trouble(what, "they lack private_key_file", "use the credentials that the city made for a provider")
        return PrivateKeys(self.credentials.private_key_file)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it holds, no other program hands over from this folder. Raises Trouble where one does."""
        try:
            self.folder.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
            file = (self.folder / "lock").open("ab")
        except OSError as error:
            what = f"{self.folder} cannot keep what was handed over"
            raise Trouble(what, error.strerror or type(error).__name__, "name another folder with --state-dir") from None
        with file:
            try:
                _lock(file)
            except OSError:
                what = f"Another program listens for {self.provider} with {self.folder}"
                raise Trouble(what, "two would hand over everything twice", "end that one first") from None
            yield


def desk_of(provider: str | None, credentials: Path | None, folder: Path | None) -> Desk:
    """The desk that options name; what they leave out is where it usually lies. Raises Trouble."""
    found = credentials_for(provider, credentials, "provider")
    name = provider_named(provider, found)
    return Desk(name, found, (folder or default_folder() / "providers" / name).absolute())


def _lock(file: IO[bytes]) -> None:
    """Held until the file is closed, also by the program's death. Raises OSError where another holds it."""
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
