"""A provider's own program: takes webhooks over HTTP and verifies each with the library that receivers use."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Content = dict[str, Any]


@dataclass
class Receiver:
    """What arrived, in order, as (webhook-id, content). `answer` says what is answered; a forged one gets 401."""

    secret: Callable[[], str]
    answer: Callable[[Content], int] = lambda _: 204
    url: str = ""
    taken: list[tuple[str, Content]] = field(default_factory=list)
    refused_count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, body: bytes, headers: dict[str, str]) -> int:
        try:
            content: Content = Webhook(self.secret()).verify(body, headers)
        except WebhookVerificationError:
            with self._lock:
                self.refused_count += 1
            return 401
        status = self.answer(content)
        if status < 300:
            with self._lock:
                self.taken.append((headers["webhook-id"], content))
        return status

    def ids(self) -> list[str]:
        with self._lock:
            return [webhook_id for webhook_id, _ in self.taken]

    def of(self, referral_id: object) -> list[str]:
        """The ids of one referral in the order in which each first came."""
        with self._lock:
            found = [taken for taken, content in self.taken if content["data"].get("referral_id") == str(referral_id)]
        return list(dict.fromkeys(found))


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """While it holds, `receiver.url` takes POSTs."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size_bytes = int(self.headers["content-length"])
            body = self.rfile.read(size_bytes)
            if len(body) < size_bytes:  # its sender died: no request came
                self.close_connection = True
                return
            status = receiver.receive(body, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A sender that was killed."""

    server = Server(("127.0.0.1", 0), Door)
    receiver.url = f"http://127.0.0.1:{server.server_port}/referrals"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
