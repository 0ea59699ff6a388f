"""Logs: one JSON line for each thing worth knowing, with ids and types only.

Keys are on an allow-list, so that no value of an event can slip in; exceptions are named by class, with the place they
came from and never their text, because messages carry values.
"""

import logging
import math
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

ALLOWED: Final = frozenset(
    {
        "event", "level", "timestamp", "process", "topic", "partition", "offset", "n", "expected", "stream", "kind", "code",
        "error", "at", "seconds", "count", "aggregate", "key", "group", "epoch", "port", "path", "status", "method",
        "template", "notice_id", "request_id", "attempt", "version", "reason", "what",
    }
)  # fmt: skip


REPEATED_AFTER_SECONDS: Final = 60.0


def _allowed_only(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in entry.items() if name in ALLOWED}


def _name_the_error(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = entry.pop("exc_info", None)
    if isinstance(error, BaseException):
        last = traceback.extract_tb(error.__traceback__)[-1:]
        entry["error"] = type(error).__name__
        entry["at"] = f"{last[0].filename.rpartition('/')[2]}:{last[0].lineno}" if last else ""
    return entry


class _StandardLibrary(logging.Handler):
    """Lines of libraries: who said it and how bad, without the text, which may hold keys and values.

    The same line again within REPEATED_AFTER_SECONDS is dropped: a client without its broker says so a hundred times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str | None, int, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        line = (record.name, record.funcName, record.levelno, type(error).__name__)
        if time.monotonic() - self._said_at.get(line, -math.inf) < REPEATED_AFTER_SECONDS:
            return
        self._said_at[line] = time.monotonic()
        structlog.get_logger().log(record.levelno, "library", what=record.name, code=record.funcName, exc_info=error)


def configure(process: str) -> None:
    """Set up logging for this process, to standard output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_the_error,
            _allowed_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(handlers=[_StandardLibrary()], level=logging.WARNING, force=True)
