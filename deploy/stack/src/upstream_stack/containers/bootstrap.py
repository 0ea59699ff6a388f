"""Runs once in a container, before any service: users, topics, rights, databases, roles, migrations. Then it ends.

It alone is given everybody's passwords. It writes no file: what parties are handed is the host's to write.
"""

import asyncio
import sys
from pathlib import Path

from upstream_stack.containers.engine import BOOTSTRAP
from upstream_stack.database_setup import make_databases, wait_for_postgres
from upstream_stack.environment import service_environment
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import admin_client, broker_answers, own_config
from upstream_stack.layout import INSIDE, Layout, Ports
from upstream_stack.partners import apply_to_broker
from upstream_stack.patience import insist
from upstream_stack.processes import KAFKA, POSTGRES, SERVICES, Service
from upstream_stack.rebuild import refuse_strange_cluster
from upstream_stack.rights import ADMIN

_RUN_DIR = Path("/run/upstream")
_PART_SECONDS = 60.0
_MIGRATIONS_AT_ONCE = 3  # each is a whole service of some 100 MB, and the container has a limit


async def set_up(layout: Layout, ports: Ports) -> str:
    """Everything that services find done when they start; again is no harm. Says what changed. Trouble at the first failure."""
    await _wait_for_databases(layout, ports)
    databases = await make_databases(layout, ports)
    await asyncio.to_thread(_wait_for_broker, layout, ports)
    await refuse_strange_cluster(layout, ports)  # before anybody is let in: services may run already
    turns = asyncio.Semaphore(_MIGRATIONS_AT_ONCE)
    async with asyncio.TaskGroup() as parts:
        broker = parts.create_task(asyncio.to_thread(apply_to_broker, layout, ports))
        for row in SERVICES:
            parts.create_task(_migrate(row, layout, ports, turns))
    return f"{broker.result()}, {databases} databases"


async def _wait_for_databases(layout: Layout, ports: Ports) -> None:
    try:
        async with asyncio.timeout(_PART_SECONDS):
            await wait_for_postgres(layout, ports)
    except TimeoutError:
        why = f"waited {_PART_SECONDS:.0f} s"
        raise Trouble("The database server does not let us in", why, command("logs", POSTGRES)) from None


def _wait_for_broker(layout: Layout, ports: Ports) -> None:
    """The open port, which is what the engine looks at, is a moment earlier than the broker's answer."""
    admin = admin_client(own_config(layout, ports, ADMIN))
    insist("The broker does not let us in", lambda: broker_answers(admin), _PART_SECONDS, KAFKA)


async def _migrate(row: Service, layout: Layout, ports: Ports, turns: asyncio.Semaphore) -> None:
    environment = service_environment(row, layout, ports, "owner")
    async with turns:
        done = await asyncio.create_subprocess_exec(sys.executable, "-m", row.module, "migrate", env=environment)
        code = await done.wait()
    if code != 0:
        why = f"they ended with {code}; the lines before this say more"
        raise Trouble(f"{row.name}'s migrations failed", why, command("logs", BOOTSTRAP))


def main() -> int:
    """Three lines, the last that it says, where something has to be done."""
    try:
        said = asyncio.run(set_up(Layout(_RUN_DIR), INSIDE))
        print(said)
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
        if not isinstance(first, Trouble):
            raise
        print(first)
        return 1
    except Trouble as trouble:
        print(trouble)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
