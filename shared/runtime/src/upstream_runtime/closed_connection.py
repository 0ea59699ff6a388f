"""aiokafka on uvloop: a connection that the broker has closed is a broken connection, and no fault of the program.

Writing to one, uvloop raises RuntimeError, and aiokafka looks for OSError alone (its issue 1038). Let through, it ends the
consumer's heartbeat for good: the member leaves its group, and is told of that one error at each poll for ever.
"""

from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]
    """The library's connection. `send` raises KafkaConnectionError where the other side has closed it."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        try:
            return super().send(request, expect_response)
        except RuntimeError as closed:
            raise self._broken() from closed

    def _send_sasl_token(self, payload: Any, expect_response: bool = True) -> Any:
        try:
            return super()._send_sasl_token(payload, expect_response)
        except RuntimeError as closed:
            raise self._broken() from closed

    def _broken(self) -> KafkaConnectionError:
        self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
        return KafkaConnectionError(f"Connection at {self.host}:{self.port} was closed")


def tell_closed_from_wrong() -> None:
    """From now on, connections that aiokafka makes are these."""
    conn.AIOKafkaConnection = Connection
