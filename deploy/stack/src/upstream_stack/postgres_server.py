"""PostgreSQL as a process: its data folder, its settings, its command line. Knows no database and no role but its own admin."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from upstream_stack.account import Account, postgres_home
from upstream_stack.errors import Trouble, command
from upstream_stack.launch import Launch
from upstream_stack.layout import DEPLOY, Layout, Ports
from upstream_stack.parts.postgres_binaries import PostgresBinaries
from upstream_stack.processes import POSTGRES
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import DATABASE_PASSWORD, read_secret

SETTINGS = DEPLOY / "postgres" / "upstream.conf"
_STOP_SECONDS = 20.0


def prepare_postgres(layout: Layout, ports: Ports, binaries: PostgresBinaries, account: Account) -> Launch:
    """Makes the data folder at the first start, writes the settings, and says how to run the server."""
    home = postgres_home(layout, account)
    account.own(home, 0o700)
    data = home / "data"
    if not data.exists():
        _initialise(layout, binaries, account, data)
    _refuse_other_major(data, binaries)
    shutil.copyfile(SETTINGS, data / "upstream.conf")
    argv = (
        str(binaries.folder / "postgres"),
        "-D",
        str(data),
        *("-c", f"port={ports.postgres}"),
        *("-c", "listen_addresses=127.0.0.1"),
        *("-c", "unix_socket_directories="),
    )
    return Launch(
        POSTGRES,
        argv,
        ports.postgres,
        layout.log(POSTGRES),
        home,
        account=account,
        stop_signal=signal.SIGINT,
        stop_seconds=_STOP_SECONDS,
    )


def _initialise(layout: Layout, binaries: PostgresBinaries, account: Account, data: Path) -> None:
    """Runs initdb beside `data` and renames, so that a broken initdb is no data folder."""
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, encoding="utf-8") as password:
        password.write(read_secret(layout, ADMIN, DATABASE_PASSWORD))
        password.flush()
        account.give(Path(password.name))
        words = [str(binaries.folder / "initdb"), "-D", str(draft), "-U", ADMIN, "-A", "scram-sha-256", "-E", "UTF8"]
        words += ["--locale=C", "--no-instructions", f"--pwfile={password.name}"]
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            cwd=data.parent,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )
    if done.returncode != 0:
        raise Trouble("PostgreSQL's data folder could not be made", done.stderr[-500:], command("doctor"))
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude 'upstream.conf'\n")
    draft.rename(data)


def _refuse_other_major(data: Path, binaries: PostgresBinaries) -> None:
    major = int((data / "PG_VERSION").read_text(encoding="utf-8"))
    if major != binaries.major:
        raise Trouble(
            f"PostgreSQL {binaries.major} cannot read this data",
            f"{data} was made by version {major}: point PG_BIN at that version, or start afresh",
            command("reset"),
        )
