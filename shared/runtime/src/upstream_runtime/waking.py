"""How the loops of a process wait: until somebody has something for them, and never longer than a while."""

import asyncio


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, `seconds` at most; it is clear afterwards."""
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 can swallow a cancellation
            await event.wait()
    except TimeoutError:
        return
    finally:
        event.clear()
