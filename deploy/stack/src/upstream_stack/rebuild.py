"""A broker that was wiped, and how everything that is kept goes out to it again.

The order is what makes it safe: a new broker lets nobody in but its administrator until every database is set back and
every process has begun anew. So nothing that still speaks of the old broker sends, reads or commits anything on the new one.
"""

import asyncio
import shutil
import signal
from typing import Protocol

from upstream_runtime import store_life
from upstream_stack.database_setup import connect_as_admin
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import ANSWER_SECONDS, admin_client, broker_answers, own_config
from upstream_stack.kafka_broker import is_formatted, prepare_kafka
from upstream_stack.layout import Layout, Ports
from upstream_stack.partners import set_up_broker
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.parts.maven import Progress
from upstream_stack.patience import insist
from upstream_stack.processes import KAFKA, SERVICES, Service
from upstream_stack.report import Tell, Told, step
from upstream_stack.rights import ADMIN
from upstream_stack.settings import Target
from upstream_stack.state import ProcessRecord, running_state
from upstream_stack.stop import send_signal

_BROKER_SECONDS = 60.0
_GONE_SECONDS = 20.0
_UP_SECONDS = 60.0


def cluster_of(layout: Layout, ports: Ports) -> str:
    """The id of the cluster that answers now."""
    admin = admin_client(own_config(layout, ports, ADMIN))  # its answers end with it
    return str(admin.describe_cluster().result(ANSWER_SECONDS).cluster_id)


async def strangers(layout: Layout, ports: Ports, cluster: str) -> list[Service]:
    """The services that sent to another cluster than this one."""
    return [row for row in SERVICES if await _known_cluster(layout, ports, row) not in {None, cluster}]


async def refuse_strange_cluster(layout: Layout, ports: Ports) -> None:
    """Trouble where the broker is not the one that the services sent to: their relays would stand aside, unready, for ever."""
    cluster = await asyncio.to_thread(cluster_of, layout, ports)
    if strange := await strangers(layout, ports, cluster):
        why = f"{', '.join(row.name for row in strange)} sent to another one than {cluster}: its data are gone"
        raise Trouble("The broker was wiped", why, command("rebuild-topics"))


class Hands(Protocol):
    """Broker and services, wherever they run, as far as a rebuild takes hold of them."""

    def has_storage(self) -> bool:
        """Whether the broker has files to start on."""
        ...

    def format_anew(self) -> None:
        """Ends the broker where it still runs without its files, and gives it new ones."""
        ...

    def begin_services_anew(self) -> None:
        """Every service that runs ends and is started again; it waits to be let in."""
        ...

    def services_are_up(self) -> bool:
        """Whether every service that is to run is usable."""
        ...


def rebuild(target: Target, hands: Hands, process: Service | None, tell: Tell) -> None:
    """Sends everything that is kept again: of `process`, or of every service that sent to another cluster than there is now."""
    layout, ports = target.layout, target.ports
    with step(tell, "Kafka") as details:
        if not hands.has_storage():
            hands.format_anew()
            details.append("formatted anew")
        config = own_config(layout, ports, ADMIN)
        insist("Kafka does not answer", lambda: broker_answers(admin_client(config)), _BROKER_SECONDS, KAFKA)
        cluster = cluster_of(layout, ports)
        details.append(f"cluster {cluster}")
    strange = asyncio.run(strangers(layout, ports, cluster))
    for row in strange if process is None else [process]:
        with step(tell, row.name) as details:
            count = asyncio.run(_send_again(layout, ports, row, cluster))
            details.append(f"{count} records are sent again")
    if strange:
        with step(tell, "Services begin anew"):
            hands.begin_services_anew()
        with step(tell, "Topics, users, rights") as details:
            details.append(set_up_broker(layout, ports))
        with step(tell, "Services"):
            insist("A service is not ready", hands.services_are_up, _UP_SECONDS)
    elif process is None:
        tell(Told(kind="note", text=f"Every service sent to cluster {cluster}: nothing to rebuild"))


async def _known_cluster(layout: Layout, ports: Ports, row: Service) -> str | None:
    connection = await connect_as_admin(layout, ports, row.database)
    try:
        if not await connection.fetchval("SELECT to_regclass('runtime.lease')"):
            return None
        return await store_life.known_cluster(connection)
    finally:
        await connection.close()


async def _send_again(layout: Layout, ports: Ports, row: Service, cluster: str) -> int:
    connection = await connect_as_admin(layout, ports, row.database)
    try:
        return await store_life.send_again(connection, cluster)
    finally:
        await connection.close()


class Supervised:
    """The processes of the embedded stack."""

    def __init__(self, layout: Layout, ports: Ports, progress: Progress) -> None:
        self._layout = layout
        self._ports = ports
        self._progress = progress

    def has_storage(self) -> bool:
        """Whether the broker has files to start on."""
        return is_formatted(self._layout)

    def format_anew(self) -> None:
        """Ends the broker where it still runs without its files, and formats; its supervisor starts it again by itself."""
        state = running_state(self._layout)
        identity = state.processes[KAFKA].identity if state is not None and KAFKA in state.processes else None
        if identity is not None:
            send_signal(identity.pid, signal.SIGKILL)
            insist("Kafka does not end", lambda: not identity.lives(), _GONE_SECONDS, KAFKA)
        shutil.rmtree(self._layout.kafka / "data", ignore_errors=True)
        prepare_kafka(self._layout, self._ports, find_java(), kafka_jars(self._progress))

    def begin_services_anew(self) -> None:
        """Every service ends; the supervisor starts each again, and it waits to be let in."""
        ended = [found.identity for found in self._services() if found.identity is not None]
        for identity in ended:
            send_signal(identity.pid, signal.SIGTERM)
        insist("A service does not end", lambda: not any(identity.lives() for identity in ended), _GONE_SECONDS)

    def services_are_up(self) -> bool:
        """Whether every service of a stack that runs is usable."""
        return all(found.state == "up" for found in self._services())

    def _services(self) -> list[ProcessRecord]:
        state = running_state(self._layout)
        names = {row.name for row in SERVICES}
        return [] if state is None else [found for name, found in state.processes.items() if name in names]
