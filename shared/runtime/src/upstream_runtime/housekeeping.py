"""What a process tidies up by itself now and then: bodies that its topics' rows in the catalogue say not to keep."""

import asyncio
from typing import Final

from asyncpg import Connection

from upstream_runtime import store
from upstream_runtime.engine import Engine
from upstream_runtime.wiring import App

EVERY_SECONDS: Final = 30.0


class Housekeeping:
    """Tidies one process's tables. Safe to run in any number of replicas, and to miss any number of times."""

    def __init__(self, engine: Engine, app: App) -> None:
        self._engine = engine
        self._kept = {t.name: t.blanked_after for t in app.catalogue if t.producer == app.process and t.blanked_after}

    async def run(self) -> None:
        """Tidy until cancelled."""
        while self._kept:
            await self._engine.patiently(self.once)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Tidy now."""
        now = self._engine.now()

        async def blank(conn: Connection) -> None:
            for topic, kept in self._kept.items():
                await store.blank_old(conn, topic, now - kept)

        await self._engine.ask(blank)
