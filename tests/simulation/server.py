"""The simulation's own PostgreSQL: real, empty, on loopback, and careless of power cuts, which are not what it is for.

One server and one pair of databases for any number of seeds. Must not be used by anything else.
"""

import asyncio
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from support.engine_service import TABLES

from upstream_runtime.migrate import migrate
from upstream_stack.account import Account, postgres_account
from upstream_stack.layout import Layout
from upstream_stack.parts.postgres_binaries import PostgresBinaries, find_postgres, postgres_from_maven

SERVICES = ("desk", "hall")
START_SECONDS_MAX = 30.0
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
SAME_EACH_TIME = ("enable_seqscan=off", "jit=off", "deadlock_timeout=1ms", "max_parallel_workers_per_gather=0")
# The server's clock is the simulation's too: `now()` is found here before the system's own.
CLOCK = """
CREATE SCHEMA simulated;
CREATE FUNCTION simulated.now() RETURNS timestamptz LANGUAGE sql STABLE
  AS $$ SELECT current_setting('simulated.now')::timestamptz $$;
ALTER DATABASE {name} SET search_path = simulated, public, pg_catalog;
"""


@contextmanager
def postgres() -> Iterator[str]:
    """A running server with both services' databases; the beginning of their addresses, to which a service's name is added."""
    account = postgres_account()
    folder = Path(tempfile.mkdtemp(prefix="upstream-simulation-", dir="/var/tmp"))
    folder.chmod(0o711)
    binaries = find_postgres() or postgres_from_maven(Layout(folder / "stack"), account, _quietly)
    home = folder / "postgres"
    account.own(home, 0o700)
    port = _free_port()
    server = _started(binaries, account, home, port)
    try:
        dsn = f"postgresql://admin@127.0.0.1:{port}/"
        _wait_for(port, server)
        asyncio.run(_prepared(dsn))
        yield dsn
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _started(binaries: PostgresBinaries, account: Account, home: Path, port: int) -> "subprocess.Popen[bytes]":
    data, log = home / "data", home / "log"
    words = [str(binaries.folder / "initdb"), "-D", str(data), "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run(
        [*words, "--no-sync"],
        check=True,
        capture_output=True,
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
    )
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=80"]
    argv = [str(binaries.folder / "postgres"), "-D", str(data)]
    for setting in (*settings, *CARELESS, *SAME_EACH_TIME):
        argv += ["-c", setting]
    with log.open("wb") as out:
        return subprocess.Popen(
            argv, stdout=out, stderr=out, cwd=home, user=account.uid, group=account.gid, extra_groups=account.groups
        )


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and server.poll() is None:
        try:
            asyncio.run(_asked(f"postgresql://admin@127.0.0.1:{port}/postgres"))
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the simulation's PostgreSQL did not start")


async def _asked(dsn: str) -> None:
    await (await asyncpg.connect(dsn)).close()


async def _prepared(dsn: str) -> None:
    admin = await asyncpg.connect(f"{dsn}postgres")
    for name in SERVICES:
        await admin.execute(f"CREATE DATABASE {name}")
        conn = await asyncpg.connect(f"{dsn}{name}")
        await migrate(conn, ("upstream_runtime",))
        await conn.execute(TABLES + ";" + CLOCK.format(name=name))
        await conn.close()
    await admin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _quietly(*_: object) -> None:
    """Downloads tell nobody of their progress."""
