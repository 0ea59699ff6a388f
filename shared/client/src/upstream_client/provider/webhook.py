"""Hands news over by POST, signed as Standard Webhooks has it: a receiver can tell that they are ours, whole, and not old.

The signature covers id, time and body; the secret never leaves this computer but to the receiver, by hand.
Source: Standard Webhooks 1.0 (headers `webhook-id`, `webhook-timestamp`, `webhook-signature`; 2xx within 15 s is success).
"""

import json
import secrets
from base64 import b64encode
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from standardwebhooks.webhooks import Webhook

from upstream_client.clock import now
from upstream_client.private_files import write_private
from upstream_client.provider.news import News
from upstream_client.provider.sinks import TEST_RECEIVED, NotNow, NotThis
from upstream_client.terminal import err
from upstream_client.trouble import Trouble

ANSWER_SECONDS: Final = 15.0
SECRET_BYTES: Final = 32
RETRY_AFTER_SECONDS_MAX: Final = 300.0
# What says that this one record is wrong. Any other answer says that the receiver, its address or its secret is wrong, and
# then every record would be refused alike: they wait until somebody mends it.
ABOUT_THE_RECORD: Final = frozenset({400, 409, 413, 415, 422})


class Forwarding:
    """One receiver. Use it as a context; its connections close at the end."""

    def __init__(self, url: str, secret: str) -> None:
        """Raises Trouble for an address that names and stories must not be sent to, or a secret that cannot sign."""
        on_this_computer = _checked(url)
        self._url = url
        self._webhook = _signer(secret)
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=not on_this_computer)

    async def close(self) -> None:
        """Ends its connections."""
        await self._client.aclose()

    async def hand_over(self, news: News) -> None:
        """Returns on 2xx. Raises NotThis where the receiver says that the record is wrong, else NotNow."""
        body = json.dumps(news.as_json(), separators=(",", ":"))
        try:
            answer = await self._client.post(self._url, content=body.encode(), headers=self._headers(news.id, body))
        except httpx.HTTPError as error:
            raise NotNow(f"the receiver does not take anything ({type(error).__name__})") from None
        if answer.is_success:
            err.print(f"handed over  {news.type}  {news.data.get('referral_id', '-')}", markup=False)
            return
        if answer.status_code in ABOUT_THE_RECORD:
            raise NotThis(f"receiver-{answer.status_code}")
        raise NotNow(f"the receiver does not take anything (it answers {answer.status_code})", _retry_after(answer))

    def trial_answered(self) -> None:
        """For whoever looks on."""
        err.print(TEST_RECEIVED)

    def _headers(self, webhook_id: str, body: str) -> dict[str, str]:
        """Signed anew at each attempt, since receivers refuse what was signed more than five minutes ago."""
        moment = now()
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, moment, body),
        }


def secret_in(file: Path) -> tuple[str, bool]:
    """The secret in a file, made where there is none yet, and whether it was made. Raises Trouble."""
    try:
        if not file.exists():
            write_private(file, b"whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")
            return file.read_text().strip(), True
        return file.read_text().strip(), False
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise Trouble(f"The secret in {file} cannot be read", why, "name another file with --secret-file") from None


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception:
        what = "The secret for signing cannot be used"
        raise Trouble(what, "it is not whsec_ and base64", "remove its file, and a new one is made") from None


def _checked(url: str) -> bool:
    """Whether the address is on this computer. Raises Trouble where it is no web address, or others could read along."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    here = host == "localhost"
    with suppress(ValueError):
        here = here or ip_address(host).is_loopback
    if parts.scheme not in {"http", "https"} or not host:
        raise Trouble(
            f"{url} is no web address", "--forward-to needs one", "write it out, such as https://example.org/referrals"
        )
    if parts.scheme == "http" and not here:
        what = f"{url} is not encrypted"
        raise Trouble(what, "others could read what people told you", "use https; http is for this computer alone")
    return here


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return min(float(text), RETRY_AFTER_SECONDS_MAX) if text.isascii() and text.isdigit() else 0.0
