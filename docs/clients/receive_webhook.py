"""Receives leaddistro's webhooks. Python 3.10 or newer, standard library only. Keep it behind a proxy that speaks TLS.

WEBHOOK_SECRETS="whsec_..." INBOX=inbox.sqlite3 PORT=9000 python3 receive_webhook.py
"""

import base64
import hmac
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300  # seconds between the sender's clock and ours
LARGEST_BODY = 1024 * 1024


class NotGenuine(Exception):
    """The request is not leaddistro's, not for this body, or too old. Do not look at its contents."""


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float | None = None) -> str:
    """The Webhook-Id of a genuine request. Raises NotGenuine.

    `secrets` are those of the endpoint: one, or the old and the new one while you change them. `body` is the bytes as
    they came: JSON that was read and written again has another signature.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split(" ")
        age = (time.time() if now is None else now) - int(timestamp)
    except (KeyError, ValueError) as error:
        raise NotGenuine("a header is missing or malformed") from error
    if abs(age) > TOLERANCE:
        raise NotGenuine("the timestamp is too far from now")
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        # During a rotation the header holds two signatures: one that fits is enough.
        if any(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures):
            return message_id
    raise NotGenuine("no signature fits")


class Inbox:
    """Every message once, on disk before it is acknowledged. Your own work reads it from there, at its own pace."""

    def __init__(self, path: str) -> None:
        self.path = path
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, received_at REAL, body BLOB)")

    def keep(self, message_id: str, body: bytes) -> bool:
        """Whether the message is new. One that came before (a retry, a replay) is left as it is."""
        row = (message_id, time.time(), body)
        with closing(sqlite3.connect(self.path)) as database, database:
            return database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", row).rowcount == 1


class Receiver(BaseHTTPRequestHandler):
    """204 for a genuine message, kept now or before; 401 for anything else; 500 (try again) where it cannot be kept."""

    secrets: Sequence[str]
    inbox: Inbox
    timeout = 10  # seconds without a byte

    def do_POST(self) -> None:
        """Verify, keep, acknowledge."""
        self.send_response(self.receive())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def receive(self) -> int:
        """The status to answer with."""
        length = max(int(self.headers.get("Content-Length") or 0), 0)
        body = self.rfile.read(min(length, LARGEST_BODY + 1))
        if len(body) > LARGEST_BODY:
            return 413
        try:
            self.inbox.keep(verify(self.secrets, dict(self.headers.items()), body), body)
        except NotGenuine:
            return 401
        except sqlite3.Error:
            return 500
        return 204


if __name__ == "__main__":
    Receiver.secrets = os.environ["WEBHOOK_SECRETS"].split()
    Receiver.inbox = Inbox(os.environ["INBOX"])
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
