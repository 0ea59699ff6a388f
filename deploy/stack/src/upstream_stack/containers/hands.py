"""What `rebuild-topics` does to containers: the broker's storage anew, the services anew. Decides nothing."""

import shutil

from upstream_stack.containers import engine
from upstream_stack.containers.life import is_ready
from upstream_stack.containers.run_files import storage
from upstream_stack.layout import Layout, Ports
from upstream_stack.processes import KAFKA, SERVICES


class Containers:
    """The containers of one stack."""

    def __init__(self, layout: Layout, ports: Ports) -> None:
        self._layout = layout
        self._ports = ports

    def has_storage(self) -> bool:
        """Whether the broker has files to start on."""
        return (storage(self._layout) / "meta.properties").exists()

    def format_anew(self) -> None:
        """Ends the broker and starts it on nothing: it formats its storage itself."""
        self._compose("rm", "--stop", "--force", KAFKA)
        shutil.rmtree(storage(self._layout), ignore_errors=True)
        self._compose("up", "--detach", "--no-build", "--wait", KAFKA)

    def begin_services_anew(self) -> None:
        """Every service that runs ends and starts again; it waits to be let in."""
        if names := self._services():
            self._compose("restart", "--no-deps", *names)

    def services_are_up(self) -> bool:
        """Whether every service that runs is ready."""
        names = self._services()
        return all(is_ready(self._ports.service(row.port_offset)) for row in SERVICES if row.name in names)

    def _services(self) -> list[str]:
        running = {engine.service_of(one) for one in engine.containers_of(self._layout) if one["State"]["Running"]}
        return [row.name for row in SERVICES if row.name in running]

    def _compose(self, *words: str) -> None:
        engine.compose(self._layout, self._ports, *words, doing=f"{words[0]} of containers")
