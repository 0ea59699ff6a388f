"""The order of a start: parts in parallel, then what they hold, then migrations, then the services. Keeps nothing running itself."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

from upstream_stack import log_files
from upstream_stack.child import Child, Probe
from upstream_stack.database_setup import make_databases, wait_for_postgres
from upstream_stack.environment import launch_of, plain_environment, service_environment
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import admin_client, broker_answers, own_config
from upstream_stack.kafka_broker import prepare_kafka
from upstream_stack.launch import Launch
from upstream_stack.layout import MIGRATE, Layout, Ports
from upstream_stack.partners import set_up_broker
from upstream_stack.plan import Plan, PostgresParts
from upstream_stack.postgres_server import prepare_postgres
from upstream_stack.processes import KAFKA, MAIL_SINK, POSTGRES, READY_PATH, SERVICES, Service
from upstream_stack.rebuild import refuse_strange_cluster
from upstream_stack.report import Tell, Told, step
from upstream_stack.rights import ADMIN

_PAUSE_SECONDS = 0.05
# One that ends is told at once: these are for one that hangs, on a machine whose others may leave it little.
_PART_SECONDS = 120.0
_SERVICE_SECONDS = 180.0

Keep = Callable[[Launch, Probe], Child]
"""Starts a process under supervision."""


async def start_all(plan: Plan, keep: Keep, tell: Tell) -> None:
    """Brings up what the plan names; Trouble at the first thing that does not come up."""
    chosen = [service for service in SERVICES if service.name in plan.names]
    async with asyncio.TaskGroup() as parts:
        if KAFKA in (*plan.names, *plan.elsewhere):
            parts.create_task(_set_up_kafka(plan, keep, tell))
        if POSTGRES in (*plan.names, *plan.elsewhere):
            parts.create_task(_set_up_postgres(plan, chosen, keep, tell))
        if MAIL_SINK.name in plan.names:
            parts.create_task(_start_mail_sink(plan, keep, tell))
    if chosen:
        await refuse_strange_cluster(plan.layout, plan.ports)
    async with asyncio.TaskGroup() as services:
        for service in chosen:
            services.create_task(_start_service(plan, service, keep, tell))


async def _set_up_kafka(plan: Plan, keep: Keep, tell: Tell) -> None:
    layout, ports = plan.layout, plan.ports
    with step(tell, "Kafka") as details:
        if plan.kafka is None:
            await _answers_elsewhere(KAFKA, ports.kafka, _broker_lets_us_in(layout, ports))
            details.append("runs elsewhere")
        else:
            launch = await asyncio.to_thread(prepare_kafka, layout, ports, plan.kafka.java, plan.kafka.jars)
            child = keep(replace(launch, environment=plain_environment()), lambda: _broker_lets_us_in(layout, ports))
            await child.usable(_PART_SECONDS)
        details.append(f"127.0.0.1:{ports.kafka}")
    with step(tell, "Topics, users, rights") as details:
        details.append(await asyncio.to_thread(set_up_broker, layout, ports))


async def _set_up_postgres(plan: Plan, chosen: list[Service], keep: Keep, tell: Tell) -> None:
    layout, ports = plan.layout, plan.ports
    with step(tell, "PostgreSQL") as details:
        if plan.postgres is None:
            await _answers_elsewhere(POSTGRES, ports.postgres, wait_for_postgres(layout, ports))
            details.append("runs elsewhere")
        else:
            await _start_postgres(layout, ports, plan.postgres, keep, tell)
        details.append(f"127.0.0.1:{ports.postgres}")
    with step(tell, "Databases, roles") as details:
        details.append(f"{await make_databases(layout, ports)} databases")
    async with asyncio.TaskGroup() as migrations:
        for service in chosen:
            migrations.create_task(_migrate(plan, service, tell))


async def _start_postgres(layout: Layout, ports: Ports, parts: PostgresParts, keep: Keep, tell: Tell) -> None:
    launch = await asyncio.to_thread(prepare_postgres, layout, ports, parts.binaries, parts.account)
    if launch.folder != layout.postgres_inside:
        why = f"{parts.account.name} cannot enter {layout.run_dir}"
        tell(Told(kind="note", text=f"PostgreSQL's data lies in {launch.folder}: {why}"))
    child = keep(replace(launch, environment=plain_environment()), lambda: wait_for_postgres(layout, ports))
    await child.usable(_PART_SECONDS)


async def _answers_elsewhere(part: str, port: int, probe: Awaitable[object]) -> None:
    """Waits for a part that somebody else runs; Trouble where it does not let our administrator in."""
    try:
        async with asyncio.timeout(_PART_SECONDS):
            await probe
    except TimeoutError:
        raise Trouble(
            f"{part} does not let us in",
            f"somebody else was to run it at 127.0.0.1:{port} with this stack's secrets, and it did not answer in "
            f"{_PART_SECONDS:.0f} s",
            command("up"),
        ) from None


async def _start_mail_sink(plan: Plan, keep: Keep, tell: Tell) -> None:
    with step(tell, MAIL_SINK.name) as details:
        launch = launch_of(MAIL_SINK, plan.layout, plan.ports)
        await keep(launch, lambda: _port_accepts(launch.port)).usable(_SERVICE_SECONDS)
        details.append(f"127.0.0.1:{launch.port}")


async def _start_service(plan: Plan, service: Service, keep: Keep, tell: Tell) -> None:
    with step(tell, service.name) as details:
        launch = launch_of(service, plan.layout, plan.ports)
        await keep(launch, lambda: _says_ready(launch.port)).usable(_SERVICE_SECONDS)
        details.append(f"http://127.0.0.1:{launch.port}")


async def _migrate(plan: Plan, service: Service, tell: Tell) -> None:
    """Runs the service's migrations as the owner of its database."""
    log_path = plan.layout.log(service.name + MIGRATE)
    with step(tell, f"{service.name} migrations"):
        log = log_files.open_for_append(log_path)
        environment = service_environment(service, plan.layout, plan.ports, "owner")
        words = (sys.executable, "-m", service.module, "migrate")
        done = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log, env=environment, cwd=plan.run_dir)
        if await done.wait() != 0:
            why = f"its log ends with: {log_files.last_line(log_path)}"
            raise Trouble(f"{service.name}'s migrations failed", why, command("logs", service.name + MIGRATE))


async def _broker_lets_us_in(layout: Layout, ports: Ports) -> None:
    await _port_accepts(ports.kafka)
    admin = admin_client(own_config(layout, ports, ADMIN))
    while not await asyncio.to_thread(broker_answers, admin):  # noqa: ASYNC110 - a broker has no event to wait for
        await asyncio.sleep(_PAUSE_SECONDS)


async def _port_accepts(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            writer.close()
            return


async def _says_ready(port: int) -> None:
    """A service is usable once it says itself that database, broker and relay are."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {READY_PATH} HTTP/1.0\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
        except OSError:
            status = b""
        if b" 200 " in status:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
