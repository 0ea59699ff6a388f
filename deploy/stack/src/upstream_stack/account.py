"""The account PostgreSQL runs under, and where its files can lie. PostgreSQL refuses uid 0, so root steps down to somebody."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout

_STAND_INS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Who PostgreSQL runs as. `uid` and `gid` are None where that is ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[str | int] | None:
        """The supplementary groups to run with: none of root's."""
        return None if self.uid is None else []

    def own(self, path: Path, mode: int) -> None:
        """Makes a folder that belongs to this account."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.give(path)

    def give(self, path: Path) -> None:
        """Makes `path` this account's."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Asks as that account, because permissions on the way there decide."""
        words = ["test", "-x", str(folder)]
        probe = subprocess.run(words, user=self.uid, group=self.gid, extra_groups=self.groups, cwd="/", check=False)
        return probe.returncode == 0


OURSELVES = Account("ourselves")


def postgres_account() -> Account:
    """Ourselves, or where we are root the first ordinary stand-in this machine has."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next((known[name] for name in _STAND_INS if name in known), None)
    if entry is None:
        raise Trouble(
            "PostgreSQL cannot run as root",
            "it refuses uid 0, and this machine has neither a user postgres nor a user nobody",
            "useradd --system --no-create-home postgres",
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def postgres_home(layout: Layout, account: Account) -> Path:
    """The folder for PostgreSQL's files: inside the run directory where the account can enter it, else a named one elsewhere."""
    if account.can_enter(layout.run_dir):
        return layout.postgres_inside
    if layout.elsewhere.exists() and layout.elsewhere.stat().st_uid != os.geteuid():
        raise Trouble(
            f"{layout.elsewhere} belongs to somebody else",
            "PostgreSQL's data would go there, because its account cannot enter the run directory",
            command("up", RUN_DIR=f"/var/tmp/upstream-{os.geteuid()}"),  # noqa: S108 - a suggestion to a person
        )
    layout.elsewhere.mkdir(mode=0o711, exist_ok=True)
    layout.elsewhere.chmod(0o711)
    return layout.elsewhere / "postgres"
